"""Whether a radius that was found on some people suits others (PROTOCOL, "Judged on others")."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from facetrack.evaluation.curve import Curve, trace
from facetrack.evaluation.experiment import Experiment
from facetrack.evaluation.resampling import Indices, derive_seed

_TIMES = 5
_FEWEST = 4  # people: two in each half


@dataclass(frozen=True)
class Judged:
    """The best radius of one half of the people, and the score of the other half there.

    best: the best that the other half has at any radius.
    """

    radius: float
    score: float
    best: float

    @property
    def lost(self) -> float:
        """By what the radius is worse than the other half's own."""
        return self.best - self.score


def judge_on_others(
    experiment: Experiment, score: str, low: float, high: float
) -> Iterator[list[Judged]]:
    """For some ways to halve the people: each half judged at the other's best radius.

    All faces of a half are clustered at once. Nothing for fewer than four people.
    """
    embeddings = experiment.embeddings
    assert embeddings.people is not None
    if len(embeddings.names) < _FEWEST:
        return
    for i in range(_TIMES):
        curves = []
        for half in halve_people(len(embeddings.names), experiment.seed, experiment.dataset, i):
            faces = np.flatnonzero(np.isin(embeddings.people, half))
            steps = trace(
                experiment.estimator, embeddings.vectors[faces], embeddings.people[faces], score
            )
            curves.append(Curve([steps], low, high))
        found = [curve.best() for curve in curves]
        yield [
            Judged(found[own].radius, float(curves[1 - own].at(found[own].radius)[0]), other.mean)
            for own, other in enumerate(reversed(found))
        ]


def halve_people(of: int, seed: int, dataset: str, i: int) -> tuple[Indices, Indices]:
    """The people 0..of-1 in two halves, in a stream apart from the resamples'.

    Raises UserError for a seed out of range.
    """
    # RandomState, whose stream is frozen (see resampling.py).
    shuffled = np.random.RandomState(derive_seed(seed, f"{dataset} halves", i)).permutation(of)
    return np.sort(shuffled[: of // 2]), np.sort(shuffled[of // 2 :])
