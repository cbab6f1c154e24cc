"""Where facetrack keeps what it can make again: embeddings, downloads, drawn portraits."""

import errno
import functools
import os
import stat
from pathlib import Path

import platformdirs
from filelock import FileLock

from facetrack.core.errors import UserError
from facetrack.system import owner, temporary
from facetrack.system.files import sweep

# How the names of files and folders in it begin.
_NAMES = (
    *("embeddings.", "damaged-", "locks", "tsne", "sheets", "downloads", "datasets", "portraits-"),
    *("derived", "forgetting", "exports.", temporary.NAME),
)
_WITH_FACES = ("", "tsne", "sheets")
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def find_home() -> Path:
    """The folder named by FACETRACK_HOME, else the user's cache folder; made when missing.

    It is readable by its owner only, since embeddings are biometric data.
    Raises UserError where it cannot be made, where it is somebody else's, and where others may
    have put something into it.
    """
    chosen = os.environ.get("FACETRACK_HOME")
    path = (Path(chosen) if chosen else Path(platformdirs.user_cache_dir("facetrack"))).absolute()
    try:
        if not chosen and not path.exists():
            _demand_not_somebodys(path)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _demand_own(path)
    except OSError as error:
        raise UserError(
            f"facetrack needs a folder of its own, but {path} cannot be made "
            f"({error.strerror}): set FACETRACK_HOME to a folder you can write to"
        ) from error
    _sweep(path)
    return path


def lock(path: Path) -> FileLock:
    """A lock of facetrack's own, whose file is its owner's alone like all that is kept here."""
    _demand_no_link(path)
    return FileLock(path, mode=0o600)


def find_locks() -> Path:
    """The folder of the locks that keep processes out of each other's way, made when missing.

    Raises UserError where it cannot be written to.
    """
    folder = find_home() / "locks"
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


def _demand_own(path: Path) -> None:
    """Raises UserError unless the folder is the user's, and nobody else could write to it."""
    status = path.stat()
    if status.st_uid != os.geteuid():
        raise _somebodys(path, status.st_uid)
    if status.st_mode & _OTHERS_WRITE:
        # What a umask of 002 made, and nobody has used yet: there is nothing to distrust.
        if status.st_mode & stat.S_IWOTH or any(path.iterdir()):
            raise UserError(
                f"others may write to {path}, so what is in it need not be facetrack's: look "
                f"through it and close it to them (chmod 700 {path}), or set FACETRACK_HOME to "
                "a folder of your own"
            )
        path.chmod(0o700)
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name.startswith(_NAMES):
                _demand_no_link(path / entry.name)


def _demand_not_somebodys(path: Path) -> None:
    """Raises UserError where root would make its cache in a user's folder (sudo that keeps HOME).

    The user could not write to it then.
    """
    above = next(parent for parent in path.parents if parent.exists())
    of = above.stat().st_uid
    if os.geteuid() == 0 and of != 0:
        raise _somebodys(above, of)


def _somebodys(path: Path, user: int) -> UserError:
    return UserError(
        f"{path} belongs to {owner.name(user)}, and facetrack keeps faces there for its owner "
        f"alone: run it as {owner.name(user)}, or set FACETRACK_HOME to a folder of your own"
    )


def _demand_no_link(path: Path) -> None:
    if path.is_symlink():
        raise UserError(
            f"{path} is a link, which facetrack neither makes nor follows: remove it, or set "
            "FACETRACK_HOME to a folder of your own"
        )


@functools.cache
def _sweep(path: Path) -> None:
    """Remove what killed processes left half written, once per process."""
    for folder in _WITH_FACES:
        sweep(path / folder)
    temporary.sweep(path)
