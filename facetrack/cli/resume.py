"""Going on with an interrupted sweep: `resume=last`, `resume=<sweep id>`.

A sweep's parent run keeps the overrides it was started with. To resume is to run the same command
under the same sweep id: jobs that are finished there say so and end (see job.py).
"""

import re
import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from hydra import compose
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from facetrack.cli.replayed import doubtful, same
from facetrack.core.errors import UserError
from facetrack.system import home
from facetrack.system.masking import is_masked

if TYPE_CHECKING:
    from filelock import FileLock

_KEY = "resume="
_GIVEN_AGAIN = ("tracking", "hydra", "task.storage=")  # as they need not be what they were
_PLAIN = re.compile(r"\w[\w.-]*")  # it names a folder


def resumed(arguments: Sequence[str]) -> list[str]:
    """The arguments, or those of the sweep that `resume=…` among them names; Hydra is initialized.

    Raises UserError where no such sweep is, where it still runs, for arguments that would make it
    another sweep, and where those of the sweep include some that the user has to type again.
    """
    asked = [one for one in arguments if one.startswith(_KEY)]
    if not asked:
        return list(arguments)
    which = asked[-1].removeprefix(_KEY)
    if not which:
        raise UserError("resume has no value: add resume=last, or resume=SWEEP with a sweep's id")
    others = [
        one for one in arguments if not one.startswith(_KEY) and one not in ("-m", "--multirun")
    ]
    for one in others:
        if not one.startswith(_GIVEN_AGAIN) and not doubtful([one]):
            raise _another(asked[-1], one)
    # Imported here: a command without resume= does not wait for MLflow.
    from facetrack.tracking.store import open_store

    try:
        config = compose("config", [one for one in others if one.startswith("tracking")])
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(" ".join(str(error).split())) from error
    tracking = open_store(config.tracking.uri, config.tracking.experiment)
    sweep = tracking.resumable(None if which == "last" else which)
    sweep_id, overrides = sweep.sweep_id, list(sweep.command or ())
    if which == "last" and not _PLAIN.fullmatch(sweep_id):
        raise UserError(f"the last sweep is {sweep_id}: if that is yours, say resume={sweep_id}")
    again = [one for one in others if any(same(stored, one) for stored in overrides)]
    for one in others:
        if one not in again and not one.startswith(_GIVEN_AGAIN):
            raise _another(asked[-1], one)
    missing = [one for one in doubtful(overrides) if not any(same(one, other) for other in again)]
    if missing:
        raise UserError(
            f"sweep {sweep_id} is said to have been started with {' '.join(missing)}, which could "
            f"run anything: if it was, type that again: {shlex.join([asked[-1], *missing])}"
        )
    lock(sweep_id).release()
    for one in overrides:
        key = one.partition("=")[0]
        if is_masked(one) and not any(other.startswith(f"{key}=") for other in others):
            raise UserError(
                f"the password in {one} was not kept with the sweep: give {key}=… again, beside "
                f"{asked[-1]}"
            )
    others = [one for one in others if one not in again]
    return ["-m", *overrides, *others, f"sweep_id={sweep_id}"]


def _another(asked: str, argument: str) -> UserError:
    return UserError(
        f"{asked} goes on with a sweep as it was started: leave out {argument}, or start a new "
        "sweep with it"
    )


def own_overrides(overrides: Iterable[str]) -> list[str]:
    """Those that make the sweep what it is: not where it is tracked, which may hold a password."""
    return [
        one
        for one in overrides
        if not one.lstrip("+").startswith(("sweep_id=", "tracking", "hydra.mode="))
    ]


def lock(sweep_id: str) -> "FileLock":
    """The lock that a process holds while it runs a sweep, taken. Raises UserError."""
    from filelock import Timeout

    name = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in sweep_id)
    held = home.lock(home.locks() / f"sweep-{name[:100]}.lock")
    try:
        held.acquire(timeout=0)
    except Timeout as error:
        raise UserError(
            f"sweep {sweep_id} is running in another process: wait until it is done, or stop it"
        ) from error
    return held
