"""Unpacking archives of pictures that may come from anywhere, without trusting them.

An archive is read twice: first every member is checked, then all are written to a folder beside
the final one, which is renamed when complete. So an archive that is refused writes nothing, and
a folder that exists is whole.
"""

import gzip
import io
import lzma
import os
import re
import shutil
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from facetrack.core.errors import UserError
from facetrack.system.files import sha256
from facetrack.system.home import find_home, lock
from facetrack.system.progress import bar

T = TypeVar("T")

# Against archives made to fill disk or memory. Pictures hardly compress, and what is small
# harms nobody, so the ratio counts from a gigabyte on.
_MAX_BYTES = 20 << 30
_MAX_RATIO = 100
_RATIO_COUNTS_FROM = 1 << 30
_MAX_MEMBERS = 1_000_000
_MAX_DEPTH = 100  # folders within each other; zipfile and the removal of a folder recurse
# tarfile reads an extended header in one piece, however long it says it is.
_MAX_READ = 16 << 20
_BLOCK = 4096  # bytes a small file takes on disk, about

_DAMAGED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
    OverflowError,
    KeyError,  # a hard link to what is not in the archive
    NotImplementedError,  # a compression that zipfile does not know
)


def unpack(archive: Path, name: str) -> Path:
    """The folder `datasets/NAME-HASH` of facetrack's folder with the archive's content.

    It is unpacked the first time only; HASH is the start of the archive's SHA-256.
    Raises UserError as `extract` does.
    """
    try:
        digest = sha256(archive).hex()
    except OSError as error:
        raise UserError(
            f"the archive {archive} cannot be read ({error.strerror}): give the path of a .tgz, "
            ".tar.gz, .tar or .zip file"
        ) from error
    folder = find_home() / "datasets" / f"{re.sub(r'[^A-Za-z0-9_-]', '_', name)}-{digest[:16]}"
    extract(archive, folder)
    return folder


def extract(archive: Path, into: Path) -> None:
    """Unpack a .tgz, .tar.gz, .tar or .zip file into the folder `into`, whole or not at all.

    Where `into` exists, nothing is done. Raises UserError where the archive is damaged, holds
    a member that would get outside of the folder, a device, or more than the limits above,
    and where the disk has no room.
    """
    if into.exists():
        return
    part = into.with_name(f".{into.name}.part")
    try:
        into.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Whoever comes second waits, and finds the folder there. What a killed process left
        # in the unfinished folder nobody else is using.
        with lock(into.with_name(f".{into.name}.lock")):
            if into.exists():
                return
            shutil.rmtree(part, ignore_errors=True)
            try:
                part.mkdir(mode=0o700)
                _unpack(archive, part)
                _close_to_others(part)
                part.rename(into)
            finally:
                shutil.rmtree(part, ignore_errors=True)
    except _DAMAGED as error:
        raise _refuse_damaged(archive, error) from error
    except OSError as error:
        # Decompressors raise OSError too, but without the number of a system's error.
        if error.errno is None:
            raise _refuse_damaged(archive, error) from error
        raise UserError(
            f"{archive} cannot be unpacked into {into} ({error.strerror}): free some space, or "
            "set FACETRACK_HOME to a folder you can write to"
        ) from error


def _close_to_others(folder: Path) -> None:
    """Make what was unpacked its owner's alone, as all of facetrack's folder is."""
    for parent, folders, files in os.walk(folder):
        for names, mode in ((folders, 0o700), (files, 0o600)):
            for name in names:
                path = os.path.join(parent, name)  # noqa: PTH118 - a Path costs more than the rest
                if not os.path.islink(path):  # noqa: PTH114
                    os.chmod(path, mode)  # noqa: PTH101


def _refuse_damaged(archive: Path, error: Exception) -> UserError:
    what = " ".join(str(error).split())[:200] or type(error).__name__
    return UserError(
        f"{archive} is damaged or not an archive ({what}): expected a whole .tgz, .tar.gz, .tar "
        "or .zip file; get it again"
    )


def _unpack(archive: Path, folder: Path) -> None:
    with archive.open("rb") as opened:
        start = opened.read(4)
    if start in (b"PK\3\4", b"PK\5\6"):
        _unpack_zip(archive, folder)
    else:
        _unpack_tar(archive, folder, compressed=start[:2] == b"\x1f\x8b")


class _Bounded(io.BufferedReader):
    """A stream that refuses to read very much in one go."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or not 0 <= size <= _MAX_READ:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return super().read(size)


def _unpack_tar(archive: Path, folder: Path, *, compressed: bool) -> None:
    with (
        gzip.open(archive) if compressed else archive.open("rb") as raw,
        _Bounded(raw) as stream,
        tarfile.open(fileobj=stream, mode="r:", errorlevel=2) as tar,
    ):
        members = _check_tar(tar, archive, folder)
        # tarfile takes a damaged header for the end of the archive, so look for the real end;
        # reading on makes gzip compare its checksum.
        stream.seek(tar.offset)
        if stream.read(512) != bytes(512) or len(stream.read(_MAX_READ)) == _MAX_READ:
            raise tarfile.ReadError("it does not end as it should")
        for member in _bar(members, f"Unpacking {archive.name}"):
            # The filter is a second wall behind the checks. Owners, modes and times of the
            # archive's maker mean nothing here.
            tar.extract(member, folder, set_attrs=False, filter="data")


def _check_tar(tar: tarfile.TarFile, archive: Path, folder: Path) -> list[tarfile.TarInfo]:
    limits = _Limits(archive)
    members = []
    for member in _bar(tar, f"Checking {archive.name}"):
        if not (member.isreg() or member.isdir() or member.issym() or member.islnk()):
            raise _refuse_member(archive, member.name, "is a device, not a file")
        limits.count(member.size if member.isreg() else 0)
        members.append(member)
    limits.demand_room(folder)

    # A path may not go through a symbolic link: then ".." leads where it seems to lead.
    links = {_key(_parts(archive, member.name)) for member in members if member.issym()}
    for member in members:
        place = _parts(archive, member.name)
        if _follow((), place, links) is None:
            raise _refuse_member(archive, member.name, "goes through a link")
        if member.issym():
            target = _follow(place[:-1], re.split(r"[/\\]", member.linkname), links)
            outside = target is None or _is_absolute(member.linkname)
        elif member.islnk():
            target = _follow((), _parts(archive, member.linkname, member.name), links)
            outside = target is None
        else:
            outside = False
        if outside:
            raise _refuse_member(archive, member.name, "links to outside of the archive's folder")
    return members


def _unpack_zip(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        members = opened.infolist()
        limits = _Limits(archive)
        for member in members:
            _parts(archive, member.filename)
            if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _refuse_member(archive, member.filename, "is a link or a device, not a file")
            if member.flag_bits & 1:
                raise _refuse_member(archive, member.filename, "is encrypted")
            limits.count(member.file_size)
        limits.demand_room(folder)
        if not members:
            raise zipfile.BadZipFile("it is empty")
        for member in _bar(members, f"Unpacking {archive.name}"):
            opened.extract(member, folder)


class _Limits:
    """Counts what an archive says it holds. Raises UserError when that is too much."""

    def __init__(self, archive: Path) -> None:
        self.archive = archive
        self.members = 0
        self.bytes = 0
        packed = archive.stat().st_size
        self.most = min(_MAX_BYTES, max(_RATIO_COUNTS_FROM, _MAX_RATIO * packed))

    def count(self, size: int) -> None:
        if size < 0:
            raise tarfile.ReadError("a negative size")
        self.members += 1
        self.bytes += size
        if self.members > _MAX_MEMBERS or self.bytes > self.most:
            raise UserError(
                f"{self.archive} holds more than {_MAX_MEMBERS} files or {self.most >> 20} MB: "
                "unpack it yourself if you trust it, and give the folder with dataset.root=PATH"
            )

    def demand_room(self, folder: Path) -> None:
        needed = self.bytes + _BLOCK * self.members
        free = shutil.disk_usage(folder).free
        if needed > free:
            raise UserError(
                f"{self.archive} needs {needed >> 20} MB, {folder.parent} has {free >> 20} MB: "
                "free some space, or set FACETRACK_HOME to a folder with more room"
            )


def _parts(archive: Path, path: str, member: str | None = None) -> tuple[str, ...]:
    """The names in a path within the archive; refuses one that could lead outside."""
    parts = [part for part in re.split(r"[/\\]", path) if part not in ("", ".")]
    if _is_absolute(path) or ".." in parts:
        raise _refuse_member(archive, member or path, "leads outside of the archive's folder")
    if len(parts) > _MAX_DEPTH:
        raise _refuse_member(archive, member or path, f"lies more than {_MAX_DEPTH} folders deep")
    return tuple(parts)


def _is_absolute(path: str) -> bool:
    return re.match(r"[/\\]|[A-Za-z]:", path) is not None


def _follow(
    start: Sequence[str], steps: Sequence[str], links: set[tuple[str, ...]]
) -> tuple[str, ...] | None:
    """Where the steps lead; None where they leave the folder or go through one of the links."""
    here = list(start)
    for step in steps:
        if _key(here) in links:
            return None
        if step == "..":
            if not here:
                return None
            here.pop()
        elif step not in ("", "."):
            here.append(step)
    return tuple(here)


def _key(parts: Sequence[str]) -> tuple[str, ...]:
    """Equal for names that some file system takes for the same."""
    return tuple(unicodedata.normalize("NFC", part).casefold() for part in parts)


def _refuse_member(archive: Path, member: str, why: str) -> UserError:
    return UserError(
        f"{archive} is not unpacked: its member {member[:200]!r} {why}; use another archive"
    )


def _bar(members: Iterable[T], description: str) -> Iterable[T]:
    shown: Iterable[T] = bar(members, description=description, unit="file", delay=2.0)
    return shown
