"""HDBSCAN on the distinct faces: scikit-learn's, with the labels copied to the copies.

HDBSCAN judges density by the distances of neighbours. Copies of a face, as a bootstrap draws them,
are neighbours at distance 0, so that it finds the copies instead of the people (PROTOCOL,
"Copies").
"""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn import cluster
from sklearn.utils.validation import validate_data

from facetrack.clusterer.shared import Distinct, digest, distinct
from facetrack.core.labels import NOISE

_PER_CLUSTER = ("centroids_", "medoids_")


class HDBSCAN(cluster.HDBSCAN):  # type: ignore[misc]
    """scikit-learn's HDBSCAN, with its parameters and attributes, of distinct points.

    After `fit`: `labels_` (n,) int64, -1 for noise, and `probabilities_` (n,) float64, the same for
    equal points; `centroids_` and `medoids_` where `store_centers` asks for them.
    `min_cluster_size` and `min_samples` count distinct points. Noise stays noise however many
    copies it has.
    """

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: ARG002 - scikit-learn's
        """Cluster X, (n, d) float, which is not changed.

        Distances (`metric="precomputed"`) and sparse points are clustered as they are: which of
        them are copies is not looked for. Where n points are enough for `min_samples` and the
        distinct ones among them are not, all are noise.
        Raises ValueError for parameters or points that scikit-learn would refuse.
        """
        self._same: Distinct | None = None
        if self.metric == "precomputed" or issparse(X):
            super().fit(X)
            return self
        self._validate_params()
        points = validate_data(self, X, ensure_all_finite=False, dtype=np.float64)
        points = points + 0.0  # -0.0 is the same number as 0.0, and other bytes
        self._same = distinct(points, digest(points))
        rows, inverse = self._same.rows, self._same.inverse
        least = self.min_cluster_size if self.min_samples is None else self.min_samples
        if len(rows) < max(least, 2) <= len(points):
            self._fitted: Any = None
            self.labels_: NDArray[np.int64] = np.full(len(points), NOISE)
            self.probabilities_: NDArray[np.float64] = np.zeros(len(points))
            return self
        # The rows are a copy already, whatever `copy` says.
        self._fitted = cluster.HDBSCAN(**{**self.get_params(), "copy": False}).fit(points[rows])
        self.labels_ = self._fitted.labels_[inverse].astype(np.int64)
        self.probabilities_ = self._fitted.probabilities_[inverse]
        for name in _PER_CLUSTER:
            if hasattr(self._fitted, name):
                setattr(self, name, getattr(self._fitted, name))
        return self

    def dbscan_clustering(
        self, cut_distance: float, min_cluster_size: int = 5
    ) -> NDArray[np.integer]:
        """Labels (n,) of the clusters at a cut through the hierarchy, -1 for noise.

        cut_distance: of mutual reachability. min_cluster_size: in distinct points.
        """
        if self._same is None:
            labels: NDArray[np.integer] = super().dbscan_clustering(cut_distance, min_cluster_size)
            return labels
        if self._fitted is None:
            return self.labels_.copy()
        labels = self._fitted.dbscan_clustering(cut_distance, min_cluster_size)
        return labels[self._same.inverse]
