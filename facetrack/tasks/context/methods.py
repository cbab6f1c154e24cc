"""Clusterers by their names in conf/, each at its own radius for an embedder."""

from typing import Any

from sklearn.base import BaseEstimator

from facetrack.core.errors import UserError
from facetrack.core.scale import Scale
from facetrack.evaluation import radius
from facetrack.system.choices import choose


def build_method(name: str, scale: Scale) -> BaseEstimator:
    """A clusterer with its settings in conf/. Raises UserError where there is none of that name.

    Also for a radius that nobody knows: of a file of vectors that does not say.
    """
    choice = choose("clusterer", name)
    needs = set(radius.NAMES) & choice.settings.keys()
    if needs and scale.radius is None and scale.strangers is None:
        raise UserError(
            f"{name} needs a radius, and nobody says at which distance two vectors are usually one "
            "person: add embedder.radius=NUMBER"
        )
    settings: dict[str, Any] = choice.fill({}, {"embedder.radius": scale.radius})
    share = choice.facts.get("share")
    if share is not None and settings.get("eps") is None:
        settings["eps"] = scale.find_distance(share)
    estimator: BaseEstimator = choice.make(settings)
    return estimator
