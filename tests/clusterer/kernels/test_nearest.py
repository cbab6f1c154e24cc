"""The k nearest out of candidates and out of pairs, and their squares, against plain NumPy."""

from itertools import chain
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from facetrack.clusterer.kernels.nearest import list_nearest, measure

RANDOM = np.random.RandomState(0)
POINTS = RANDOM.normal(size=(60, 37))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_pairs", [0, 1, 3, 4, 5, 401])
def test_squares_are_summed_in_the_coordinates_order(dtype: type, n_pairs: int) -> None:
    points: NDArray[Any] = POINTS.astype(dtype)
    first, second = RANDOM.randint(0, len(points), (2, n_pairs)).astype(np.int32)
    expected = np.zeros(n_pairs)
    for axis in points.T.astype(np.float64):
        expected += (axis[first] - axis[second]) ** 2
    assert measure(points, first, second).tobytes() == expected.tobytes()


@pytest.mark.parametrize("k", [1, 2, 7, 80])
@pytest.mark.parametrize("seed", range(5))
def test_the_nearest_of_pairs_in_any_order(k: int, seed: int) -> None:
    random = np.random.RandomState(seed)
    n = 40
    pairs = np.stack(np.triu_indices(n - 1, 1)).astype(np.int32)  # the last point has none
    pairs = pairs[:, random.permutation(pairs.shape[1])[:500]]
    pairs = np.where(random.rand(500) < 0.5, pairs, pairs[::-1])
    squares = random.randint(0, 9, 500) / 4  # many are equal
    counts, ends, apart = list_nearest(n, pairs[0], pairs[1], squares, k, 1.75)
    lists: list[list[tuple[float, int]]] = [[] for _ in range(n)]
    for one, other, square in zip(*pairs.tolist(), squares.tolist(), strict=True):
        if square <= 1.75:
            lists[one].append((square, other))
            lists[other].append((square, one))
    expected = [sorted(near)[:k] for near in lists]
    assert counts.tolist() == [len(near) for near in expected]
    assert list(zip(apart.tolist(), ends.tolist(), strict=True)) == list(chain(*expected))
