"""Core points and the groups they hang together in, followed as pairs of near points come in.

| name   | what it is                                                                         |
|--------|------------------------------------------------------------------------------------|
| core   | (n,) which points have at least so many points around them, as far as is known     |
| pieces | (n,) int64: points with the same number hang together; one that is not core has a  |
|        | number of its own                                                                  |

A pair joins two pieces once both of its points are core. Until then it waits, for a point that has
few neighbours so far: no more pairs wait than there are points, times how many make a core point.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.bounds import HEIGHT, WIDTH, Pairs, Search
from facetrack.clusterer.kernels.distances import Floats
from facetrack.clusterer.kernels.tree import components
from facetrack.system import threads
from facetrack.system.progress import bar

Indices = NDArray[np.int64]

# Of what is left, a piece of so large a share is put where its pairs need not be looked at.
_LARGE = 1 / 8
# The first rows are few: where the radius is large, they tie most points together already. If not,
# so many times as many are next.
_FIRST, _TIMES = 8, 4
# Fewer points are done sooner than threads have started.
_WORTH_THREADS = 2000
# For so many somebody may wonder, after so many seconds.
_WORTH_A_BAR, _PATIENCE = 20_000, 10.0


class Groups:
    """What hangs together of n points, of which point i stands for weights[i] equal ones.

    least: how many points around it, itself included, make a core point. mutual: a pair (i, j)
    stands for (j, i) as well; else i has j around it, and no more is known.
    """

    def __init__(self, weights: Indices, least: int, *, mutual: bool) -> None:
        self._weights = weights
        self._least = least
        self._mutual = mutual
        self._counts = weights.copy()
        self.core = weights >= least
        self.pieces: Indices = np.arange(len(weights))
        self._waiting: list[Indices] = []
        self._length = self._enough = 0
        self._changed = False

    def add(self, first: Indices, second: Indices) -> None:
        """Take in pairs (first[i], second[i]) of two near points; none may come twice."""
        if not self.core.all():
            np.add.at(self._counts, first, self._weights[second])
            if self._mutual:
                np.add.at(self._counts, second, self._weights[first])
        apart = self.pieces[first] != self.pieces[second]
        self._waiting.append(np.stack([first[apart], second[apart]]))
        self._length += self._waiting[-1].shape[1]
        if self._length > self._enough:
            self.join()

    def join(self) -> None:
        """Bring core points and pieces up to date."""
        n = len(self._weights)
        self.core = self._counts >= self._least
        ends = np.concatenate([np.empty((2, 0), np.int64), *self._waiting], axis=1)
        both = self.core[ends].all(axis=0)
        if both.any():
            self.pieces = components(self.pieces[ends[:, both]], n)[self.pieces]
            self._changed = True
        self._waiting = [ends[:, ~both]]
        self._length = self._waiting[0].shape[1]
        self._enough = 2 * self._length + n

    def count_together(self, points: Indices) -> int:
        """How many of the first of some points are in one piece."""
        others = self.pieces[points] != self.pieces[points[:1]]
        return int(others.argmax()) if others.any() else len(points)

    def count_apart(self, points: Indices) -> int:
        """How many of some points come before the last ones that are in one piece."""
        others = self.pieces[points[::-1]] != self.pieces[points[-1:]]
        return len(points) - int(others.argmax()) if others.any() else 0

    def find_order(self, points: Indices) -> Indices | None:
        """An order of some points, (k,) indices: by pieces, the largest last.

        None where that would change nothing since it was asked for, or no piece is large.
        """
        if not self._changed or not len(points):
            return None
        self._changed = False
        pieces = self.pieces[points]
        sizes = np.bincount(pieces)[pieces]
        if sizes.max() < _LARGE * len(points):
            return None
        order: Indices = np.lexsort((pieces, sizes))
        return order

    def find_borders(self) -> Indices:
        """(2, k): points that are not core, and a core point that is around them, of all pairs."""
        self.join()
        ends = self._waiting[0]
        if self._mutual:
            ends = np.concatenate([ends, ends[::-1]], axis=1)
        found: Indices = ends[:, ~self.core[ends[0]] & self.core[ends[1]]]
        return found


def join_near(points: Floats, radius: float, groups: Groups) -> None:
    """Tell groups of the pairs of points within a radius, but of those that change nothing.

    points: (n, d) as `Search` takes them. A pair within a piece changes nothing: as the largest
    piece comes last, its points ask for nobody, and those of any other large one only for points
    that are not in it.
    """
    n = len(points)
    others = threads.pool() if n > _WORTH_THREADS else nullcontext()
    # A thread for each product: several for a small one wait for each other.
    with others as pool, threads.limit(1):
        tiles = _look(Search(points, radius, pool), groups, pool)
        if n > _WORTH_A_BAR:
            total = _count_tiles(n)
            tiles = bar(tiles, total=total, description="Neighbours", unit="tile", delay=_PATIENCE)
        for tile in tiles:
            groups.add(tile.first, tile.second)


def _look(search: Search, groups: Groups, pool: ThreadPoolExecutor | None) -> Iterator[Pairs]:
    """Tiles of near pairs; what groups make of one says where to look next."""
    height = _FIRST
    while (together := groups.count_together(search.left)) < len(search.left):
        skipped = together if together > HEIGHT // 2 else 0
        rows = min(height, skipped or groups.count_apart(search.left))
        yield from search.ask(rows, skipped, pool)
        search.drop(rows)
        height = min(_TIMES * height, HEIGHT)
        order = groups.find_order(search.left)
        if order is not None:
            search.arrange(order)


def _count_tiles(n: int) -> int:
    """How many tiles the pairs of n points are, if no piece becomes large."""
    total, height = 0, _FIRST
    while n > 0:
        total += -(-n // WIDTH)
        n -= height
        height = min(_TIMES * height, HEIGHT)
    return total
