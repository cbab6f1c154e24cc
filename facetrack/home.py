"""Where facetrack keeps what it can make again: embeddings, downloads, drawn portraits."""

import errno
import os
from pathlib import Path

import platformdirs
from filelock import FileLock

from facetrack.errors import UserError


def home() -> Path:
    """The folder named by FACETRACK_HOME, else the user's cache folder; made when missing.

    It is readable by its owner only, since embeddings are biometric data.
    Raises UserError where it cannot be made.
    """
    chosen = os.environ.get("FACETRACK_HOME")
    path = Path(chosen) if chosen else Path(platformdirs.user_cache_dir("facetrack"))
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"facetrack needs a folder of its own, but {path} cannot be made "
            f"({error.strerror}): set FACETRACK_HOME to a folder you can write to"
        ) from error
    return path.absolute()


def lock(path: Path) -> FileLock:
    """A lock of facetrack's own, whose file is its owner's alone like all that is kept here."""
    return FileLock(path, mode=0o600)


def locks() -> Path:
    """The folder of the locks that keep processes out of each other's way, made when missing.

    Raises UserError where it cannot be written to.
    """
    folder = home() / "locks"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, "it cannot be written to")
    except OSError as error:
        raise UserError(
            f"facetrack keeps its locks in {folder}, which cannot be used ({error.strerror}): "
            "set FACETRACK_HOME to a folder you can write to"
        ) from error
    return folder
