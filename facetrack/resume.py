"""Going on with an interrupted sweep: `resume=last`, `resume=<sweep id>`.

A sweep's parent run keeps the overrides it was started with. To resume is to run the same command
under the same sweep id: jobs that are finished there say so and end (see job.py).
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from facetrack import home
from facetrack.errors import UserError
from facetrack.masked import is_masked

if TYPE_CHECKING:
    from filelock import FileLock

_KEY = "resume="


def resumed(arguments: Sequence[str], conf: Path) -> list[str]:
    """The arguments, or those of the sweep that `resume=…` among them names.

    Raises UserError where no such sweep is, where it still runs, and for arguments that would make
    it another sweep.
    """
    asked = [one for one in arguments if one.startswith(_KEY)]
    if not asked:
        return list(arguments)
    which = asked[-1].removeprefix(_KEY)
    others = [
        one for one in arguments if not one.startswith(_KEY) and one not in ("-m", "--multirun")
    ]
    for one in others:
        if not one.startswith(("tracking", "hydra", "task.storage=")):
            raise UserError(
                f"{asked[-1]} goes on with a sweep as it was started: leave out {one}, or start a "
                "new sweep with it"
            )
    # Imported here: a command without resume= does not wait for MLflow.
    from facetrack.tracking import Tracking

    with initialize_config_dir(str(conf), version_base="1.3"):
        try:
            config = compose("config", [one for one in others if one.startswith("tracking")])
        except (HydraException, OmegaConfBaseException) as error:
            raise UserError(" ".join(str(error).split())) from error
    tracking = Tracking(config.tracking.uri, config.tracking.experiment)
    sweep_id, overrides = tracking.resumable(None if which == "last" else which)
    lock(sweep_id).release()
    for one in overrides:
        key = one.partition("=")[0]
        if is_masked(one) and not any(other.startswith(f"{key}=") for other in others):
            raise UserError(
                f"the password in {one} was not kept with the sweep: give {key}=… again, beside "
                f"{asked[-1]}"
            )
    return ["-m", *overrides, *others, f"sweep_id={sweep_id}"]


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
