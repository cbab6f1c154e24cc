"""Going on with an interrupted sweep: `resume=last`, `resume=<sweep id>`.

A sweep's parent run keeps the overrides it was started with. To resume is to run the same command
under the same sweep id: jobs that are finished there say so and end (see tasks/context/job.py).
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from facetrack.cli.stored_arguments import Again, open_tracking, take_stored
from facetrack.core.errors import UserError
from facetrack.tasks.sweep.sweep_lock import take_lock
from facetrack.tracking import peeking

_KEY = "resume="
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
    again = Again(asked[-1], "the sweep", "goes on with a sweep", others)
    again.refuse_harmless()
    wanted = None if which == "last" else which
    tracking = open_tracking(again, lambda uri: peeking.demand_sweep(uri, wanted))
    sweep = tracking.resumable(wanted)
    sweep_id, stored = sweep.sweep_id, [_write_now(one) for one in sweep.command or ()]
    if which == "last" and not _PLAIN.fullmatch(sweep_id):
        raise UserError(f"the last sweep is {sweep_id}: if that is yours, say resume={sweep_id}")
    arguments = take_stored(stored, replace(again, whose=f"sweep {sweep_id}"))
    take_lock(sweep_id).release()
    # As it was scored so far, whatever is scored now: a table never mixes two versions.
    version = f"protocol_version={sweep.protocol_version}"
    arguments = [one for one in arguments if not one.startswith("protocol_version=")]
    return ["-m", *arguments, f"sweep_id={sweep_id}", version]


def _write_now(stored: str) -> str:
    """A stored argument as it would be typed now."""
    return stored.removeprefix("+") if stored.startswith(_ADDED_THEN) else stored
