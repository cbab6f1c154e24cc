"""What jobs share is bounded and never changes a result."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from facetrack.clusterer import shared
from facetrack.clusterer.shared import Shared, digest, distinct


def test_the_least_used_go_first() -> None:
    kept = Shared(limit=250)
    made: list[str] = []

    def make(name: str) -> np.ndarray:
        def one() -> np.ndarray:
            made.append(name)
            return np.zeros(100, np.uint8)

        return kept.get(name, one)

    for name in ("a", "b", "a", "c", "a", "b"):
        make(name)
    assert made == ["a", "b", "c", "b"]  # c pushed b out, since a had been used after it


def test_too_large_is_handed_out_but_not_kept() -> None:
    kept = Shared(limit=10)
    first = kept.get("x", lambda: np.zeros(100, np.uint8))
    assert kept.get("x", lambda: np.ones(100, np.uint8)) is not first


def test_a_digest_knows_shape_dtype_and_content() -> None:
    points = np.arange(12, dtype=np.float32).reshape(3, 4)
    others: list[NDArray[Any]] = [
        points.reshape(4, 3),
        points.astype(np.float64),
        points + 1,
        points[:, ::-1],
    ]
    assert len({digest(one) for one in [points, *others]}) == 5
    assert digest(points) == digest(np.asfortranarray(points))


def test_distinct_rows_in_order_of_appearance() -> None:
    points = np.array([[3.0, 1], [1, 1], [3, 1], [0, 9], [1, 1], [3, 1]])
    same = distinct(points, digest(points))
    assert same.rows.tolist() == [0, 1, 3]
    assert same.inverse.tolist() == [0, 1, 0, 2, 1, 0]
    assert same.counts.tolist() == [3, 2, 1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("d", [3, 4])
def test_distinct_rows_of_many_as_sorting_finds_them(dtype: type, d: int) -> None:
    points: NDArray[Any] = np.random.RandomState(0).randint(0, 6, (9000, d)).astype(dtype)
    points[points == 5] = -0.0  # equal to 0.0, and another row
    for these in (points, np.asfortranarray(points), points[:0]):
        rows = np.ascontiguousarray(these).view(np.dtype((np.void, d * these.itemsize))).ravel()
        _, first, inverse, counts = np.unique(
            rows, return_index=True, return_inverse=True, return_counts=True
        )
        order = np.argsort(first)
        same = distinct(these, digest(these))
        np.testing.assert_array_equal(same.rows, first[order])
        np.testing.assert_array_equal(same.inverse, np.argsort(order)[inverse])
        np.testing.assert_array_equal(same.counts, counts[order])


def test_rows_are_told_apart_where_the_sums_of_their_words_are_equal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points = np.random.RandomState(0).randint(0, 9, (500, 2)).astype(np.float64)
    expected = distinct(points, b"apart")
    monkeypatch.setattr(shared, "_find_by_sums", lambda _points: None)
    same = distinct(points, b"row by row")
    monkeypatch.undo()
    monkeypatch.setattr(shared, "_draw_words", lambda n: np.zeros(n, np.uint64))
    equal_sums = distinct(points, b"equal sums")
    for one in (same, equal_sums):
        for name in ("rows", "inverse", "counts"):
            np.testing.assert_array_equal(getattr(one, name), getattr(expected, name))


def test_that_there_is_nothing_is_kept_as_well() -> None:
    made = []
    shared = Shared(1000)
    for _ in range(2):
        assert shared.get("nothing", lambda: made.append(1)) is None
    assert made == [1]
