"""DBSCAN, label for label scikit-learn's, where every radius comes from one spanning tree.

A core point has at least min_samples points within eps, itself included. Clusters are the
connected components of core points within eps of each other, numbered by their first point; any
other point joins the first cluster that has a core point within eps of it, or is noise, -1 (Ester
et al. 1996). With min_samples = 1 every point is core.
"""

from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import validate_data

from facetrack.clusterer.distances import MOST_DOUBT, Floats, Mask, Points, pairs
from facetrack.clusterer.shared import cache, digest, distinct
from facetrack.clusterer.tree import Tree, components, spanning_tree
from facetrack.metrics import NOISE


class DBSCAN(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """DBSCAN with scikit-learn's interface and labels.

    eps: radius, inclusive, in the units of the points. min_samples: how many points within eps,
    itself included, make a core point.

    After `fit`: `labels_` (n,) int64, -1 for noise; `core_sample_indices_`.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "eps": [Interval(Real, 0.0, None, closed="neither")],
        "min_samples": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, eps: float, min_samples: int = 1) -> None:
        self.eps = eps
        self.min_samples = min_samples

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: ARG002 - scikit-learn's
        """Cluster X, (n, d) float32 or float64, which is not changed.

        Raises ValueError for parameters or points that scikit-learn would refuse.
        """
        self._validate_params()
        points = validate_data(self, X, dtype=[np.float64, np.float32])
        key = digest(points)
        same = distinct(points, key)
        unique = points[same.rows]
        tree = _tree(unique, same.counts, self.min_samples, self.eps, key)
        labels, core = _labels(unique, same.counts, tree, self.eps, self.min_samples)
        self.labels_: NDArray[np.int64] = labels[same.inverse]
        self.core_sample_indices_ = np.flatnonzero(core[same.inverse])
        return self


def _tree(
    points: Floats, weights: NDArray[np.int64], min_samples: int, eps: float, key: bytes
) -> Tree:
    """The shared tree, in float32 unless that would leave much in doubt at this radius."""
    for dtype in (np.float32, np.float64):
        tree = cache.get(
            ("tree", key, min_samples, dtype),
            partial(spanning_tree, points, weights, min_samples, dtype),
        )
        if tree.error <= MOST_DOUBT * eps * eps:
            break
    return tree


def _labels(
    points: Floats, weights: NDArray[np.int64], tree: Tree, eps: float, min_samples: int
) -> tuple[NDArray[np.int64], Mask]:
    """Labels of distinct points and which of them are core."""
    surely, at_most = eps * eps - tree.error, eps * eps + tree.error
    core = tree.core <= surely
    doubtful = np.flatnonzero(~core & (tree.core <= at_most))
    if len(doubtful):
        for rows, near in Points(points).near(points[doubtful], eps):
            core[doubtful[rows]] = near @ weights >= min_samples

    pieces, wholes = tree.components(surely), tree.components(at_most)
    joined = _joined(points, pieces, wholes, core, eps)
    labels = np.full(len(points), NOISE)
    _, first, numbers = np.unique(joined[core], return_index=True, return_inverse=True)
    labels[core] = np.argsort(np.argsort(first))[numbers]

    border = np.flatnonzero(~core)
    if len(border) and core.any():
        none = len(points)
        for rows, near in Points(points[core]).near(points[border], eps):
            lowest = np.where(near, labels[core], none).min(axis=1)
            labels[border[rows]] = np.where(lowest == none, NOISE, lowest)
    return labels, core


def _joined(
    points: Floats,
    pieces: NDArray[np.int64],
    wholes: NDArray[np.int64],
    core: Mask,
    eps: float,
) -> NDArray[np.int64]:
    """The components that exact distances make of pieces, which surely hang together.

    wholes: the coarser components outside of which surely nothing hangs together.
    """
    members = np.flatnonzero(core)
    # A piece and its whole as one number: distinct pairs of columns take ten times as long.
    many = int(pieces.max()) + 1
    parts_of = np.unique(wholes[members] * many + pieces[members]) // many
    joins = [np.empty((2, 0), np.int64)]
    for whole in np.flatnonzero(np.bincount(parts_of) > 1):
        inside = members[wholes[members] == whole]
        largest = np.bincount(pieces[inside]).argmax()
        asking = inside[pieces[inside] != largest]
        for rows, near in Points(points[inside]).near(points[asking], eps):
            query, point = pairs(near)
            found = np.stack([pieces[asking[rows][query]], pieces[inside[point]]])
            joins.append(np.unique(found, axis=1))
    return components(np.concatenate(joins, axis=1), many)[pieces]
