"""Arguments that a store has kept, on their way to being run again.

Whoever can write to the store can change them. So only those are taken from it that can do no more
than choose among what facetrack brings and set values; every other one is for the user to type.
"""

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hydra import compose
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from facetrack.cli.arguments.overrides import parse_override, read_said_values
from facetrack.core.errors import UserError
from facetrack.system.masking import HIDDEN, is_masked
from facetrack.system.shipped import CONF
from facetrack.tasks.context.targets import STAGES, TASK, leaves
from facetrack.tracking.address import NOWHERE

if TYPE_CHECKING:
    from facetrack.tracking.protocols import Tracking

_GROUPS = (*STAGES, TASK, "experiment")
_TASKS = (
    "evaluate",
    "tune",
    "verify",
    "knn",
    "accessories",
    "compare",
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
_GIVEN_AGAIN = ("tracking", "hydra", "task.storage=")  # as they need not be what they were


@dataclass(frozen=True)
class Again:
    """What asks for stored arguments.

    asked: the argument, "resume=last". whose: they are. does: what comes of it, after `asked` in a
    sentence. others: the arguments beside it.
    """

    asked: str
    whose: str
    does: str
    others: Sequence[str]

    def refuse_any(self, arguments: Sequence[str]) -> None:
        """Raises UserError for the first of some arguments, which would make it something else."""
        for argument in arguments:
            raise UserError(
                f"{self.asked} {self.does} as it was started: leave out {argument}, or start a new "
                "one with it"
            )

    def refuse_harmless(self) -> None:
        """The same of those beside that a store's own arguments would not need typed again."""
        self.refuse_any(
            [
                one
                for one in self.others
                if not one.startswith(_GIVEN_AGAIN) and not find_doubtful([one])
            ]
        )


def open_tracking(again: Again, peek: Callable[[str | None], None]) -> "Tracking":
    """The store that the arguments beside name. Hydra is initialized. Raises UserError.

    peek: called with its address before; raises UserError where what is asked is surely not there.
    """
    try:
        config = compose("config", [one for one in again.others if one.startswith("tracking")])
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(" ".join(str(error).split())) from error
    if config.tracking.uri != NOWHERE:
        peek(config.tracking.uri)
    # Imported here: a command that asks for none does not wait for MLflow.
    from facetrack.tracking.store import open_store

    return open_store(config.tracking.uri, config.tracking.experiment)


def take_stored(stored: Sequence[str], again: Again) -> list[str]:
    """Stored arguments that may be run, and behind them the other ones that were typed beside.

    Raises UserError for those typed that would make it something else, and where some of the
    stored ones have to be typed again: they could run anything, or hold what was not kept.
    """
    typed = [one for one in again.others if any(say_the_same(kept, one) for kept in stored)]
    more = [one for one in again.others if one not in typed]
    given = [one.partition("=")[0] for one in more]
    hidden = [one for one in stored if is_masked(one)]
    hidden_keys = [one.partition("=")[0] for one in hidden]
    again.refuse_any(
        [
            one
            for one in more
            if not one.startswith(_GIVEN_AGAIN) and one.partition("=")[0] not in hidden_keys
        ]
    )
    missing = [
        one for one in find_doubtful(stored) if not any(say_the_same(one, other) for other in typed)
    ]
    if missing:
        raise UserError(
            f"{again.whose} is said to have been started with {' '.join(missing)}, which could "
            f"run anything: if it was, type that again: {shlex.join([again.asked, *missing])}"
        )
    for one, key in zip(hidden, hidden_keys, strict=True):
        if key not in given:
            raise UserError(
                f"the {_name_hidden(one)} in {one} was not kept with {again.whose}: give {key}=… "
                f"again, beside {again.asked}"
            )
    return [*(one for one in stored if one not in hidden), *more]


def _name_hidden(argument: str) -> str:
    return "name" if f"/{HIDDEN}" in argument else "password"


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
