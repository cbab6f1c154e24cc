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


def sum_few(near: Array, table: Table) -> Array:
    """(b, d + 3) float64 as in summing.py: coordinates by weight, weight, and both marks.

    near: (b, n) whether a point is near to a mean. Not by BLAS, whose sums depend on the processor.
    """
    weights = table.weights[:, None]
    whole = np.hstack([table.points * weights, weights, table.marks])
    sums: Array = np.einsum("bn,nm->bm", near.astype(np.float64), whole)
    return sums
