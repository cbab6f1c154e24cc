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

from typing import Any

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
def find_kth(row: Array, asking: int, most: Any, heap: Array) -> Any:
    """The k-th smallest number of a row, `most` at most; k is the heap's length."""
    heap[:] = most
    for point in range(len(row)):
        if row[point] < heap[0] and point != asking:
            sift_down(heap, row[point])
    return heap[0]


@compile_kernel
def find_candidates(
    squared: Array, own: Array, k: int, most: Any, slack: Any
) -> tuple[Array, Array]:
    """Counts and ends of all that may be among the k nearest."""
    b, n = squared.shape
    heap = np.empty(k, squared.dtype)
    counts = np.zeros(b, np.int64)
    ends = np.empty(2 * b * min(k, n), np.int32)
    filled = 0
    for row in range(b):
        limit = min(find_kth(squared[row], own[row], most, heap) + slack, most)
        if filled + n > len(ends):
            longer = np.empty(2 * filled + n, np.int32)
            longer[:filled] = ends[:filled]
            ends = longer
        before = filled
        for point in range(n):
            if squared[row, point] <= limit and point != own[row]:
                ends[filled] = point
                filled += 1
        counts[row] = filled - before
    return counts, ends[:filled].copy()


@compile_kernel
def measure(points: Array, own: Array, counts: Array, ends: Array) -> Array:
    """The squares, from the differences of the coordinates."""
    squares = np.empty(len(ends))
    place = 0
    for row in range(len(counts)):
        for _ in range(counts[row]):
            square = 0.0
            for axis in range(points.shape[1]):
                apart = np.float64(points[own[row], axis])
                apart -= points[ends[place], axis]
                square += apart * apart
            squares[place] = square
            place += 1
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
