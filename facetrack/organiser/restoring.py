"""`task.restore=true`: back to the state before the last run, and forward again when repeated.

What to go back to and what to come back to are decided first and kept together in `restoring.json`;
only then something is changed. Killed anywhere, the next run finds that file and goes on; it is
removed last, so the restore has happened once, however often it was begun.

The version before kept the state to come back to in `undone.json` meanwhile, and the one to go back
to in `previous.json` until the end: what it has begun is finished as well.
"""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.organiser import people_file, people_writing, state
from facetrack.organiser.state import State
from facetrack.system.files import replace

_MARK, _MARK_BEFORE = "restoring.json", "undone.json"
_BACK, _FORTH = "back", "forth"


@dataclass(frozen=True)
class Restore:
    """A restore that is decided: the state to go back to, and the one to come back to later.

    begun: whether an earlier run has begun with it.
    """

    back: State
    forth: State
    begun: bool


def find_pending(out: Path) -> Restore | None:
    """The restore that an earlier run has begun, if any. Raises UserError for a damaged one."""
    own = state.own_folder(out)
    if (own / _MARK_BEFORE).exists() and not (own / _MARK).exists():
        return _restore(state.load(out, state.PREVIOUS), state.load(out, _MARK_BEFORE), begun=True)
    try:
        stored = json.loads((own / _MARK).read_bytes())
        return Restore(state.from_json(stored[_BACK]), state.from_json(stored[_FORTH]), begun=True)
    except FileNotFoundError:
        return None
    except (OSError, *state.DAMAGED) as error:
        raise UserError(
            f"{own / _MARK} cannot be used ({str(error)[:100]}): remove it, then run the same "
            "command again"
        ) from error


def decide(out: Path) -> Restore:
    """What a restore would go back to; changes nothing. Raises UserError where there is nothing."""
    if not (state.own_folder(out) / state.PREVIOUS).exists():
        raise UserError(f"{out} has no earlier state to go back to")
    back = state.load(out, state.PREVIOUS)
    forth = State()
    with contextlib.suppress(UserError):  # a damaged state is one to go back from
        forth = state.load(out)
    forth.people = people_file.text_of(out / people_file.FILE) or forth.people
    return _restore(back, forth, begun=False)


def begin(out: Path, restore: Restore) -> list[str]:
    """Mark the restore as begun and put people.yaml back; returns what the user should know.

    people.yaml stays where somebody has written to it since the restore was begun.
    """
    if not (state.own_folder(out) / _MARK).exists():
        states = {_BACK: state.to_json(restore.back), _FORTH: state.to_json(restore.forth)}
        replace(state.own_folder(out) / _MARK, json.dumps(states).encode())
    text = people_file.text_of(out / people_file.FILE)
    if text == restore.back.people:
        return []
    if text not in ("", restore.forth.people):
        return [f"{people_file.FILE} was changed since the restore was begun, and stays as it is"]
    people_writing.put(out / people_file.FILE, restore.back.people)
    return []


def save(out: Path, restore: Restore, now: State) -> None:
    """Keep the restored state, and the other to come back to."""
    state.save(out, now, restore.forth)


def end(out: Path) -> None:
    """The restore, if there was one, is over: whoever asks for one from now on asks anew."""
    for mark in (_MARK_BEFORE, _MARK):
        (state.own_folder(out) / mark).unlink(missing_ok=True)


def _restore(back: State, forth: State, *, begun: bool) -> Restore:
    back.files = {**back.files, **forth.files}  # they are there, whoever knew of them
    return Restore(back, forth, begun)
