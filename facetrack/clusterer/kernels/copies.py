"""Faces that are as good as equal, as a burst's and a photo's that was sent, taken for a point.

A method that takes density from neighbours finds such copies instead of people: of a person with
ten photos in bursts of five, ten groups of five. So near copies, like equal ones, are a single
point of the graph.

| name  | what it is                                                                           |
|-------|--------------------------------------------------------------------------------------|
| faces | (n,) int64: the point that stands for each of n points, itself where none other does |
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.compiling import compile_kernel
from facetrack.clusterer.kernels.graph import Graph, count_asked
from facetrack.clusterer.kernels.links import Links

Array = NDArray[Any]

# A list of 80 neighbours of which more than this share are copies is too short without them. With
# lists of 40, which give the groups that 80 give, a person of hundreds of pictures was torn apart
# where some had 40 and others 80 (.5: ARI .67 for one half of LFW's people; .25 and less: .998).
_CROWDED = 0.125


@dataclass(frozen=True)
class Copies:
    """rows: (r,) the points that stand for others or themselves, ascending. inverse: (n,) for each
    point its own, as an index into `rows`.
    """

    rows: NDArray[np.int64]
    inverse: NDArray[np.int64]


def find_copies(graph: Graph, conflicts: Links, apart: float) -> Copies:
    """Which points of a graph are copies of which: not further than `apart`, inclusive.

    In the points' order each that has a neighbour so near, among those that stand for points and
    for none that it is in conflict with, is a copy of the nearest such one; else it stands for
    itself.
    """
    faces = _find_copies(
        graph.starts, graph.ends, graph.distances, conflicts.starts, conflicts.ends, apart
    )
    rows, inverse = np.unique(faces, return_inverse=True)
    return Copies(rows, inverse)


def find_crowded(graph: Graph, copies: Copies, k: int) -> NDArray[np.int64]:
    """Those, as indices into `rows`, whose list is too short for one of k without copies."""
    sizes = np.diff(graph.starts)
    dropped = np.zeros(len(graph.ends) + 1, np.int64)
    is_copy = np.ones(len(sizes), bool)
    is_copy[copies.rows] = False
    np.cumsum(is_copy[graph.ends], out=dropped[1:])
    lost = dropped[graph.starts[1:]] - dropped[graph.starts[:-1]]
    crowded = (sizes >= count_asked(graph, k)) & (sizes - lost < (1 - _CROWDED) * k)
    return np.flatnonzero(crowded[copies.rows])


def without_copies(graph: Graph, copies: Copies) -> Graph:
    """The graph of the points that stand for others."""
    n = len(graph.starts) - 1
    number = np.full(n, -1, np.int64)
    number[copies.rows] = np.arange(len(copies.rows))
    source = np.repeat(number, np.diff(graph.starts))
    stay = (source >= 0) & (number[graph.ends] >= 0)
    counts = np.bincount(source[stay], minlength=len(copies.rows))
    starts = np.concatenate([[0], np.cumsum(counts)])
    ends = number[graph.ends[stay]].astype(np.int32)
    pairs = None
    if graph.pairs is not None:
        both = number.astype(np.int32)[graph.pairs]
        pairs = both[:, (both >= 0).all(axis=0)]
    return Graph(starts, ends, graph.distances[stay], graph.radius, graph.recall, pairs)


@compile_kernel
def _find_copies(
    starts: Array,
    ends: Array,
    distances: Array,
    apart_starts: Array,
    apart_ends: Array,
    apart: float,
) -> Array:
    n = len(starts) - 1
    faces = np.arange(n)
    for point in range(n):
        for place in range(starts[point], starts[point + 1]):
            if distances[place] > apart:
                break
            other = ends[place]
            if other > point or faces[other] != other:
                continue
            free = True
            for entry in range(apart_starts[point], apart_starts[point + 1]):
                if faces[apart_ends[entry]] == other and apart_ends[entry] < point:
                    free = False
                    break
            if free:
                faces[point] = other
                break
    return faces
