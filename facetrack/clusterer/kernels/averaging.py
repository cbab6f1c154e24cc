"""Weighted means of rows of a matrix: what a centre's inner products are when it moves."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.compiling import compile_kernel

Array = NDArray[Any]


def sum_rows(matrix: Array, rows: Array, shares: Array, group: Array, groups: int) -> Array:
    """(groups, n) sums of an (m, n) matrix's rows, each times its share, in the matrix's dtype.

    rows, shares, group: (r,) which row, times what, and in which of the sums it is. Those of a sum
    are added one after the other in the order given, as SciPy's sparse product does it.
    """
    order = np.argsort(group, kind="stable")
    ends = np.cumsum(np.bincount(group, minlength=groups))
    sums = np.empty((groups, matrix.shape[1]), matrix.dtype)
    _sum_rows(matrix, rows[order], shares[order].astype(matrix.dtype), ends, sums)
    return sums


@compile_kernel
def _sum_rows(matrix: Array, rows: Array, shares: Array, ends: Array, sums: Array) -> None:
    """Four rows at a time, so that a sum is read and written a quarter as often."""
    n = matrix.shape[1]
    at = 0
    for group in range(len(ends)):
        total, end = sums[group], ends[group]
        total[:] = 0
        while at + 4 <= end:
            one, two = matrix[rows[at]], matrix[rows[at + 1]]
            three, four = matrix[rows[at + 2]], matrix[rows[at + 3]]
            first, second, third, fourth = (
                shares[at],
                shares[at + 1],
                shares[at + 2],
                shares[at + 3],
            )
            for i in range(n):
                half = (total[i] + first * one[i]) + second * two[i]
                total[i] = (half + third * three[i]) + fourth * four[i]
            at += 4
        while at < end:
            one, first = matrix[rows[at]], shares[at]
            for i in range(n):
                total[i] += first * one[i]
            at += 1
