"""A plan of what to forget is carried out: by the command that made it, or by one after it."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

from filelock import Timeout

from facetrack.core.errors import UserError
from facetrack.core.texts import make_readable, write_count
from facetrack.organiser import forgetting, people_file, state
from facetrack.system import json_lines
from facetrack.system.home import find_locks, lock
from facetrack.system.progress import say
from facetrack.tasks.forgetting import plan as plans
from facetrack.tasks.forgetting.locations import Found, Place, find_places
from facetrack.tasks.forgetting.plan import Plan

_ANOTHER_SECONDS = 60


def finish_forgetting() -> None:
    """Finish what a `task=forget` that was killed has begun, and say so.

    For other tasks, before they read what is to be forgotten. Raises UserError where another
    process is forgetting and does not come to an end.
    """
    if not plans.find_pending():
        return
    with exclude_others():
        told = []
        for plan in plans.find_pending():
            told.append(
                "an earlier task=forget of "
                f"{write_count(len(plan.contents), 'picture')} was finished: as long as "
                "they are in the folder of photos, a run stores their faces again"
            )
            told += [f"not all is forgotten: {trouble}" for trouble in carry_out(plan, None)]
    for line in told:
        say(f"  {make_readable(line)}")


@contextlib.contextmanager
def exclude_others() -> Iterator[None]:
    """Nobody else carries out plans meanwhile."""
    try:
        with lock(find_locks() / "forget.lock").acquire(timeout=_ANOTHER_SECONDS):
            yield
    except Timeout as error:
        raise UserError("another task=forget is at work: wait until it is done") from error


def carry_out(plan: Plan, uri: str | None) -> list[str]:
    """Clear all places of a plan, and tell each; returns what kept something from going.

    uri: the MLflow store as it is given now.
    """
    say(describe(plan))
    troubles = []
    with contextlib.ExitStack() as stack:
        reached = plan
        if plan.out is not None:
            try:
                forgetting.check(Path(plan.out))
                stack.enter_context(state.open_folder(Path(plan.out)))
            except UserError as error:
                troubles.append(
                    f"{error}; where {plan.out} is gone for good, remove {plan.path} as well"
                )
                reached = dataclasses.replace(plan, out=None)
        for place in find_places(reached, uri):
            troubles += _clear(place)
    if not troubles:
        plan.done()
        if plan.persons:
            say(f"{people_file.FILE} is yours: names in it stay until you remove them")
        say("The pictures, and copies in task.out, are where they were; a run stores them again")
    return troubles


def describe(plan: Plan) -> str:
    """What a plan forgets, in a sentence."""
    whose = plan.asked["person"] or plan.asked["picture"]
    return (
        f"{write_count(len(plan.contents), 'picture')}: what is stored of {whose}, by the "
        "content of the files; pictures that only look the same are others"
    )


def _clear(place: Place) -> list[str]:
    """Clear a place, telling what was there and what is left; returns what kept it from going."""
    troubles: list[str] = []
    before = _look_into(place)
    try:
        place.clear()
    except (UserError, OSError) as error:
        troubles.append(str(error))
    after = _look_into(place)
    if isinstance(after, str):
        troubles.append(after)
    elif after.count and not troubles:
        troubles.append(f"{place.what}: {after.count} are left")
    known = [one.count if isinstance(one, Found) else None for one in (before, after)]
    counts = ["unknown" if count is None else f"{count:,}" for count in known]
    say(f"  {place.what}: {counts[0]} before, {counts[1]} left")
    json_lines.tell("forget", place=place.what, before=known[0], left=known[1], troubles=troubles)
    return troubles


def _look_into(place: Place) -> Found | str:
    """What is in a place, or why nobody can say."""
    try:
        return place.found()
    except (UserError, OSError) as error:
        return str(error)
