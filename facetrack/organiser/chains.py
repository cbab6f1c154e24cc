"""Why faces are together: the closest ties between them, and where a group comes apart.

Faces of a person are tied as in single linkage, closest first; the ties that join something are a
minimum spanning tree (Kruskal 1956). Between two faces of it there is one way, and no other way
between them has a shorter longest tie: the weakest link of their chain is the one to doubt.
"""

from collections import deque
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import pdist, squareform

from facetrack.core.errors import UserError
from facetrack.core.faces import Vectors

_MOST = 4000  # faces of a person whose ties are looked at: 128 MB of distances

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Chain:
    """The way from a face to another one.

    faces: (k,), indices of faces along it. ties: (k - 1,) distances between them. weakest: which of
    the ties is the longest. side: faces that hang together with fewer of all when it is cut; of two
    equal halves the one with the last face.
    """

    faces: list[int]
    ties: list[float]
    weakest: int
    side: list[int]


def find_chain(vectors: Vectors, first: int, second: int) -> Chain:
    """The chain of closest ties between two of some faces. vectors: (n, d); first is not second.

    Raises UserError for too many faces.
    """
    tree = _grow_tree(vectors)
    faces = _find_way(tree, first, second)
    ties = [tree[one][other] for one, other in pairwise(faces)]
    weakest = int(np.argmax(ties))
    side = _reach(tree, faces[weakest + 1], faces[weakest])
    if 2 * len(side) > len(tree):
        side = sorted(set(range(len(tree))) - set(side))
    return Chain(faces, ties, weakest, side)


def _grow_tree(vectors: Vectors) -> list[dict[int, float]]:
    """For each face those it is tied to in the minimum spanning tree, and how far they are."""
    if len(vectors) > _MOST:
        raise UserError(
            f"{len(vectors):,} faces are too many to follow their ties: up to {_MOST:,} are looked "
            "at; select the faces that do not belong instead"
        )
    # SciPy takes a weight of 0 for no tie, so that equal faces would have none: everything one
    # further apart has the same tree.
    found = minimum_spanning_tree(squareform(pdist(vectors.astype(np.float64))) + 1).tocoo()
    tree: list[dict[int, float]] = [{} for _ in vectors]
    for one, other, weight in zip(
        found.row.tolist(), found.col.tolist(), found.data.tolist(), strict=True
    ):
        tree[one][other] = tree[other][one] = weight - 1
    return tree


def _find_way(tree: list[dict[int, float]], first: int, second: int) -> list[int]:
    came: dict[int, int] = {first: first}
    waiting = deque([first])
    while second not in came:
        here = waiting.popleft()
        for near in tree[here]:
            if near not in came:
                came[near] = here
                waiting.append(near)
    way = [second]
    while way[-1] != first:
        way.append(came[way[-1]])
    return way[::-1]


def _reach(tree: list[dict[int, float]], start: int, without: int) -> list[int]:
    """The faces that hang together with one, on its side of the tie to another."""
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for near in tree[here]:
            if near not in seen and (here, near) != (start, without):
                seen.add(near)
                waiting.append(near)
    return sorted(seen)
