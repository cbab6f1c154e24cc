"""The k nearest of each of some points, exactly, out of rounded squared distances.

| name    | what it is                                                                       |
|---------|----------------------------------------------------------------------------------|
| own     | (b,) int64, the points that ask, out of n                                        |
| squared | (b, n) their squared distances to all n, each off by less than half of `slack`   |
| most    | no candidate is further: the squared radius and what rounding may add            |
| counts  | (b,) int64, neighbours of each of the b points                                   |
| ends    | (m,) int32, neighbours one point after the other                                 |
| squares | (m,) float64, their squared distances                                            |
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.compiling import compile_kernel

Array = NDArray[Any]


@compile_kernel
def sift_down(heap: Array, value: Any) -> None:
    """Put a value in the place of a heap's largest, which is its first."""
    place = 0
    while True:
        below = 2 * place + 1
        if below >= len(heap):
            break
        if below + 1 < len(heap) and heap[below + 1] > heap[below]:
            below += 1
        if heap[below] <= value:
            break
        heap[place] = heap[below]
        place = below
    heap[place] = value


@compile_kernel
def find_candidates(
    squared: Array, own: Array, k: int, most: Any, slack: Any
) -> tuple[Array, Array]:
    """Counts and ends of all that may be among the k nearest."""
    b, n = squared.shape
    heap = np.empty(k, squared.dtype)  # the k nearest so far, the furthest of them first
    met = np.empty(n, np.int32)  # what was near enough when it was met
    counts = np.zeros(b, np.int64)
    ends = np.empty(2 * b * min(k, n), np.int32)
    filled = 0
    for row in range(b):
        heap[:] = most
        limit = most
        n_met = 0
        for point in range(n):
            square = squared[row, point]
            if square <= limit and point != own[row]:
                met[n_met] = point
                n_met += 1
                if square < heap[0]:
                    sift_down(heap, square)
                    limit = min(heap[0] + slack, most)
        if filled + n_met > len(ends):
            longer = np.empty(2 * filled + n_met, np.int32)
            longer[:filled] = ends[:filled]
            ends = longer
        for place in range(n_met):
            if squared[row, met[place]] <= limit:
                ends[filled] = met[place]
                filled += 1
                counts[row] += 1
    return counts, ends[:filled].copy()


@compile_kernel
def measure(points: Array, first: Array, second: Array) -> Array:
    """The squares of pairs of points, (k,) each, from the differences of the coordinates.

    Each is summed in the coordinates' order. Four are summed at a time, since an addition would
    else wait for the one before it.
    """
    k, d = len(first), points.shape[1]
    squares = np.empty(k)
    parts = np.zeros((4, d))
    for start in range(0, k, 4):
        several = min(4, k - start)
        for pair in range(several):
            one, other = first[start + pair], second[start + pair]
            for axis in range(d):
                apart = np.float64(points[one, axis]) - points[other, axis]
                parts[pair, axis] = apart * apart
        sum0 = sum1 = sum2 = sum3 = 0.0
        for axis in range(d):
            sum0 += parts[0, axis]
            sum1 += parts[1, axis]
            sum2 += parts[2, axis]
            sum3 += parts[3, axis]
        for pair, square in enumerate((sum0, sum1, sum2, sum3)):
            if pair < several:
                squares[start + pair] = square
    return squares


@compile_kernel
def keep_nearest(counts: Array, ends: Array, squares: Array, k: int, limit: float) -> Array:
    """Keep each point's k nearest candidates within the squared radius `limit`.

    They come to the front of `ends` and `squares`, nearest first, one point after the other.
    Returns how many each point has, (b,).
    """
    kept = np.zeros_like(counts)
    start = first = 0
    for row in range(len(counts)):
        last = first  # what is written is never ahead of what is read
        for candidate in range(start, start + counts[row]):
            end, square = ends[candidate], squares[candidate]
            if square > limit or (last - first == k and square >= squares[last - 1]):
                continue
            place = last if last - first < k else last - 1
            while place > first and squares[place - 1] > square:
                ends[place], squares[place] = ends[place - 1], squares[place - 1]
                place -= 1
            ends[place], squares[place] = end, square
            last += last - first < k
        kept[row] = last - first
        start += counts[row]
        first = last
    return kept


class Nearest(NamedTuple):
    """Neighbours of n points, the names as in the module."""

    counts: Array
    ends: Array
    squares: Array


@compile_kernel
def list_nearest(
    n: int, first: Array, second: Array, squares: Array, k: int, limit: float
) -> Nearest:
    """Each of n points' k nearest, out of all near pairs.

    first, second, squares: (p,) each, every pair once, in any order; those beyond the squared
    radius `limit` do not count. Nearest first, of equally near ones the first.
    """
    starts = np.zeros(n + 1, np.int64)
    for pair in range(len(first)):
        if squares[pair] <= limit:
            starts[first[pair] + 1] += 1
            starts[second[pair] + 1] += 1
    for point in range(n):
        starts[point + 1] += starts[point]
    ends, apart = np.empty(starts[n], np.int32), np.empty(starts[n])
    free = starts[:-1].copy()
    for pair in range(len(first)):
        square = squares[pair]
        if square <= limit:
            one, other = first[pair], second[pair]
            ends[free[one]], apart[free[one]] = other, square
            free[one] += 1
            ends[free[other]], apart[free[other]] = one, square
            free[other] += 1
    kept = np.zeros(n, np.int64)
    begin = 0
    for point in range(n):
        last = begin  # what is written is never ahead of what is read
        for candidate in range(starts[point], starts[point + 1]):
            end, square = ends[candidate], apart[candidate]
            place = last
            while place > begin and (
                apart[place - 1] > square or (apart[place - 1] == square and ends[place - 1] > end)
            ):
                place -= 1
            if place - begin == k:
                continue
            last += last - begin < k
            for moved in range(last - 1, place, -1):
                ends[moved], apart[moved] = ends[moved - 1], apart[moved - 1]
            ends[place], apart[place] = end, square
        kept[point] = last - begin
        begin = last
    return Nearest(kept, ends[:begin].copy(), apart[:begin].copy())
