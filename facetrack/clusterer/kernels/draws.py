"""Draws of k-means++, in one pass each over what NumPy takes several for.

See plus_plus.py for points, kmeans.py for inner products.

| name    | what it is                                                                         |
|---------|------------------------------------------------------------------------------------|
| closest | (n,) float32, squared distance of each point to the nearest centre so far          |
| doubt   | float32, below which a distance is a rounding error: any number from 0 to this     |

Sums grow one number after the other in float32, as `np.cumsum` has them, to the last bit.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.compiling import compile_kernel

Array = NDArray[Any]


@compile_kernel
def find_drawn(closest: Array, doubt: Any, values: Array, drawn: Array) -> bool:
    """Which points values between 0 and the sum of `closest` fall on, into `drawn`.

    False where that hangs on rounding errors.
    """
    least, most = np.empty((2, len(closest)), np.float32)
    low = high = np.float32(0)
    for point in range(len(closest)):
        low += closest[point]
        high += max(closest[point], doubt)
        least[point], most[point] = low, high
    last = len(closest) - 1
    for trial in range(len(values)):
        drawn[trial] = min(np.searchsorted(least, values[trial]), last)
        if drawn[trial] != min(np.searchsorted(most, values[trial]), last):
            return False
    return True


@compile_kernel
def take_nearer(
    squared: Array, rows: Array, closest: Array, doubt: Any, apart: Array, most: Array
) -> None:
    """What `closest` would be with each of t more centres: (t, n), at least and at most.

    squared: (u, n) distances of distinct points. rows: (t,) those of the centres.
    """
    for trial in range(len(rows)):
        row = rows[trial]
        for point in range(len(closest)):
            nearer = min(closest[point], squared[row, point])
            apart[trial, point] = nearer
            most[trial, point] = max(nearer, doubt)


@compile_kernel
def sum_shares(closest: Array, weights: Array) -> Array:
    """(n,) float64 sums of the squared distances so far of points that weigh (n,) `weights`."""
    sums = np.empty(len(closest))
    total = 0.0
    for point in range(len(closest)):
        total += closest[point] * weights[point]
        sums[point] = total
    return sums


@compile_kernel
def measure_nearer(
    gram: Array, lengths: Array, drawn: Array, closest: Array, nearer: Array
) -> None:
    """What `closest` would be with each of t more centres, (t, n), from inner products.

    gram: (n, n), lengths: (n,) its diagonal; all in one dtype, in which the result is rounded.
    """
    two, zero = gram.dtype.type(2), gram.dtype.type(0)
    for trial in range(len(drawn)):
        row = drawn[trial]
        for point in range(len(closest)):
            apart = lengths[point] - two * gram[row, point] + lengths[row]
            nearer[trial, point] = min(max(apart, zero), closest[point])
