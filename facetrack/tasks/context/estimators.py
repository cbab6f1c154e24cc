"""From a clusterer's config to an estimator, checked before any picture is read."""

from omegaconf import DictConfig, OmegaConf
from sklearn.base import BaseEstimator, clone

from facetrack.core.errors import UserError
from facetrack.core.given import KNOWN
from facetrack.tasks.context.instances import make


def build_estimator(config: DictConfig) -> BaseEstimator:
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


def _check_radius(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e9:
        raise UserError(
            f"clusterer.{name} is a distance between embeddings, a number above 0 such as 0.3; "
            f"got {value!r}"
        )
