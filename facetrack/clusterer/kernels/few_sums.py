"""Sums of the points around each of some means, where the points are few: by numpy alone.

What `summing` has for many is compiled by numba, which takes a second to be there.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Table(NamedTuple):
    """points: (n, d). weights: (n,) float64. marks: (n, 2) float64, whole numbers."""

    points: Array
    weights: Array
    marks: Array

    def join(self) -> Array:
        """(n, d + 3) float64: of each point what `sum_few` sums."""
        weights = self.weights[:, None]
        return np.hstack([self.points * weights, weights, self.marks])


def sum_few(near: Array, joined: Array) -> Array:
    """(b, d + 3) float64 as in summing.py: coordinates by weight, weight, and both marks.

    near: (b, n) whether a point is near to a mean. joined: of the table. Not by BLAS, whose sums
    depend on the processor.
    """
    sums: Array = np.einsum("bn,nm->bm", near.astype(np.float64), joined)
    return sums
