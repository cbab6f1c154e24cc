"""Where a study's trials look: samplers whose trials follow from their place, and pruners."""

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.trial import FrozenTrial
from scipy.stats.qmc import Sobol

from facetrack.core.errors import UserError
from facetrack.tasks.tune.space import Range

SAMPLERS = ("tpe", "gp", "qmc", "grid", "random")
PRUNERS = ("median", "percentile", "none")
PLACE = "place"
"""The attribute of a trial that says which of the search's points it takes."""
# Trials evenly spread before TPE has something to go by: at random they leave gaps wider than the
# peak of an ARI curve.
_STARTUP = 10


def make_sampler(
    name: str, ranges: Sequence[Range], n_trials: int, place: int, seed: int
) -> optuna.samplers.BaseSampler:
    """The sampler for the trial at a place. seed: of this trial. Raises UserError."""
    kind = "qmc" if name == "tpe" and place < _STARTUP else name
    if kind == "gp":
        try:
            return optuna.samplers.GPSampler(seed=seed)
        except ImportError as error:
            raise UserError(
                "task.sampler=gp needs PyTorch: pip install 'facetrack[gp]', or take "
                "task.sampler=tpe"
            ) from error
    if kind == "qmc":
        return _Points(ranges, _sobol)
    if kind == "grid":
        each = max(2, round(n_trials ** (1 / len(ranges))))
        return _Points(ranges, functools.partial(_grid, each))
    if kind == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=0)


def make_pruner(name: str) -> optuna.pruners.BasePruner:
    """The pruner of a name in PRUNERS."""
    if name == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=5)
    if name == "percentile":
        return optuna.pruners.PercentilePruner(25.0, n_startup_trials=5)
    return optuna.pruners.NopPruner()


class _Points(optuna.samplers.BaseSampler):
    """Points in an order of their own: a trial takes the one of its place.

    Optuna's QMCSampler counts its points in the storage, and two workers that look at once take the
    same one; its GridSampler leaves out the point of a trial that failed.
    """

    def __init__(
        self, ranges: Sequence[Range], point: Callable[[Sequence[Range], int], Sequence[float]]
    ) -> None:
        self._ranges, self._point = ranges, point

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, Any]:
        del study, trial
        return {}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, Any]
    ) -> dict[str, Any]:
        del study, trial, search_space
        return {}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: Any
    ) -> float:
        del study, param_distribution
        point = self._point(self._ranges, trial.user_attrs[PLACE])
        return point[[one.name for one in self._ranges].index(param_name)]


def _sobol(ranges: Sequence[Range], place: int) -> list[float]:
    """Evenly spread, however many there are."""
    points = Sobol(len(ranges), scramble=False)
    if place:
        points.fast_forward(place)
    shares = points.random(1)[0]
    return [
        int(one.low + share * (one.high - one.low + 1))
        if one.integer
        else float(one.low + share * (one.high - one.low))
        for one, share in zip(ranges, shares, strict=True)
    ]


def _grid(each: int, ranges: Sequence[Range], place: int) -> tuple[float, ...]:
    """each: how many values of each setting. After the last point comes the first again."""
    axes: list[list[float]] = []
    for searched in ranges:
        values = np.linspace(searched.low, searched.high, each).tolist()
        axes.append(sorted({round(value) for value in values}) if searched.integer else values)
    points = list(itertools.product(*axes))
    return points[place % len(points)]
