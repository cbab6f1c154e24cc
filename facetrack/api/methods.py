"""A clusterer as it is asked for, made ready for some faces."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from sklearn.base import BaseEstimator

from facetrack.api.faces import Faces
from facetrack.clusterer import check, check_radii
from facetrack.core.errors import UserError
from facetrack.core.given import KNOWN
from facetrack.core.scale import Scale
from facetrack.core.texts import write_number
from facetrack.evaluation import radius
from facetrack.system.choices import Choice, choose
from facetrack.system.progress import TERMINAL


class Estimator(Protocol):
    """What scikit-learn's clusterers have, and one of the caller's own needs."""

    def fit_predict(self, vectors: Any, /) -> Any:
        """(n,) integers, the cluster of each of (n, d) vectors; -1 is noise."""
        ...

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Its settings by name, as for `sklearn.base.clone`."""
        ...


@dataclass(frozen=True)
class Method:
    """An estimator, and what it is called: "dbscan eps=0.3"."""

    estimator: BaseEstimator
    name: str


def make_method(faces: Faces, clusterer: str | Estimator, given: Mapping[str, object]) -> Method:
    """The estimator that a name in conf/clusterer and settings stand for, or an estimator itself.

    The radius of faces that nobody has named is chosen from themselves, where none is given.
    Raises UserError for a name or setting that there is not, and a value that cannot be meant.
    """
    if not isinstance(faces, Faces):
        raise UserError(
            f"expected the Faces that facetrack.embed gives, got {type(faces).__name__}: save "
            "vectors of your own with numpy.savez(FILE, embeddings=…) and embed that file"
        )
    if not len(faces):
        raise UserError("there are no faces to cluster: take some of them, or embed more pictures")
    if not isinstance(clusterer, str):
        return _check_own(clusterer, given)
    choice = choose("clusterer", clusterer)
    said = {key: to_plain(value) for key, value in given.items()}
    filled = choice.fill(said, {"embedder.radius": faces.radius})
    settings = fill_radius(choice, filled, faces.scale)
    if settings.get("n_clusters") == KNOWN and not faces.people:
        raise UserError(
            f"{choice.name} needs the number of people, which faces without names do not tell: add "
            'n_clusters=NUMBER, or take "dbscan"'
        )
    unset = is_radius_open(choice, said)
    if unset and settings.get("eps") is None:
        raise UserError(
            f"{faces.name} does not say at which distance two faces are usually one person: add "
            "eps=NUMBER"
        )
    estimator = build(choice, settings)
    if unset and not faces.people:
        radius.choose(estimator, faces.embeddings, faces.scale, TERMINAL)
        settings["eps"] = radius.read_radius(estimator)
    return Method(estimator, _describe(choice, said, settings))


def fill_radius(choice: Choice, settings: dict[str, Any], scale: Scale) -> dict[str, Any]:
    """The same settings, with a radius of the method's own where that is left open."""
    known = scale.strangers is not None or scale.radius is not None
    if "share" not in choice.facts or settings.get("eps") is not None or not known:
        return settings
    return {**settings, "eps": scale.find_distance(choice.facts["share"])}


def is_radius_open(choice: Choice, given: Collection[str]) -> bool:
    """Whether a clusterer has a radius that is none of the settings given."""
    keys = [f"{choice.group}.{key}" for key in given]
    return radius.is_not_given(keys, (*choice.settings, *choice.facts))


def build(choice: Choice, settings: Mapping[str, object]) -> BaseEstimator:
    """The estimator with all of its settings. Raises UserError for a value that cannot be meant."""
    check_radii(settings)
    estimator: BaseEstimator = choice.make(settings)
    check(estimator)
    return estimator


def _check_own(estimator: Estimator, given: Mapping[str, object]) -> Method:
    """An estimator of the caller's own. Raises UserError for what is none."""
    if not (hasattr(estimator, "fit_predict") and hasattr(estimator, "get_params")):
        raise UserError(
            f"a clusterer is a name such as 'dbscan', or an object with scikit-learn's fit_predict "
            f"and get_params; got {estimator!r}"
        )
    if given:
        raise UserError(
            f"{', '.join(given)} cannot be set here: give {type(estimator).__name__} its settings "
            "when you make it"
        )
    check(estimator)
    return Method(estimator, " ".join(repr(estimator).split()))


def _describe(choice: Choice, said: Mapping[str, object], settings: Mapping[str, object]) -> str:
    """A method in a few words: its name and what was said of it."""
    shown = dict(said)
    if not shown.keys() & {*radius.NAMES, "n_clusters"}:
        shown |= {key: settings[key] for key in ("eps", "n_clusters") if key in settings}
    return " ".join(
        [choice.name, *(f"{key}={write_number(value)}" for key, value in shown.items())]
    )


def to_plain(value: object) -> object:
    """A setting's value as Python has it: NumPy's numbers are what loops give."""
    return value.item() if isinstance(value, np.generic) else value
