"""From a composed config to what the organiser is asked."""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from facetrack.dataset.folder import XMP
from facetrack.dataset.folder import find_folder as readable_folder
from facetrack.evaluation import radius
from facetrack.organiser.groups import Clusterer
from facetrack.organiser.photos import Stages
from facetrack.system.files import user_path
from facetrack.system.progress import say
from facetrack.tasks.context.choices import given_settings, read_choices, set_choice
from facetrack.tasks.context.estimators import build_estimator
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.missing import refuse_missing
from facetrack.tasks.context.settling import of_class, read_scale
from facetrack.tasks.context.stored_configs import contain
from facetrack.tasks.organising.models import BEST, choose_models
from facetrack.tasks.organising.request import Request

# Of a clusterer's settings, what its groups do not depend on, and its radius.
_LEFT_OUT = ("_target_", *radius.NAMES, "space", "share")


def take_all_faces(config: DictConfig) -> None:
    """Every face on a photo counts, and nothing but XMP says who is on it."""
    labels = XMP if config.dataset.get("labels") == XMP else False
    for stage, setting, value in (("detector", "choose", "all"), ("dataset", "labels", labels)):
        if setting in config[stage]:
            config[stage][setting] = value


def take_models(config: DictConfig) -> None:
    """Settle which detector and embedder are used, where the command names neither."""
    if OmegaConf.is_missing(config.task, "out"):
        return  # that is told later
    given = {key.partition(".")[0] for key in given_settings()}
    composed = read_choices(config)
    named = {stage for stage, best in BEST.items() if stage in given or composed[stage] != best}
    models = choose_models(user_path(config.task.out), named, say)
    for stage, name in models.choices.items():
        if name != composed[stage]:
            set_choice(config, stage, name)
    if models.told:
        say(f"  {models.told}")


def read_request(config: DictConfig) -> Request:
    """What a config asks for. Raises UserError for what cannot be meant."""
    refuse_missing(config)
    task = config.task
    return Request(
        dataset=make(config.dataset),
        folders=_read_folders(config.dataset),
        stages=read_stages(config),
        clusterer=_read_clusterer(config),
        out=user_path(task.out),
        mode=task.get("mode", "copy"),
        restore=task.get("restore", False),
        regroup=task.get("regroup", False),
        prune=task.get("prune", False),
        dry_run=task.get("dry_run", False),
        names=config.dataset.get("labels") == XMP,
    )


def read_stages(config: DictConfig) -> Stages:
    """What finds faces and tells them apart. Raises UserError for what cannot be meant."""
    chosen = read_choices(config)
    return Stages(
        detector=make(config.detector),
        embedder=make(of_class(config.embedder)),
        engine=config.extract.engine,
        scale=read_scale(config),
        settings=contain(of_class(config.embedder)),
        detector_name=chosen["detector"],
        embedder_name=chosen["embedder"],
    )


def _read_folders(dataset: DictConfig) -> list[Path]:
    """The folders of photos. Raises UserError for one that cannot be read."""
    root, roots = dataset.get("root"), dataset.get("roots")
    named = [*([] if root is None else [root]), *(roots if OmegaConf.is_list(roots) else [])]
    return [readable_folder(str(one)) for one in named]


def _read_clusterer(config: DictConfig) -> Clusterer:
    settings, given = contain(config.clusterer), given_settings()
    return Clusterer(
        name=read_choices(config)["clusterer"],
        settings={key: one for key, one in settings.items() if key not in _LEFT_OUT},
        # A restore does without it.
        build=lambda: build_estimator(config.clusterer),
        radius_is_given=not radius.is_not_given(given, config.clusterer),
        dataset=config.dataset.name,
        seed=config.seed,
        is_given=any(_is_of_method(key) for key in given),
        has_own_radius="share" in settings,
    )


def _is_of_method(key: str) -> bool:
    """Whether a setting of the command line chooses the method or changes what it does."""
    group, _, setting = key.partition(".")
    return group == "clusterer" and setting not in _LEFT_OUT
