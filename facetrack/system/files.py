"""Files as a whole: written by name and content, replaced, moved, and told apart by content."""

import contextlib
import fcntl
import hashlib
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from facetrack.core.errors import UserError
from facetrack.system.owner import hand_over

_PART = 1 << 18
_START, _END = ".facetrack-", ".part"
_UNFINISHED = re.compile(rf"{re.escape(_START)}.*{re.escape(_END)}")
# What the versions before made, which held no lock while they wrote.
_EARLIER = re.compile(r"tmp[a-z0-9_]{8}\.part")
_EARLIER_SECONDS = 3600


def write(folder: Path, contents: Mapping[str, str | bytes]) -> None:
    """Write files into a folder, made when missing; text as UTF-8."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def sha256(path: Path) -> bytes:
    """The SHA-256 of a file's content. Raises OSError."""
    content = hashlib.sha256()
    # Without a file object: of small files most of the time would go into making it.
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while part := os.read(opened, _PART):
            content.update(part)
    finally:
        os.close(opened)
    return content.digest()


def make_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing: their owner's alone, all of them.

    What root makes in somebody's folder becomes that one's. Raises OSError.
    """
    if path.is_dir():
        return
    make_folder(path.parent)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        if not path.is_dir():
            raise
    else:
        hand_over(path)


@contextlib.contextmanager
def replacing(path: Path, like: os.stat_result | None = None) -> Iterator[IO[bytes]]:
    """A file to write beside another, which takes its place at the end, readable by its owner only.

    like: what has the owner, group and mode that it is to have instead. A process that is killed
    leaves the old file or the new one, never half of it; what it leaves beside, `sweep` removes.
    Raises OSError.
    """
    with _begin_file(path.parent) as part:
        try:
            yield part
            part.flush()
            if like is None:
                hand_over(Path(part.name))
            else:
                _resemble(part.fileno(), like)
            os.replace(part.name, path)  # noqa: PTH105
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise


def replace(path: Path, content: bytes, like: os.stat_result | None = None) -> None:
    """Write a file as `replacing` has it."""
    with replacing(path, like) as part:
        part.write(content)


def create(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a new file as a whole; a process that is killed leaves it or none.

    Raises FileExistsError where there is one by now, and OSError.
    """
    with _begin_file(path.parent) as part:
        try:
            part.write(content)
            part.flush()
            hand_over(Path(part.name))
            os.fchmod(part.fileno(), mode)
            move(Path(part.name), path)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise


def move(source: Path, target: Path) -> None:
    """Give a file or link another name; never one that is taken.

    A process that is killed leaves one of the names, or both; on a disk without hard links maybe
    an empty file under the new one. Raises FileExistsError where the name is taken, OSError where
    it or the disk cannot be written to.
    """
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:  # no second names on this disk (FAT), or no such name
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            os.replace(source, target)  # noqa: PTH105 - onto the empty file of a line before
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return
    # Whoever saved another file under the old name meanwhile keeps it.
    if os.path.samestat(os.lstat(source), os.lstat(target)):
        source.unlink()


def sweep(folder: Path, *, alone: bool = False) -> int:
    """Remove files that killed processes left half written in a folder; returns how many.

    Not those of a process that still writes. alone: no other process writes there.
    """
    removed = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                removed += _swept(Path(entry.path), alone=alone)
    return removed


def _resemble(descriptor: int, like: os.stat_result) -> None:
    """Give a file the owner, group and mode of another one. Raises OSError."""
    made = os.fstat(descriptor)
    if (made.st_uid, made.st_gid) != (like.st_uid, like.st_gid):
        os.fchown(descriptor, like.st_uid, like.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(like.st_mode))


@contextlib.contextmanager
def _begin_file(folder: Path) -> Iterator[IO[bytes]]:
    """A file with a name for the time being, locked as long as this process writes it."""
    while True:
        with tempfile.NamedTemporaryFile(
            dir=folder, prefix=_START, suffix=_END, delete=False
        ) as part:
            with contextlib.suppress(OSError):  # a network disk without locks
                fcntl.flock(part, fcntl.LOCK_EX)
            if os.fstat(part.fileno()).st_nlink:  # else it was swept before it was locked
                yield part
                return


def _swept(path: Path, *, alone: bool) -> bool:
    """Remove a file if it is one that a killed process left. Raises OSError."""
    locking = _UNFINISHED.fullmatch(path.name) is not None
    if not locking and not _EARLIER.fullmatch(path.name):
        return False
    status = path.lstat()
    # One that is about to take the place of another has its mode; those before had none but this.
    if not stat.S_ISREG(status.st_mode) or (not locking and status.st_mode & 0o077):
        return False
    if not locking and not alone and status.st_mtime > time.time() - _EARLIER_SECONDS:
        return False
    with path.open("rb") as opened:
        if locking and not alone:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)  # else somebody writes it
        path.unlink()
    return True


def user_path(text: str | Path) -> Path:
    """An absolute path as a user gives it, "~" or a file: address included. Raises UserError."""
    if str(text).startswith("file:///"):
        from urllib.parse import urlsplit
        from urllib.request import url2pathname  # brings http and ssl

        return Path(url2pathname(urlsplit(str(text)).path))
    try:
        return Path(str(text)).expanduser().absolute()
    except RuntimeError as error:
        raise UserError(f"{text} is not a path: nobody has that home folder") from error
