"""What a trial is worth: an objective's values over the shared resamples, block by block."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from facetrack.evaluation import metrics
from facetrack.evaluation.experiment import Experiment, limit_threads
from facetrack.evaluation.label_free import distinct, separation
from facetrack.evaluation.resampling import derive_seed
from facetrack.tasks.tune.objectives import LABEL_FREE

# Means after so many resamples say whether a trial is worth going on with.
BLOCK = 6


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
