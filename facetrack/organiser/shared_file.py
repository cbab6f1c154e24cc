"""A file that the user edits at the same time: read, appended to and put back.

It is appended to in place, so its owner, group, mode and links stay, and nothing that somebody
saves meanwhile can be lost: an editor that writes into the file writes over what was appended, one
that moves a new file there leaves it behind in the old one. Either is seen afterwards, and told. To
replace the file would lose what is saved between the last look at it and the replacing.

Half an append is of no use. While it is done, a note beside the file says what is appended; with it
the next run takes back what a kill or a lack of power has left.
"""

import contextlib
import errno
import hashlib
import json
import os
import stat
import time
from pathlib import Path
from typing import BinaryIO

from facetrack.core.errors import UserError
from facetrack.system.files import replace
from facetrack.system.owner import hand_over

_MOST_NOTE = 64 << 20
_QUIET = 0.05  # seconds
_EMPTIED = 0.5  # seconds; nobody wants an empty file, so an editor is still about to fill it


def read(path: Path, most: int) -> bytes | None:
    """A file's content, None where there is none. most: bytes it may have.

    Raises UserError where it cannot be read, is no file, or is a link to nothing.
    """
    try:
        with _open(path, os.O_RDONLY) as file:
            content = file.read(most + 1)
    except FileNotFoundError as error:
        if path.is_symlink():
            raise UserError(
                f"{path} is a link to {os.readlink(path)}, which is not there: "  # noqa: PTH115
                "bring the file back, or remove the link to start anew"
            ) from error
        return None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror})") from error
    if len(content) > most:
        raise UserError(f"{path} is larger than {most >> 20} MB: expected a list of people")
    return content


def append(path: Path, before: bytes | None, added: bytes) -> bool:
    """Append to a file, made where there is none, readable by its owner only.

    before: what is in it, None for no file; where something else is, or somebody has saved it
    within a twentieth of a second (emptied it, half a second) and may go on to, nothing is
    appended. Returns whether it has
    both now. Raises OSError where it cannot be written to; nothing is appended then.
    """
    note = _note(path)
    made = os.O_CREAT | os.O_EXCL if before is None else 0
    before = before or b""
    digest = hashlib.sha256(before).hexdigest()
    text = json.dumps({"size": len(before), "sha256": digest, "added": added.decode()})
    with _open(note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW) as file:
        file.write(text.encode())
    try:
        with _open(path, os.O_RDWR | os.O_APPEND | made) as file:
            quiet = _QUIET
            if not (made or before):
                quiet = _EMPTIED
                time.sleep(quiet / 10)  # Linux sets the size to 0 first, the time a moment later
            age = time.time() - os.fstat(file.fileno()).st_mtime
            if (not made and 0 <= age < quiet) or file.read() != before:
                return False
            try:
                _write(file, added)
            except BaseException:
                _take_back(file, len(before), added)
                raise
            if made:
                hand_over(path)
            if file.tell() != len(before) + len(added):
                _give_way(file, added)
            file.seek(0)
            same = os.path.samestat(os.fstat(file.fileno()), path.stat())
            return same and file.read() == before + added
    except (FileNotFoundError, FileExistsError):  # removed or made meanwhile
        return False
    finally:
        note.unlink(missing_ok=True)


def finish(path: Path) -> None:
    """Take back what an append that was killed has left of what it wanted to append."""
    note = _note(path)
    try:
        with _open(note, os.O_RDONLY | os.O_NOFOLLOW) as file:
            told = json.loads(file.read(_MOST_NOTE))
        size, digest, added = int(told["size"]), str(told["sha256"]), str(told["added"])
        with _open(path, os.O_RDWR) as file:
            if hashlib.sha256(file.read()[:size]).hexdigest() == digest:
                _take_back(file, size, added.encode())
    except (OSError, ValueError, TypeError, KeyError):
        pass  # no note, half a note, or nothing to take back from
    for left in (note, _before(path)):
        with contextlib.suppress(OSError):
            left.unlink()


def exchange(path: Path, before: bytes | None, content: bytes) -> bool:
    """Put other content into a file where it is as it was; returns whether it has it now.

    before: what is in it, None for no file. Who has the file open while it is replaced writes into
    the old one: that is looked at afterwards, and put back. On a disk where a file has one name
    only, and where the file has several, only what is saved before is seen. Raises OSError.
    """
    target = Path(os.path.realpath(path))
    kept = _before(target)
    if before is None:
        if not os.path.lexists(path):
            replace(target, content)
            return True
        return False
    with contextlib.suppress(OSError):
        kept.unlink()
    with contextlib.suppress(OSError):
        if target.stat().st_nlink == 1:
            os.link(target, kept)
    try:
        # With a second name the file can be looked at when it is replaced, too.
        if target.read_bytes() != before:
            return False
        put(path, content, names=1 + kept.exists())
        if not kept.exists() or kept.read_bytes() == before:
            return True
        os.replace(kept, target)  # noqa: PTH105
        return False
    except FileNotFoundError:  # removed meanwhile
        return False
    finally:
        kept.unlink(missing_ok=True)


def put(path: Path, content: bytes, names: int = 1) -> None:
    """Replace what is in a file, which keeps its owner, group, mode and links. Raises OSError.

    names: how many of its names are ours. A process that is killed leaves the old content or the
    new, except where the file has hard links, or an owner or folder that only writing into it
    keeps.
    """
    target = Path(os.path.realpath(path))
    try:
        status = target.stat()
    except FileNotFoundError:
        replace(target, content)
        return
    if status.st_nlink == names:
        with contextlib.suppress(PermissionError):
            replace(target, content, like=status)
            return
    with _open(target, os.O_WRONLY | os.O_TRUNC) as file:
        _write(file, content)


def _write(file: BinaryIO, content: bytes) -> None:
    """Write all of it: an unbuffered file may take a part at a time."""
    left = memoryview(content)
    while left:
        left = left[file.write(left) :]


def _open(path: Path, flags: int) -> BinaryIO:
    """A file, unbuffered where it is written to.

    Raises OSError, for what is no file too, such as a pipe or a folder.
    """
    # Without waiting: a pipe that nobody writes to would never open.
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no file", str(path))
    if flags & os.O_RDWR:
        return os.fdopen(descriptor, "r+b", 0)
    return os.fdopen(descriptor, "wb", 0) if flags & os.O_WRONLY else os.fdopen(descriptor, "rb")


def _take_back(file: BinaryIO, size: int, added: bytes) -> None:
    """Cut a file to its size before, if part of what was to be added is all that follows."""
    file.seek(size)
    rest = file.read()
    if 0 < len(rest) < len(added) and added.startswith(rest):
        file.truncate(size)


def _give_way(file: BinaryIO, added: bytes) -> None:
    """Take out what was appended to a file that an editor had emptied at that very moment.

    The editor writes over it from the start, so that its rest would follow what was saved. Cut off
    is what nobody has written over; an editor that still writes goes on at its own place.
    """
    time.sleep(_QUIET)
    file.seek(0)
    content = file.read()
    if len(content) != len(added):
        return
    kept = len(content)
    while kept and content[kept - 1] == added[kept - 1]:
        kept -= 1
    # Its own last line ends where a line of the addition happens to.
    kept += bool(kept) and content[kept : kept + 1] == b"\n"
    file.truncate(kept)


def _before(path: Path) -> Path:
    """A second name of a file while it is replaced."""
    return path.with_name(f".{path.name}.before")


def _note(path: Path) -> Path:
    return path.with_name(f".{path.name}.adding")
