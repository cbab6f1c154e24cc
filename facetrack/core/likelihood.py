"""What a distance says of two faces: how likely they show one person.

| name      | what it is                                                                     |
|-----------|--------------------------------------------------------------------------------|
| ratio     | the likelihood ratio of a distance d: how many times as often pairs of one     |
|           | person are d apart as pairs of two people                                      |
| sharpness | of a pair: that of its less sharp face (see extraction/quality.py). Blurred    |
|           | faces look alike and say less                                                  |
| ratios    | rows (distance, log10 of its ratio), falling; between them the logarithm is    |
|           | linear, and beyond them it goes on as between the last two. Where there are    |
|           | more columns each is for pairs of a sharpness, which the first row says:       |
|           | (0, sharpness, …), rising. Between them the logarithm is linear in that of the |
|           | sharpness, beyond them it stays                                                |
| prior     | the share of a set's pairs that show one person, whatever their distance       |

By Bayes' rule the probability of one person is prior · ratio / (prior · ratio + 1 - prior). The
ratios belong to the embedder; the prior is the folder's own, and is found without labels: the
distances of its pairs are a mixture of two densities of known ratio, and the likelihood of that has
a single maximum in the prior.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import UserError
from facetrack.core.faces import Vectors

Ratios = tuple[tuple[float, ...], ...]
Floats = NDArray[np.float64]

# Pairs of so many faces tell the prior: of a million pairs in a thousand one is of one person.
_MOST_FACES = 2000
_AT_ONCE = 1 << 16
# A probability is never said to be certain: the ratios are measured on so many pairs and no more.
_MOST_SURE = 6.0  # log10
_UNIT = 1e-3  # how far from 1 a length may be


@dataclass(frozen=True)
class Odds:
    """What distances say in a set of faces. ratios: the embedder's. prior: the set's own."""

    ratios: Ratios
    prior: float

    @classmethod
    def of(
        cls, ratios: Ratios | None, vectors: Vectors, sharpness: NDArray[np.float32] | None = None
    ) -> Self | None:
        """Those of a set's (n, d) vectors; sharpness: (n,), NaN and None where it is not known.

        None where the embedder's ratios are not measured, or vectors are not of length 1, as they
        were then.
        """
        if ratios is None or not len(vectors) or not are_unit(vectors):
            return None
        return cls(ratios, estimate_prior_of(ratios, vectors, sharpness))

    def find(self, distance: float, sharpness: float = math.nan) -> float:
        """How likely two faces so far apart show one person. sharpness: the less sharp one's."""
        at, blur = np.array(distance), np.array(sharpness)
        return float(find_probability(self.ratios, at, self.prior, blur))

    def tell(self, distance: float, sharpness: float = math.nan) -> str:
        """The same for a reader: "73 % one person"."""
        return _tell(self.find(distance, sharpness))


def are_unit(vectors: Vectors) -> bool:
    """Whether (n, d) vectors have length 1, as those had whose ratios were measured."""
    return bool((np.abs(np.linalg.norm(vectors, axis=1) - 1) <= _UNIT).all())


def find_log_ratio(
    ratios: Ratios, distances: Floats, sharpness: NDArray[np.floating] | None = None
) -> Floats:
    """log10 of the ratio at each of some distances, of any shape; within ±6.

    sharpness: of each pair, of the same shape; the sharpest of the table where it is NaN, or None.
    """
    kinds, at, logs = _read_table(ratios)
    log_ratio: Floats
    if sharpness is None or len(kinds) == 1:
        log_ratio = interpolate(distances, at, logs[:, -1])
    else:
        log_ratio = np.zeros(np.shape(distances))
        column = find_column(kinds, sharpness)
        left = column.astype(np.int64)
        for number in range(len(kinds)):
            # Each pair is between two columns, and most are at the last one.
            some = left == number
            if not some.any():
                continue
            beyond = column[some] - number
            found = (1 - beyond) * interpolate(distances[some], at, logs[:, number])
            if beyond.any():
                share = 1 - np.abs(beyond - 1)
                found += share * interpolate(distances[some], at, logs[:, number + 1])
            log_ratio[some] = found
    return np.clip(log_ratio, -_MOST_SURE, _MOST_SURE)


def find_column(kinds: Floats, sharpness: NDArray[np.floating]) -> Floats:
    """Which of a table's columns each sharpness belongs to; between two of them a broken number.

    kinds: (c,), the sharpness of each column.
    """
    log_sharpness = np.log(np.maximum(np.nan_to_num(sharpness, nan=kinds[-1]), kinds[0]))
    column: Floats = np.interp(log_sharpness, np.log(kinds), np.arange(len(kinds)))
    return column


def _read_table(ratios: Ratios) -> tuple[Floats, Floats, Floats]:
    """The (c,) kinds of sharpness, the (k,) distances, and the (k, c) logarithms."""
    table = np.array(ratios)
    if table.shape[1] == 2:
        return np.ones(1), table[:, 0], table[:, 1:]
    return table[0, 1:], table[1:, 0], table[1:, 1:]


def interpolate(distances: Floats, at: Floats, values: Floats) -> Floats:
    """The values at some distances, of any shape, of those at (k,) rising ones; k at least 2.

    Linear between them, and beyond them as between the last two.
    """
    slopes = np.diff(values) / np.diff(at)
    found: Floats = np.interp(distances, at, values)
    found += slopes[0] * np.minimum(distances - at[0], 0)
    found += slopes[-1] * np.maximum(distances - at[-1], 0)
    return found


def find_probability(
    ratios: Ratios,
    distances: Floats,
    prior: float,
    sharpness: NDArray[np.floating] | None = None,
) -> Floats:
    """How likely pairs at some distances, of any shape, show one person. prior: in [0, 1].

    sharpness: see `find_log_ratio`.
    """
    odds = prior * 10.0 ** find_log_ratio(ratios, distances, sharpness)
    probability: Floats = odds / (odds + 1 - prior)
    return probability


def estimate_prior(
    ratios: Ratios, distances: Floats, sharpness: NDArray[np.floating] | None = None
) -> float:
    """The prior of (m,) distances of a set's pairs, by maximum likelihood; sharpness: (m,), theirs.

    0 where even the nearest pair speaks for nobody, 1 where no pair speaks for two people.
    """
    ratio, slopes = np.empty(len(distances)), np.empty(len(distances))
    # Millions of pairs: what is made of them on the way is of some at a time.
    parts = [slice(begin, begin + _AT_ONCE) for begin in range(0, len(distances), _AT_ONCE)]
    for some in parts:
        blur = None if sharpness is None else sharpness[some]
        ratio[some] = 10.0 ** find_log_ratio(ratios, distances[some], blur)

    def slope(prior: float) -> float:
        for some in parts:
            slopes[some] = (ratio[some] - 1) / (prior * ratio[some] + 1 - prior)
        return float(slopes.sum())

    # The likelihood's slope falls all the way.
    low, high = 0.0, 1.0
    if slope(low) <= 0:
        return low
    if slope(high) >= 0:
        return high
    while high - low > 1e-4 * low + 1e-12:
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return (low + high) / 2


def estimate_prior_of(
    ratios: Ratios,
    vectors: Vectors,
    sharpness: NDArray[np.float32] | None = None,
    seed: int = 0,
) -> float:
    """The prior of the pairs of (n, d) vectors, of 2,000 of them where there are more.

    sharpness: (n,), of each face. 0.5, which takes no side, where there is no pair.
    """
    n = len(vectors)
    if n < 2:
        return 0.5
    distances = measure_pairs(vectors, seed)
    if sharpness is None:
        return estimate_prior(ratios, distances)
    some = sharpness[choose_some(n, _MOST_FACES, seed)]
    less = np.empty(len(distances), some.dtype)
    for row, pairs in _list_pairs(len(some)):
        less[pairs] = find_pair_sharpness(some[row], some[row + 1 :])
    return estimate_prior(ratios, distances, less)


def measure_pairs(vectors: Vectors, seed: int = 0) -> Floats:
    """(m,) distances of the pairs of (n, d) vectors, of 2,000 of them where there are more."""
    points = vectors[choose_some(len(vectors), _MOST_FACES, seed)].astype(np.float64)
    squares = (points**2).sum(axis=1)
    products = 2 * points @ points.T
    apart = np.empty(len(points) * (len(points) - 1) // 2)
    for row, pairs in _list_pairs(len(points)):
        apart[pairs] = squares[row] + squares[row + 1 :] - products[row, row + 1 :]
    np.maximum(apart, 0, out=apart)
    distances: Floats = np.sqrt(apart, out=apart)
    return distances


def _list_pairs(n: int) -> Iterator[tuple[int, slice]]:
    """Where the pairs of each of n faces with those after it are among all pairs."""
    begin = 0
    for row in range(n):
        yield row, slice(begin, begin + n - 1 - row)
        begin += n - 1 - row


def choose_some(n: int, most: int, seed: int = 0) -> NDArray[np.int64]:
    """Which of n faces are looked at, sorted: all of them, or `most`."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.RandomState(seed).choice(n, most, replace=False))


def find_pair_sharpness(
    first: NDArray[np.floating], second: NDArray[np.floating]
) -> NDArray[np.floating]:
    """Of pairs of faces, of any shape: the less sharp face's, or what is known; else NaN."""
    less: NDArray[np.floating] = np.fmin(first, second)
    return less


def _tell(probability: float) -> str:
    percent = round(100 * probability)
    if percent == 0:
        return "under 1 % one person"
    return "over 99 % one person" if percent == 100 else f"{percent} % one person"


def check_ratios(value: Any, name: str) -> Ratios:
    """Ratios as they came. Raises UserError with what they are called."""
    try:
        rows = tuple(tuple(float(number) for number in row) for row in value)
    except (TypeError, ValueError):
        rows = ()
    columns = {len(row) for row in rows}
    finite = all(math.isfinite(number) for row in rows for number in row)
    if len(columns) != 1 or columns <= {0, 1} or not finite or not _is_table(rows):
        raise UserError(
            f"{name} is a list of pairs, a distance and the decimal logarithm of how many times as "
            "often faces of one person are so far apart as those of two, the distances rising and "
            "the logarithms falling, such as [[0.2,5],[0.4,0],[0.6,-2]]; or of longer rows, a "
            "distance and its logarithm for each sharpness, after a first row of 0 and those, "
            f"rising: [[0,0.01,0.05],[0.2,2,5],[0.4,1,0]]; got {value!r}"
        )
    return rows


def _is_table(rows: Ratios) -> bool:
    if len(rows[0]) > 2:
        (zero, *kinds), *rows_left = rows
        if zero or kinds[0] <= 0 or not all(a < b for a, b in pairwise(kinds)):
            return False
        rows = tuple(rows_left)
    falling = all(
        above[0] < below[0] and all(a > b for a, b in zip(above[1:], below[1:], strict=True))
        for above, below in pairwise(rows)
    )
    return len(rows) >= 2 and falling and rows[0][0] >= 0
