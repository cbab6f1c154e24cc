"""Spanning trees that answer, for every radius at once, which points hang together.

| name  | what it is                                                                          |
|-------|-------------------------------------------------------------------------------------|
| core  | (n,) squared distance of a point to its min_samples-th nearest, itself counted; 0   |
|       | everywhere for min_samples = 1                                                      |
| reach | squared reachability of a pair: the largest of its squared distance and both cores  |

At radius r the core points are those with core ≤ r², and clusters are the connected components of
the pairs with reach ≤ r². A minimum spanning tree of the reaches has the same components at every r
(Gower and Ross 1969; for cores: Campello, Moulavi and Sander 2013). So has a simpler thing: Prim's
algorithm finishes a component before it leaves it, hence the points in the order it visits them,
each tied to the one before it by the reach it came by, form a path with these components too.

Distances are rounded (see distances.py), so a component is certain only where the radius is
further from a tie's reach than the rounding: `Tree.error`. dbscan.py settles the rest.
"""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import minimum_spanning_tree

from facetrack.clusterer.kernels.distances import Floats, Points, Precision, pairs

# The largest (n, n) matrix that is made whole; beyond it, two parts of the points at a time.
MATRIX_BYTES = 2**30
_PART = 4096
# Times as many parts as neighbours are looked for: more find a nearer limit, and take longer.
_PARTS = 16


@dataclass(frozen=True)
class Tree:
    """Ties with the components of all pairs, at every radius.

    ends: (2, n - 1) int64, the tied points. reach: (n - 1,) squared. core: (n,) squared.
    error: bound on how far rounding has moved any of these.
    """

    ends: NDArray[np.int64]
    reach: Floats
    core: Floats
    error: float

    def components(self, limit: float) -> NDArray[np.int64]:
        """(n,) component of each point when the ties with reach ≤ limit hold."""
        apart = self.reach > limit
        if self._is_path:  # along which a component ends where a tie does not hold
            found = np.zeros(len(self.core), np.int64)
            found[self.ends[1]] = np.cumsum(apart)
            return found
        return components(self.ends[:, ~apart], len(self.core))

    @functools.cached_property
    def _is_path(self) -> bool:
        """Whether each tie begins where the one before it ends, and all points are on the way."""
        begins, ends = self.ends
        return len(ends) == len(self.core) - 1 and bool((begins[1:] == ends[:-1]).all())


def components(ends: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """(n,) the lowest member of the connected component of each of n things.

    ends: (2, m) things that hang together. Each root is tied to the lowest one that it hangs
    together with, and all things to their roots, until nothing is left to tie (Shiloach and Vishkin
    1982). Tied to any lower one, a star would take as many rounds as it has ends.
    """
    lowest = np.arange(n)
    first, second = ends
    while len(first):
        np.minimum.at(lowest, np.maximum(first, second), np.minimum(first, second))
        while not np.array_equal(further := lowest[lowest], lowest):
            lowest = further
        first, second = lowest[first], lowest[second]
        apart = first != second
        first, second = first[apart], second[apart]
    return lowest


def spanning_tree(
    points: Floats,
    weights: NDArray[np.int64],
    min_samples: int,
    dtype: Precision,
    matrix_bytes: int = MATRIX_BYTES,
) -> Tree:
    """The tree of (n, d) distinct points, each standing for `weights` equal ones.

    dtype: of the distances. matrix_bytes: no larger matrix is held at once.
    """
    n = len(points)
    core = _core(points, weights, min_samples, dtype)
    if n * n * np.dtype(dtype).itemsize <= matrix_bytes:
        order, reach, error = _prim(points, core, dtype)
        return Tree(np.stack([order[:-1], order[1:]]), reach, core, error)
    return _by_parts(points, core, dtype, matrix_bytes)


def _core(points: Floats, weights: NDArray[np.int64], min_samples: int, dtype: Precision) -> Floats:
    core = np.zeros(len(points), dtype)
    if min_samples == 1:
        return core
    # Each point counts at least once, so this many nearest ones are enough.
    nearest = min(min_samples, len(points))
    for rows, squared, _ in Points(points).squared(points, dtype):
        core[rows] = _find_core(squared, weights, nearest, min_samples)
    return core


def _find_core(
    squared: Floats, weights: NDArray[np.int64], nearest: int, min_samples: int
) -> Floats:
    """The core of some points, (b,), from their squared distances to all, (b, n)."""
    # The points in parts, the nearest of each: the `nearest`-th of those is no nearer than that of
    # all points, and what is beyond it need not be sorted.
    b, n = squared.shape
    parts = min(n, _PARTS * nearest)
    inside = squared[:, : n // parts * parts].reshape(b, -1, parts).min(axis=1)
    enough = np.partition(inside, nearest - 1, axis=1)[:, nearest - 1]
    row, point = pairs(squared <= enough[:, None])
    counts = np.bincount(row, minlength=b)
    place = np.arange(len(row)) - (np.cumsum(counts) - counts)[row]
    apart = np.full((b, counts.max()), np.inf, squared.dtype)
    counted = np.zeros(apart.shape, np.int64)
    apart[row, place] = squared[row, point]
    counted[row, place] = weights[point]
    order = np.argsort(apart, axis=1)
    counted = np.take_along_axis(counted, order, axis=1).cumsum(axis=1)
    last = (counted >= min_samples).argmax(axis=1)
    found: Floats = apart[np.arange(b), order[np.arange(b), last]]
    found[counted[:, -1] < min_samples] = np.inf
    return found


def _prim(
    points: Floats, core: Floats, dtype: Precision
) -> tuple[NDArray[np.int64], Floats, float]:
    """Points in Prim's order, the n - 1 reaches they were come by, and the error of those."""
    reaches, error = _reaches(points, core, dtype)
    n = len(points)
    order = np.zeros(n, np.int64)
    came_by = np.empty(n - 1, dtype)
    outside = np.arange(1, n)
    least = reaches[0, 1:].copy()
    for step in range(1, n):
        left = n - step
        chosen = int(least[:left].argmin())
        order[step] = current = outside[chosen]
        came_by[step - 1] = least[chosen]
        # The last one outside takes its place: shrinking the arrays halves the work.
        outside[chosen] = outside[left - 1]
        least[chosen] = least[left - 1]
        rest = slice(0, left - 1)
        np.minimum(least[rest], reaches[current].take(outside[rest]), out=least[rest])
    return order, came_by, error


def _reaches(points: Floats, core: Floats, dtype: Precision) -> tuple[Floats, float]:
    """(n, n) reaches and the bound on their error."""
    reaches = np.empty((len(points), len(points)), dtype)
    error = 0.0
    for rows, squared, block_error in Points(points).squared(points, dtype):
        reaches[rows] = squared
        error = max(error, block_error)
        if core.any():
            np.maximum(reaches[rows], core, out=reaches[rows])
            np.maximum(reaches[rows], core[rows, None], out=reaches[rows])
    return reaches, error


def _by_parts(points: Floats, core: Floats, dtype: Precision, matrix_bytes: int) -> Tree:
    """The tree of trees, two parts of the points at a time.

    Every pair of points is in the union of some two parts. The components of a union of graphs
    depend on nothing but the components of each, so each graph may be replaced by its own tree.
    """
    n = len(points)
    # A side of a matrix is two parts.
    size = max(2, min(_PART, int(np.sqrt(matrix_bytes / np.dtype(dtype).itemsize)) // 2))
    parts = np.array_split(np.arange(n), -(-n // size))
    ends = np.empty((2, 0), np.int64)
    reach = np.empty(0, dtype)
    error = 0.0
    for i, first in enumerate(parts):
        found, came = [ends], [reach]
        for second in parts[i + 1 :]:
            both = np.concatenate([first, second])
            order, came_by, part_error = _prim(points[both], core[both], dtype)
            found.append(np.stack([both[order[:-1]], both[order[1:]]]))
            came.append(came_by)
            error = max(error, part_error)
        ends, reach = _lightest(np.concatenate(found, axis=1), np.concatenate(came), n)
    return Tree(ends, reach, core, error)


def _lightest(ends: NDArray[np.int64], reach: Floats, n: int) -> tuple[NDArray[np.int64], Floats]:
    """The ties of a minimum spanning forest."""
    # SciPy adds up what stands twice and takes zeros for missing: so each pair once, with its
    # rank among all, from 1, in place of its reach.
    order = np.argsort(reach, kind="stable")
    low, high = np.sort(ends[:, order], axis=0)
    _, once = np.unique(low * n + high, return_index=True)
    once.sort()
    graph = csr_array((np.arange(1.0, len(once) + 1), (low[once], high[once])), shape=(n, n))
    kept = np.sort(minimum_spanning_tree(graph).data).astype(np.int64) - 1
    chosen = once[kept]
    return np.stack([low[chosen], high[chosen]]), reach[order[chosen]]
