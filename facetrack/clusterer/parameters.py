"""An estimator's parameters, read from its class once."""

import functools

from sklearn.base import BaseEstimator


class OnceRead(BaseEstimator):  # type: ignore[misc]
    """scikit-learn would read the signature four times a fit: longer than a fit of few faces."""

    @classmethod
    @functools.cache
    def _get_param_names(cls) -> list[str]:
        names: list[str] = super()._get_param_names()
        return names
