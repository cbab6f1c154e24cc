"""Whether the files and folders to read from are there, before anything heavy is imported."""

import os
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from facetrack.core.errors import UserError
from facetrack.system.files import user_path
from facetrack.system.masking import remember
from facetrack.tasks.context.groups import name_group
from facetrack.tasks.context.missing import refuse_missing
from facetrack.tasks.context.stages import check_stages
from facetrack.tracking.address import NOWHERE, refuse_malformed

_FOLDER, _FOLDERS, _VECTORS = "dataset.root", "dataset.roots", "dataset.file"
_FILES = (
    *("dataset.archive", "dataset.archives", "detector.weights", "embedder.weights"),
    "task.factors",
)
# What is to be forgotten may be gone, an audit reads what is stored, and an organised folder knows
# where its photos are: these say themselves what they need.
_ORGANISED = ("facetrack.tasks.audit.run.audit", "facetrack.tasks.review.run.review")
_KNOWING = ("facetrack.tasks.forget.run.forget", *_ORGANISED)


def check(jobs: Sequence[DictConfig]) -> None:
    """Refuse settings without a value, paths from which nothing can be read, and no addresses.

    jobs: their configs, each setting in them with its first value. Raises UserError.
    """
    for uri in dict.fromkeys(OmegaConf.select(job, "tracking.uri") for job in jobs):
        if uri and uri != NOWHERE:
            remember(str(uri))
            refuse_malformed(str(uri))
    for job in jobs:
        task = OmegaConf.select(job, "task._target_")
        if task in _ORGANISED:
            from facetrack.organiser.presence import demand_organised

            for out in _paths(job, "task.out"):
                demand_organised(user_path(out))
        if task in _KNOWING:
            continue
        refuse_missing(job)
        for root in [*_paths(job, _FOLDER), *_paths(job, _FOLDERS)]:
            if not os.path.isdir(os.path.expanduser(root)):  # noqa: PTH111, PTH112 - they never raise
                from facetrack.dataset.folder import find_folder

                with name_group(job):
                    find_folder(root)  # says what is wrong with it
        for path in _paths(job, _VECTORS):
            if not _may_be_npz(os.path.expanduser(path)):  # noqa: PTH111 - as above
                from facetrack.dataset.vectors import read_about

                read_about(path)  # says what is wrong with it
        for key in _FILES:
            for path in _paths(job, key):
                _refuse_unreadable(key, path)
        if str(task).startswith("facetrack."):
            check_stages(job)


def _may_be_npz(path: str) -> bool:
    """Whether a file is there and ends as an archive does; the arrays in it are looked at later."""
    return os.path.isfile(path) and zipfile.is_zipfile(path)  # noqa: PTH113 - never raises


def _refuse_unreadable(key: str, path: str) -> None:
    try:
        os.close(os.open(Path(path).expanduser(), os.O_RDONLY | os.O_NONBLOCK))
    except (OSError, ValueError, RuntimeError) as error:
        told = error.strerror if isinstance(error, OSError) else str(error)
        raise UserError(f"{key}={path} cannot be read ({told}): give the path of a file") from error


def _paths(job: DictConfig, key: str) -> Iterator[str]:
    """The paths that a setting of one of facetrack's own classes names."""
    stage = key.partition(".")[0]
    if not str(OmegaConf.select(job, f"{stage}._target_")).startswith("facetrack."):
        return
    value: Any = OmegaConf.select(job, key)
    for path in value if OmegaConf.is_list(value) else [value]:
        if path is not None:
            yield str(path)
