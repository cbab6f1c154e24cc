"""Folders for files that are soon to be deleted: pages with faces on their way to MLflow.

They are in the folder that FACETRACK_HOME names, for their owner alone. A process holds a lock on
its own as long as it uses it, so that what a killed one has left is known, and the next run
removes it.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

NAME = "temporary"
"""The folder in FACETRACK_HOME that they are in."""


@contextlib.contextmanager
def folder(home: Path) -> Iterator[Path]:
    """A new folder in a FACETRACK_HOME, removed at the end with what is in it. Raises OSError."""
    path, handle = _make_locked(home / NAME)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(handle)
        _remove_empty(home / NAME)


def find_left(home: Path) -> list[Path]:
    """The folders whose process is gone."""
    with contextlib.suppress(OSError):
        return [path for path in sorted((home / NAME).iterdir()) if _is_abandoned(path)]
    return []


def sweep(home: Path) -> None:
    """Remove the folders whose process is gone."""
    for path in find_left(home):
        shutil.rmtree(path, ignore_errors=True)
    _remove_empty(home / NAME)


def _make_locked(base: Path) -> tuple[Path, int]:
    """A new folder, and the open handle that holds its lock."""
    while True:
        base.mkdir(mode=0o700, exist_ok=True)
        try:
            path = Path(tempfile.mkdtemp(dir=base))
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue  # another process has removed it: empty, or not locked yet
        with contextlib.suppress(OSError):  # a network disk without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if path.exists():  # else it was swept before it was locked
            return path, handle
        os.close(handle)


def _remove_empty(base: Path) -> None:
    with contextlib.suppress(OSError):  # others are in it, or there is none
        base.rmdir()


def _is_abandoned(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False  # facetrack makes nothing but folders here
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
