"""Settings that only what they name can complete, before a config is resolved and described."""

import math
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from facetrack.core.errors import SettingError, UserError
from facetrack.core.scale import SETTINGS, Scale
from facetrack.dataset.folder import XMP
from facetrack.dataset.vectors import read_about
from facetrack.system.model_file import ModelFile
from facetrack.tasks.context.choices import given_settings
from facetrack.tasks.context.protocol import settle_protocol
from facetrack.tasks.context.stages import NOBODY, VECTORS, check_stages

_RADII = ("bandwidth", "eps")
# Classes whose file of weights, where it is the user's own, is known by its hash.
_HASHED = ("facetrack.detector.YuNet", "facetrack.embedder.AlignedOnnx")


def settle(config: DictConfig) -> None:
    """Complete a composed config in place; most have nothing to complete.

    `dataset.roots` takes the place of `dataset.root`; a file of vectors says its name and radius;
    so does a file of weights its hash; an earlier version of the protocol has its own clusterers.
    Raises UserError for settings that do not go together, and for a file that cannot be used.
    """
    settle_protocol(config)
    settle_dataset(config)
    if config.dataset.get("_target_") == VECTORS:
        _check_radius(config)
    _settle_radius(config)


def settle_dataset(config: DictConfig) -> None:
    """The part of it that needs no clusterer."""
    _forget_distances(config)
    dataset = config.dataset
    if dataset.get("roots") is not None and OmegaConf.is_missing(dataset, "root"):
        dataset.root = None
    if dataset.get("_target_") == VECTORS:
        _settle_vectors(config)
    else:
        check_stages(config)
    _settle_weights(config)
    given = given_settings() if HydraConfig.initialized() else set()
    each = dataset.get("labels") == XMP and "choose" in config.detector
    if each and "detector.choose" not in given:
        config.detector.choose = "all"  # every face has a name of its own


def _settle_vectors(config: DictConfig) -> None:
    dataset = config.dataset
    if OmegaConf.is_missing(dataset, "file"):
        raise UserError("dataset.file has no value: add dataset.file=FILE.npz to the command")
    check_stages(config)
    said = read_about(dataset.file)
    dataset.sha256 = said.sha256
    if dataset.name is None:
        dataset.name = said.call(Path(str(dataset.file)))
    if config.embedder.radius is None:
        config.embedder.radius = said.radius
    if config.embedder.get("strangers") is None and said.strangers is not None:
        config.embedder.strangers = [list(pair) for pair in said.strangers]
    if config.embedder.get("likelihood") is None and said.likelihood is not None:
        config.embedder.likelihood = [list(pair) for pair in said.likelihood]


def _check_radius(config: DictConfig) -> None:
    radius = config.embedder.radius
    if radius is None:
        _demand_radius(config)
    elif isinstance(radius, bool) or not isinstance(radius, int | float) or not _may_be(radius):
        raise UserError(
            f"embedder.radius is a distance between embeddings, a number above 0; got {radius!r}"
        )


def _settle_weights(config: DictConfig) -> None:
    """Say which file is meant: where it lies is no parameter of an experiment, what it holds is."""
    for stage in NOBODY:
        node = config[stage]
        if node.get("_target_") not in _HASHED or OmegaConf.is_missing(node, "weights"):
            continue
        if node.weights is not None:
            file = ModelFile(str(node.weights), (), "", None, "an .onnx file", "")
            try:
                node.sha256 = file.digest
            except SettingError as error:
                raise error.within(stage) from error


def _settle_radius(config: DictConfig) -> None:
    """Give a method whose radius is left open that of the embedder's strangers."""
    clusterer = config.clusterer
    if clusterer.get("share") is None or clusterer.get("eps") is not None:
        return
    clusterer.eps = read_scale(config).find_distance(clusterer.share)


def of_class(embedder: DictConfig) -> DictConfig:
    """An embedder's config with what its class takes: its distances are for others."""
    settings = {key: embedder[key] for key in embedder if key not in SETTINGS}
    return OmegaConf.create(settings)


def _forget_distances(config: DictConfig) -> None:
    """Of a class that the command names itself the choice's distances are not."""
    given = given_settings() if HydraConfig.initialized() else set()
    if "embedder._target_" not in given:
        return
    for setting in ("strangers", "likelihood"):
        if f"embedder.{setting}" not in given:
            config.embedder[setting] = None


def read_scale(config: DictConfig) -> Scale:
    """The distances of a config's embedder. Raises UserError for some that cannot be."""
    embedder = OmegaConf.to_container(config.embedder)
    assert isinstance(embedder, dict)
    return Scale.read({str(key): value for key, value in embedder.items()})


def _demand_radius(config: DictConfig) -> None:
    """Raise UserError where a radius is needed that nobody has said."""
    said = (
        f"{config.dataset.file} does not say at which distance two vectors are usually one person"
    )
    if "space" in config.task:  # a study, whose range is in units of it
        raise UserError(f"{said}: add embedder.radius=NUMBER, around which a study searches")
    used = next((name for name in _RADII if name in config.clusterer), None)
    open_still = used is not None and config.clusterer[used] is None
    if open_still and (config.embedder.strangers is None or "share" not in config.clusterer):
        raise UserError(f"{said}: add clusterer.eps=NUMBER, or embedder.radius=NUMBER")


def _may_be(radius: float) -> bool:
    return math.isfinite(radius) and radius > 0
