"""Every file below a folder: a picture, or in a count of what is not read.

Folders that a system or a program keeps for itself are left out: the copies and thumbnails in them
are no photos of the user's.
"""

import fnmatch
import os
import unicodedata
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from facetrack.core import kinds
from facetrack.core.faces import Picture, Pictures, Skipped


def _kinds(suffixes: str) -> frozenset[str]:
    return frozenset(f".{suffix}" for suffix in suffixes.split())


# Files a user may take for pictures; each is listed as skipped.
_RAW = _kinds(
    "3fr ari arw bay cap cr2 cr3 crw dcr dcs dng drf eip erf fff gpr iiq k25 kdc mdc mef mos mrw "
    "nef nrw orf ori pef ptx pxn r3d raf raw rw2 rwl rwz sr2 srf srw x3f"
)
_HEIC = _kinds("heic heif hif")
_AVIF = _kinds("avif avifs")
_OTHER_PICTURES = (
    _RAW
    | _HEIC
    | _AVIF
    | _kinds("exr hdr heics heifs ico j2k jp2 jpf jpx jxl jxr pam pcx psb psd sgi tga wdp xcf")
)
_VIDEOS = _kinds("3g2 3gp avi flv insv m2ts m4v mkv mov mp4 mpeg mpg mts ogv vob webm wmv")

# Folders that disks, clouds and programs make, in lower case; most others are hidden.
_SYSTEM = frozenset(
    {
        "#recycle",
        "#snapshot",
        "$recycle.bin",
        "@eadir",
        "@recently-snapshot",
        "@recycle",
        "@sharebin",
        "@tmp",
        "__macosx",
        "lost+found",
        "recycler",
        "system volume information",
    }
)
_NO_MEDIA = ".nomedia"  # a file that tells programs to show nothing of its folder
_BY_USER = "by dataset.exclude"
_MOST_SUFFIXES = 5


@dataclass
class _LeftOut:
    """Folders and files that are left out for one reason, and the pictures among and in them."""

    names: list[str] = field(default_factory=list)
    pictures: int = 0


@dataclass
class _Found:
    pictures: list[Picture] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)  # by suffix
    hidden: int = 0
    left_out: dict[str, _LeftOut] = field(default_factory=dict)  # by reason


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder to list: its name below the root, and why it is left out, if it is."""

    path: Path
    name: str
    why: str | None


def walk(root: Path, exclude: Sequence[str] = ()) -> Pictures:
    """All pictures below a folder, sorted by name and without a person, and what is not read.

    exclude: patterns as in a shell, of names below the root or of single names, that are left out.
    No two pictures have one name. Files that are no pictures, hidden ones, and folders that are
    left out are told by their number, as 0 pictures.
    """
    found = _Found()
    # Every folder is listed once, however many links lead to it: so loops end. Links wait until
    # the folders are done, so that a picture keeps the name of the folder it is in.
    names: dict[tuple[int, int], str] = {}
    folders, links = deque([_Folder(root, "", None)]), deque[_Folder]()
    while folders or links:
        folder = (folders or links).popleft()
        try:
            status = folder.path.stat()
            earlier = names.setdefault((status.st_dev, status.st_ino), folder.name)
            if earlier != folder.name:
                reason = f"the same folder as {earlier or 'the root'}"
                found.skipped.append(Skipped(folder.name, reason))
                continue
            with os.scandir(folder.path) as listed:
                entries = sorted(listed, key=lambda entry: (_text(entry.name), entry.name))
        except OSError as error:
            reason = f"folder cannot be read ({error.strerror})"
            found.skipped.append(Skipped(folder.name, reason))
            continue
        for below, is_link in _inside(folder, entries, exclude, found):
            (links if is_link else folders).append(below)
    listed_pictures = sorted(_distinct(found.pictures), key=lambda one: (one.name, one.path))
    told = [*found.skipped, *_remark(found), *_without_effect(exclude, found)]
    return Pictures(listed_pictures, sorted(told, key=lambda one: one.name))


def _inside(
    folder: _Folder, entries: Sequence["os.DirEntry[str]"], exclude: Sequence[str], found: _Found
) -> Iterator[tuple[_Folder, bool]]:
    """Note a folder's files, and give its folders; with each whether it is a link."""
    why = folder.why
    if why is None and folder.name and any(entry.name == _NO_MEDIA for entry in entries):
        why = f"with a {_NO_MEDIA} file"
        _leave_out(found, why, folder.name)
    for entry in entries:
        text = _text(entry.name)
        name = f"{folder.name}/{text}" if folder.name else text
        is_folder = _is_folder(entry)
        reason = why
        if reason is None:
            reason = _find_exclusion(name, text, exclude) or (
                _of_system(text) if is_folder else None
            )
            if reason is not None:
                _leave_out(found, reason, name)
        if is_folder:
            # What is left out is counted; where a link leads is not part of it.
            if reason is None or not entry.is_symlink():
                yield _Folder(Path(entry.path), name, reason), entry.is_symlink()
        elif reason is not None:
            found.left_out[reason].pictures += _suffix(text) in kinds.SUFFIXES
        else:
            _note(entry, name, found)


def _leave_out(found: _Found, why: str, name: str) -> None:
    found.left_out.setdefault(why, _LeftOut()).names.append(name)


def _of_system(text: str) -> str | None:
    """Why a folder of that name is left out."""
    if text.lower() in _SYSTEM:
        return f"named {text}"
    return "hidden" if text.startswith(".") else None


def _find_exclusion(name: str, text: str, exclude: Sequence[str]) -> str | None:
    """Why a file or folder is left out of that name below the root, `text` being its last part."""
    for pattern in exclude:
        if fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(text, pattern):
            return f"{_BY_USER}={pattern}"
    return None


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 - a Path would cost more than the rest


def _note(entry: "os.DirEntry[str]", name: str, found: _Found) -> None:
    """Add a file to the pictures, to what is skipped, or to a count."""
    suffix = _suffix(name)
    if entry.name.startswith("."):
        found.hidden += 1
    elif suffix in _VIDEOS:
        found.skipped.append(Skipped(name, f"{suffix[1:]} videos are not read"))
    elif suffix in _OTHER_PICTURES - kinds.SUFFIXES:
        found.skipped.append(Skipped(name, _not_read(suffix)))
    elif suffix not in kinds.SUFFIXES:
        found.others[suffix] += 1
    elif _is_file(entry):
        found.pictures.append(Picture(Path(entry.path), name))
    else:
        # Opening a pipe would wait forever.
        reason = "a broken link" if entry.is_symlink() else "not a regular file"
        found.skipped.append(Skipped(name, reason))


def _is_file(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _not_read(suffix: str) -> str:
    if suffix in _HEIC:
        return f"{suffix[1:]} pictures are read after: pip install 'facetrack[heic]'"
    if suffix in _AVIF:
        return f"{suffix[1:]} pictures are read after: pip install --upgrade pillow"
    raw = "RAW " if suffix in _RAW else ""
    return f"{raw}{suffix[1:]} pictures are not read: convert it to jpeg or png"


def _remark(found: _Found) -> Iterator[Skipped]:
    """One remark for each kind of what is no part of the dataset; no two have one reason."""
    if found.others:
        kinds = [
            f"{number:,} {suffix or 'without suffix'}"
            for suffix, number in sorted(found.others.items(), key=lambda one: (-one[1], one[0]))
        ]
        more = [f"{len(kinds) - _MOST_SUFFIXES} more kinds"] if len(kinds) > _MOST_SUFFIXES else []
        reason = f"no pictures: {', '.join(kinds[:_MOST_SUFFIXES] + more)}"
        yield Skipped(f"({_number(found.others.total(), 'other file')})", reason, 0)
    if found.hidden:
        yield Skipped(f"({_number(found.hidden, 'hidden file')})", "left out", 0)
    for why, left_out in found.left_out.items():
        first = left_out.names[0]
        what = "files or folders" if why.startswith(_BY_USER) else "folders"
        name = first if len(left_out.names) == 1 else f"({len(left_out.names):,} {what})"
        yield Skipped(name, f"left out, {why}: {_number(left_out.pictures, 'picture')}", 0)


def _number(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _without_effect(exclude: Sequence[str], found: _Found) -> Iterator[Skipped]:
    for pattern in exclude:
        if f"{_BY_USER}={pattern}" not in found.left_out:
            reason = f"{pattern} leaves out nothing that is not left out already"
            yield Skipped("(dataset.exclude)", reason, 0)


def _text(name: str) -> str:
    """A file's name as text that is equal on every system: macOS takes letters apart."""
    if name.isascii():
        return name  # equal everywhere
    readable = os.fsencode(name).decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", readable)


def _distinct(pictures: Sequence[Picture]) -> Iterator[Picture]:
    """The pictures, those with the name of another one under a name of its own.

    Two files may differ only in how their names are composed: the one that is written as its
    text keeps it, of the others all that is not ASCII is spelled out, as in Mu\\u0308ll.jpg.
    """
    if len({one.name for one in pictures}) == len(pictures):
        yield from pictures
        return
    # Of what differs only in the folders, nothing in the file's own name needs spelling out.
    ordered = sorted(pictures, key=lambda one: (not _is_as_written(one), str(one.path)))
    taken = {one.name for one in pictures}
    used: set[str] = set()
    for one in ordered:
        name = one.name
        if name in used:
            folder, slash, _ = name.rpartition("/")
            spelled = one.path.name.encode("ascii", "backslashreplace").decode("ascii")
            name, number = f"{folder}{slash}{spelled}", 2
            stem, suffix = os.path.splitext(spelled)  # noqa: PTH122
            while name in taken:
                name = f"{folder}{slash}{stem} ({number}){suffix}"
                number += 1
            taken.add(name)
        used.add(name)
        yield Picture(one.path, name)


def _is_as_written(one: Picture) -> bool:
    return os.fsencode(one.path).endswith(one.name.encode())
