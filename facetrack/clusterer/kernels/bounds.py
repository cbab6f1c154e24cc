"""Which pairs of points lie within a radius: a cheap bound settles nearly all, the rest exactly.

| name  | what it is                                                                          |
|-------|-------------------------------------------------------------------------------------|
| y     | a point about the centre, turned to the points' principal axes: distances stay      |
| m     | how many axes are looked at first, those along which the points differ most; all,   |
|       | of the points as they are, where many pairs are near                                |
| rest  | the other d - m coordinates of y, and r their length                                |
| bound | Σ over the first m axes of (y_i - y_j)², and (r_i - r_j)²                           |
| S     | twice the longest y: no |y_i| + |y_j| is more                                       |
| u, v  | unit roundoff of the products' dtype and of float64                                 |

As |rest_i - rest_j| ≥ |r_i - r_j|, the bound is no more than the squared distance, which is
bound + 2 (r_i r_j - rest_i · rest_j). The bounds of a tile of pairs are one matrix product of m + 3
columns, as in distances.py. Pairs with a bound beyond the radius are done with; of the few others
the second formula settles nearly all, and what rounding leaves in doubt is decided as distances.py
does, in float64 from the coordinates' differences. So the pairs are those of that formula, whatever
m, the tiles, the number of threads or the machine. That distances which are too small, if anything,
dismiss nothing that is near is Faloutsos, Ranganathan and Manolopoulos (1994).

What rounding may add, with g_k = k u / (1 - k u) (Higham 2002, lemmas 3.1 and 3.3, section 3.5):

- y is computed in float64. Taking off the centre moves it by v |y| at most; the product with the
  axes A by v d √d |y|, as |A| = √d, and with ω = |AᵀA - 1|, as A is not quite orthogonal, lengths
  change by ω of themselves. So distances stay to within t S with t = v (d √d + d + 4) + ω. That
  pays for the rounding of r and of the exact formula, (d + 2) v, too. A square is off by 3 t S².
- Stored in the products' dtype, (y_1 … y_m, r) moves by u |y|: the square by (2 u + u²) S².
- The squared lengths among the columns are stored: u S².
- A product of m + 3 terms, whose sizes add up to S² at most: g_(m+3) S².
- The second formula adds a product of d - m terms and r_i r_j, whose sizes add up to S² / 4 each,
  twice, with what they are stored with, and three roundings of numbers up to S²: less than
  g_(d-m+8) S², and 3 t S² for the rest's turn.

Together less than g_(d+16) S² + 6 t S², the `error` of both formulas. Lengths are in a unit in
which S is from 1 to 2, so that no square overflows, and what underflows is far below u²; where the
exact formula itself would underflow, `tiny` puts everything in doubt.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.distances import (
    MOST_DOUBT,
    Floats,
    Mask,
    Points,
    Precision,
    pairs,
    square_differences,
)
from facetrack.system import threads

Indices = NDArray[np.int64]

# A tile of bounds, 2 MB in float32, stays in a core's cache while it is compared.
HEIGHT, WIDTH = 512, 1024
# Coordinates of survivors that are looked at at once.
_NUMBERS = 2**20
# Axes cost d³, and turning d² a point: both pay for so many times d points.
_WORTH_AXES = 8
# Points that tell the axes, and points that are turned at once.
_TELLING, _ROWS = 1024, 1024
# m is a multiple of this, or d; it is chosen by the pairs of so many points with as many others.
_STEP, _SAMPLE = 16, 128
# Nanoseconds: a column of the product for a pair, a survivor, its rest, and each number of that.
_COLUMN, _SURVIVOR, _REST, _NUMBER = 0.026, 25.0, 40.0, 0.6
# A square that is more than any.
_FAR = 64.0


class Pairs(NamedTuple):
    """Pairs of points, first[i] and second[i]: (k,) int64 each, and their squared distances.

    squared: (k,), in units of 4 to the power of the search's `exponent`, each off by less than its
    `error`.
    """

    first: Indices
    second: Indices
    squared: Floats


class Search:
    """The pairs within a radius, inclusive, of (n, d) float32 or float64 distinct points.

    The points are in units of `distances.scale`. left: (k,) int64, those that have not been asked
    for yet, in the order in which they will be. error, exponent: of squared distances, as in Pairs.
    pool: its threads turn points as well.
    """

    def __init__(
        self, points: Floats, radius: float, pool: ThreadPoolExecutor | None = None
    ) -> None:
        self._points = points
        self._radius = radius
        frame = _find_frame(points, radius)
        limit = min(float(np.ldexp(radius * radius, -2 * frame.exponent)), _FAR)
        dtype: Precision = np.float32
        if frame.error(dtype) > MOST_DOUBT * limit:
            dtype = np.float64
        error = frame.error(dtype)
        self.error, self.exponent = error, frame.exponent
        self._at_most = np.nextafter(dtype(limit + error), dtype(np.inf))
        self._surely = np.nextafter(dtype(limit - error), dtype(-np.inf))
        m = _choose_m(points, frame, limit + error)
        # (n, m + 3): the first m axes, r, the squared length of these, 1. (n, d - m): the rest.
        self._short, self._rest = _split(points, frame, m, dtype, pool)
        self._room = threading.local()
        self.left: Indices = np.arange(len(points))

    def ask(self, height: int, skipped: int, pool: ThreadPoolExecutor | None) -> Iterator[Pairs]:
        """Near pairs of the first points left and all that are left but some, tile by tile.

        height: how many ask, at most `HEIGHT`. skipped: how many of the first ones are not looked
        at. Each pair of two points comes once. Who has had all tiles may `drop` those that asked.
        pool: its threads look at tiles as well, some ahead of who reads them.
        """
        head = self._short[:height].copy()
        head[:, :-2] *= -2
        head[:, -2:] = head[:, :-3:-1]
        starts = range(skipped, len(self.left), WIDTH)
        return threads.share_out(partial(self._look, head), starts, pool)

    def drop(self, height: int) -> None:
        """The first points left are done with."""
        self._take(slice(height, None))

    def arrange(self, order: Indices) -> None:
        """Change the order of the points left. order: (k,) indices into `left`."""
        self._take(order)

    def _take(self, which: slice | Indices) -> None:
        self.left = self.left[which]
        self._short, self._rest = self._short[which], self._rest[which]

    def _look(self, head: Floats, start: int) -> Pairs:
        """The near pairs of some rows and the points left from `start` on."""
        right = self._short[start : start + WIDTH]
        bounds, mask = self._find_room(len(head), len(right))
        np.matmul(head, right.T, out=bounds)
        np.less_equal(bounds, self._at_most, out=mask)
        row, column = pairs(mask)
        if start < len(head):
            once = start + column > row
            row, column = row[once], column[once]
        near, squared = self._settle(row, start + column, bounds[row, column])
        return Pairs(self.left[row[near]], self.left[start + column[near]], squared)

    def _find_room(self, height: int, width: int) -> tuple[Floats, Mask]:
        """Arrays for a tile, a thread's own: new ones every time would cost a tenth more."""
        if not hasattr(self._room, "bounds"):
            self._room.bounds = np.empty(HEIGHT * WIDTH, self._short.dtype)
            self._room.mask = np.empty(HEIGHT * WIDTH, bool)
        bounds, mask = self._room.bounds[: height * width], self._room.mask[: height * width]
        return bounds.reshape(height, width), mask.reshape(height, width)

    def _settle(self, row: Indices, column: Indices, bounds: Floats) -> tuple[Mask, Floats]:
        """Which pairs of points left, row[i] and column[i], are within the radius; the squared
        distances of those.
        """
        near, found = np.empty(len(row), bool), np.empty(len(row), bounds.dtype)
        step = _NUMBERS // (self._rest.shape[1] + 1) + 1
        for start in range(0, len(row), step):
            some = slice(start, start + step)
            one, two, squared = row[some], column[some], bounds[some]
            if self._rest.shape[1]:
                apart = self._short[one, -3] * self._short[two, -3]
                apart -= np.einsum("ij,ij->i", self._rest[one], self._rest[two])
                squared = squared + 2 * apart
            found[some] = squared
            near[some] = squared <= self._surely
            doubtful = np.flatnonzero((squared > self._surely) & (squared <= self._at_most))
            if len(doubtful):
                first, second = self.left[one[doubtful]], self.left[two[doubtful]]
                exact = square_differences(self._points, self._points, first, second)
                near[start + doubtful] = exact <= self._radius * self._radius
        return near, found[near]


class _Frame(NamedTuple):
    """How points are turned. axes: (d, d), columns; None leaves them as they are.

    exponent: lengths are in units of 2 to its power. longest, loss, tiny: |y|, t and what may
    underflow, as in the module, in those units.
    """

    centre: NDArray[np.float64]
    axes: NDArray[np.float64] | None
    exponent: int
    longest: float
    loss: float
    tiny: float

    def turn(self, points: Floats) -> NDArray[np.float64]:
        """(k, d) y of some points."""
        turned = points - self.centre
        if self.axes is not None:
            turned = turned @ self.axes
        turned *= 2.0**-self.exponent  # exact, and faster than ldexp
        return turned

    def error(self, dtype: Precision) -> float:
        """Bound on the error of a squared distance."""
        rounded = (len(self.centre) + 16) * float(np.finfo(dtype).eps) / 2
        share = rounded / (1 - rounded) + 6 * self.loss
        return share * (2 * self.longest) ** 2 + self.tiny


def _find_frame(points: Floats, radius: float) -> _Frame:
    n, d = points.shape
    centre = points.mean(axis=0, dtype=np.float64)
    unit = float(np.finfo(np.float64).eps) / 2
    axes, loss = None, unit * (d + 4)
    # Where more pairs are near, their rests take longer than the columns that m saves.
    if n >= _WORTH_AXES * d and _measure_near(points, radius) < _COLUMN / _NUMBER:
        some = points[:: -(-n // _TELLING)] - centre
        axes = np.linalg.eigh(some.T @ some)[1][:, ::-1]
        # The product that tells is itself rounded.
        omega = float(np.linalg.norm(axes.T @ axes - np.eye(d))) + unit * d * d
        loss += unit * d * np.sqrt(d) + omega
    squares = 0.0
    for start in range(0, n, _ROWS):
        some = points[start : start + _ROWS] - centre
        squares = max(squares, float(np.einsum("ij,ij->i", some, some).max()))
    longest, exponent = np.frexp(np.sqrt(squares))
    with np.errstate(over="ignore"):
        tiny = np.ldexp(np.finfo(np.float64).smallest_normal * (d + 4), -2 * exponent)
    return _Frame(centre, axes, int(exponent), float(longest), loss, float(tiny))


def _measure_near(points: Floats, radius: float) -> float:
    """The share of a sample of pairs that is within a radius."""
    some = points[:: max(1, len(points) // (2 * _SAMPLE))]
    squared = next(Points(some[::2]).squared(some[1::2], np.float64))[1]
    return float((squared <= radius * radius).mean())


def _split(
    points: Floats, frame: _Frame, m: int, dtype: Precision, pool: ThreadPoolExecutor | None = None
) -> tuple[Floats, Floats]:
    n, d = points.shape
    short, rest = np.empty((n, m + 3), dtype), np.empty((n, d - m), dtype)

    def fill(start: int) -> None:
        some = slice(start, start + _ROWS)
        turned = frame.turn(points[some])
        short[some, :m], rest[some] = turned[:, :m], turned[:, m:]
        short[some, m] = np.sqrt(np.einsum("ij,ij->i", turned[:, m:], turned[:, m:]))
        stored = short[some, : m + 1].astype(np.float64)
        short[some, m + 1] = np.einsum("ij,ij->i", stored, stored)

    for _ in threads.share_out(fill, range(0, n, _ROWS), pool):
        pass
    short[:, m + 2] = 1
    return short, rest


def _choose_m(points: Floats, frame: _Frame, at_most: float) -> int:
    """The m that costs least, by how many of a sample of pairs survive its bound."""
    n, d = len(points), len(frame.centre)
    if frame.axes is None:
        return d
    turned = frame.turn(points[:: max(1, n // (2 * _SAMPLE))])
    best, least = d, np.inf
    for m in (*range(_STEP, d, _STEP), d):
        short = np.column_stack([turned[:, :m], np.linalg.norm(turned[:, m:], axis=1)])
        squares = np.einsum("ij,ij->i", short, short)
        bounds = squares[::2, None] - 2 * short[::2] @ short[1::2].T + squares[1::2]
        survivor = _SURVIVOR + (_REST + _NUMBER * (d - m) if m < d else 0.0)
        cost = _COLUMN * (m + 3) + float((bounds <= at_most).mean()) * survivor
        if cost < least:
            best, least = m, cost
    return best
