"""The models that are compared: which can be had, and a dataset's faces by each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from facetrack.clusterer.graph_estimator import GraphClusterer
from facetrack.core.errors import UserError
from facetrack.core.faces import Embeddings, Pictures
from facetrack.core.progress import QUIET
from facetrack.core.scale import Scale
from facetrack.evaluation import radius
from facetrack.evaluation.experiment import fit, limit_threads, takes_photos
from facetrack.evaluation.model_pairs import Model, number_photos
from facetrack.system.choices import choose
from facetrack.system.progress import say
from facetrack.tasks.context.choices import load_choice, take_stages
from facetrack.tasks.context.estimators import build_estimator
from facetrack.tasks.context.faces import embed_pictures
from facetrack.tasks.context.settling import read_scale

if TYPE_CHECKING:
    from omegaconf import DictConfig

_STAGES = ("detector", "embedder")
_ALL, _CENTRAL = "all", "central"


@dataclass(frozen=True)
class Named:
    """A detector and an embedder by their names in conf/."""

    detector: str
    embedder: str

    def __str__(self) -> str:
        """As the command names them."""
        return f"{self.detector}+{self.embedder}"


def read_names(value: Any) -> list[Named]:
    """What `task.models` says. Raises UserError for no pair of choices, and for one twice."""
    found = []
    for one in value:
        detector, plus, embedder = str(one).partition("+")
        if not plus:
            raise UserError(
                f"task.models is a list of DETECTOR+EMBEDDER, such as dlib_hog+dlib; got {one!r}"
            )
        for stage, name in zip(_STAGES, (detector, embedder), strict=True):
            choose(stage, name)
        found.append(Named(detector, embedder))
    if len(set(found)) < max(len(found), 1):
        raise UserError("task.models needs models, each of them once: correct it")
    return found


def find_models(config: "DictConfig", names: Sequence[Named], listing: Pictures) -> list[Model]:
    """The models that can be had and find a face, with the faces of the pictures.

    Says which cannot. Raises UserError where none can.
    """
    labelled = any(one.person is not None for one in listing.pictures)
    models = []
    for name in names:
        say(f"  {name}")
        try:
            _prepare(name)
            models.append(_make_model(config, name, listing, labelled=labelled))
        except UserError as error:
            say(f"  left out {name}: {error}")
    if not models:
        raise UserError("none of task.models can be used here: name others, or other pictures")
    return models


def list_stages(names: Sequence[Named]) -> "dict[str, DictConfig]":
    """The stages of models, each once, as conf/ has them, by what they are."""
    return {
        f"{stage} {choice}": load_choice(stage, choice)
        for name in names
        for stage, choice in zip(_STAGES, (name.detector, name.embedder), strict=True)
    }


def _prepare(name: Named) -> None:
    """Get what a model needs. Raises UserError where that cannot be had."""
    for stage, choice in zip(_STAGES, (name.detector, name.embedder), strict=True):
        made = choose(stage, choice).make_default()
        if hasattr(made, "prepare"):
            made.prepare()


def _make_model(config: "DictConfig", name: Named, listing: Pictures, *, labelled: bool) -> Model:
    """labelled: whether each picture is of one person, whose face is the central one.

    Raises UserError where no picture gives a face, or with dataset.labels=xmp no named one.
    """
    choices = {"detector": name.detector, "embedder": name.embedder}
    wanted = take_stages(config, choices, _CENTRAL if labelled else _ALL)
    scale = read_scale(wanted)
    return Model(str(name), embed_pictures(wanted, listing), scale, _Grouping(config, scale))


@dataclass(frozen=True)
class _Grouping:
    """How a model's faces are grouped: by the job's clusterer, at a radius for this embedder."""

    config: "DictConfig"
    scale: Scale

    def __call__(self, faces: Embeddings, told: bool) -> NDArray[np.int64]:
        """Groups of some faces. told: whether of photos, where the clusterer takes them."""
        estimator = clone(build_estimator(self._read_clusterer()))
        # Of others with a share, what follows from it is their radius already.
        follows = isinstance(estimator, GraphClusterer) or "share" not in self.config.clusterer
        if follows and radius.read_radius(estimator) is not None:
            radius.choose(estimator, faces.vectors, self.scale, QUIET)
        seed = (self.config.seed, str(self.config.dataset.name), 0)
        photos = number_photos(faces) if told and takes_photos(estimator) else None
        with limit_threads(len(faces.vectors)):
            return fit(estimator, faces.vectors, faces.people, seed, photos).labels

    def _read_clusterer(self) -> "DictConfig":
        """The clusterer's config with a radius of this embedder's."""
        clusterer = self.config.clusterer.copy()
        share = clusterer.get("share")
        at = self.scale.radius if share is None else self.scale.find_distance(share)
        for name in radius.NAMES:
            if name in clusterer:
                clusterer[name] = at
        found: DictConfig = clusterer
        return found
