"""Chinese whispers (Biemann 2006): the cheapest way to divide a neighbour graph, as a baseline.

The graph and its ties are those of Infomap (see infomap.py). Which label wins depends on the random
order in which faces are asked, more than with other methods.
"""

from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval

from facetrack.clusterer.graph_estimator import GraphClusterer

if TYPE_CHECKING:
    from facetrack.clusterer.kernels.links import Links


class ChineseWhispers(GraphClusterer):
    """Chinese whispers with scikit-learn's interface.

    eps: radius in the units of the points; a tie of that length has no weight. rounds: rounds at
    most; it ends when nothing changes. neighbors: "exact", "faiss" for approximate ones, or "auto":
    faiss for more than 200,000 distinct points where it is installed. random_state: of the order in
    which faces are asked; the same gives the same labels.

    After `fit`: `labels_` (n,) int64, numbered by their first points, none is noise;
    `neighbors_recall_`, the share of neighbours that faiss found, None for exact ones.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **GraphClusterer._parameter_constraints,
        "rounds": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        eps: float,
        rounds: int = 100,
        neighbors: str = "auto",
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.eps = eps
        self.rounds = rounds
        self.neighbors = neighbors
        self.random_state = random_state

    def _divide(self, links: "Links", conflicts: "Links", seed: int) -> NDArray[np.int64]:
        from facetrack.clusterer.kernels.whispers import whisper

        return whisper(links, conflicts, seed, self.rounds)
