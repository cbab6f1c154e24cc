"""Which files `task=export` has written, so that `task=forget` can find them."""

import csv
import json
from collections.abc import Collection
from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.system import npz
from facetrack.system.files import replace
from facetrack.system.home import find_home, find_locks, lock

_FILE = "exports.json"
_VERSION = 1
CONTENT = "content"
"""The column of a CSV with the SHA-256 of each face's picture; in an .npz `contents`."""


def remember(path: Path) -> None:
    """Remember a file that is about to be written. Raises OSError."""
    with lock(find_locks() / "exports.lock"):
        known = [str(one) for one in read_remembered() if one.exists() and one != path]
        replace(
            find_home() / _FILE,
            json.dumps({"version": _VERSION, "files": [*known, str(path)]}).encode(),
        )


def read_remembered() -> list[Path]:
    """The files, whether or not they are still there; none where the list cannot be read."""
    try:
        stored = json.loads((find_home() / _FILE).read_bytes())
        if stored["version"] != _VERSION:
            return []
        return [Path(str(one)) for one in stored["files"]]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return []


def find_showing(contents: Collection[str]) -> list[Path]:
    """The files that are still exports and have a face of one of these pictures.

    contents: SHA-256 in hex.
    """
    wanted = frozenset(contents)
    return [
        path for path in read_remembered() if path.is_file() and not wanted.isdisjoint(_of(path))
    ]


def _of(path: Path) -> set[str]:
    """The pictures that an exported file has faces of; none where it is another file by now."""
    try:
        if path.open("rb").read(2) == b"PK":
            found = npz.read(path, ["contents"], "task.out").get("contents")
            if found is None or found.dtype.kind != "S":
                return set()
            return {text.decode("ascii", "replace") for text in found.reshape(-1).tolist()}
        with path.open(encoding="utf-8", newline="") as file:
            return {row[CONTENT] for row in csv.DictReader(file) if row.get(CONTENT)}
    except (OSError, ValueError, UserError, csv.Error):
        return set()
