"""Infomap: groups in which a walk along the ties between faces stays long.

The graph has each face's 80 nearest within eps; a neighbour at distance d ties two faces by
1 - d / eps. The map equation in two levels (Rosvall and Bergstrom 2008) divides it, so that a
single tie between two people does not join them, as it does in DBSCAN: what counts is how much of
a group's ties lead out of it. Only that counts: two faces with no other neighbour come together
however weak their tie is, so the radius must leave out what strangers reach by chance.
"""

from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval

from facetrack.clusterer.graph_estimator import GraphClusterer

if TYPE_CHECKING:
    from facetrack.clusterer.kernels.links import Links


class Infomap(GraphClusterer):
    """Infomap with scikit-learn's interface.

    eps: radius in the units of the points; a tie of that length has no weight. trials: searches, of
    which the best counts; on faces more than a single one change nothing. neighbors: "exact",
    "faiss" for approximate ones, or "auto": faiss for more than 200,000 distinct points where it is
    installed. random_state: of the order in which nodes move; the same gives the same labels.

    After `fit`: `labels_` (n,) int64, numbered by their first points, none is noise;
    `codelength_`, bits per step of the walk among the faces that have ties, 0.0 without any;
    `neighbors_recall_`, the share of neighbours that faiss found, None for exact ones.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **GraphClusterer._parameter_constraints,
        "trials": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        eps: float,
        trials: int = 1,
        neighbors: str = "auto",
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.eps = eps
        self.trials = trials
        self.neighbors = neighbors
        self.random_state = random_state

    def _divide(self, links: "Links", conflicts: "Links", seed: int) -> NDArray[np.int64]:
        from facetrack.clusterer.kernels.map_equation import find_modules

        found = find_modules(links, conflicts, seed, self.trials)
        self.codelength_ = found.codelength
        return found.modules
