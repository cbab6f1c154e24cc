"""Persons out of clusters, on made faces whose right answer is plain."""

import numpy as np
import pytest
from numpy.typing import NDArray

from facetrack.clusterer import DBSCAN
from facetrack.core.faces import Vectors
from facetrack.evaluation.metrics import scores
from facetrack.organiser.grouping import (
    Earlier,
    find_doubtful,
    give_numbers,
    take_apart,
)

Faces = tuple[Vectors, NDArray[np.int64]]


def _line(*places: float) -> Vectors:
    """Faces on a line, so that distances are differences."""
    return np.array([[place, 0] for place in places], dtype=np.float32)


def _earlier(numbers: list[int], **said: object) -> Earlier:
    pinned = np.zeros(len(numbers), dtype=bool)
    return Earlier(np.array(numbers), pinned, **said)  # type: ignore[arg-type]


# Two faces on one photo


def test_two_faces_of_a_photo_part_a_cluster_at_its_weakest_tie() -> None:
    vectors = _line(0, 0.1, 0.2, 0.47, 0.57)
    labels = np.zeros(5, dtype=np.int64)
    apart = take_apart(labels, vectors, ["a", "b", "c", "d", "a"], radius=0.3)
    assert apart.tolist() == [0, 0, 0, 1, 1]
    assert labels.tolist() == [0] * 5
    np.testing.assert_array_equal(take_apart(labels, vectors, list("abcde"), 0.3), labels)


def test_faces_of_a_photo_that_are_really_alike_stay_together() -> None:
    labels = np.zeros(3, dtype=np.int64)
    same = take_apart(labels, _line(0, 0.1, 0.2), ["a", "b", "a"], radius=0.3)
    assert same.tolist() == [0, 0, 0]


def test_without_a_radius_and_for_noise_nothing_is_parted() -> None:
    labels = np.array([0, 0, -1, -1])
    assert take_apart(labels, _line(0, 9, 1, 2), ["a"] * 4, None).tolist() == [0, 0, 1, 2]


def test_the_hint_is_worth_something(lfw: Faces) -> None:
    vectors, people = lfw
    drawn = np.random.default_rng(300).permutation(people.max() + 1)[:300]
    chosen = np.flatnonzero(np.isin(people, drawn))
    vectors, people = vectors[chosen], people[chosen]
    # Photos of two people, and of one where the shuffled neighbour is the same person.
    order = np.random.default_rng(0).permutation(len(people))
    photos = np.arange(len(people))
    for first, second in zip(order[::2], order[1::2], strict=False):
        if people[first] != people[second]:
            photos[second] = photos[first]
    labels = DBSCAN(0.33, min_samples=1).fit_predict(vectors)
    hinted = take_apart(labels, vectors, [str(photo) for photo in photos], 0.33)
    before, after = (scores(people, one, information=False) for one in (labels, hinted))
    assert after["ari"] > before["ari"] + 0.02
    assert after["bcubed_f"] >= before["bcubed_f"]


# Numbers


def test_first_numbers_go_by_size() -> None:
    labels = np.array([5, 2, 2, 7, 2, 5])
    numbers = give_numbers(labels, _line(*range(6)), _earlier([0] * 6), 1)
    assert numbers.tolist() == [2, 1, 1, 0, 1, 2]


def test_new_faces_join_and_old_ones_stay() -> None:
    # A new face has joined what were two persons: each keeps its faces.
    vectors = _line(0, 0.1, 0.5, 0.6, 0.32, 9)
    numbers = give_numbers(np.array([0, 0, 0, 0, 0, 1]), vectors, _earlier([1, 1, 2, 2, 0, 0]), 3)
    assert numbers.tolist() == [1, 1, 2, 2, 2, 0]


def test_a_person_whose_faces_fell_apart_stays_one_where_they_are_settled() -> None:
    labels = np.array([0, 0, 1, 1])
    assert give_numbers(labels, _line(0, 1, 5, 6), _earlier([1] * 4), 2).tolist() == [1] * 4
    other = _earlier([1] * 4, settled=False)
    assert give_numbers(labels, _line(0, 1, 5, 6), other, 2).tolist() == [1, 1, 2, 2]


def test_with_other_settings_the_larger_one_goes_on() -> None:
    labels = np.zeros(5, dtype=np.int64)
    other = _earlier([1, 1, 2, 2, 2], settled=False)
    assert give_numbers(labels, _line(0, 1, 2, 3, 4), other, 3).tolist() == [2] * 5
    named = _earlier([1, 1, 2, 2, 2], settled=False, named={1})
    assert give_numbers(labels, _line(0, 1, 2, 3, 4), named, 3).tolist() == [1] * 5
    both = _earlier([1, 1, 2, 2, 2], settled=False, named={1, 2})
    assert give_numbers(labels, _line(0, 1, 2, 3, 4), both, 3).tolist() == [1, 1, 2, 2, 2]


def test_a_pinned_face_keeps_its_person_anywhere() -> None:
    pinned = np.array([False, False, True])
    earlier = Earlier(np.array([1, 1, 2]), pinned, settled=False)
    assert give_numbers(np.array([0, 0, 0]), _line(0, 1, 2), earlier, 3).tolist() == [1, 1, 2]


def test_a_barred_face_goes_to_nobody() -> None:
    earlier = _earlier([1, 1, 0], barred={2: {1}})
    assert give_numbers(np.array([0, 0, 0]), _line(0, 1, 2), earlier, 2).tolist() == [1, 1, 0]


@pytest.mark.parametrize("n", [0, 1])
def test_few_faces(n: int) -> None:
    labels = np.zeros(n, dtype=np.int64)
    vectors = np.zeros((n, 4), dtype=np.float32)
    assert give_numbers(labels, vectors, _earlier([0] * n), 1).tolist() == [0] * n
    assert take_apart(labels, vectors, ["a"] * n, 0.3).tolist() == [0] * n
    assert not find_doubtful(vectors, labels, 0.3).any()


# What to look at twice


def test_doubtful_is_far_from_the_rest() -> None:
    vectors = _line(0, 0.1, 0.05, 0.5, 7, 9)
    numbers = np.array([1, 1, 1, 1, 2, 2])
    assert find_doubtful(vectors, numbers, 0.3).tolist() == [
        False,
        False,
        False,
        True,
        False,
        False,
    ]


def test_doubtful_finds_wrong_faces_on_lfw(lfw: Faces) -> None:
    vectors, people = lfw
    groups = DBSCAN(0.3, min_samples=1).fit_predict(vectors) + 1
    sizes = np.bincount(groups)
    groups[sizes[groups] == 1] = 0
    wrong = np.zeros(len(people), dtype=bool)
    for group in np.unique(groups[groups > 0]):
        inside = groups == group
        wrong[inside] = people[inside] != np.bincount(people[inside]).argmax()
    far = find_doubtful(vectors, groups, 0.3)
    assert far[wrong].mean() > 0.7
    assert wrong[far].mean() > 0.5
