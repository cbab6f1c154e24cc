"""Going on with an interrupted sweep: `resume=last`, `resume=<sweep id>`.

A sweep's parent run keeps the overrides it was started with. To resume is to run the same command
under the same sweep id: jobs that are finished there say so and end (see tasks/context/job.py).
"""

import re
import shlex
from collections.abc import Iterable, Sequence

from hydra import compose
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from facetrack.cli.stored_arguments import find_doubtful, say_the_same
from facetrack.core.errors import UserError
from facetrack.system.masking import is_masked
from facetrack.tasks.sweep.sweep_lock import take_lock

_KEY = "resume="
_GIVEN_AGAIN = ("tracking", "hydra", "task.storage=")  # as they need not be what they were
# What had to be added with + when it was stored, and is a setting of its own by now.
_ADDED_THEN = "+clusterer.n_init="
_PLAIN = re.compile(r"\w[\w.-]*")  # it names a folder


def replace_resume(arguments: Sequence[str]) -> list[str]:
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
    _refuse_any(
        [one for one in others if not one.startswith(_GIVEN_AGAIN) and not find_doubtful([one])],
        asked[-1],
    )
    # Imported here: a command without resume= does not wait for MLflow.
    from facetrack.tracking.store import open_store

    try:
        config = compose("config", [one for one in others if one.startswith("tracking")])
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(" ".join(str(error).split())) from error
    tracking = open_store(config.tracking.uri, config.tracking.experiment)
    sweep = tracking.resumable(None if which == "last" else which)
    sweep_id, overrides = sweep.sweep_id, [_write_now(one) for one in sweep.command or ()]
    if which == "last" and not _PLAIN.fullmatch(sweep_id):
        raise UserError(f"the last sweep is {sweep_id}: if that is yours, say resume={sweep_id}")
    again = [one for one in others if any(say_the_same(stored, one) for stored in overrides)]
    _refuse_any(
        [one for one in others if one not in again and not one.startswith(_GIVEN_AGAIN)], asked[-1]
    )
    missing = [
        one
        for one in find_doubtful(overrides)
        if not any(say_the_same(one, other) for other in again)
    ]
    if missing:
        raise UserError(
            f"sweep {sweep_id} is said to have been started with {' '.join(missing)}, which could "
            f"run anything: if it was, type that again: {shlex.join([asked[-1], *missing])}"
        )
    take_lock(sweep_id).release()
    for stored in overrides:
        key = stored.partition("=")[0]
        if is_masked(stored) and not any(one.startswith(f"{key}=") for one in others):
            raise UserError(
                f"the password in {stored} was not kept with the sweep: give {key}=… again, beside "
                f"{asked[-1]}"
            )
    others = [one for one in others if one not in again]
    # As it was scored so far, whatever is scored now: a table never mixes two versions.
    version = f"protocol_version={sweep.protocol_version}"
    overrides = [one for one in overrides if not one.startswith("protocol_version=")]
    return ["-m", *overrides, *others, f"sweep_id={sweep_id}", version]


def _write_now(stored: str) -> str:
    """A stored argument as it would be typed now."""
    return stored.removeprefix("+") if stored.startswith(_ADDED_THEN) else stored


def _refuse_any(arguments: Sequence[str], asked: str) -> None:
    """Raises UserError for the first argument, which would make it another sweep."""
    for argument in arguments:
        raise UserError(
            f"{asked} goes on with a sweep as it was started: leave out {argument}, or start a new "
            "sweep with it"
        )


def keep_own_overrides(overrides: Iterable[str]) -> list[str]:
    """Those that make the sweep what it is: not where it is tracked, which may hold a password."""
    return [
        one
        for one in overrides
        if not one.lstrip("+").startswith(("sweep_id=", "tracking", "hydra.mode="))
    ]
