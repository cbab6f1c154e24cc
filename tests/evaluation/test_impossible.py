"""Faces of one photo that were put together, counted."""

import itertools

import numpy as np
import pytest

from facetrack.evaluation import impossible
from facetrack.evaluation.impossible import ImpossiblePairs, count_impossible

LINE = np.array([[0.0], [1], [2], [3]])


def _count(labels: list[int], photos: list[int], apart: float = 0.5) -> ImpossiblePairs:
    return count_impossible(np.array(labels), np.array(photos), LINE[: len(labels)], apart)


@pytest.mark.parametrize(
    ("labels", "photos", "expected"),
    [
        ([0, 0, 0, 0], [7, 7, 7, 7], (6, 6)),
        ([0, 1, 2, 3], [7, 7, 7, 7], (6, 0)),
        ([0, 0, 1, 1], [7, 7, 7, 7], (6, 2)),
        ([0, 0, 1, 1], [7, 5, 7, 5], (2, 0)),
        ([0, 1, 0, 1], [7, 5, 7, 5], (2, 2)),
        ([-1, -1, -1, -1], [7, 7, 7, 7], (6, 0)),  # noise is with nobody
        ([0, 0, 0, 0], [1, 2, 3, 4], (0, 0)),
    ],
)
def test_pairs_of_one_photo(
    labels: list[int], photos: list[int], expected: tuple[int, int]
) -> None:
    assert _count(labels, photos) == ImpossiblePairs(*expected)


def test_as_good_as_equal_is_no_pair_and_the_limit_is_inclusive() -> None:
    assert _count([0, 0, 0, 0], [7, 7, 7, 7], 1.0) == ImpossiblePairs(3, 3)
    assert _count([0, 0, 0, 1], [7, 7, 7, 7], 2.5) == ImpossiblePairs(1, 0)
    assert _count([0, 0, 0, 0], [7, 7, 7, 7], 3.0) == ImpossiblePairs(0, 0)


def test_the_rate_is_of_the_pairs() -> None:
    assert ImpossiblePairs(340, 2).rate == 2 / 340
    assert ImpossiblePairs(0, 0).rate is None


def test_nobody() -> None:
    none = np.array([], dtype=int)
    assert count_impossible(none, none, np.empty((0, 3)), 1) == ImpossiblePairs(0, 0)


def test_every_pair_is_looked_at_once_in_blocks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impossible, "_BLOCK", 5)
    rng = np.random.default_rng(0)
    for n, n_photos in ((60, 1), (60, 7), (60, 40)):
        labels, photos = rng.integers(-1, 4, n), rng.integers(0, n_photos, n)
        vectors = rng.normal(size=(n, 3)).astype(np.float32)
        pairs = [
            (one, other)
            for one, other in itertools.combinations(range(n), 2)
            if photos[one] == photos[other] and np.linalg.norm(vectors[one] - vectors[other]) > 1
        ]
        together = sum(labels[one] == labels[other] != -1 for one, other in pairs)
        expected = ImpossiblePairs(len(pairs), together)
        assert count_impossible(labels, photos, vectors, 1) == expected


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"got \(2,\), \(3,\) and \(3, 1\)"):
        count_impossible(np.zeros(2, int), np.zeros(3, int), LINE[:3], 1)
