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
