"""Estimators as configs name them, and as a resample needs them."""

from collections.abc import Mapping
from typing import Any

from sklearn.base import BaseEstimator, clone

from facetrack.clusterer.meanshift import MeanShift
from facetrack.core.errors import SettingError, UserError
from facetrack.core.given import KNOWN


def mean_shift(eps: float, bandwidth: float, max_iter: int = 300) -> BaseEstimator:
    """A MeanShift. `eps` is the sweep's common distance knob (see meanshift.yaml)."""
    del eps  # the YAML's bandwidth defaults to it; the estimator knows only the bandwidth
    return MeanShift(bandwidth=bandwidth, max_iter=max_iter)


def check_radii(settings: Mapping[str, object]) -> None:
    """Raise UserError where a radius among a clusterer's settings cannot be one."""
    for name in ("eps", "bandwidth"):
        value = settings.get(name, 1)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e9:
            raise SettingError(
                f"{{{name}}} is a distance between embeddings, a number above 0 such as 0.3; "
                "got {came!r}",
                came=value,
            )


def check(estimator: BaseEstimator) -> None:
    """Raise UserError naming the parameter that an estimator's own rules refuse, and what came."""
    # K is known once a resample is drawn; until then any valid number stands for it.
    probe = clone(estimator)
    if probe.get_params().get("n_clusters") == KNOWN:
        probe.set_params(n_clusters=2)
    try:
        if hasattr(probe, "_validate_params"):
            probe._validate_params()
    except ValueError as error:
        raise UserError(" ".join(str(error).split())) from error


def for_resample(estimator: BaseEstimator, n_people: int | None, seed: int) -> BaseEstimator:
    """A fresh copy of an estimator, with K and the random state of the resample at hand.

    n_people: distinct people among the drawn faces; None where nobody knows.
    Raises UserError where the estimator needs K and nobody knows it.
    """
    fresh = clone(estimator)
    parameters: dict[str, Any] = fresh.get_params()
    if parameters.get("n_clusters") == KNOWN:
        if n_people is None:
            raise SettingError(
                "this clusterer needs the number of people, which an unlabelled set does not "
                "tell: add {n_clusters}=NUMBER, or take clusterer=dbscan"
            )
        fresh.set_params(n_clusters=n_people)
    if "random_state" in parameters:
        fresh.set_params(random_state=seed)
    return fresh
