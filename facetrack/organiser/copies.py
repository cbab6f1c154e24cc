"""Single copies of photos and links to them: made whole, looked at again, removed or replaced."""

import contextlib
import dataclasses
import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from facetrack.core.errors import UserError
from facetrack.organiser.state import File
from facetrack.system.files import sha256
from facetrack.system.owner import hand_over

_CHUNK = 1 << 20
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


class SourceError(Exception):
    """A photo cannot be copied, or linked to, for the reason in the text."""


@dataclass(frozen=True)
class Made:
    """A finished file that has no name of its own yet.

    part: where it is for now. size, mtime_ns: as `File` has them. plain: the disk refused to give
    it the mode or the times of its original.
    """

    part: Path
    size: int
    mtime_ns: int
    plain: bool = False


def look_at_made(path: Path | str, file: File) -> File | None:
    """The record of a file that is as facetrack made it; None for one that is not, or is gone."""
    return None if is_in_link(path) else look_at_file(path, file)


def is_in_link(path: Path | str) -> bool:
    """Whether the folder of a file is a link, through which one would look elsewhere."""
    return os.path.islink(os.path.dirname(path))  # noqa: PTH114, PTH120 - of many


def look_at_file(path: Path | str, file: File) -> File | None:
    """The same of a file whose folder is known to be no link.

    A text is looked at sooner than a Path is made, of which large folders would take many.
    Where a folder is copied, its files may lose their times. So where only these differ, what is
    in the file decides, and the record gets the new time.
    """
    try:
        status = os.lstat(path)
        if not _fits(status, file):
            return None
        if status.st_mtime_ns == file.mtime_ns:
            return file
        path = Path(path)
        if file.kind == "link":
            # Behind a broken link there is nothing that somebody could miss.
            same = not path.exists() or (path.is_file() and sha256(path).hex() == file.content)
        else:
            same = holds(path, file.content)
    except OSError:
        return None
    return dataclasses.replace(file, mtime_ns=status.st_mtime_ns) if same else None


def look_at_begun(path: Path | str, file: File | None) -> File | None:
    """The record of a file that a run was about to make, where it did; else None.

    What is there may still be what was there before, hence its content is looked at.
    """
    if file is None or (file.kind == "copy" and not holds(path, file.content)):
        return None
    return look_at_made(path, file)


def holds(path: Path | str, content: str) -> bool:
    """Whether a path is a file, no link, with this content. content: hex SHA-256."""
    return _status(path, content) is not None


def look_at_unknown(path: Path, content: str, original: Path, kind: str) -> os.stat_result | None:
    """The status of a file that nobody remembers, if it is what would be made there."""
    try:
        status = os.lstat(path)
        if kind == "link":
            return status if leads_to(path, original) else None
        return _status(path, content) if status.st_size == original.stat().st_size else None
    except OSError:
        return None


def copy(original: Path, content: str, part: Path) -> Made:
    """Copy a photo, with its mode and times as far as the disk takes them.

    content: hex SHA-256 of what the photo should have in it. Raises SourceError where the trouble
    is on the side of the original, OSError where it is on that of the copy.
    """
    part.unlink(missing_ok=True)
    try:
        source = _open(original)
    except OSError as error:
        raise SourceError(f"cannot be read any more ({error.strerror}), so not copied") from error
    found = hashlib.sha256()
    with source, part.open("xb") as target:
        while True:
            try:
                chunk = source.read(_CHUNK)
            except OSError as error:
                told = f"cannot be read any more ({error.strerror}), so not copied"
                raise SourceError(told) from error
            if not chunk:
                break
            found.update(chunk)
            target.write(chunk)
        if found.hexdigest() != content:
            raise SourceError("it changed while facetrack was reading it, so not copied")
        target.flush()
        like = os.fstat(source.fileno())
        hand_over(part)
        plain = False
        try:
            os.fchmod(target.fileno(), stat.S_IMODE(like.st_mode) & 0o777 | 0o600)
        except OSError:
            plain = True
        try:
            os.utime(target.fileno(), ns=(like.st_atime_ns, like.st_mtime_ns))
        except OSError:
            plain = True
        status = os.fstat(target.fileno())
    return Made(part, status.st_size, status.st_mtime_ns, plain)


def link(original: Path, content: str, part: Path) -> Made:
    """Make a link to a photo, if that is there and has this content.

    Raises as `copy` does, and UserError where the disk has no links.
    """
    part.unlink(missing_ok=True)
    try:
        if not original.is_file() or sha256(original).hex() != content:
            told = "is there no more" if not original.exists() else "has changed meanwhile"
            raise SourceError(f"{told}, so not linked to")
    except OSError as error:
        told = f"cannot be read any more ({error.strerror}), so not linked to"
        raise SourceError(told) from error
    try:
        part.symlink_to(original)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        raise UserError(
            f"the disk of task.out takes no links ({error.strerror}): take task.mode=copy"
        ) from error
    status = os.lstat(part)
    return Made(part, status.st_size, status.st_mtime_ns)


def leads_to(path: Path, original: Path) -> bool:
    """Whether a path is a link that names this original."""
    try:
        return os.readlink(path) == str(original)  # noqa: PTH115
    except OSError:
        return False


def remove(path: Path, file: File) -> bool:
    """Remove a file if it is, at this moment, what facetrack made; whether it was.

    Raises OSError where it cannot be removed.
    """
    if not _is_still(path, file):
        return False
    path.unlink()
    return True


def exchange(made: Made, path: Path, file: File) -> bool:
    """Put a finished file in the place of one that is still what facetrack made; whether it was.

    There is no moment at which neither is there. Raises OSError.
    """
    if not _is_still(path, file):
        return False
    os.replace(made.part, path)  # noqa: PTH105 - onto what was looked at the moment before
    return True


def _open(original: Path) -> BinaryIO:
    """A photo's file to read, links followed; no pipe, which nothing might ever come out of."""
    opened = os.fdopen(os.open(original, os.O_RDONLY | os.O_NONBLOCK), "rb")
    if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
        opened.close()
        raise OSError(errno.EINVAL, "not a file")
    return opened


def _is_still(path: Path, file: File) -> bool:
    """Whether a file is what facetrack made, by its content and not only by size and time."""
    with contextlib.suppress(OSError):
        if path.parent.is_symlink():
            return False
        if file.kind == "link":
            status = os.lstat(path)
            return _fits(status, file) and status.st_mtime_ns == file.mtime_ns
        read = _status(path, file.content)
        if read is not None:
            now = os.lstat(path)
            return os.path.samestat(read, now) and now.st_mtime_ns == read.st_mtime_ns
    return False


def _fits(status: os.stat_result, file: File) -> bool:
    kind = stat.S_ISLNK if file.kind == "link" else stat.S_ISREG
    return kind(status.st_mode) and status.st_size == file.size


def _status(path: Path | str, content: str) -> os.stat_result | None:
    """The status of a file, no link, that was found to have this content; else None."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(opened, "rb") as file, contextlib.suppress(OSError):
        before = os.fstat(opened)
        if not stat.S_ISREG(before.st_mode):
            return None
        if hashlib.file_digest(file, "sha256").hexdigest() != content:
            return None
        after = os.fstat(opened)
        same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
        return after if same else None
    return None
