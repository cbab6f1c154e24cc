"""What the methods on a neighbour graph have in common: points in, graph, groups, labels out.

Such a method takes density from how many neighbours a face has, so that copies of a face would
count as its friends. Faces that are as good as equal, nearer than half of eps, are therefore a
single point of the graph, and copies have the label of their face.
"""

from abc import abstractmethod
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClusterMixin
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import validate_data

from facetrack.clusterer.kernels import approximate
from facetrack.clusterer.kernels.distances import scale
from facetrack.clusterer.parameters import OnceRead
from facetrack.clusterer.shared import Distinct, digest, distinct, number_groups

if TYPE_CHECKING:
    from facetrack.clusterer.kernels.links import Links

AS_GOOD_AS_EQUAL = 0.5
"""Of the radius: faces nearer than that are copies, and on one photo may show a person twice. No
two different people of LFW are so near, by dlib or by MobileFaceNet; of a photo's smaller,
recompressed copies nearly all are."""


class GraphClusterer(ClusterMixin, OnceRead):  # type: ignore[misc]
    """The estimators' common interface; a subclass says how a graph is divided."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "eps": [Interval(Real, 0.0, None, closed="neither")],
        "neighbors": [StrOptions({"auto", "exact", "faiss"})],
        "random_state": ["random_state"],
    }

    eps: float
    neighbors: str
    random_state: int | np.random.RandomState | None

    @abstractmethod
    def _divide(self, links: "Links", conflicts: "Links", seed: int) -> NDArray[np.int64]:
        """The group of each of n points, which all have links, as numbers below n; n may be 0."""

    def fit(self, X: ArrayLike, y: object = None, photos: ArrayLike | None = None) -> Self:  # noqa: ARG002 - scikit-learn's
        """Cluster X, (n, d) float32 or float64, which is not changed.

        photos: (n,) the photo that each face is on, as strings or whole numbers. Faces of a photo
        come into different clusters, unless they are nearer than half of eps to each other: as good
        as equal. None: nobody knows.
        Raises ValueError for parameters or points that scikit-learn would refuse and for another
        number of photos than points, UserError where faiss is asked for and not installed.
        """
        self._validate_params()
        points = validate_data(self, X, dtype=[np.float64, np.float32])
        same = distinct(points, key := digest(points))
        on = None if photos is None else number_photos(photos, points)
        seed = int(check_random_state(self.random_state).randint(2**31))
        self.neighbors_recall_: float | None = None
        groups = self._group(points[same.rows], same, on, key, seed)
        self.labels_: NDArray[np.int64] = number_groups(groups[same.inverse])
        return self

    def _group(
        self,
        unique: NDArray[np.floating],
        same: Distinct,
        photos: NDArray[np.int64] | None,
        key: bytes,
        seed: int,
    ) -> NDArray[np.int64]:
        """The group of each distinct point; those without links are alone."""
        # numba takes half a second to import, so the kernels are only where they are used.
        from facetrack.clusterer.kernels import graph, links
        from facetrack.clusterer.kernels.conflicts import contract, find_conflicts, some, without
        from facetrack.clusterer.kernels.copies import find_copies, find_crowded, without_copies

        unique, eps, _ = scale(unique, self.eps)
        near = graph.find_graph(unique, eps, key, neighbors=self.neighbors)
        self.neighbors_recall_ = near.recall
        apart = find_conflicts(unique, same, photos, AS_GOOD_AS_EQUAL * eps)
        copies = find_copies(near, apart, AS_GOOD_AS_EQUAL * eps)
        crowded = find_crowded(near, copies, graph.K)
        near = graph.ask_again(unique[copies.rows], without_copies(near, copies), crowded)
        near = graph.trim(near)
        apart = contract(apart, copies.inverse, len(copies.rows))
        tied = without(links.weigh(near), apart)
        linked = np.flatnonzero(np.diff(tied.starts))
        groups = np.arange(len(copies.rows)) + len(linked)
        groups[linked] = self._divide(some(tied, linked), some(apart, linked), seed)
        return groups[copies.inverse]

    def _validate_params(self) -> None:
        super()._validate_params()
        if self.neighbors == "faiss":
            approximate.load()  # before any picture is read, and before threads are limited


def number_photos(photos: ArrayLike, points: NDArray[np.floating]) -> NDArray[np.int64]:
    """(n,) numbers in place of n photos' ids. Raises ValueError unless there are as many points."""
    given = np.asarray(photos)
    if given.shape != (n := len(points),):
        raise ValueError(
            f"photos must name the photo of each of the {n} rows of X, as an array of shape "
            f"({n},), not {given.shape}: leave it out where nobody knows"
        )
    numbers: NDArray[np.int64] = np.unique(given, return_inverse=True)[1]
    return numbers
