"""Photos into folders: copies or links in `out`, and never a change to anything else.

A file that facetrack did not make, or that somebody has changed since, is never written over and
never removed. A photo whose original has gone is never removed either: ours may be the last copy.
"""

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from facetrack.data import Picture
from facetrack.errors import UserError
from facetrack.figures import printable
from facetrack.files import sha256
from facetrack.organise.state import File
from facetrack.progress import bar

MODES = ("copy", "link", "none")
UNKNOWN, FACELESS = "unknown", "no-face"  # folders beside those of persons
_LONGEST = 200  # bytes of a file's name, below the 255 of file systems so that numbers fit
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Wanted:
    """A photo that should be in a folder.

    folder: what stands for the folder whatever it is called, "person-001". name: what it is
    called now, "person-001 Anna". content: hex SHA-256.
    """

    folder: str
    name: str
    content: str
    picture: Picture


@dataclass
class Placed:
    """What was done: the files that are facetrack's now, and what the user should know."""

    files: dict[str, File] = field(default_factory=dict)
    made: int = 0
    failed: int = 0
    remarks: list[str] = field(default_factory=list)


def file_name(text: str, longest: int = _LONGEST) -> str:
    """Text as the name of a file or folder: one part, no control characters, not too long."""
    name = printable(text).replace("/", "_").replace("\\", "_").replace("\0", "_").strip()
    name = name.lstrip(".") or "_"
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix.encode()) > 10:
        stem, suffix = name, ""
    else:
        suffix = f".{suffix}"
    room = longest - len(suffix.encode())
    stem = stem.encode("utf-8", "replace")[:room].decode("utf-8", "ignore").strip()
    # Some systems drop dots and spaces at the end, and would not find the folder again.
    return f"{stem}{suffix}".rstrip(". ") or "_"


def arrange(
    out: Path,
    wanted: Sequence[Wanted],
    earlier: Mapping[str, File],
    mode: str,
    unfinished: Path,
    present: Collection[str],
) -> Placed:
    """Make the folders hold what is wanted; files of earlier runs are kept, moved or removed.

    earlier: facetrack's files by path below `out`. unfinished: a folder in `out` for files being
    made. present: contents of the photos that are still where the user has them.
    Raises OSError where the disk is full or cannot be written to.
    """
    placed = Placed()
    intact = {path: file for path, file in earlier.items() if _is_as_made(out / path, file)}
    for path in sorted(earlier.keys() - intact.keys()):
        if os.path.lexists(out / path):
            placed.remarks.append(f"{path} was changed since, and is left as it is")
    if mode != "none":
        _place(out, wanted, intact, mode, unfinished, placed)
    _remove(out, intact, present, placed)
    return placed


@contextlib.contextmanager
def writing(out: Path) -> Iterator[None]:
    """What cannot be written in a folder is told as a UserError; the same command then goes on."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise UserError(
                f"no room in {out} ({error.strerror}): make room and run the same command again, "
                "which goes on from here, or take task.mode=link"
            ) from error
        raise UserError(
            f"{out} cannot be written to ({error.strerror}: {error.filename}): see to it and run "
            "the same command again, which goes on from here"
        ) from error


def _place(
    out: Path,
    wanted: Sequence[Wanted],
    intact: Mapping[str, File],
    mode: str,
    unfinished: Path,
    placed: Placed,
) -> None:
    by_photo = {(file.folder, file.content): path for path, file in intact.items()}
    taken = _names_taken(out, wanted, intact)
    for one in bar(wanted, total=len(wanted), description="Sorting", unit="photo"):
        folder = out / one.name
        old = by_photo.get((one.folder, one.content))
        in_place = old is not None and Path(old).parent == Path(one.name)
        movable = old is not None and intact[old].kind == mode
        if old is not None and in_place and movable:
            placed.files[old] = intact[old]
            continue
        _make_folder(folder)
        if old is not None and in_place:  # a link becomes a copy, or a copy a link
            path, there = out / old, False
        else:
            name = Path(old).name if old is not None else file_name(one.picture.path.name)
            path, there = _free(folder, name, one, mode, taken)
        key = f"{one.name}/{path.name}"
        if not there:
            if old is not None and movable:
                os.rename(out / old, path)  # noqa: PTH104
            else:
                told = _make(one, path, mode, unfinished)
                if told is not None:
                    placed.remarks.append(f"{one.picture.name}: {told}")
                    continue
                placed.made += 1
        status = os.lstat(path)
        placed.files[key] = File(one.content, one.folder, mode, status.st_size, status.st_mtime_ns)


def _names_taken(
    out: Path, wanted: Iterable[Wanted], intact: Mapping[str, File]
) -> dict[str, set[str]]:
    """Names in each folder, in the form in which some file systems do not tell them apart."""
    taken: dict[str, set[str]] = {}
    for folder in {one.name for one in wanted}:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            taken[folder] = {name.casefold() for name in os.listdir(out / folder)}  # noqa: PTH208
    for path in intact:
        taken.setdefault(str(Path(path).parent), set()).add(Path(path).name.casefold())
    return taken


def _make_folder(folder: Path) -> None:
    try:
        status = os.lstat(folder)
    except FileNotFoundError:
        folder.mkdir(mode=0o700)
        return
    # Through a link one would write elsewhere.
    if not stat.S_ISDIR(status.st_mode):
        raise UserError(
            f"{folder} is not a folder that facetrack made: move it away and run the same command"
        )


def _free(
    folder: Path, name: str, one: Wanted, mode: str, taken: dict[str, set[str]]
) -> tuple[Path, bool]:
    """A path for a photo, and whether it is there already, from a run that did not end."""
    names = taken.setdefault(one.name, set())
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    number = 1
    while True:
        candidate = name if number == 1 else f"{stem} ({number}){suffix}"
        path = folder / candidate
        if candidate.casefold() not in names:
            names.add(candidate.casefold())
            return path, False
        if _is_this(path, one, mode):
            return path, True
        number += 1


def _is_this(path: Path, one: Wanted, mode: str) -> bool:
    """Whether a file that nobody remembers is what would be made there."""
    try:
        if mode == "link":
            return path.is_symlink() and os.readlink(path) == str(one.picture.path)  # noqa: PTH115
        same_size = os.lstat(path).st_size == os.stat(one.picture.path).st_size  # noqa: PTH116
        return not path.is_symlink() and same_size and sha256(path).hex() == one.content
    except OSError:
        return False


def _make(one: Wanted, path: Path, mode: str, unfinished: Path) -> str | None:
    """Copy or link a photo, under its name only when done; why not, where its original is at fault.

    Raises OSError where the trouble is on the side of the copy.
    """
    part = unfinished / "photo"
    if mode == "link":
        part.unlink(missing_ok=True)
        part.symlink_to(one.picture.path)
        os.replace(part, path)  # noqa: PTH105
        return None
    try:
        source = one.picture.path.open("rb")
    except OSError as error:
        return f"cannot be read any more ({error.strerror}), so not copied"
    content = hashlib.sha256()
    with source, part.open("wb") as target:
        while True:
            try:
                chunk = source.read(_CHUNK)
            except OSError as error:
                return f"cannot be read any more ({error.strerror}), so not copied"
            if not chunk:
                break
            content.update(chunk)
            target.write(chunk)
        status = os.fstat(source.fileno())
    if content.hexdigest() != one.content:
        return "it changed while facetrack was reading it, so not copied"
    os.chmod(part, stat.S_IMODE(status.st_mode) & 0o777 | 0o600)  # noqa: PTH101
    os.utime(part, ns=(status.st_atime_ns, status.st_mtime_ns))
    os.replace(part, path)  # noqa: PTH105
    return None


def _remove(
    out: Path, intact: Mapping[str, File], present: Collection[str], placed: Placed
) -> None:
    """Remove facetrack's files that are wanted no more, and its folders that became empty."""
    present, moved = set(present), set(placed.files)
    gone = 0
    folders = set()
    for path, file in intact.items():
        if path in moved or not os.path.lexists(out / path):
            folders.add(Path(path).parent)
            continue
        if file.kind == "copy" and file.content not in present:
            placed.files[path] = file
            gone += 1
            continue
        (out / path).unlink()
        folders.add(Path(path).parent)
    if gone:
        placed.remarks.append(
            f"{gone} photos are no longer where they were; the copies here are kept"
        )
    for folder in folders:
        with contextlib.suppress(OSError):  # not empty: there is something of the user's in it
            (out / folder).rmdir()


def _is_as_made(path: Path, file: File) -> bool:
    try:
        status = os.lstat(path)
    except OSError:
        return False
    linked = stat.S_ISLNK(status.st_mode)
    return (
        not path.parent.is_symlink()  # somebody put a link in place of the folder
        and linked == (file.kind == "link")
        and status.st_size == file.size
        and status.st_mtime_ns == file.mtime_ns
    )
