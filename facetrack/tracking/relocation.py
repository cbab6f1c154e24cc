"""A store that was moved finds the files of its runs again (see moved.py).

MLflow keeps the whole path of the folder that each run's files are in, and has no command that
changes it.
"""

import contextlib
import sqlite3
from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.tracking.place import path_of, write_address

_PLACES = (("experiments", "artifact_location"), ("runs", "artifact_uri"))


def correct(path: Path) -> int:
    """Let a store look for the files of its runs beside itself; returns how many runs that changes.

    Places that are elsewhere for good stay: on servers, and in folders not called mlruns. No file
    is moved. Raises UserError where it is no store.
    """
    if not path.is_file():
        raise UserError(f"there is no {path}: work in the folder that has mlflow.db, or name it")
    files = path.parent / "mlruns"
    changed = 0
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=60)) as store, store:
            for table, column in _PLACES:
                found = store.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
                new = [(_beside(str(old), files), row) for row, old in found]
                pairs = [pair for pair, (_, old) in zip(new, found, strict=True) if pair[0] != old]
                store.executemany(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", pairs)
                changed = len(pairs)
    except sqlite3.Error as error:
        raise UserError(
            f"{path} cannot be corrected ({error}): see that it is MLflow's database and that "
            "nobody is writing to it, then run the same command again"
        ) from error
    return changed


def _beside(location: str, files: Path) -> str:
    """Where what was at an artifact location is, if it came along with its folder mlruns."""
    before = path_of(location)
    if before is None or "mlruns" not in before.parts:
        return location
    last = len(before.parts) - 1 - before.parts[::-1].index("mlruns")
    now = files.joinpath(*before.parts[last + 1 :])
    return location if now == before else write_address(now)
