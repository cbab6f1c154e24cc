"""Arguments that a store has kept, on their way to being run again.

Whoever can write to the store can change them. So only those are taken from it that can do no more
than choose among what facetrack brings and set values; every other one is for the user to type.
"""

import re
from collections.abc import Sequence
from typing import Any

from facetrack.cli.arguments.overrides import parse_override, read_said_values
from facetrack.system.shipped import CONF
from facetrack.tasks.context.targets import STAGES, TASK, leaves

_GROUPS = (*STAGES, TASK, "experiment")
_TASKS = (
    "evaluate",
    "tune",
    "verify",
    "knn",
    "accessories",
)  # the others write to folders of the user's, or delete
_NO_GROUP = ("seed", "n_resamples", "n_people", "people_draw", "extract.engine", "protocol_version")
_LAUNCHERS = ("basic", "joblib", "ray", "submitit_slurm")
# What else of Hydra's may be set: numbers and single words. Of launchers' other settings some are
# evaluated (joblib's pre_dispatch) or run by a shell (submitit's setup).
_OF_HYDRA = (
    "hydra.job.chdir",
    *(
        f"hydra.launcher.{name}"
        for name in ("n_jobs", "num_cpus", "timeout_min", "cpus_per_task", "mem_gb", "cluster")
    ),
    *(f"hydra.launcher.slurm_{name}" for name in ("partition", "account", "array_parallelism")),
)
_WORD = re.compile(r"[\w.-]+")
_ADDRESSES = ("url", "urls")  # where to download from


def find_doubtful(arguments: Sequence[str]) -> list[str]:
    """Those of stored arguments that are not run unless the user types them again."""
    return [one for one in arguments if not _is_harmless(one)]


def say_the_same(stored: str, typed: str) -> bool:
    """Whether two arguments say the same, whatever their quotes."""
    return stored == typed or (_read_said(stored) == _read_said(typed) is not None)


def _read_said(argument: str) -> tuple[str, list[Any]] | None:
    override = parse_override(argument)
    if override is None or override.is_delete() or override.is_range_sweep():
        return None
    values = read_said_values(override)
    return None if values is None else (override.get_key_element(), values)


def _is_harmless(argument: str) -> bool:
    override = parse_override(argument)
    if override is None or override.is_delete() or override.package is not None:
        return False
    key = override.key_or_group
    if (override.is_add() and key != "experiment") or override.is_force_add():
        return False
    values = read_said_values(override)
    if values is None:
        return False
    if key in _GROUPS:
        return all(_is_choice(key, one) for one in values)
    if key == "hydra/launcher":
        return all(one in _LAUNCHERS for one in values)
    if key in _OF_HYDRA:
        return all(_WORD.fullmatch(str(one)) for one in values)
    group, _, setting = key.partition(".")
    return (key in _NO_GROUP or (group in _GROUPS and bool(setting))) and not any(
        _may_run(name, value)
        for one in values
        for name, value in [*((part, None) for part in key.split(".")), *leaves(one)]
    )


def _is_choice(group: str, choice: Any) -> bool:
    if group == TASK and choice not in _TASKS:
        return False
    return any(path.stem == choice for path in (CONF / group).glob("*.yaml"))


def _may_run(name: str, value: Any) -> bool:
    """Whether a key is one of Hydra's own, or its value is made from something else."""
    return name.startswith("_") or name in _ADDRESSES or "${" in str(value)
