"""What a run is about to put into folders, written down before it does.

A run that is killed saves no state. What it has made until then is facetrack's all the same: it can
be moved with its person, and an edited photo takes the place of its copy.
"""

import contextlib
import dataclasses
import json
import os
from collections.abc import Collection
from pathlib import Path

from facetrack.organiser.state import File, demand_below
from facetrack.system.owner import hand_over
from facetrack.system.torn_lines import cut_torn, is_torn

_NAME = "placing.jsonl"


class Journal:
    """The journal of an organised folder. own: where facetrack keeps its own things there."""

    def __init__(self, own: Path) -> None:
        self.path = own / _NAME

    def note(self, path: str, file: File) -> None:
        """Write down a file that is about to be at a path below the organised folder.

        Raises OSError.
        """
        line = json.dumps({"path": path, **dataclasses.asdict(file)})
        with open(self.path, "a+b", opener=_private) as journal:
            hand_over(self.path)
            # Half a line is of no use: its file was not yet put anywhere when the run ended.
            if is_torn(journal):
                cut_torn(journal)
            journal.write(f"{line}\n".encode())

    def read(self) -> dict[str, File]:
        """What runs that were killed have noted, the last of each path; torn lines are left out."""
        found = {}
        with contextlib.suppress(FileNotFoundError):
            for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
                with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
                    stored = json.loads(line)
                    path = str(stored.pop("path"))
                    demand_below(path)
                    found[path] = File(**stored)
        return found

    def knows(self, contents: Collection[str]) -> int:
        """How many of its lines are about photos with one of these contents (hex SHA-256)."""
        return sum(file.content in contents for file in self.read().values())

    def remove(self) -> None:
        """A run has ended, whose state knows all of it."""
        self.path.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)
