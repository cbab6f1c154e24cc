"""The starts of scikit-learn's k-means, point for point, from distances that are measured once.

| name     | what it is                                                                          |
|----------|-------------------------------------------------------------------------------------|
| n, u, d  | float32 points, how many of them differ, and their dimensions                       |
| t        | trials: points that are drawn for a centre, 2 + ln k                                |
| closest  | (1, n) squared distance of each point to the nearest centre so far                  |
| leaves   | (t, 1) sum of `closest`, were that point the next centre                            |
| chunk    | so many points are measured in one product                                          |

k-means++ (Arthur and Vassilvitskii 2007) draws t points with a chance that grows with `closest`
and takes the one that leaves least. Which those are can hang on the last bit of a distance. So the
sums are made as scikit-learn makes them, and distances that are the same numbers as its own:
products in float64, rounded to float32. It makes them anew for each of k centres of each start,
t rows at a time; here they are made once, in large products. Those may be rounded otherwise, by
less than `doubt`:

- Where that could change the float32, the chunk is measured again just as scikit-learn does it.
- Of equal points the distance is a rounding error, or 0. Whatever it is, every sum lies between
  the sum with 0 and the sum with `doubt` in its place, since rounding keeps order: where both lead
  to the same choice, it is the choice. Where they do not, the start is made scikit-learn's way.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics.pairwise import euclidean_distances

from facetrack.clusterer.kernels.tree import MATRIX_BYTES
from facetrack.clusterer.shared import digest, distinct

Indices = NDArray[np.int64]
Squared = NDArray[np.float32]

# A chunk takes a tenth more memory than points and distances, or so many numbers if that is less.
_LEAST_NUMBERS = 10 * 2**17
# Rows that are measured together, so that they stay in the processor's cache.
_BLOCK_NUMBERS = 2**19


class PlusPlus:
    """What `init="k-means++"` chooses of float32 points of weight 1, as a callable `init`.

    n_init: how often it will be asked. matrix_bytes: no larger matrix of distances is held.
    """

    def __init__(self, n_init: int = 1, matrix_bytes: int = MATRIX_BYTES) -> None:
        self._n_init = n_init
        self._matrix_bytes = matrix_bytes
        self._ways: tuple[_Products, _Matrix | None] | None = None

    def __call__(
        self, points: Squared, n_clusters: int, random_state: np.random.RandomState
    ) -> Squared:
        """(n_clusters, d) of the (n, d) points; some twice where too few are distinct."""
        if self._ways is None or self._ways[0].points is not points:
            products = _convert(points)
            asked = self._n_init * n_clusters * _count_trials(n_clusters)
            matrix = _measure_all(products, n_clusters, asked, self._matrix_bytes)
            self._ways = products, matrix
        products, matrix = self._ways
        if matrix is not None:
            state = random_state.get_state()
            found = matrix.draw(n_clusters, random_state)
            if found is not None:
                return points[found]
            random_state.set_state(state)
        return points[products.draw(n_clusters, random_state)]


@dataclass(frozen=True)
class _Products:
    """points: (n, d) as they came. values, squares: in float64, (n, d) and (n,)."""

    points: Squared
    values: NDArray[np.float64]
    squares: NDArray[np.float64]

    @property
    def doubt(self) -> float:
        """How far two ways to round a squared distance are apart at most (see distances.py)."""
        unit = float(np.finfo(np.float64).eps) / 2
        return float(2 * unit * (self.points.shape[1] + 8) * 4 * self.squares.max())

    def chunks(self, trials: int) -> list[slice]:
        """The chunks in which scikit-learn measures so many points at once."""
        n, d = self.points.shape
        numbers = max(((trials + n) * d + trials * n) / 10, _LEAST_NUMBERS)
        size = max(int((-2 * d + np.sqrt(4 * d * d + 4 * numbers)) / 2), 1)
        return [slice(start, min(start + size, n)) for start in range(0, n, size)]

    def measure(self, rows: Indices | slice, columns: slice) -> NDArray[np.float64]:
        """Squared distances of some points to a chunk of points, not yet rounded."""
        apart: NDArray[np.float64] = self.values[rows] @ self.values[columns].T
        apart *= -2
        apart += self.squares[rows, None]
        apart += self.squares[columns]
        return apart

    def draw(self, n_clusters: int, random: np.random.RandomState) -> Indices:
        """(n_clusters,) points to start from, scikit-learn's way."""
        n = len(self.points)
        trials, weights, chosen = _begin(n, n_clusters, random)
        chunks = self.chunks(trials)
        closest = euclidean_distances(self.points[chosen[:1]], self.points, squared=True)
        left = closest @ weights
        apart = np.empty((trials, n), np.float32)
        for i in range(1, n_clusters):
            drawn = _find(closest, random.uniform(size=trials) * left)
            for some in chunks:
                apart[:, some] = self.measure(drawn, some)
            np.maximum(apart, 0, out=apart)
            np.minimum(closest, apart, out=apart)
            leaves = apart @ weights[:, None]
            best = int(leaves.argmin())
            left, chosen[i] = leaves[best], drawn[best]
            closest = apart[best].copy()
        return chosen


@dataclass(frozen=True)
class _Matrix:
    """All distances. squared: (u, n), 0 where it is no more than `doubt`. row: (n,) of each point.

    doubtful: (u, chunks) whether a chunk holds a distance that scikit-learn may round otherwise.
    """

    products: _Products
    squared: Squared
    row: Indices
    doubtful: NDArray[np.bool_]

    def draw(self, n_clusters: int, random: np.random.RandomState) -> Indices | None:
        """(n_clusters,) points to start from; None where rounding errors decide."""
        from facetrack.clusterer.kernels.draws import find_drawn, take_nearer

        products = self.products
        n = len(products.points)
        trials, weights, chosen = _begin(n, n_clusters, random)
        chunks = products.chunks(trials)
        doubt = np.float32(2 * products.doubt)
        closest = euclidean_distances(products.points[chosen[:1]], products.points, squared=True)
        closest[closest <= doubt] = 0
        left = closest @ weights
        if (left != np.maximum(closest, doubt) @ weights).any():
            return None
        apart, most = np.empty((2, trials, n), np.float32)
        drawn = np.empty(trials, np.int64)
        for i in range(1, n_clusters):
            if not find_drawn(closest[0], doubt, random.uniform(size=trials) * left, drawn):
                return None
            rows = self.row[drawn]
            take_nearer(self.squared, rows, closest[0], doubt, apart, most)
            for number in np.flatnonzero(self.doubtful[rows].any(axis=0)):
                some = chunks[number]
                again = products.measure(drawn, some).astype(np.float32)
                again[again <= doubt] = 0
                np.minimum(closest[:, some], again, out=apart[:, some])
                np.maximum(apart[:, some], doubt, out=most[:, some])
            leaves = apart @ weights[:, None]
            if (leaves != most @ weights[:, None]).any():
                return None
            best = int(leaves.argmin())
            left, chosen[i] = leaves[best], drawn[best]
            closest[0] = apart[best]
        return chosen


def _convert(points: Squared) -> _Products:
    values = points.astype(np.float64)
    return _Products(points, values, np.einsum("ij,ij->i", values, values))


def _measure_all(
    products: _Products, n_clusters: int, asked: int, matrix_bytes: int
) -> _Matrix | None:
    """The matrix; None where it is too large, or has more rows than will be asked for."""
    points = products.points
    same = distinct(points, digest(points))
    n, u = len(points), len(same.rows)
    if u * n * 4 > matrix_bytes or asked < u:
        return None
    chunks = products.chunks(_count_trials(n_clusters))
    squared = np.empty((u, n), np.float32)
    doubtful = np.empty((u, len(chunks)), np.bool_)
    doubt, height = products.doubt, max(1, _BLOCK_NUMBERS // (chunks[0].stop - chunks[0].start))
    for start in range(0, u, height):
        rows = slice(start, start + height)
        for number, some in enumerate(chunks):
            apart = products.measure(same.rows[rows], some)
            apart += doubt
            most = apart.astype(np.float32)
            apart -= 2 * doubt
            least = apart.astype(np.float32)
            least[most <= 2 * doubt] = most[most <= 2 * doubt] = 0
            doubtful[rows, number] = (least != most).any(axis=1)
            squared[rows, some] = least
    return _Matrix(products, squared, same.inverse, doubtful)


def _begin(
    n: int, n_clusters: int, random: np.random.RandomState
) -> tuple[int, NDArray[np.float32], Indices]:
    """Trials, weights of the points, and (n_clusters,) where only the first is chosen yet."""
    weights = np.ones(n, np.float32)
    chosen = np.empty(n_clusters, np.int64)
    chosen[0] = random.choice(n, p=weights / weights.sum())
    return _count_trials(n_clusters), weights, chosen


def _count_trials(n_clusters: int) -> int:
    return 2 + int(np.log(n_clusters))


def _find(closest: Squared, values: NDArray[np.float64]) -> Indices:
    """Which points values between 0 and the sum of `closest` fall on."""
    found: Indices = np.searchsorted(np.cumsum(closest), values)
    return np.minimum(found, closest.size - 1, out=found)
