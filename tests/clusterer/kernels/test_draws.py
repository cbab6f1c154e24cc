"""Draws of k-means++ are NumPy's, to the bit."""

import numpy as np
import pytest

from facetrack.clusterer.kernels.draws import (
    find_drawn,
    measure_nearer,
    sum_shares,
    take_nearer,
)

DOUBT = np.float32(1e-6)


def _closest(random: np.random.RandomState, n: int) -> np.ndarray:
    closest = random.uniform(size=n).astype(np.float32) ** 3
    closest[random.uniform(size=n) < 0.2] = 0
    return closest


@pytest.mark.parametrize("n", [1, 2, 7, 500, 5000])
def test_what_values_fall_on(n: int) -> None:
    random = np.random.RandomState(n)
    sure = 0
    for _ in range(20):
        closest = _closest(random, n)
        values = random.uniform(size=8) * closest.sum()
        low, high = (
            np.minimum(np.searchsorted(np.cumsum(one), values), n - 1)
            for one in (closest, np.maximum(closest, DOUBT))
        )
        drawn = np.empty(8, np.int64)
        if find_drawn(closest, DOUBT, values, drawn):
            sure += 1
            np.testing.assert_array_equal(drawn, low)
            np.testing.assert_array_equal(drawn, high)
        else:
            assert (low != high).any()
    assert sure > 10


def test_a_value_that_hangs_on_rounding_errors() -> None:
    closest = np.array([0, 0, 1], np.float32)
    drawn = np.empty(1, np.int64)
    assert not find_drawn(closest, np.float32(0.25), np.array([0.3]), drawn)
    assert find_drawn(closest, np.float32(0), np.array([0.3]), drawn)
    assert drawn.tolist() == [2]


def test_the_nearer_of_both() -> None:
    random = np.random.RandomState(0)
    squared = np.stack([_closest(random, 300) for _ in range(9)])
    closest, rows = _closest(random, 300), np.array([3, 8, 3])
    apart, most = np.empty((2, 3, 300), np.float32)
    take_nearer(squared, rows, closest, DOUBT, apart, most)
    np.testing.assert_array_equal(apart, np.minimum(closest, squared[rows]))
    np.testing.assert_array_equal(most, np.maximum(apart, DOUBT))


def test_shares_as_numpy_sums_them() -> None:
    random = np.random.RandomState(0)
    closest, weights = _closest(random, 3000), random.randint(1, 5, 3000).astype(np.float32)
    expected = np.cumsum(closest * weights, dtype=np.float64)
    np.testing.assert_array_equal(sum_shares(closest, weights), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_nearer_by_inner_products(dtype: type) -> None:
    random = np.random.RandomState(0)
    points: np.ndarray = random.normal(size=(50, 6)).astype(dtype)
    points[7] = points[9]
    gram = points @ points.T
    lengths, drawn = gram.diagonal().copy(), np.array([7, 9, 30])
    closest: np.ndarray = (3 * random.uniform(size=50)).astype(dtype)
    expected = gram[drawn] * dtype(-2)
    expected += lengths
    expected += lengths[drawn, None]
    expected = np.minimum(np.maximum(expected, 0), closest)
    found = np.empty_like(expected)
    measure_nearer(gram, lengths, drawn, closest, found)
    np.testing.assert_array_equal(found, expected)
