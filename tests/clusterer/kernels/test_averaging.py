"""Weighted means of rows: SciPy's sparse product, to the last bit."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from facetrack.clusterer.kernels.averaging import sum_rows


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_are_scipys_to_the_last_bit(dtype: type) -> None:
    random = np.random.RandomState(0)
    matrix: np.ndarray = random.normal(size=(200, 37)).astype(dtype)
    rows = np.sort(random.choice(200, 150, replace=False))
    # Sums of none, of one, of three, of four, of five and of many.
    sizes = np.array([0, 1, 3, 4, 5, 137])
    group = random.permutation(np.repeat(np.arange(len(sizes)), sizes))
    shares = random.rand(len(rows))
    product = csr_array((shares.astype(dtype), (group, rows)), shape=(len(sizes), 200)) @ matrix
    found = sum_rows(matrix, rows, shares, group, len(sizes))
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, product)
    assert (found[0] == 0).all()


def test_a_sum_does_not_hang_on_the_order_of_groups() -> None:
    matrix = np.random.RandomState(1).normal(size=(30, 8)).astype(np.float32)
    rows, shares = np.arange(30), np.full(30, 0.1)
    group = np.arange(30) % 3
    found = sum_rows(matrix, rows, shares, group, 3)
    np.testing.assert_array_equal(sum_rows(matrix, rows, shares, 2 - group, 3), found[::-1])
