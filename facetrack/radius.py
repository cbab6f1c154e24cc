"""The radius of a clusterer that has one: given, tuned, or chosen from the faces themselves."""

import numpy as np
from hydra.core.hydra_config import HydraConfig
from numpy.typing import NDArray
from omegaconf import DictConfig
from sklearn.base import BaseEstimator, clone

from facetrack.data import Vectors
from facetrack.label_free import best_radius
from facetrack.progress import say

NAMES = ("eps", "bandwidth")
KEYS = tuple(f"clusterer.{name}" for name in NAMES)
_STEP = 0.05  # of the radii tried, in units of the embedder's


def is_not_given(config: DictConfig) -> bool:
    """Whether the clusterer has a radius and the command leaves it to the default."""
    given = {one.lstrip("+").partition("=")[0] for one in HydraConfig.get().overrides.task}
    return "eps" in config.clusterer and not given & {*KEYS, "embedder.radius"}


def of(estimator: BaseEstimator) -> float | None:
    """An estimator's radius; None where it has none."""
    settings = estimator.get_params()
    return next((float(settings[name]) for name in NAMES if name in settings), None)


def set_to(estimator: BaseEstimator, radius: float) -> None:
    """Give an estimator that has a radius another one."""
    estimator.set_params(**{_name(estimator): radius})


def choose(config: DictConfig, estimator: BaseEstimator, vectors: Vectors) -> None:
    """Set the radius to the one that separates unlabelled faces best, and say so.

    vectors: (n, d). Where the faces do not tell, the embedder's radius stays.
    """
    name = _name(estimator)
    low, high = config.clusterer.space[name]
    natural = float(config.embedder.radius)
    radii = [float(f"{natural * share:.4g}") for share in np.arange(low, high + 1e-9, _STEP)]

    def cluster(at: float) -> NDArray[np.int64]:
        labels: NDArray[np.int64] = clone(estimator).set_params(**{name: at}).fit_predict(vectors)
        return labels

    found = best_radius(vectors, cluster, radii) if len(vectors) > 2 else None
    if found is None:
        say(f"  {name} {natural:g}, the embedder's: these faces do not tell a better one")
        return
    set_to(estimator, found)
    say(f"  {name} {found:g}: no labels, so chosen by how well the groups lie apart")


def better(
    config: DictConfig, estimator: BaseEstimator, vectors: Vectors, current: float
) -> float | None:
    """A radius that separates faces better than the current one; None where that is as good."""
    del config, estimator, vectors, current
    return None


def _name(estimator: BaseEstimator) -> str:
    """What an estimator that has a radius calls it."""
    return next(name for name in NAMES if name in estimator.get_params())
