"""A score at every radius: the curve of each resample from its one tree, and its exact optimum.

A score changes where a radius takes in another pair, and nowhere else. So the mean over the
resamples is a step function as well, whose steps are known: its greatest value is found, not
searched for (PROTOCOL, "The best radius").
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from facetrack.clusterer.growth import grow
from facetrack.clusterer.kernels.growing import BOTH, PRECISION, RECALL, TOGETHER
from facetrack.evaluation.experiment import Experiment

Floats = NDArray[np.float64]

SCORES = (
    "ari",
    *(f"{kind}_{part}" for kind in ("pairwise", "bcubed") for part in ("precision", "recall", "f")),
)
"""Those of metrics.py that are known at every radius."""

NEARLY = 0.01
"""A mean that is no more below the best is nearly as good."""
_ROUNDING = 1e-9  # what is narrower, in units of the radius, rounding alone tells apart
_EQUAL = 1e-10  # means that differ less are equal


@dataclass(frozen=True)
class Steps:
    """A score of some faces at every radius.

    radii: (k,) where it changes, ascending; the first is 0. values: (k,) from each radius on.
    """

    radii: Floats
    values: Floats

    def at(self, radii: Floats | float) -> Floats:
        """The score at some radii above 0."""
        found: Floats = self.values[np.searchsorted(self.radii, radii, side="right") - 1]
        return found


def trace(
    estimator: BaseEstimator, vectors: NDArray[np.floating], people: NDArray[np.int64], score: str
) -> Steps:
    """A score at every radius of an estimator that can grow (see clusterer/growth.py).

    vectors: (n, d). people: (n,) who they are. score: one of SCORES.
    """
    radii, sums = grow(estimator, vectors).follow(people)
    values = _score(score, sums, np.unique(people, return_counts=True)[1])
    changes = np.concatenate([[True], values[1:] != values[:-1]])
    return Steps(radii[changes], values[changes])


def trace_resamples(experiment: Experiment, score: str) -> Iterator[Steps]:
    """A score of each of an experiment's resamples at every radius, one after the other.

    The people are known. Raises UserError where the faces are too few.
    """
    vectors, people = experiment.embeddings.vectors, experiment.embeddings.people
    assert people is not None
    for i in range(experiment.n_resamples):
        drawn = experiment.sampling.draw(len(vectors), experiment.seed, experiment.dataset, i)
        yield trace(experiment.estimator, vectors[drawn], people[drawn], score)


def _score(score: str, sums: Floats, sizes: NDArray[np.int64]) -> Floats:
    """A score as metrics.py has it. sums: (k, 4), see kernels/growing.py. sizes: of the people."""
    n = int(sizes.sum())
    if score.startswith("bcubed"):
        precision, recall = sums[:, PRECISION] / n, sums[:, RECALL] / n
    else:
        together, both = (sums[:, TOGETHER] - n) / 2, (sums[:, BOTH] - n) / 2
        same, pairs = float((sizes * (sizes - 1) // 2).sum()), n * (n - 1) / 2
        if score == "ari":
            return _divide(
                2 * (both * pairs - together * same),
                (together + same) * pairs - 2 * together * same,
            )
        precision, recall = _divide(both, together), _divide(both, np.full(len(both), same))
    if score.endswith("_f"):
        total = precision + recall
        return np.where(total > 0, 2 * precision * recall / np.where(total > 0, total, 1), 0.0)
    return precision if score.endswith("precision") else recall


def _divide(above: Floats, below: Floats) -> Floats:
    """The fractions; 1 where there is nothing below."""
    return np.where(below != 0, above / np.where(below != 0, below, 1), 1.0)


@dataclass(frozen=True)
class Best:
    """The best radius of a curve.

    radius: in the middle of `low` to `high`, where the mean is the same. mean: over the resamples.
    within: around it, the radii that are not worse than the best by more than one standard error of
    the paired differences. nearly: around it, those that are not worse by more than NEARLY.
    """

    radius: float
    low: float
    high: float
    mean: float
    within: tuple[float, float]
    nearly: tuple[float, float]


@dataclass(frozen=True)
class Curve:
    """A score of several sets of faces, such as resamples, at the radii from `low` to `high`."""

    steps: Sequence[Steps]
    low: float
    high: float

    def at(self, radii: Floats | float) -> Floats:
        """(b, …) the score of each of the b sets at some radii."""
        return np.stack([one.at(radii) for one in self.steps])

    @property
    def n_changes(self) -> int:
        """At how many radii the mean changes."""
        return len(self._edges) - 2

    @cached_property
    def _changes(self) -> tuple[Floats, Floats, NDArray[np.int64]]:
        """Where a set's score changes, from what to what (2, m), and in which set."""
        radii, values, sets = [], [], []
        for number, one in enumerate(self.steps):
            inside = np.flatnonzero((one.radii > self.low) & (one.radii <= self.high))
            radii.append(one.radii[inside])
            values.append(np.stack([one.values[inside - 1], one.values[inside]]))
            sets.append(np.full(len(inside), number))
        order = np.argsort(np.concatenate(radii), kind="stable")
        return (
            np.concatenate(radii)[order],
            np.concatenate(values, axis=1)[:, order],
            np.concatenate(sets)[order],
        )

    @cached_property
    def _edges(self) -> Floats:
        return np.concatenate([[self.low], self._changes[0], [self.high]])

    @cached_property
    def _wide(self) -> NDArray[np.bool_]:
        """Which stretches between two changes are there in truth."""
        found: NDArray[np.bool_] = np.diff(self._edges) > _ROUNDING * self._edges[1:]
        return found

    def best(self) -> Best:
        """The best radius: of several equally good ones the middle of the widest stretch."""
        _, (before, after), _ = self._changes
        start = self.at(self.low)
        means = start.mean() + _sum_up(after - before) / len(self.steps)
        equal = means >= means[self._wide].max() - _EQUAL
        runs = [
            run
            for run in _find_runs(equal | ~self._wide)
            if (equal & self._wide)[slice(*run)].any()
        ]
        first, last = max(runs, key=lambda run: self._edges[run[1]] - self._edges[run[0]])
        low, high = float(self._edges[first]), float(self._edges[last])
        radius = (low + high) / 2
        values = self.at(radius)
        mean = float(values.mean())
        within = self._reach(self._are_within(values), radius)
        nearly = self._reach(means >= mean - NEARLY - _EQUAL, radius)
        return Best(radius, low, high, mean, within, nearly)

    def _are_within(self, best: Floats) -> NDArray[np.bool_]:
        """Between which two changes radii are within one standard error of the best.

        best: (b,) the scores at the best radius.
        """
        _, (before, after), sets = self._changes
        b = len(self.steps)
        behind, behind_before = best[sets] - after, best[sets] - before
        start = best - self.at(self.low)
        first = start.sum() + _sum_up(before - after)
        second = (start**2).sum() + _sum_up(behind**2 - behind_before**2)
        variance = np.maximum(second - first**2 / b, 0) / max(b - 1, 1)
        fine: NDArray[np.bool_] = first / b <= np.sqrt(variance / b) + _EQUAL
        return fine

    def _reach(self, fine: NDArray[np.bool_], radius: float) -> tuple[float, float]:
        """The ends of the stretch around a radius in which all is fine but for rounding."""
        at = int(np.searchsorted(self._edges, radius, side="right")) - 1
        fine = fine | ~self._wide
        fine[at] = True
        (run,) = (one for one in _find_runs(fine) if one[0] <= at < one[1])
        return float(self._edges[run[0]]), float(self._edges[run[1]])


def _sum_up(changes: Floats) -> Floats:
    """What has come together before the first change, and after each."""
    return np.concatenate([[0.0], np.cumsum(changes)])


def _find_runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and behind the last of each stretch of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
