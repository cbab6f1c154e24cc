"""From a clusterer's config to an estimator, checked before any picture is read."""

from omegaconf import DictConfig, OmegaConf
from sklearn.base import BaseEstimator

from facetrack.clusterer import check, check_radii
from facetrack.core.errors import SettingError, UserError
from facetrack.tasks.context.instances import make

# What tasks read of a clusterer's config, and its class does not.
_OF_TASKS = ("space", "share")


def build_estimator(config: DictConfig) -> BaseEstimator:
    """The estimator of a clusterer config, its parameters checked by the estimator's own rules.

    Raises UserError naming the parameter, what it accepts and what came.
    """
    settings = {str(key): config[key] for key in config if key not in _OF_TASKS}
    try:
        check_radii(settings)
    except SettingError as error:
        raise error.within("clusterer") from error
    estimator: BaseEstimator = make(OmegaConf.create(settings))
    try:
        check(estimator)
    except UserError as error:
        raise UserError(f"clusterer: {error}") from error
    return estimator
