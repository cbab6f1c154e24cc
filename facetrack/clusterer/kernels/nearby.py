"""Pairs of points that are near, kept with their distances: they serve every smaller radius.

| name    | what it is                                                                       |
|---------|----------------------------------------------------------------------------------|
| starts  | (n + 1,) int64, where the neighbours of each point begin                         |
| ends    | (m,) int32 neighbours, each pair twice, those of a point in ascending order      |
| squared | (m,) their squared distances in units of 4 to the power of `exponent`, each off  |
|         | by less than `error`                                                             |
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from facetrack.clusterer.kernels.bounds import HEIGHT, Search
from facetrack.clusterer.kernels.distances import Floats, Mask, Points, square_differences

Indices = NDArray[np.int64]

# As far as this share of all pairs, and no more pairs than that: further ones are too many to keep.
_SHARE, _MOST = 0.03, 2**20
# Points whose distances tell how far that is.
_SAMPLE = 512


@dataclass(frozen=True)
class Nearby:
    """All pairs of n points up to a radius; see the module."""

    starts: Indices
    ends: NDArray[np.int32]
    squared: Floats
    error: float
    exponent: int
    radius: float

    def within(self, points: Floats, radius: float) -> Mask:
        """(m,) which pairs are within a radius, inclusive, that is no larger than their own."""
        with np.errstate(over="ignore"):
            limit = float(np.ldexp(radius * radius, -2 * self.exponent))
        near: Mask = self.squared <= limit - 2 * self.error
        doubtful = np.flatnonzero(~near & (self.squared <= limit + 2 * self.error))
        first = np.searchsorted(self.starts, doubtful, side="right") - 1
        exact = square_differences(points, points, first, self.ends[doubtful])
        near[doubtful] = exact <= radius * radius
        return near


def find_nearby(points: Floats) -> Nearby:
    """The nearest pairs of (n, d) distinct points in units of `distances.scale`."""
    n = len(points)
    radius = _choose_radius(points)
    search = Search(points, radius)
    first, second, squared = [], [], []
    while len(search.left):
        for tile in search.ask(min(HEIGHT, len(search.left)), 0, None):
            first.append(tile.first)
            second.append(tile.second)
            squared.append(tile.squared)
        search.drop(HEIGHT)
    one, two, apart = (np.concatenate(parts) for parts in (first, second, squared))
    ends = np.concatenate([one, two]), np.concatenate([two, one])
    rows = csr_array((np.concatenate([apart, apart]), ends), shape=(n, n))
    rows.sort_indices()
    return Nearby(
        rows.indptr.astype(np.int64),
        rows.indices.astype(np.int32),
        rows.data,
        search.error,
        search.exponent,
        radius,
    )


def _choose_radius(points: Floats) -> float:
    n = len(points)
    some = points[:: -(-n // _SAMPLE)]
    squared = np.concatenate([one for _, one, _ in Points(some).squared(some, np.float64)])
    share = min(_SHARE, 2 * _MOST / n**2)
    place = int(share * (squared.size - 1))
    return float(np.sqrt(max(np.partition(squared.reshape(-1), place)[place], 0)))
