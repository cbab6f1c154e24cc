"""Average linkage and Ward's, exactly: one tree of merges answers every radius and number.

Each point begins as a group; the two groups with the least mean distance between their points are
merged, again and again (UPGMA, Sokal and Michener 1958), or those whose merger adds least to the
squared distances of points to their group's mean (Ward 1963). The same merges are found in O(n²)
along chains of nearest neighbours: from a group to its nearest one and on, until two are each
other's nearest (Murtagh 1983; Müllner 2011).

| name      | what it is                                                                   |
|-----------|------------------------------------------------------------------------------|
| condensed | (n(n - 1)/2,) float64 distances of points i < j, row by row, as SciPy has    |
|           | them; the only large thing, and merged in place                              |
| slot      | where a group's distances stand: at the last of its points                   |
| active    | the slots of groups that may still merge, ascending                          |

Where distances tie, the group the chain comes from wins, then the lowest slot: SciPy's rule, so
that the labels are those of its `fcluster(linkage(points, "average"), eps, "distance")`. Ward's
distances are updated by its formula, the one of Lance and Williams (1967).
"""

from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.compiling import compile_kernel
from facetrack.clusterer.kernels.distances import Floats
from facetrack.clusterer.kernels.links import Links
from facetrack.clusterer.kernels.tree import components
from facetrack.clusterer.shared import number_groups
from facetrack.system import threads

# Columns that a block of distances has: their coordinates stay in the processor's cache.
_COLUMNS = 256
# Fewer points are done sooner than threads have started.
_WORTH_THREADS = 1000


@dataclass(frozen=True)
class Dendrogram:
    """The merges of n points, by rising height.

    merges: (2, m) int64, a point of each of the two groups that are merged; m is n - 1, or less
    where some groups are infinitely far apart. heights: (m,) their mean distance. n: points.
    """

    merges: NDArray[np.int64]
    heights: NDArray[np.float64]
    n: int

    def labels(self, eps: float) -> NDArray[np.int64]:
        """(n,) the group of each point when those at most eps apart are merged.

        Numbered by their first point.
        """
        below = int(np.searchsorted(self.heights, eps, side="right"))
        return number_groups(components(self.merges[:, :below], self.n))


def build_dendrogram(
    points: Floats,
    weights: NDArray[np.int64],
    order: NDArray[np.int64],
    conflicts: Links,
) -> Dendrogram:
    """The tree of (n, d) distinct points, each standing for `weights` equal ones.

    order: (n,) the points by their last copy, which is where SciPy has them when copies have
    merged. conflicts: pairs of points that may not be in one group: infinitely far apart, and so
    are the groups that they are in.
    """
    n = len(points)
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    condensed = measure(points[order])
    _part(condensed, place, conflicts.starts, conflicts.ends)
    merges = np.empty((2, n - 1), np.int64)
    heights = np.empty(n - 1)
    m = _merge(condensed, weights[order].astype(np.float64), merges, heights, False)
    by_height = np.argsort(heights[:m], kind="stable")
    return Dendrogram(order[merges[:, by_height]], heights[by_height], n)


def build_ward(points: Floats, weights: NDArray[np.int64], order: NDArray[np.int64]) -> Dendrogram:
    """The tree of (n, d) distinct points by Ward's criterion; heights are as SciPy has them.

    weights, order: as for `build_dendrogram`. Equal points have been merged, at height 0.
    """
    n = len(points)
    sizes = weights[order].astype(np.float64)
    condensed = measure(points[order])
    _weigh(condensed, sizes)
    merges = np.empty((2, n - 1), np.int64)
    heights = np.empty(n - 1)
    _merge(condensed, sizes, merges, heights, True)
    by_height = np.argsort(heights, kind="stable")
    return Dendrogram(order[merges[:, by_height]], heights[by_height], n)


def measure(points: Floats) -> NDArray[np.float64]:
    """Condensed distances of (n, d) points, each the root of Σ(p - q)² in float64.

    The coordinates are summed in their order, as SciPy's `pdist` does. A matrix product would take
    half the time on one core, and its last digits depend on the processor and on how many threads
    share it. Here threads share blocks.
    """
    n = len(points)
    exact = np.ascontiguousarray(points, dtype=np.float64)
    condensed = np.empty(n * (n - 1) // 2)

    def fill(start: int) -> None:
        columns = np.ascontiguousarray(exact[start : start + _COLUMNS].T)
        _fill(condensed, exact, columns, start)

    with threads.pool() if n > _WORTH_THREADS else nullcontext() as pool:
        for _ in threads.share_out(fill, range(0, n, _COLUMNS), pool):
            pass
    return condensed


@compile_kernel
def _fill(
    condensed: NDArray[np.float64],
    points: NDArray[np.float64],
    columns: NDArray[np.float64],
    start: int,
) -> None:
    """The distances of all points to those after them in a block, the first of which is `start`.

    columns: (d, b) the block's coordinates. Many sums grow at once, so the processor's vectors are
    used, and none is split among them; two points and four coordinates at a time, so that little
    is fetched and put away.
    """
    n, d = points.shape
    fours = d - d % 4
    end = start + columns.shape[1]
    upper, lower = np.empty((2, columns.shape[1]))
    for i in range(0, end - 1, 2):
        first, below = max(start, i + 1), min(i + 1, n - 1)
        skipped, many = first - start, end - first
        upper[:many] = 0.0
        lower[:many] = 0.0
        for k in range(0, fours, 4):
            block = columns[k : k + 4, skipped:]
            _add_four(upper[:many], points[i, k : k + 4], lower, points[below, k : k + 4], block)
        for k in range(fours, d):
            for j in range(many):
                upper[j] += (points[i, k] - columns[k, skipped + j]) ** 2
                lower[j] += (points[below, k] - columns[k, skipped + j]) ** 2
        base = _base(n, i) + first
        for j in range(many):
            condensed[base + j] = np.sqrt(upper[j])
        base = _base(n, below) + first
        for j in range(max(0, below + 1 - first), many):
            condensed[base + j] = np.sqrt(lower[j])


@compile_kernel
def _add_four(
    upper: NDArray[np.float64],
    p: NDArray[np.float64],
    lower: NDArray[np.float64],
    q: NDArray[np.float64],
    block: NDArray[np.float64],
) -> None:
    """Add to the squared distances of points p and q what four coordinates, (4, b), give."""
    p0, p1, p2, p3 = p[0], p[1], p[2], p[3]
    q0, q1, q2, q3 = q[0], q[1], q[2], q[3]
    for j in range(len(upper)):
        x0, x1, x2, x3 = block[0, j], block[1, j], block[2, j], block[3, j]
        total = upper[j] + (p0 - x0) ** 2
        total += (p1 - x1) ** 2
        total += (p2 - x2) ** 2
        upper[j] = total + (p3 - x3) ** 2
        total = lower[j] + (q0 - x0) ** 2
        total += (q1 - x1) ** 2
        total += (q2 - x2) ** 2
        lower[j] = total + (q3 - x3) ** 2


@compile_kernel
def _base(n: int, i: int) -> int:
    """Where the row of point i would begin in the condensed distances: j > i is at this plus j."""
    return i * n - i * (i + 1) // 2 - i - 1


@compile_kernel
def _find(n: int, i: int, j: int) -> int:
    """Where the distance of two different points stands."""
    return _base(n, i) + j if i < j else _base(n, j) + i


@compile_kernel
def _part(
    condensed: NDArray[np.float64],
    place: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int32],
) -> None:
    """Make points in conflict infinitely far apart. place: of each point in the distances."""
    for point in range(len(place)):
        for entry in range(starts[point], starts[point + 1]):
            condensed[_find(len(place), place[point], place[ends[entry]])] = np.inf


@compile_kernel
def _merge(
    condensed: NDArray[np.float64],
    sizes: NDArray[np.float64],
    merges: NDArray[np.int64],
    heights: NDArray[np.float64],
    ward: bool,
) -> int:
    """Merge until nothing can be merged; how many merges there were. Changes all its arrays."""
    n = len(sizes)
    active = np.arange(n)
    chain = np.empty(n, np.int64)
    left, length, m = n, 0, 0
    while left > 1:
        if length == 0:
            chain[0] = active[0]
            length = 1
        top = chain[length - 1]
        before = chain[length - 2] if length > 1 else -1
        nearest = _nearest(condensed, n, active[:left], top, before)
        if nearest < 0:  # infinitely far from all, for good; only at the beginning of a chain
            left = _remove(active, left, top)
            length = 0
        elif nearest != before:
            chain[length] = nearest
            length += 1
        else:
            low, high = min(top, before), max(top, before)
            merges[0, m], merges[1, m] = low, high
            heights[m] = condensed[_find(n, low, high)]
            m += 1
            left = _remove(active, left, low)
            _update(condensed, active[:left], sizes, low, high, ward)
            sizes[high] += sizes[low]
            length -= 2
    return m


@compile_kernel
def _nearest(
    condensed: NDArray[np.float64], n: int, active: NDArray[np.int64], slot: int, before: int
) -> int:
    """The nearest group: of equally near ones the one before, else the lowest; -1 for none."""
    nearest, least = before, np.inf
    if before >= 0:
        least = condensed[_find(n, slot, before)]
    for other in active:
        if other == slot:
            continue
        distance = condensed[_find(n, slot, other)]
        if distance < least:
            least = distance
            nearest = other
    return nearest


@compile_kernel
def _update(
    condensed: NDArray[np.float64],
    active: NDArray[np.int64],
    sizes: NDArray[np.float64],
    low: int,
    high: int,
    ward: bool,
) -> None:
    """Distances to a merged group, which takes the higher of the two slots."""
    n, both = len(sizes), sizes[low] + sizes[high]
    between = condensed[_find(n, low, high)]
    for other in active:
        if other == high:
            continue
        of_low, of_high = _find(n, low, other), _find(n, high, other)
        to_low, to_high = condensed[of_low], condensed[of_high]
        if ward:
            share = 1.0 / (both + sizes[other])
            squared = (sizes[other] + sizes[low]) * share * to_low * to_low
            squared += (sizes[other] + sizes[high]) * share * to_high * to_high
            squared -= sizes[other] * share * between * between
            condensed[of_high] = np.sqrt(squared)
        else:
            condensed[of_high] = (sizes[low] * to_low + sizes[high] * to_high) / both


@compile_kernel
def _weigh(condensed: NDArray[np.float64], sizes: NDArray[np.float64]) -> None:
    """Make distances of points Ward's of as many equal ones each."""
    n = len(sizes)
    for i in range(n):
        base = _base(n, i)
        for j in range(i + 1, n):
            condensed[base + j] *= np.sqrt(2 * sizes[i] * sizes[j] / (sizes[i] + sizes[j]))


@compile_kernel
def _remove(active: NDArray[np.int64], left: int, slot: int) -> int:
    """Take a slot out of the first `left` ones; how many are left."""
    kept = 0
    for i in range(left):
        if active[i] != slot:
            active[kept] = active[i]
            kept += 1
    return kept
