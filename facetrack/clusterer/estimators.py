"""From a clusterer's config to an estimator, checked before any picture is read."""

from typing import Any

from omegaconf import DictConfig, OmegaConf
from sklearn.base import BaseEstimator, clone

from facetrack.clusterer.meanshift import MeanShift
from facetrack.core.errors import UserError
from facetrack.core.given import KNOWN
from facetrack.tasks.context.instances import make


def mean_shift(eps: float, bandwidth: float, max_iter: int = 300) -> BaseEstimator:
    """A MeanShift. `eps` is the sweep's common distance knob (see meanshift.yaml)."""
    del eps  # the YAML's bandwidth defaults to it; the estimator knows only the bandwidth
    return MeanShift(bandwidth=bandwidth, max_iter=max_iter)


def build(config: DictConfig) -> BaseEstimator:
    """The estimator of a clusterer config, its parameters checked by the estimator's own rules.

    Raises UserError naming the parameter, what it accepts and what came.
    """
    for name in ("eps", "bandwidth"):
        if name in config:
            _check_radius(name, config[name])
    estimator = make(OmegaConf.create({key: config[key] for key in config if key != "space"}))
    # K is known once a resample is drawn; until then any valid number stands for it.
    probe = clone(estimator)
    if probe.get_params().get("n_clusters") == KNOWN:
        probe.set_params(n_clusters=2)
    try:
        if hasattr(probe, "_validate_params"):
            probe._validate_params()
    except ValueError as error:
        raise UserError(f"clusterer: {' '.join(str(error).split())}") from error
    return estimator


def for_resample(estimator: BaseEstimator, n_people: int | None, seed: int) -> BaseEstimator:
    """A fresh copy of an estimator, with K and the random state of the resample at hand.

    n_people: distinct people among the drawn faces; None where nobody knows.
    Raises UserError where the estimator needs K and nobody knows it.
    """
    fresh = clone(estimator)
    parameters: dict[str, Any] = fresh.get_params()
    if parameters.get("n_clusters") == KNOWN:
        if n_people is None:
            raise UserError(
                "this clusterer needs the number of people, which an unlabelled set does not "
                "tell: add clusterer.n_clusters=NUMBER, or take clusterer=dbscan"
            )
        fresh.set_params(n_clusters=n_people)
    if "random_state" in parameters:
        fresh.set_params(random_state=seed)
    return fresh


def _check_radius(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e9:
        raise UserError(
            f"clusterer.{name} is a distance between embeddings, a number above 0 such as 0.3; "
            f"got {value!r}"
        )
