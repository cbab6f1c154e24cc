"""Does a group of faces break the clustering of the others? Cluster those without it.

Fewer faces make fewer chance ties, so the score without a group says something only beside the
score without as many faces drawn at random.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrack.evaluation import metrics
from facetrack.evaluation.experiment import Experiment, fit, limit_threads
from facetrack.evaluation.resampling import start_left_out

_DRAWS = 5


@dataclass(frozen=True)
class Without:
    """ARI of all other faces, and its mean where as many faces are left out at random.

    NaN where nobody, or one person only, would be left.
    """

    ari: float
    as_many: float


def leave_out(experiment: Experiment, group: NDArray[np.bool_]) -> Without:
    """Cluster without a group, (n,) bool. Raises UserError where the estimator cannot."""
    n, size = len(group), int(group.sum())
    random = start_left_out(experiment.seed, experiment.dataset)
    draws = [np.sort(random.permutation(n)[size:]) for _ in range(_DRAWS)]
    others = [_score(experiment, faces) for faces in draws]
    return Without(_score(experiment, np.flatnonzero(~group)), float(np.mean(others)))


def _score(experiment: Experiment, faces: NDArray[np.int64]) -> float:
    """ARI of some faces, (k,), clustered by themselves."""
    embeddings = experiment.embeddings
    assert embeddings.people is not None
    people = embeddings.people[faces]
    if len(np.unique(people)) < 2:
        return float("nan")
    seed = (experiment.seed, experiment.dataset, experiment.n_resamples)
    with limit_threads(len(faces)):
        found = fit(experiment.estimator, embeddings.vectors[faces], people, seed)
    return metrics.scores(people, found.labels, information=False)["ari"]
