"""The neighbour graph: each point's nearest ones within a radius, which graph methods share.

| name      | what it is                                                                     |
|-----------|--------------------------------------------------------------------------------|
| k         | how many neighbours a point has at most, itself not counted                    |
| starts    | (n + 1,) int64: the neighbours of point i are entries starts[i] … starts[i+1]  |
| ends      | (m,) int32, the neighbours, nearest first, of equally near ones the first      |
| distances | (m,) float64                                                                   |

Candidates come from bounds (bounds.py) where few pairs are near, from blocks of squared distances
(distances.py), or from faiss (approximate.py); the distance of each is then computed in float64
from the differences of the coordinates, so that neighbours, their order and their distances depend
on the points alone: not on the block size, the number of threads or the machine. Without faiss none
is missed, not by rounding either.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels import approximate, bounds, known
from facetrack.clusterer.kernels.distances import Floats, Points
from facetrack.clusterer.kernels.nearest import find_candidates, keep_nearest, list_nearest, measure
from facetrack.clusterer.shared import LIMIT_BYTES, cache
from facetrack.system import threads

K = 80
"""On LFW, whose largest person has 530 pictures, 40 to 160 give the same groups; 20 and fewer tear
people apart."""

# Up to so many points the nearest are kept at any distance: one graph then answers every radius.
_ANY_RADIUS = 20_000
# Times as many neighbours as are needed are asked of faiss.
_SPARE = 2
# Beyond so many, looking at every pair takes minutes.
_TOO_MANY = 200_000
# Candidates are chosen by their squares, whose rounding must not cost one: `within` decides.
_BEYOND = 1 + 1e-12
# Pairs that are kept at once, of 40 bytes; of faces 64,592 have 4 million within Infomap's radius.
_MOST_PAIRS = 16_000_000
# Bytes of pairs that a graph keeps with it, so that the cache has room for both.
_MOST_KEPT = LIMIT_BYTES // 4
# Points that tell how many pairs there will be, and how many times as many are put up with.
_SAMPLE, _ENOUGH = 256, 2
# A block of squared distances: products of fewer rows are slow for many points.
_BLOCK_BYTES = 32 * 2**20

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Graph:
    """Each point's nearest neighbours within `radius`; the other names are those of the module.

    recall: the share of neighbours that were found, measured on some of the points; None where all
    are. pairs: (2, p) int32, all pairs within the radius and maybe some beyond it, each once; None
    where nobody has them.
    """

    starts: Counts
    ends: NDArray[np.int32]
    distances: NDArray[np.float64]
    radius: float
    recall: float | None = None
    pairs: NDArray[np.int32] | None = None

    def within(self, radius: float) -> "Graph":
        """The graph of a smaller radius, inclusive."""
        near = self.distances <= radius
        before = np.zeros(len(near) + 1, np.int64)
        np.cumsum(near, out=before[1:])
        starts = before[self.starts]
        ends, distances = self.ends[near], self.distances[near]
        return Graph(starts, ends, distances, radius, self.recall, self.pairs)


class _Block(NamedTuple):
    """The neighbours of some points, `own`. counts: of each; the rest as in `Graph`."""

    own: NDArray[np.int64]
    counts: Counts
    ends: NDArray[np.int32]
    distances: NDArray[np.float64]


def find_graph(
    points: Floats, radius: float, key: bytes, k: int = K, neighbors: str = "exact"
) -> Graph:
    """The graph of (n, d) distinct points within a radius; shared.

    key: the points' digest. neighbors: "exact", "faiss", or "auto": faiss for more than 200,000
    points where it is installed; its lists are `count_asked` long. Raises UserError where faiss is
    asked for and is not there.
    """
    n = len(points)
    by_faiss = neighbors == "faiss" or (
        neighbors == "auto" and n > _TOO_MANY and approximate.is_there()
    )
    reach = np.inf if n <= _ANY_RADIUS and not by_faiss else radius * _BEYOND
    make = partial(_find_all, points, radius, reach, k, by_faiss)
    whole: Graph = cache.get(("graph", key, k, reach, by_faiss), make)
    return whole.within(radius)


def count_asked(graph: Graph, k: int = K) -> int:
    """How many neighbours a point of a graph has at most.

    Of faiss twice as many as are needed: that takes hardly longer, and copies of a face, which come
    off, seldom leave too few, for which every pair would have to be looked at.
    """
    return k if graph.recall is None else _SPARE * k


def trim(graph: Graph, k: int = K) -> Graph:
    """The graph with no more than the k nearest of each point."""
    counts = np.diff(graph.starts)
    place = np.arange(len(graph.ends)) - np.repeat(graph.starts[:-1], counts)
    near = place < k
    if near.all():
        return graph
    starts = np.concatenate([[0], np.cumsum(np.minimum(counts, k))])
    return replace(graph, starts=starts, ends=graph.ends[near], distances=graph.distances[near])


def ask_again(points: Floats, graph: Graph, asking: NDArray[np.int64], k: int = K) -> Graph:
    """The graph of (n, d) points with the lists of some of them, ascending, made anew, exactly."""
    if not len(asking):
        return graph
    sizes = np.diff(graph.starts)
    others = np.setdiff1d(np.arange(len(points)), asking)
    stay = np.ones(len(points), bool)
    stay[asking] = False
    kept = np.repeat(stay, sizes)
    before = _Block(others, sizes[others], graph.ends[kept], graph.distances[kept])
    if graph.pairs is None:
        found = _find_exactly(points, asking, graph.radius, graph.radius, k)
    else:
        found = iter([_find_among(points, asking, graph.pairs, graph.radius, k)])
    return replace(_arrange(len(points), chain([before], found), graph.radius), recall=graph.recall)


def _find_all(points: Floats, radius: float, reach: float, k: int, by_faiss: bool) -> Graph:
    n = len(points)
    if not by_faiss:
        if np.isfinite(reach) and (found := _find_by_bounds(points, radius, reach, k)):
            return found
        return _arrange(n, _find_exactly(points, np.arange(n), radius, reach, k), reach)
    index = approximate.Neighbours(points, radius)
    graph = _arrange(n, _find_by_faiss(points, index, reach, _SPARE * k), reach)
    return replace(graph, recall=_find_recall(points, index, radius, k))


def _find_by_bounds(points: Floats, radius: float, reach: float, k: int) -> Graph | None:
    """The graph where so few pairs are near that all of them can be kept; None where they are not.

    Each pair is then looked at once, and most by their first coordinates alone: what else takes
    both would take four times as long.
    """
    n = len(points)
    memory = known.find_memory()
    ends, asking = memory.recall(points, reach) if memory else known.recall_nothing(n)
    # Where most is known, there were not too many.
    if 2 * len(asking) > n and _count_near(points, radius, reach) * n > 2 * _MOST_PAIRS:
        return None
    search, kept, pairs = bounds.Search(points, reach), [ends], ends.shape[1]
    search.arrange(np.concatenate([asking, np.setdiff1d(np.arange(n), asking)]))
    with threads.pool() as pool, threads.limit(1):
        for start in range(0, len(asking), bounds.HEIGHT):
            height = min(bounds.HEIGHT, len(asking) - start)
            for tile in search.ask(height, 0, pool):
                kept.append(np.stack(tile[:2]).astype(np.int32))
                pairs += kept[-1].shape[1]
            if pairs > _ENOUGH * _MOST_PAIRS:
                return None  # the sample misled
            search.drop(height)
    ends = np.concatenate(kept, axis=1)
    squares = measure(points, ends[0], ends[1])
    near = squares <= (reach * _BEYOND) ** 2
    if not near.all():
        ends, squares = ends[:, near], squares[near]
    if memory:
        memory.keep(ends, reach)
    counts, others, squares = list_nearest(n, ends[0], ends[1], squares, k, reach * reach)
    starts = np.concatenate([[0], np.cumsum(counts)])
    few = ends.nbytes <= _MOST_KEPT
    return Graph(starts, others, np.sqrt(squares), reach, pairs=ends if few else None)


def _count_near(points: Floats, radius: float, reach: float) -> float:
    """How many points are within reach of one, on the average of a sample."""
    sample = points[:: -(-len(points) // _SAMPLE)]
    index = Points(points)
    blocks = index.squared(sample, index.precision(radius))
    near = sum(np.count_nonzero(squared <= reach * reach) for _, squared, _ in blocks)
    return near / len(sample)


def _arrange(n: int, found: Iterator[_Block], radius: float) -> Graph:
    blocks = list(found)
    counts = np.zeros(n + 1, np.int64)
    for block in blocks:
        counts[block.own + 1] = block.counts
    starts = np.cumsum(counts)
    ends = np.empty(starts[-1], np.int32)
    distances = np.empty(starts[-1])
    while blocks:
        block = blocks.pop()
        before = np.cumsum(block.counts) - block.counts
        places = np.repeat(starts[block.own] - before, block.counts)
        places += np.arange(len(places))
        ends[places] = block.ends
        distances[places] = block.distances
    return Graph(starts, ends, distances, radius)


def _find_among(
    points: Floats, asking: NDArray[np.int64], pairs: NDArray[np.int32], radius: float, k: int
) -> _Block:
    """The neighbours of some points, of which all near pairs are there."""
    asks = np.zeros(len(points), bool)
    asks[asking] = True
    first, second = pairs[:, asks[pairs[0]] | asks[pairs[1]]]
    squares = measure(points, first, second)
    limit = radius * radius
    counts, ends, squares = list_nearest(len(points), first, second, squares, k, limit)
    of_asking = np.repeat(asks, counts)
    return _Block(asking, counts[asking], ends[of_asking], np.sqrt(squares[of_asking]))


def _find_exactly(
    points: Floats, asking: NDArray[np.int64], scale: float, reach: float, k: int
) -> Iterator[_Block]:
    """The neighbours of some points within `reach`; scale: chooses the precision."""
    index = Points(points)
    blocks = index.squared(points[asking], index.precision(scale), _BLOCK_BYTES)
    with ThreadPoolExecutor(1) as pool:  # it looks at a block while the next is computed
        waiting: deque[Future[_Block]] = deque()
        for rows, squared, error in blocks:
            waiting.append(pool.submit(_choose, points, asking[rows], squared, error, reach, k))
            if len(waiting) > 1:
                yield waiting.popleft().result()
        for block in waiting:
            yield block.result()


def _choose(
    points: Floats, own: NDArray[np.int64], squared: Floats, error: float, reach: float, k: int
) -> _Block:
    most, slack = (_round_up(value, squared.dtype) for value in (reach * reach + error, 2 * error))
    counts, ends = find_candidates(squared, own, min(k, squared.shape[1]), most, slack)
    return _keep(points, own, counts, ends, reach, k)


def _round_up(value: float, dtype: np.dtype[np.floating]) -> np.floating:
    rounded: np.floating = np.nextafter(dtype.type(value), dtype.type(np.inf))
    return rounded


def _find_by_faiss(
    points: Floats,
    index: approximate.Neighbours,
    reach: float,
    k: int,
    asking: NDArray[np.int64] | None = None,
) -> Iterator[_Block]:
    for own, near in index.nearest(k + 1, asking):
        near.sort(axis=1)  # of equally near ones the first is kept
        there = (near >= 0) & (near != own[:, None])
        ends = near[there].astype(np.int32)
        yield _keep(points, own, np.count_nonzero(there, axis=1), ends, reach, k)


def _keep(
    points: Floats,
    own: NDArray[np.int64],
    counts: Counts,
    ends: NDArray[np.int32],
    reach: float,
    k: int,
) -> _Block:
    squares = measure(points, np.repeat(own, counts), ends)
    counts = keep_nearest(counts, ends, squares, k, reach * reach)
    m = int(counts.sum())
    return _Block(own, counts, ends[:m].copy(), np.sqrt(squares[:m]))


def _find_recall(points: Floats, index: approximate.Neighbours, radius: float, k: int) -> float:
    """The share of neighbours that faiss finds, of a sample of the points; 1.0 without any."""
    sample = np.sort(approximate.draw_sample(len(points)))
    there = _code(_find_exactly(points, sample, radius, radius, k), len(points))
    found = _code(_find_by_faiss(points, index, radius, k, sample), len(points))
    return float(np.isin(there, found).mean()) if len(there) else 1.0


def _code(blocks: Iterator[_Block], n: int) -> NDArray[np.int64]:
    """Each pair of a point and a neighbour as a number."""
    return np.concatenate([np.repeat(one.own, one.counts) * n + one.ends for one in blocks])
