"""Average linkage: groups whose faces are, on average over all pairs, within a radius.

By single linkage (DBSCAN with min_samples 1) one near pair joins two people. Here two groups are
as far apart as the mean of the distances between their faces, so a near pair counts little.

Up to 20,000 distinct faces that is exact, with the groups of SciPy's `linkage(…, "average")`: all
distances, 1.6 GB then, become one tree that answers every radius. Beyond, or with
`neighbors="faiss"`, a graph of each face's 80 nearest within eps names the groups that may be
merged at all, and their distance is the root of the mean *squared* distance (see reciprocal.py):
on LFW (dlib, 7,555 faces) the adjusted Rand index of these groups and the exact ones is .997.
"""

from functools import partial
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClusterMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import validate_data

from facetrack.clusterer.graph_estimator import AS_GOOD_AS_EQUAL, number_photos
from facetrack.clusterer.kernels import approximate
from facetrack.clusterer.kernels.distances import Floats, scale
from facetrack.clusterer.parameters import OnceRead
from facetrack.clusterer.shared import Distinct, cache, digest, distinct

if TYPE_CHECKING:
    from facetrack.clusterer.kernels.average import Dendrogram
    from facetrack.clusterer.kernels.links import Links

MOST_EXACT = 20_000
"""Distinct points; the distances of more take more than 1.6 GB."""


class AverageLinkage(ClusterMixin, OnceRead):  # type: ignore[misc]
    """Average linkage with scikit-learn's interface.

    eps: radius, inclusive, in the units of the points: groups are merged while the mean distance
    between their points is at most that. neighbors: of more than 20,000 distinct points, "exact",
    "faiss" for approximate ones, also of fewer points, or "auto": faiss for more than 200,000
    where it is installed.

    After `fit`: `labels_` (n,) int64, numbered by their first points, none is noise;
    `neighbors_recall_`, the share of neighbours that faiss found, None for exact ones.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "eps": [Interval(Real, 0.0, None, closed="neither")],
        "neighbors": [StrOptions({"auto", "exact", "faiss"})],
    }

    def __init__(self, eps: float, neighbors: str = "auto") -> None:
        self.eps = eps
        self.neighbors = neighbors

    def fit(self, X: ArrayLike, y: object = None, photos: ArrayLike | None = None) -> Self:  # noqa: ARG002 - scikit-learn's
        """Cluster X, (n, d) float32 or float64, which is not changed.

        photos: (n,) the photo that each face is on, as strings or whole numbers. Faces of a photo
        come into different clusters, unless they are nearer than half of eps to each other: as good
        as equal. None: nobody knows.
        Raises ValueError for parameters or points that scikit-learn would refuse, UserError where
        faiss is asked for and not installed.
        """
        self._validate_params()
        points = validate_data(self, X, dtype=[np.float64, np.float32])
        same = distinct(points, key := digest(points))
        on = None if photos is None else number_photos(photos, points)
        self.neighbors_recall_: float | None = None
        from facetrack.clusterer.kernels.conflicts import find_conflicts  # numba takes its time

        unique, eps, _ = scale(points[same.rows], self.eps)
        conflicts = find_conflicts(unique, same, on, AS_GOOD_AS_EQUAL * eps)
        if len(unique) > MOST_EXACT or self.neighbors == "faiss":
            groups = self._group_on_graph(unique, same, eps, conflicts, key)
        else:
            # With photos there is a tree for each radius.
            told = () if on is None else (digest(on), eps)
            groups = _group_exactly(unique, same, eps, conflicts, ("average", key, *told))
        self.labels_: NDArray[np.int64] = groups[same.inverse]
        return self

    def _group_on_graph(
        self, points: Floats, same: Distinct, eps: float, conflicts: "Links", key: bytes
    ) -> NDArray[np.int64]:
        from facetrack.clusterer.kernels.graph import find_graph, trim
        from facetrack.clusterer.kernels.reciprocal import merge_reciprocal

        near = trim(find_graph(points, eps, key, neighbors=self.neighbors))
        self.neighbors_recall_ = near.recall
        return merge_reciprocal(points, same.counts, near.starts, near.ends, eps, conflicts)

    def _validate_params(self) -> None:
        super()._validate_params()
        if self.neighbors == "faiss":
            approximate.load()  # before any picture is read, and before threads are limited


def _group_exactly(
    points: Floats, same: Distinct, eps: float, conflicts: "Links", key: tuple[object, ...]
) -> NDArray[np.int64]:
    return find_dendrogram(points, same, conflicts, key).labels(eps)


def find_dendrogram(
    points: Floats, same: Distinct, conflicts: "Links", key: tuple[object, ...]
) -> "Dendrogram":
    """The shared tree of (u, d) distinct points under a key that stands for all of this."""
    from facetrack.clusterer.kernels.average import build_dendrogram

    last = np.zeros(len(points), np.int64)
    np.maximum.at(last, same.inverse, np.arange(len(same.inverse)))
    make = partial(build_dendrogram, points, same.counts, np.argsort(last), conflicts)
    return cache.get(key, make)
