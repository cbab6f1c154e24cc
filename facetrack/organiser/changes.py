"""What a run has changed, in lines for the user: nobody should have to compare two pages."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from facetrack.core.texts import write_count
from facetrack.organiser.grouping import NOBODY
from facetrack.organiser.people import folder_name
from facetrack.organiser.state import State

_MOST = 5
_UNKNOWN = "no group"


def tell(before: Mapping[str, int], now: Mapping[str, int], names: Mapping[int, str]) -> list[str]:
    """The lines. before, now: the person of each face, under what the face is called now.

    before: of all faces that are remembered, also of photos that are not there now. names: of
    persons.
    """

    def call(person: int) -> str:
        if person == NOBODY:
            return _UNKNOWN
        return f"{folder_name(person)} {names.get(person, '')}".strip()

    have = set(now.values()) - {NOBODY}
    added = Counter(person for face, person in now.items() if face not in before)
    moved = Counter(
        (before[face], person)
        for face, person in now.items()
        if face in before and before[face] != person
    )
    lines = [_tell_added(added, have - set(before.values()), call)]
    lines.append(
        f"{write_count(sum(moved.values()), 'face')} moved{_list(_tell_moves(moved, call))}"
    )
    return lines


def have_models_changed(before: State, now: State) -> bool:
    """Whether a state's detector or embedder is another one than now, as far as it says."""
    embedders, detectors = (before.embedder, now.embedder), (before.detector, now.detector)
    return any(one[0] and one[0] != one[1] for one in (embedders, detectors))


def tell_models(
    before: State, now: State, faces: Mapping[str, int], persons: Mapping[str, int]
) -> str:
    """What another detector or embedder comes to, in a sentence.

    faces: the person of each face before, on photos that are there now. persons: of each face now.
    """
    moved = sum(persons[face] != person for face, person in faces.items() if face in persons)
    lost, new = len(faces.keys() - persons.keys()), len(persons.keys() - faces.keys())
    return (
        f"by {_name_models(now)} instead of {_name_models(before)}: {moved:,} of "
        f"{write_count(len(faces), 'face')} come to another person or group, {lost:,} are no "
        f"longer found and {new:,} are new"
    )


def _name_models(state: State) -> str:
    return f"{state.detector or 'another detector'} and {state.embedder_name or 'its embedder'}"


def _tell_added(added: Counter[int], fresh: set[int], call: Callable[[int], str]) -> str:
    to = [
        f"{count:,} to {call(person)}"
        for person, count in sorted(added.items(), key=lambda one: (-one[1], one[0]))
        if person not in fresh
    ]
    new = _list([call(person) for person in sorted(fresh)])
    return (
        f"{write_count(len(fresh), 'new person')}{new}; "
        f"{write_count(sum(added.values()), 'new face')}{_list(to)}"
    )


def _tell_moves(moved: Counter[tuple[int, int]], call: Callable[[int], str]) -> list[str]:
    return [
        f"{count:,} from {call(old)} to {call(new)}"
        for (old, new), count in sorted(moved.items(), key=lambda one: (-one[1], one[0]))
    ]


def _list(parts: Sequence[str]) -> str:
    if not parts:
        return ""
    more = f" and {len(parts) - _MOST} more" if len(parts) > _MOST else ""
    return f" ({', '.join(parts[:_MOST])}{more})"
