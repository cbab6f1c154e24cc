"""Running a run again: `reproduce=<run id>`, `reproduce=<sweep id>`.

A job alone and a job of a sweep keep their command in capsule.json, a sweep in its parent run. What
a store has kept is run by the rules of `resume=`: see stored_arguments.py.
"""

import re
import secrets
from collections.abc import Sequence

from facetrack.cli.literals import quote_unreadable
from facetrack.cli.stored_arguments import Again, open_tracking, take_stored
from facetrack.core.errors import UserError
from facetrack.tracking import peeking
from facetrack.tracking.protocols import Tracking
from facetrack.tracking.records import RunRecord, SweepRecord

_KEY = "reproduce="
_KINDS = ("job", "study", "verification", "comparison", "knn", "accessories", "sweep")


def replace_reproduce(arguments: Sequence[str]) -> list[str]:
    """The arguments, or those of the run that `reproduce=…` among them names.

    Hydra is initialized. Raises UserError where no such run is, where it does not say how it was
    started, for arguments that would make it another run, and where its own include some that the
    user has to type again.
    """
    asked = [one for one in arguments if one.startswith(_KEY)]
    if not asked:
        return list(arguments)
    which = asked[-1].removeprefix(_KEY)
    if not which:
        raise UserError("reproduce has no value: add reproduce=RUN, a run's or a sweep's id")
    others = [one for one in arguments if not one.startswith(_KEY)]
    again = Again(asked[-1], f"run {which}", "runs it again", others)
    tracking = open_tracking(again, lambda uri: peeking.demand_run(uri, which))
    run = _find(tracking, which)
    # Imported here and below: a command without reproduce= does not wait for what works.
    from facetrack.tasks.reproduce.telling import name_again

    stored = _read_command(tracking, run)
    version = f"protocol_version={run.protocol_version}"
    stored = [_quote(one) for one in stored if not one.startswith("protocol_version=")]
    several = ["-m"] if isinstance(run, SweepRecord) else []
    reproduces = f"reproduces={name_again(run.run_id, secrets.token_hex(4))}"
    return [*several, *take_stored(stored, again), version, reproduces]


def _quote(argument: str) -> str:
    """An argument whose paths begin with ~ where they began with the home folder."""
    key, _, value = argument.partition("=")
    if value.startswith("["):
        value = re.sub(r"(?<=[\[,])(~[^,\]'\"]*)", r"'\1'", value)
    return quote_unreadable(f"{key}={value}" if value else argument)


def _find(tracking: Tracking, which: str) -> RunRecord:
    run = tracking.find(which)
    if run is None:
        raise peeking.missing_run(which)
    if run.kind == "trial":
        raise UserError(f"run {which} is a trial of a study: reproduce the study it is in")
    if run.kind not in _KINDS:
        raise UserError(
            f"run {which} is of task={run.kind}, which writes to a folder of yours: give its "
            "command again instead"
        )
    return run


def _read_command(tracking: Tracking, run: RunRecord) -> list[str]:
    from facetrack.tasks.context.capsule import CAPSULE, read

    if isinstance(run, SweepRecord):
        if run.command is not None:
            return list(run.command)
    else:
        try:
            kept = read(tracking.artifact(run.run_id, CAPSULE))
        except UserError:
            kept = None  # of the version before
        if kept is not None:
            return list(kept.command)
    raise UserError(
        f"run {run.run_id} does not say how it was started: its config.yaml has all settings, give "
        "those in a command"
    )
