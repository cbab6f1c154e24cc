"""Which points lie within a radius: matrix products for speed, repaired to exact answers.

| name    | what it is                                                                       |
|---------|----------------------------------------------------------------------------------|
| n, d    | points and their dimensions                                                      |
| q       | queries: points or means of points, in the same d dimensions                     |
| squared | (b, n) squared distances of a block of b queries to all points, each off by less |
|         | than `error`                                                                     |

|q - p|² = |q|² - 2 q·p + |p|² is one matrix product when |q|², 1 and 1, |p|² are appended to the
rows. In float32 it takes half the time and memory of float64. Rounding moves a result by no more
than `error` (Higham 2002, section 3.1), so only pairs that close to the radius can be decided
wrongly; those few are computed again in float64 as Σ(q - p)². The answer is that of the exact
formula for every pair, whatever the block size, the number of threads or the machine.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]
Precision = type[np.float32] | type[np.float64]

# A block of squared distances that stays in the processor's cache while it is compared.
_BLOCK_BYTES = 4 * 2**20
# Doubtful pairs are looked at this many numbers at a time.
_EXACT_NUMBERS = 2**22
# float32 pays while few pairs are doubtful; beyond that share of radius² float64 does.
MOST_DOUBT = 0.05

# Powers of two: squares of coordinates between these are far from float32's own limits.
_LEAST, _MOST = -40, 40


class Scaled(NamedTuple):
    """Points and a radius in units of 2 to the power of `exponent`."""

    points: Floats
    radius: float
    exponent: int


def scale(points: Floats, radius: float) -> Scaled:
    """Points and a radius in units in which no square overflows or vanishes.

    The unit is a power of two, so that every distance is the same number but for the exponent. It
    depends on the points alone. Points of ordinary size are returned as they are; others as
    float64, where a coordinate must be 1e-290 of the largest before it loses a digit. A radius far
    beyond the points, which holds all of them, becomes one that does.
    """
    largest, exponent = np.frexp(np.float64(np.abs(points).max()))
    if not largest:
        return Scaled(points, 1.0, 0)
    with np.errstate(over="ignore"):
        own = float(np.ldexp(float(radius), -exponent))
    # Such that even a thousandth of it, which mean-shift takes for no way at all, is beyond them.
    own = min(own, 1e4 * float(np.sqrt(points.shape[1])))
    if _LEAST <= exponent <= _MOST:
        return Scaled(points, float(np.ldexp(own, exponent)), 0)
    return Scaled(np.ldexp(points.astype(np.float64), -exponent), own, int(exponent))


class Points:
    """(n, d) float32 or float64 points, prepared for queries; the array is not copied."""

    def __init__(self, points: Floats) -> None:
        self.points = points
        # Distances do not depend on the origin, rounding does: the centre keeps numbers small.
        self.centre = points.mean(axis=0, dtype=np.float64)
        centred = points - self.centre
        self._norms = np.einsum("ij,ij->i", centred, centred)
        self._longest = float(np.sqrt(self._norms.max()))
        self._right: dict[type, Floats] = {}

    def centred(self) -> NDArray[np.float32]:
        """(n, d) the points about their centre, rounded; `error` allows for that."""
        result = np.empty(self.points.shape, np.float32)
        np.subtract(self.points, self.centre, out=result, casting="same_kind")
        return result

    def precision(self, radius: float) -> Precision:
        """The cheapest dtype in which a decision at `radius` is rarely in doubt."""
        doubt = self.error(np.float32, self._longest)
        return np.float32 if doubt <= MOST_DOUBT * radius * radius else np.float64

    def error(self, dtype: type, longest: float | None = None) -> float:
        """Bound on the error of a squared distance to queries up to `longest` from the centre."""
        unit = float(np.finfo(dtype).eps) / 2
        reach = self._longest + (self._longest if longest is None else longest)
        return float(unit * (self.points.shape[1] + 8) * reach * reach)

    def squared(
        self,
        queries: Floats,
        dtype: Precision,
        block_bytes: int = _BLOCK_BYTES,
        among: NDArray[np.int64] | None = None,
    ) -> Iterator[tuple[slice, Floats, float]]:
        """Blocks of queries: which, their squared distances to all points, and their error.

        among: (s,) indices of the points that are asked about, where that is not all.
        """
        right = self._prepare(dtype)
        if among is not None:
            right = right[among]
        height = max(1, block_bytes // (max(1, len(right)) * right.itemsize))
        for start in range(0, len(queries), height):
            rows = slice(start, min(start + height, len(queries)))
            centred = queries[rows] - self.centre
            norms = np.einsum("ij,ij->i", centred, centred)
            left = np.empty((len(centred), right.shape[1]), dtype)
            np.multiply(centred, -2, out=left[:, :-2], casting="same_kind")
            left[:, -2] = 1
            left[:, -1] = norms
            yield rows, left @ right.T, self.error(dtype, float(np.sqrt(norms.max())))

    def near(
        self, queries: Floats, radius: float, among: NDArray[np.int64] | None = None
    ) -> Iterator[tuple[slice, Mask]]:
        """Blocks of queries: which, and (b, n) whether a point is within the radius, inclusive.

        among: (s,) indices of the points that are asked about, where that is not all: (b, s).
        """
        limit = radius * radius
        blocks = self.squared(queries, self.precision(radius), among=among)
        for rows, squared, error in blocks:
            near = squared <= limit + error
            sure = squared <= limit - error
            if np.count_nonzero(near) != np.count_nonzero(sure):
                query, point = pairs(near != sure)
                own = point if among is None else among[point]
                exact = square_differences(queries[rows], self.points, query, own)
                near[query, point] = exact <= limit
            yield rows, near

    def nearest(self, queries: Floats, radius: float) -> NDArray[np.int64]:
        """The nearest point of each query, (len(queries),); the first of equally near ones.

        radius: the scale of the distances, which only chooses the precision.
        """
        found = np.empty(len(queries), np.int64)
        for rows, squared, error in self.squared(queries, self.precision(radius)):
            found[rows] = squared.argmin(axis=1)
            least = squared[np.arange(len(squared)), found[rows]]
            candidates = squared <= (least + 2 * error)[:, None]
            for query in np.flatnonzero(np.count_nonzero(candidates, axis=1) > 1):
                point = np.flatnonzero(candidates[query])
                asking = np.full(len(point), query)
                exact = square_differences(queries[rows], self.points, asking, point)
                found[rows.start + query] = point[exact.argmin()]
        return found

    def _prepare(self, dtype: type) -> Floats:
        if dtype not in self._right:
            right = np.empty((len(self.points), self.points.shape[1] + 2), dtype)
            right[:, :-2] = self.points - self.centre
            right[:, -2] = self._norms
            right[:, -1] = 1
            self._right[dtype] = right
        return self._right[dtype]


def square_differences(
    queries: Floats, points: Floats, query: NDArray[np.integer], point: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Squared distances of pairs (query[i], point[i]) in float64 from their differences: (k,)."""
    result = np.empty(len(query))
    step = max(1, _EXACT_NUMBERS // points.shape[1])
    for start in range(0, len(query), step):
        some = slice(start, start + step)
        apart = np.subtract(queries[query[some]], points[point[some]], dtype=np.float64)
        result[some] = np.einsum("ij,ij->i", apart, apart)
    return result


def pairs(mask: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of each true value, row by row: `np.nonzero`, several times as fast."""
    flat = np.flatnonzero(mask.reshape(-1))
    return np.divmod(flat, mask.shape[1])
