"""Spectral clustering with scikit-learn's affinity, Laplacian and k-means, duplicates weighed.

| name    | what it is                                                                       |
|---------|----------------------------------------------------------------------------------|
| u, c    | distinct points, and how many equal ones each stands for: (u,)                   |
| A       | (u, u) affinity exp(-gamma d²); degree_i = Σ_j c_j A_ij - 1: a point is not its  |
|         | own neighbour, its duplicates are                                                |
| N       | (u, u) (√c_i A_ij √c_j - [i = j]) / √(degree_i degree_j)                         |

scikit-learn takes the first K eigenvectors of I - N over all n points, divides by √degree and runs
k-means (Shi and Malik 2000; von Luxburg 2007). An eigenvector over all n points is of one of two
kinds. It is equal on duplicates: then it is one of N's, divided by √c. Or it is zero but on the
copies of one point, and sums to zero on them: there are c_i - 1 of those for point i, all with
eigenvalue -1/degree_i. Their merged ranking gives the K first ones without an n x n matrix. Few of
the second kind are ever among them; only the copies they tell apart become separate rows in the
k-means, all other points stay one row with weight c_i.

N's first eigenvector is known, √(c degree) with eigenvalue 1, and constant once divided, so it
cannot tell points apart. It is moved below all others, to twice the least -1/degree: what is left
is thirty times smaller, and float32 resolves its eigenvalues, which lie close together, that much
more finely.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import eigh
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh
from sklearn.base import ClusterMixin
from sklearn.cluster import KMeans
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import validate_data

from facetrack.clusterer.kernels.distances import Floats, Points, Precision
from facetrack.clusterer.kernels.eigenvectors import find_greatest
from facetrack.clusterer.kernels.kmeans import gram_kmeans
from facetrack.clusterer.kernels.tree import MATRIX_BYTES
from facetrack.clusterer.parameters import OnceRead
from facetrack.clusterer.shared import Distinct, digest, distinct

# Up to this many points float64 takes under a second.
_SMALL = 1500
# Lanczos is faster than a whole decomposition for fewer eigenvectors than this share (measured).
_FEW = 0.02


class SpectralClustering(ClusterMixin, OnceRead):  # type: ignore[misc]
    """Spectral clustering on an RBF affinity, with scikit-learn's interface.

    n_clusters: K. gamma: of the affinity exp(-gamma d²). n_init: k-means starts, the best counts.
    random_state: seed of the k-means.

    After `fit`: `labels_` (n,) int64.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "gamma": [Interval(Real, 0, None, closed="left")],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_clusters: int = 8,
        gamma: float = 1.0,
        n_init: int = 10,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.gamma = gamma
        self.n_init = n_init
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: ARG002 - scikit-learn's
        """Cluster X, (n, d) float32 or float64, which is not changed.

        Raises ValueError for fewer points than clusters, and for parameters or points that
        scikit-learn would refuse.
        """
        self._validate_params()
        points = validate_data(self, X, dtype=[np.float64, np.float32])
        if len(points) < self.n_clusters:
            raise ValueError(f"n_samples={len(points)} should be >= n_clusters={self.n_clusters}.")
        same = distinct(points, digest(points))
        self.labels_ = self._labels(points[same.rows], same)
        return self

    def _labels(self, unique: Floats, same: Distinct) -> NDArray[np.int64]:
        k = self.n_clusters - 1  # the first eigenvector is known
        if k == 0:
            return np.zeros(len(same.inverse), np.int64)
        random = check_random_state(self.random_state)
        maps = _Affinity(unique, same.counts, self.gamma).embedding(k, random)
        if k <= _FEW * len(unique):
            means = KMeans(self.n_clusters, n_init=self.n_init, random_state=random)
            labels = means.fit_predict(maps.rows, sample_weight=maps.weights)
        else:
            gram = maps.rows @ maps.rows.T
            labels = gram_kmeans(gram, maps.weights, self.n_clusters, k + 1, self.n_init, random)
        return np.asarray(labels, dtype=np.int64)[maps.row_of_each(same)]


@dataclass(frozen=True)
class _Maps:
    """The embedding: a row for a point, or a row for each of its copies.

    rows: (r, k). weights: (r,) how many equal points a row stands for. first: (u,) the row of each
    distinct point, or of the first of its copies. split: (u,) whether the copies have rows.
    """

    rows: Floats
    weights: NDArray[np.int64]
    first: NDArray[np.int64]
    split: NDArray[np.bool_]

    def row_of_each(self, same: Distinct) -> NDArray[np.int64]:
        """(n,) the row of each of the original points."""
        row = self.first[same.inverse]
        apart = np.flatnonzero(self.split[same.inverse])
        order = apart[np.argsort(same.inverse[apart], kind="stable")]
        sizes = same.counts[self.split]
        row[order] += np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return row


class _Affinity:
    """The matrix N without its first eigenvector."""

    def __init__(self, points: Floats, counts: NDArray[np.int64], gamma: float) -> None:
        self._points = Points(points)
        self._counts = counts
        self._gamma = gamma
        degree = self._times(counts.astype(np.float64)) - 1
        # A point too far from all others for any affinity is an isolated node, as SciPy has it.
        self._root = np.sqrt(np.where(degree > 0, degree, 1.0))
        self._scale = np.sqrt(counts) / self._root
        first = np.sqrt(counts) * np.sqrt(np.maximum(degree, 0))
        first /= max(float(np.linalg.norm(first)), 1e-300)
        # Not to 0, which would be among the greatest: most eigenvalues are negative.
        self._first = first * np.sqrt(1 + 2 / np.min(self._root) ** 2)

    def embedding(self, k: int, random: np.random.RandomState) -> _Maps:
        """Eigenvectors 2 to k + 1 over all points, divided by √degree."""
        values, vectors = self._eigenvectors(k, random)
        copies = np.repeat(np.arange(len(self._counts)), self._counts - 1)
        of_copies = -1 / self._root[copies] ** 2
        # The k greatest of both kinds; a stable order, so that the same are taken every time.
        order = np.argsort(-np.concatenate([values, of_copies]), kind="stable")[:k]
        taken = np.bincount(
            copies[order[order >= len(values)] - len(values)], minlength=len(self._counts)
        )
        split = taken > 0
        sizes = np.where(split, self._counts, 1)
        point = np.repeat(np.arange(len(sizes)), sizes)
        first = np.cumsum(sizes) - sizes
        rows = np.zeros((len(point), k), vectors.dtype)
        shared = vectors[:, order[order < len(values)]]
        shared /= (np.sqrt(self._counts) * self._root)[:, None].astype(vectors.dtype)
        rows[:, : shared.shape[1]] = shared[point]
        column = shared.shape[1]
        for i in np.flatnonzero(split):
            apart = _helmert(self._counts[i], taken[i]) / self._root[i]
            rows[first[i] : first[i] + sizes[i], column : column + taken[i]] = apart
            column += taken[i]
        return _Maps(rows, np.where(split, 1, self._counts)[point], first, split)

    def _eigenvectors(self, k: int, random: np.random.RandomState) -> tuple[Floats, Floats]:
        """N's greatest eigenvalues but the first, up to k, and (u, …) their eigenvectors."""
        u = len(self._counts)
        k = min(k, u - 1)
        dtype: Precision = np.float64 if u <= _SMALL else np.float32
        whole = u * u * np.dtype(dtype).itemsize <= MATRIX_BYTES
        few = 0 < k <= _FEW * u
        # LAPACK's order of numbers where all of the matrix is taken apart: no copy for it.
        matrix = self._matrix(dtype, "C" if few else "F") if whole else self._operator()
        if few or not whole:
            start = random.uniform(-1, 1, u).astype(dtype)
            try:
                values, vectors = eigsh(matrix, k=k, which="LA", v0=start)
                return values, vectors
            except ArpackNoConvergence:
                if not whole:
                    raise
        # By divide and conquer: LAPACK's routines for a part of them are slower.
        if k and u > _SMALL:
            return find_greatest(matrix, k)
        values, vectors = eigh(matrix, driver="evd", overwrite_a=True, check_finite=False)
        return values[u - k :], vectors[:, u - k :]

    def _matrix(self, dtype: Precision, order: Literal["C", "F"]) -> Floats:
        matrix = np.empty((len(self._counts), len(self._counts)), dtype, order)
        for rows, block in self._blocks():
            block *= self._scale[rows, None]
            block *= self._scale
            block -= self._first[rows, None] * self._first
            matrix[rows] = block
        matrix[np.diag_indices(len(matrix))] -= (1 / self._root**2).astype(dtype)
        return matrix

    def _operator(self) -> LinearOperator:
        def product(x: Floats) -> NDArray[np.float64]:
            flat = x.reshape(-1)
            result = self._scale * self._times(self._scale * flat)
            result -= flat / self._root**2 + self._first * (self._first @ flat)
            return np.asarray(result)

        u = len(self._counts)
        return LinearOperator((u, u), matvec=product, dtype=np.float64)

    def _times(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        result = np.empty(len(x))
        for rows, block in self._blocks():
            result[rows] = block @ x
        return result

    def _blocks(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        for rows, squared, _ in self._points.squared(self._points.points, np.float64):
            np.maximum(squared, 0, out=squared)
            squared *= -self._gamma
            yield rows, np.exp(squared, out=squared)


def _helmert(n: int, columns: int) -> NDArray[np.float64]:
    """(n, columns) orthonormal columns that sum to zero: Helmert's contrasts."""
    j = np.arange(1, columns + 1)
    i = np.arange(n)[:, None]
    contrasts = np.where(i < j, 1.0, np.where(i == j, -j, 0.0))
    contrasts /= np.sqrt(j * (j + 1))
    return contrasts
