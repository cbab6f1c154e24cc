"""`task=organise`: from a composed config to a sorted folder, and a run of it in MLflow."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from omegaconf import DictConfig, OmegaConf
from sklearn.base import BaseEstimator

from facetrack.core.errors import Incomplete
from facetrack.dataset.folder import XMP
from facetrack.dataset.folder import find_folder as readable_folder
from facetrack.evaluation import radius
from facetrack.evaluation.experiment import check
from facetrack.organiser.groups import Clusterer
from facetrack.organiser.photos import Stages
from facetrack.system.files import user_path
from facetrack.system.progress import TERMINAL, say
from facetrack.tasks.context import outputs
from facetrack.tasks.context.choices import given_settings, read_choices, set_choice
from facetrack.tasks.context.estimators import build_estimator
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.job import Job
from facetrack.tasks.context.missing import refuse_missing
from facetrack.tasks.context.settling import of_class, read_scale, settle
from facetrack.tasks.context.stored_configs import contain
from facetrack.tasks.forgetting.carrying_out import finish_forgetting
from facetrack.tasks.organise import telling
from facetrack.tasks.organise.models import BEST, choose_models
from facetrack.tasks.organise.request import Report, Request, Sorted
from facetrack.tasks.organise.sorting import sort_photos
from facetrack.tracking.protocols import Run

# Of a clusterer's settings, what its groups do not depend on, and its radius.
_LEFT_OUT = ("_target_", *radius.NAMES, "space", "share")


def organise(config: DictConfig) -> None:
    """Sort the photos into `task.out`. Raises UserError for what the user can put right."""
    _take_models(config)
    settle(config)
    # Every face on a photo counts, and nothing but XMP says who is on it.
    labels = XMP if config.dataset.get("labels") == XMP else False
    for stage, setting, value in (("detector", "choose", "all"), ("dataset", "labels", labels)):
        if setting in config[stage]:
            config[stage][setting] = value
    check(config.seed, 1)
    request = _read_request(config)
    finish_forgetting()
    if request.dry_run:
        telling.tell_dry(sort_photos(request, progress=TERMINAL))
        return
    log = _RunLog(config, radius_is_given=request.clusterer.radius_is_given)
    result = sort_photos(request, log, TERMINAL)
    if result.missing:
        raise Incomplete(result.missing)


def _take_models(config: DictConfig) -> None:
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


def _read_request(config: DictConfig) -> Request:
    """What a config asks for. Raises UserError for what cannot be meant."""
    refuse_missing(config)
    task = config.task
    return Request(
        dataset=make(config.dataset),
        folders=_read_folders(config.dataset),
        stages=Stages(
            detector=make(config.detector),
            embedder=make(of_class(config.embedder)),
            engine=config.extract.engine,
            scale=read_scale(config),
            settings=contain(of_class(config.embedder)),
            detector_name=(chosen := read_choices(config))["detector"],
            embedder_name=chosen["embedder"],
        ),
        clusterer=_read_clusterer(config),
        out=user_path(task.out),
        mode=task.mode,
        restore=task.restore,
        regroup=task.regroup,
        prune=task.prune,
        dry_run=task.get("dry_run", False),
        names=config.dataset.get("labels") == XMP,
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


class _RunLog:
    """The job's run in MLflow, and what is printed at its end."""

    def __init__(self, config: DictConfig, *, radius_is_given: bool) -> None:
        self._config = config
        self._later = () if radius_is_given else radius.KEYS
        self._job: Job
        self._run: Run

    @contextlib.contextmanager
    def begin(self) -> Iterator[None]:
        """Within, the run is there."""
        self._job = Job(self._config, "organise")
        with self._job.run(later=self._later) as self._run:
            yield

    def say_radius(self, estimator: BaseEstimator) -> None:
        """Log it."""
        self._job.say_radius(self._run, estimator)

    def keep(self, report: Report) -> str:
        """Log counts, page and what was skipped."""
        return telling.keep(self._run, self._job.tracking, report)

    def tell(self, result: Sorted) -> None:
        """Print what was done, and give it to scripts."""
        telling.tell(result, self._job.tracking)
        self._job.give(
            self._run,
            counts=result.counts,
            radius=result.radius,
            changes=result.changes,
            missing=result.failed,
            impossible_pairs=None if result.mistaken is None else result.mistaken.rate,
            folder=result.out,
        )
        outputs.leave_no_empty_folder()
