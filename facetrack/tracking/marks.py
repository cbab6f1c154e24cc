"""The mark that a run has of those of its artifacts that show people.

A run has it from its beginning, so that a run without one is from before there were marks.
"""

import fnmatch
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from facetrack.tracking import pieces
from facetrack.tracking.keys import SHOWING, SHOWING_BEFORE


def write_mark(names: Iterable[str]) -> dict[str, str]:
    """The tags of a mark. names: of the artifacts that show people, if any."""
    return pieces.write(SHOWING, sorted(names))


def read_mark(tags: Mapping[str, str]) -> frozenset[str] | None:
    """The names in a run's mark; None where it has none, or nobody can read it."""
    names = pieces.read(SHOWING, tags)
    return None if names is None else frozenset(names)


def is_known_to_show(path: str) -> bool:
    """Whether an artifact of a run without a mark shows people, by what it is called."""
    name = PurePosixPath(path).name
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in SHOWING_BEFORE)
