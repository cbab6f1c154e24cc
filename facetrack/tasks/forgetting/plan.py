"""What is to be forgotten and where, decided and kept before anything is deleted.

Once the first place is empty, nothing else may know any more who somebody is. So a plan is a file
of its own, in the folder that FACETRACK_HOME names; whoever finds it carries it out, from the start
and however often that was begun; it is removed last.
"""

import contextlib
import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.system.files import replace
from facetrack.system.home import find_home

_VERSION = 1


@dataclass(frozen=True)
class Plan:
    """What to forget.

    asked: what the command named, to know the same command again. contents: SHA-256 in hex of the
    pictures. names: the names they are known by; empty where not all are known. persons: numbers
    of persons in `out`, the organised folder, if there is one. dataset: of which runs. root: its
    folder, if it was given. work: the folder the command was given in. uri: of the MLflow store,
    its password masked; None for none. experiment: in it.
    """

    asked: Mapping[str, str | None]
    contents: list[str]
    names: list[str]
    persons: list[int]
    out: str | None
    dataset: str
    root: str | None
    work: str
    uri: str | None
    experiment: str

    @property
    def path(self) -> Path:
        """Where the plan is kept."""
        digest = hashlib.sha256(self._text()).hexdigest()
        return folder() / f"{digest[:16]}.json"

    def keep(self) -> None:
        """Write it down, for its owner alone to read. Raises OSError."""
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        replace(self.path, self._text())

    def done(self) -> None:
        """Remove it: it is carried out."""
        self.path.unlink(missing_ok=True)
        remove_empty_folder()

    def _text(self) -> bytes:
        return json.dumps({"version": _VERSION, **dataclasses.asdict(self)}).encode()


def find_pending() -> list[Plan]:
    """The plans that have not been carried out. Raises UserError for one that cannot be read."""
    return [_read(path) for path in sorted(folder().glob("*.json"))]


def folder() -> Path:
    """Where plans are kept; it need not be there."""
    return find_home() / "forgetting"


def remove_empty_folder() -> None:
    """Remove the folder of plans once there are none; a kill may have left it."""
    with contextlib.suppress(OSError):  # there are some, or no folder
        folder().rmdir()


def _read(path: Path) -> Plan:
    try:
        stored = json.loads(path.read_bytes())
        if stored.pop("version") != _VERSION:
            raise ValueError("it is of another version of facetrack")
        return Plan(**stored)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UserError(
            f"{path}, which says what task=forget has not finished, cannot be used "
            f"({str(error)[:100]}): remove it and run that task=forget again"
        ) from error
