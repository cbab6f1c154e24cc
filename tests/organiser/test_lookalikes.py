"""Persons who may be one."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from facetrack.clusterer import Infomap
from facetrack.core.faces import Vectors
from facetrack.core.likelihood import Odds
from facetrack.organiser.lookalikes import Alike, find_alike

Faces = tuple[Vectors, NDArray[np.int64]]
RATIOS = ((0.2, 5.0), (0.4, 0.0), (0.6, -2.0))


def _line(*places: float) -> Vectors:
    return np.array([[place, 0] for place in places], dtype=np.float32)


def test_alike_is_close_and_never_on_one_photo() -> None:
    vectors = _line(0, 0, 0.2, 0.2, 0.25, 0.25, 5, 5)
    numbers = np.array([1, 1, 2, 2, 3, 3, 4, 4])
    photos = ["a", "b", "c", "d", "e", "b", "f", "g"]  # 1 and 3 share b
    found = find_alike(vectors, numbers, photos, 0.3)
    assert [(pair.first, pair.second) for pair in found] == [(2, 3), (1, 2)]
    assert [pair.distance for pair in found] == pytest.approx([0.05, 0.2])


@pytest.mark.parametrize("n", [0, 1])
def test_few_faces(n: int) -> None:
    vectors = np.zeros((n, 4), dtype=np.float32)
    assert find_alike(vectors, np.ones(n, np.int64), ["a"] * n, 0.3) == []


def test_the_distance_is_between_faces_and_not_between_means() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(30, 8)).astype(np.float32)
    numbers = np.repeat([1, 2], [12, 18])
    (pair,) = find_alike(vectors, numbers, [str(i) for i in range(30)], 9.0)
    mean = (cdist(vectors[:12], vectors[12:]) ** 2).mean()
    assert pair.distance == pytest.approx(np.sqrt(mean))


def test_what_is_hardly_likely_is_left_out() -> None:
    vectors, photos = _line(0, 0.3, 0.95), ["a", "b", "c"]
    numbers = np.array([1, 2, 3])
    assert len(find_alike(vectors, numbers, photos, 1.0)) == 3
    found = find_alike(vectors, numbers, photos, 1.0, Odds(RATIOS, 0.01))
    # At .3 the ratio is 10 ** 2.5: 3.16 / (3.16 + .99). At .65 and .95 it is below 1.
    assert found == [Alike(1, 2, found[0].distance, "76 % one person")]


def test_what_is_said_of_lookalikes_is_about_right(lfw: Faces) -> None:
    vectors, people = lfw
    half = people % 2 == 0
    vectors, people = vectors[half], people[half]
    groups = Infomap(0.33).fit_predict(vectors) + 1
    groups[np.bincount(groups)[groups] == 1] = 0
    odds = Odds.of(((0.26, 5.66), (0.32, 3.74), (0.38, 1.79), (0.44, -0.36), (0.5, -1.96)), vectors)
    assert odds is not None
    pairs = find_alike(vectors, groups, [str(i) for i in range(len(groups))], 0.3, odds)
    assert len(pairs) > 10

    def who(number: int) -> int:
        return int(np.bincount(people[groups == number]).argmax())

    right = np.mean([who(pair.first) == who(pair.second) for pair in pairs])
    assert np.mean([odds.find(pair.distance) for pair in pairs]) == pytest.approx(right, abs=0.2)
