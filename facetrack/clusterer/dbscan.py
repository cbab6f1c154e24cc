"""DBSCAN, label for label scikit-learn's for float64: one radius fast, many from a spanning tree.

For float32 points scikit-learn rounds distances to float32; here those within rounding of the
radius are decided in float64 from the coordinates' differences, so where the two disagree, as on
points a few float32 apart from the radius, facetrack's labels are the exact ones.

The first radius is found by looking for near pairs (bounds.py), which settles most of all pairs
cheaply; any other by a tree that costs several such searches, once (tree.py). Both ways give the
same labels. For sets too large for all pairs, `neighbors="faiss"` finds neighbours approximately
(approximate.py) and measures how many it misses.

A core point has at least min_samples points within eps, itself included. Clusters are the
connected components of core points within eps of each other, numbered by their first point; any
other point joins the first cluster that has a core point within eps of it, or is noise, -1 (Ester
et al. 1996). With min_samples = 1 every point is core; a neighbour that is missed can then split a
cluster, and never join two.
"""

from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClusterMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import validate_data

from facetrack.clusterer.kernels import approximate
from facetrack.clusterer.kernels.distances import MOST_DOUBT, Floats, Mask, Points, pairs, scale
from facetrack.clusterer.kernels.joining import Groups, join_near
from facetrack.clusterer.kernels.tree import Tree, components, spanning_tree
from facetrack.clusterer.parameters import OnceRead
from facetrack.clusterer.shared import cache, digest, distinct, number_groups
from facetrack.core.labels import NOISE


class DBSCAN(ClusterMixin, OnceRead):  # type: ignore[misc]
    """DBSCAN with scikit-learn's interface and labels.

    eps: radius, inclusive, in the units of the points. min_samples: how many points within eps,
    itself included, make a core point. neighbors: "exact", or "faiss" for approximate ones.

    After `fit`: `labels_` (n,) int64, -1 for noise; `core_sample_indices_`; `neighbors_recall_`,
    the share of neighbours that faiss found, measured on a sample of the distinct points, None for
    exact ones.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "eps": [Interval(Real, 0.0, None, closed="neither")],
        "min_samples": [Interval(Integral, 1, None, closed="left")],
        "neighbors": [StrOptions({"exact", "faiss"})],
    }

    def __init__(self, eps: float, min_samples: int = 1, neighbors: str = "exact") -> None:
        self.eps = eps
        self.min_samples = min_samples
        self.neighbors = neighbors

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: ARG002 - scikit-learn's
        """Cluster X, (n, d) float32 or float64, which is not changed.

        Raises ValueError for parameters or points that scikit-learn would refuse, UserError where
        faiss is asked for and not installed.
        """
        self._validate_params()
        points = validate_data(self, X, dtype=[np.float64, np.float32])
        key = digest(points)
        same = distinct(points, key)
        unique, eps, _ = scale(points[same.rows], self.eps)
        self.neighbors_recall_: float | None = None
        if self.neighbors == "faiss":
            near = approximate.Neighbours(unique, eps)
            labels, core = _find_labels(near, same.counts, self.min_samples)
            self.neighbors_recall_ = near.recall()
        else:
            labels, core = self._find_exactly(unique, same.counts, eps, key)
        self.labels_: NDArray[np.int64] = labels[same.inverse]
        self.core_sample_indices_ = np.flatnonzero(core[same.inverse])
        return self

    def _find_exactly(
        self, points: Floats, weights: NDArray[np.int64], eps: float, key: bytes
    ) -> tuple[NDArray[np.int64], Mask]:
        """Labels of distinct points and which of them are core.

        A second radius for the same points is seldom the last: it makes the tree.
        """
        first = cache.get(("radius", key, self.min_samples), lambda: np.full(1, eps))
        if first == eps:
            return _search(points, weights, eps, self.min_samples)
        tree = _tree(points, weights, self.min_samples, eps, key)
        return _labels(points, weights, tree, eps, self.min_samples)

    def _validate_params(self) -> None:
        super()._validate_params()
        if self.neighbors == "faiss":
            approximate.load()  # before any picture is read, and before threads are limited


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

    pieces = tree.components(surely)
    if ((tree.reach > surely) & (tree.reach <= at_most)).any():
        joined = _join(points, pieces, tree.components(at_most), core, eps)
    else:
        joined = pieces
    labels = _number(joined, core)
    border = np.flatnonzero(~core)
    if len(border) and core.any():
        none = len(points)
        for rows, near in Points(points[core]).near(points[border], eps):
            lowest = np.where(near, labels[core], none).min(axis=1)
            labels[border[rows]] = np.where(lowest == none, NOISE, lowest)
    return labels, core


def _search(
    points: Floats, weights: NDArray[np.int64], eps: float, min_samples: int
) -> tuple[NDArray[np.int64], Mask]:
    """Labels of distinct points and which of them are core, from the pairs within the radius."""
    groups = Groups(weights, min_samples, mutual=True)
    join_near(points, eps, groups)
    return _finish(groups)


def _find_labels(
    near: approximate.Neighbours, weights: NDArray[np.int64], min_samples: int
) -> tuple[NDArray[np.int64], Mask]:
    """Labels of distinct points and which of them are core, from the neighbours that are found."""
    groups = Groups(weights, min_samples, mutual=False)
    for rows, query, point in near.blocks():
        other = rows[query] != point
        groups.add(rows[query[other]], point[other])
    return _finish(groups)


def _finish(groups: Groups) -> tuple[NDArray[np.int64], Mask]:
    border, point = groups.find_borders()
    labels = _number(groups.pieces, groups.core)
    n = len(labels)
    lowest = np.full(n, n)
    np.minimum.at(lowest, border, labels[point])
    return np.where(lowest < n, lowest, labels), groups.core


def _number(joined: NDArray[np.int64], core: Mask) -> NDArray[np.int64]:
    """Components as labels, in the order of their first core point; -1 for what is not core."""
    labels = np.full(len(joined), NOISE)
    labels[core] = number_groups(joined[core])
    return labels


def _join(
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
