"""Sums of the points around each of some means, from what sets it apart from most others.

| name   | what it is                                                                          |
|--------|-------------------------------------------------------------------------------------|
| near   | (b, n) whether a point is near to a mean                                            |
| usual  | (n,) whether a point is near to most means                                          |
| like   | (b,) whether a mean's points differ less from the usual ones than from none         |
| summed | (n, m) float64, what is summed                                                      |
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.compiling import compile_kernel

Array = NDArray[Any]

# Points whose rows stay in the processor's cache while all means ask for them.
_POINTS = 512


class Usual(NamedTuple):
    """points: (n,) `usual`. like: (b,). apart: how many points the means differ by, in all."""

    points: Array
    like: Array
    apart: int


@compile_kernel
def find_usual(near: Array) -> Usual:
    """The usual points, and which means are like that."""
    b, n = near.shape
    counts = np.zeros(n, np.int32)
    for row in range(b):
        for point in range(n):
            counts[point] += near[row, point]
    usual = 2 * counts > b
    like = np.empty(b, np.bool_)
    total = 0
    for row in range(b):
        own = apart = 0
        for point in range(n):
            own += near[row, point]
            apart += near[row, point] != usual[point]
        like[row] = apart < own
        total += min(apart, own)
    return Usual(usual, like, total)


@compile_kernel
def sum_apart(near: Array, usual: Array, like: Array, summed: Array, sums: Array) -> None:
    """The sums, into `sums` (b, m)."""
    b, n = near.shape
    m = summed.shape[1]
    together = np.zeros(m)
    for point in range(n):
        if usual[point]:
            for column in range(m):
                together[column] += summed[point, column]
    for row in range(b):
        for column in range(m):
            sums[row, column] = together[column] if like[row] else 0.0
    for start in range(0, n, _POINTS):
        end = min(start + _POINTS, n)
        for row in range(b):
            of_most = like[row]
            for point in range(start, end):
                if near[row, point] == (of_most and usual[point]):
                    continue
                if near[row, point]:
                    for column in range(m):
                        sums[row, column] += summed[point, column]
                else:
                    for column in range(m):
                        sums[row, column] -= summed[point, column]
