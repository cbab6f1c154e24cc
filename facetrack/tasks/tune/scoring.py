"""What a trial is worth: an objective's values over the shared resamples, block by block."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import UserError
from facetrack.evaluation import metrics
from facetrack.evaluation.experiment import Experiment, limit_threads
from facetrack.evaluation.label_free import distinct, separation
from facetrack.evaluation.resampling import derive_seed

LABEL_FREE = "label_free"
# Means after so many resamples say whether a trial is worth going on with.
BLOCK = 6

_SCORES = (
    *("ari", "ami", "homogeneity", "completeness", "v_measure"),
    *(f"{kind}_{part}" for kind in ("pairwise", "bcubed") for part in ("precision", "recall", "f")),
)


def choose_objectives(
    asked: str | Sequence[str] | None, *, labelled: bool, dataset: str
) -> list[str]:
    """The objectives' names as scores have them; ari, or label_free without labels, for None.

    Raises UserError for an unknown one and for one that needs labels where there are none.
    """
    if asked is None:
        return ["ari" if labelled else LABEL_FREE]
    names = [asked] if isinstance(asked, str) else list(asked)
    found = [str(name).removesuffix("_mean") for name in names]
    for name in found:
        if name not in (*_SCORES, LABEL_FREE):
            raise UserError(
                f"task.objective is one of {', '.join(f'{one}_mean' for one in _SCORES)} (with or "
                f"without _mean), {LABEL_FREE}, or a list of them; got {name!r}"
            )
        if name != LABEL_FREE and not labelled:
            raise UserError(
                f"task.objective={name} needs to know who is who, and {dataset} has no labels: "
                f"take task.objective={LABEL_FREE}, or give each person a sub-folder"
            )
    if not found or len(set(found)) < len(found):
        raise UserError(f"task.objective wants different objectives; got {names!r}")
    return found


@dataclass(frozen=True)
class Scorer:
    """Scores settings of an experiment's estimator.

    names: the objectives. natural: the embedder's radius. The resamples are those of
    `task=evaluate`.
    """

    experiment: Experiment
    names: Sequence[str]
    natural: float

    @cached_property
    def _distinct(self) -> NDArray[np.int64]:
        """The faces that the label-free objective looks at."""
        return distinct(self.experiment.embeddings.vectors, self.natural / 2)

    @property
    def on_resamples(self) -> bool:
        """Whether any objective is scored on resamples; label_free alone needs all faces once."""
        return any(name != LABEL_FREE for name in self.names)

    def blocks(self, settings: dict[str, float]) -> Iterator[dict[str, list[float]]]:
        """Each objective's values so far, after every BLOCK resamples and at the end.

        The label-free objective has one value: all faces clustered, the distinct ones looked at.
        Raises UserError where the estimator cannot cluster the faces.
        """
        experiment = self.experiment.with_settings(settings)
        vectors = experiment.embeddings.vectors
        values: dict[str, list[float]] = {name: [] for name in self.names}
        with limit_threads(len(vectors)):
            if LABEL_FREE in values:
                rows, labels = self._distinct, experiment.fit_all().labels
                values[LABEL_FREE] = [separation(vectors[rows], labels[rows])]
            if not self.on_resamples:
                yield values
                return
            information = any(name in metrics.INFORMATION for name in self.names)
            resamples = experiment.score_resamples(information=information)
            for done, scores in enumerate(resamples, 1):
                for name in self.names:
                    if name != LABEL_FREE:
                        values[name].append(scores[name])
                if done % BLOCK == 0 or done == experiment.n_resamples:
                    yield values

    def trial_seed(self, place: int) -> int:
        """A seed for the sampler at a place in the search."""
        experiment = self.experiment
        return derive_seed(experiment.seed, f"{experiment.dataset} trials", place)
