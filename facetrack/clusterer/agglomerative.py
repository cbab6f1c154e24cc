"""Agglomerative clustering: scikit-learn's, whose Ward linkage takes less than half the time.

A bootstrap has a third of its faces twice or more. Equal faces are merged before all others, so
the tree is built of the distinct ones, each weighing as many as it stands for.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import cluster
from sklearn.cluster._agglomerative import _hc_cut
from sklearn.utils.validation import validate_data

from facetrack.clusterer.shared import Distinct, digest, distinct


class AgglomerativeClustering(cluster.AgglomerativeClustering):  # type: ignore[misc]
    """scikit-learn's AgglomerativeClustering, with its parameters, attributes and results.

    Faster is Ward linkage to a number of clusters, without anything else that is set; all else is
    left to scikit-learn. Copies of a point are merged in their order, and distances that rounding
    makes equal may be in another.
    """

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Cluster X, (n, d) float32 or float64, which is not changed.

        Raises ValueError for parameters or points that scikit-learn would refuse.
        """
        self._validate_params()
        ward = self.linkage == "ward" and self.metric == "euclidean" and self.connectivity is None
        by_number = self.n_clusters is not None and self.distance_threshold is None
        if not ward or not by_number or self.memory is not None or self.compute_distances:
            super().fit(X, y)
            return self
        points = validate_data(self, X, dtype=[np.float64, np.float32], ensure_min_samples=2)
        same = distinct(points, digest(points))
        self.children_ = _build_tree(points, same)
        self.n_leaves_, self.n_connected_components_ = len(points), 1
        self.n_clusters_ = self.n_clusters
        self.labels_ = _hc_cut(self.n_clusters, self.children_, self.n_leaves_)
        return self


def _build_tree(points: NDArray[Any], same: Distinct) -> NDArray[np.intp]:
    """(n - 1, 2) nodes that are merged, in order: faces, or from n on the results of merges."""
    from facetrack.clusterer.kernels.average import build_ward  # numba takes its time

    n, u = len(points), len(same.rows)
    children = np.empty((n - 1, 2), np.intp)
    node = same.rows.copy()  # that each distinct point has come to
    last = np.full(u, -1)
    made = 0
    for face, own in enumerate(same.inverse.tolist()):
        last[own] = face
        if face != same.rows[own]:
            children[made] = sorted((node[own], face))
            node[own] = n + made
            made += 1
    tree = build_ward(points[same.rows], same.counts, np.argsort(last))
    above = list(range(u))
    for one, other in tree.merges.T.tolist():
        first, second = _find_root(above, one), _find_root(above, other)
        children[made] = sorted((node[first], node[second]))
        above[first] = second
        node[second] = n + made
        made += 1
    return children


def _find_root(above: list[int], point: int) -> int:
    while above[point] != point:
        above[point] = above[above[point]]
        point = above[point]
    return point
