"""Which points lie within a radius, approximately: for sets too large to look at every pair.

| name   | what it is                                                                        |
|--------|-----------------------------------------------------------------------------------|
| lists  | parts of the points, one around each of as many k-means centres                   |
| probes | how many lists, those with the nearest centres, are searched for a point's        |
|        | neighbours                                                                        |
| recall | of all pairs of a point and a neighbour, the share that is found                  |

This is faiss's IndexIVFFlat: an inverted file (Sivic and Zisserman 2003) that keeps the points as
they are. A neighbour in a list that is not searched is missed. None is invented: faiss computes in
float32, and what that leaves in doubt is decided by the exact formula of distances.py. The index
depends on the points alone, not on the number of threads.

Only this module imports faiss, and only when it is asked for.
"""

import importlib.util
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.distances import Floats, Points, square_differences
from facetrack.core.errors import SettingError

# Lists for n points: this times √n, but few enough that each has as many points as faiss's k-means
# asks for. Twice as many would halve the search, and k-means would take four times as long.
_LISTS = 4
_LEAST = 39
# k-means looks at no more than this many points a list: more moves the centres little.
_MOST = 64
# Up to 2,500 points these are all lists, and every neighbour is found; of the neighbours within
# 0.28 of a million faces of dlib's it was 0.9988 of them (BENCHMARKS.md).
_PROBES = 64
# The same for the nearest ones, which graph methods ask for and bear to miss some of: of a million
# faces' 80 nearest within 0.28 that finds 0.9977 instead of 0.9985, in half of the time.
_PROBES_NEAREST = 32
# Pairs that a block of queries may find: some 60 bytes each while they are looked at.
_PAIRS = 2**23
# Points whose k nearest are looked for at once.
_NEAREST = 2**14
# Points whose neighbours are counted for the recall.
_SAMPLE = 1000
_SEED = 0


def draw_sample(n: int) -> NDArray[np.int64]:
    """Some of n points, (s,), whose neighbours are counted to tell the recall; always the same."""
    drawn: NDArray[np.int64] = np.random.RandomState(_SEED).choice(
        n, min(n, _SAMPLE), replace=False
    )
    return drawn


def is_there() -> bool:
    """Whether faiss is installed."""
    return importlib.util.find_spec("faiss") is not None


def load() -> Any:
    """The module faiss. Raises UserError where it is not installed."""
    try:
        import faiss
    except ImportError as error:
        raise SettingError(
            "{neighbors}=faiss needs faiss: pip install 'facetrack[faiss]', or take "
            "{neighbors}=exact"
        ) from error
    return faiss


class Neighbours:
    """The neighbours within a radius, inclusive, of (n, d) float32 or float64 distinct points.

    Raises UserError where faiss is not installed.
    """

    def __init__(self, points: Floats, radius: float) -> None:
        faiss = load()
        self._points = points
        self._radius = radius
        self._exact = Points(points)
        self._centred = self._exact.centred()
        n, d = points.shape
        lists = max(1, min(int(_LISTS * np.sqrt(n)), n // _LEAST))
        self._index = faiss.IndexIVFFlat(faiss.IndexFlatL2(d), d, lists)
        self._index.cp.seed = _SEED
        self._index.cp.min_points_per_centroid = 1  # with one list there may be fewer: no remark
        self._index.cp.max_points_per_centroid = _MOST
        self._index.train(self._centred)
        self._index.add(self._centred)
        self._index.nprobe = min(_PROBES, lists)
        members = [_members(faiss, self._index.invlists, one) for one in range(lists)]
        # List by list: what one query has brought into the processor's cache serves the next.
        self._order = np.concatenate(members)
        # A query finds at most every point of the lists it searches, however many copies of a
        # face there are: that bounds a block before it is searched.
        sizes = np.sort([len(one) for one in members])
        self._height = max(1, _PAIRS // int(sizes[-self._index.nprobe :].sum()))

    def blocks(
        self, asking: NDArray[np.int64] | None = None
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
        """Blocks of queries: which points ask, and the pairs found: query, as an index into
        those, and point. A point is among its own neighbours.

        asking: indices of points, all for None; in an order of the index's own then.
        """
        asking = self._order if asking is None else asking
        limit, error = self._radius * self._radius, self._exact.error(np.float32)
        # faiss compares with less than; one float32 further makes up for rounding the limit.
        at_most = float(np.nextafter(np.float32(limit + error), np.float32(np.inf)))
        for start in range(0, len(asking), self._height):
            rows = asking[start : start + self._height]
            bounds, squared, point = self._index.range_search(self._centred[rows], at_most)
            query = np.repeat(np.arange(len(rows)), np.diff(bounds.astype(np.int64)))
            doubtful = np.flatnonzero(squared > limit - error)
            if len(doubtful):
                near = np.ones(len(point), bool)
                near[doubtful] = limit >= square_differences(
                    self._points[rows], self._points, query[doubtful], point[doubtful]
                )
                query, point = query[near], point[near]
            yield rows, query, point

    def nearest(
        self, k: int, asking: NDArray[np.int64] | None = None
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Blocks of queries: which points ask, and (b, k) the nearest found, -1 for none.

        Whatever their distance; a point is among its own. asking: as in `blocks`.
        """
        asking = self._order if asking is None else asking
        how = load().SearchParametersIVF(nprobe=min(_PROBES_NEAREST, self._index.nlist))
        for start in range(0, len(asking), _NEAREST):
            rows = asking[start : start + _NEAREST]
            yield rows, self._index.search(self._centred[rows], k, params=how)[1]

    def recall(self) -> float:
        """The share of neighbours found, of a sample of the points; 1.0 if they have none.

        A point itself does not count. Exact, as nothing that is found is wrong.
        """
        sample = draw_sample(len(self._points))
        # The few stand for the points and the many for the queries: large blocks, small memory.
        near = Points(self._points[sample]).near(self._points, self._radius)
        there = sum(np.count_nonzero(block) for _, block in near) - len(sample)
        found = sum(
            np.count_nonzero(rows[query] != point) for rows, query, point in self.blocks(sample)
        )
        return found / there if there else 1.0


def _members(faiss: Any, lists: Any, number: int) -> NDArray[np.int64]:
    """The points of a list."""
    size = lists.list_size(number)
    if not size:
        return np.empty(0, np.int64)
    ids: NDArray[np.int64] = faiss.rev_swig_ptr(lists.get_ids(number), size).copy()
    return ids
