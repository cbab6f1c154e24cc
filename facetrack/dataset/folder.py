"""A folder of pictures on this machine: one sub-folder a person, or simply pictures."""

import os
import unicodedata
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from facetrack import picture
from facetrack.data import Picture, Pictures, Skipped
from facetrack.errors import UserError

# Files a user may take for pictures; they are listed as skipped rather than passed over.
_RAW = frozenset({".cr2", ".cr3", ".nef", ".arw", ".dng", ".orf", ".rw2", ".raf"})
_OTHER_PICTURES = _RAW | {".heic", ".heif", ".avif", ".gif", ".jp2", ".jxl", ".psd"}
_VIDEOS = frozenset(
    {".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".3gp", ".mts", ".mpg", ".mpeg", ".wmv"}
)


@dataclass
class Folder:
    """A folder of one sub-folder a person, named like the person, or a flat one without labels.

    Below a person's folder, pictures are found however deep. Hidden files are ignored, links
    followed. Pictures beside the people's folders are skipped.

    root: the folder; "~" is the home folder.
    name: names the dataset in tables.
    min_pictures: people with fewer are left out (no effect on a flat folder).
    labels: whether sub-folders are people; if not, they are just folders.
    """

    root: str | Path
    name: str = "folder"
    min_pictures: int = 1
    labels: bool = True

    def __post_init__(self) -> None:
        """Refuse what can't be meant. Raises UserError."""
        check(self.min_pictures)

    def load(self) -> Pictures:
        """List the pictures sorted by name. Raises UserError where there are none."""
        root = folder(self.root)
        found = walk(root)
        labelled = self.labels and any("/" in one.name for one in found.pictures)
        pictures, skipped = [], list(found.skipped)
        for one in found.pictures:
            person, slash, _ = one.name.partition("/")
            if not labelled:
                pictures.append(one)
            elif slash:
                pictures.append(Picture(one.path, one.name, person))
            else:
                skipped.append(Skipped(one.name, "not in the sub-folder of a person"))
        if not pictures:
            first = f", {skipped[0].name}: {skipped[0].reason}" if skipped else ""
            raise UserError(
                f"no pictures ({', '.join(sorted(picture.SUFFIXES))}) in {root}{first}: {_EXPECTED}"
            )
        if labelled:
            pictures = of_enough(pictures, skipped, self.min_pictures)
        return Pictures(pictures, sorted(skipped, key=lambda one: one.name))


_EXPECTED = "dataset.root=PATH takes a folder of pictures, or of one sub-folder a person"


def user_path(text: str | Path) -> Path:
    """An absolute path as a user gives it, "~" included. Raises UserError."""
    try:
        return Path(str(text)).expanduser().absolute()
    except RuntimeError as error:
        raise UserError(f"{text} is not a path: nobody has that home folder") from error


def folder(root: str | Path) -> Path:
    """The absolute path of a folder a user named. Raises UserError where it cannot be read."""
    path = user_path(root)
    try:
        with os.scandir(path):
            return path
    except OSError as error:
        raise UserError(
            f"{path} cannot be read as a folder ({error.strerror}): {_EXPECTED}"
        ) from error


@dataclass
class _Found:
    pictures: list[Picture] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def walk(root: Path) -> Pictures:
    """All pictures below a folder, sorted by name and without a person, and what is not read."""
    found = _Found()
    # Every folder is listed once, however many links lead to it: so loops end. Links wait until
    # the folders are done, so that a picture keeps the name of the folder it is in.
    names: dict[tuple[int, int], str] = {}
    folders, links = deque([(root, "")]), deque[tuple[Path, str]]()
    while folders or links:
        path, name = (folders or links).popleft()
        try:
            status = path.stat()
            earlier = names.setdefault((status.st_dev, status.st_ino), name)
            if earlier != name:
                found.skipped.append(Skipped(name, f"the same folder as {earlier or 'the root'}"))
                continue
            with os.scandir(path) as entries:
                inside = sorted(
                    ((_text(entry.name), entry) for entry in entries if entry.name[0] != "."),
                    key=lambda one: (one[0], one[1].name),
                )
        except OSError as error:
            found.skipped.append(Skipped(name, f"folder cannot be read ({error.strerror})"))
            continue
        for text, entry in inside:
            below = f"{name}/{text}" if name else text
            if _is_folder(entry):
                (links if entry.is_symlink() else folders).append((Path(entry.path), below))
            else:
                _note(entry, below, found)
    return Pictures(
        sorted(found.pictures, key=lambda one: (one.name, one.path)),
        sorted(found.skipped, key=lambda one: one.name),
    )


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _note(entry: "os.DirEntry[str]", name: str, found: _Found) -> None:
    """Add a file to the pictures, or to what is skipped, or to neither."""
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 - a Path would cost more than the rest
    if suffix in _VIDEOS:
        found.skipped.append(Skipped(name, f"{suffix[1:]} videos are not read"))
    elif suffix in _OTHER_PICTURES - picture.SUFFIXES:
        found.skipped.append(Skipped(name, _not_read(suffix[1:])))
    elif suffix in picture.SUFFIXES:
        try:
            is_file = entry.is_file()
        except OSError:
            is_file = False
        if is_file:
            found.pictures.append(Picture(Path(entry.path), name))
        else:
            # Opening a pipe would wait forever.
            reason = "a broken link" if entry.is_symlink() else "not a regular file"
            found.skipped.append(Skipped(name, reason))


def _not_read(kind: str) -> str:
    if kind in ("heic", "heif"):
        return f"{kind} pictures are read after: pip install 'facetrack[heic]'"
    raw = "RAW " if f".{kind}" in _RAW else ""
    return f"{raw}{kind} pictures are not read: convert it to jpeg or png"


def _text(name: str) -> str:
    """A file's name as text that is equal on every system: macOS takes letters apart."""
    readable = os.fsencode(name).decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", readable)


def check(min_pictures: int) -> None:
    """Raise UserError unless it is a whole number from 1 on."""
    if type(min_pictures) is not int or min_pictures < 1:
        raise UserError(
            f"dataset.min_pictures is {min_pictures}: expected a whole number from 1 on"
        )


def of_enough(
    pictures: Sequence[Picture], skipped: list[Skipped], min_pictures: int
) -> list[Picture]:
    """The pictures of people with at least so many; notes in `skipped` how many people have fewer.

    Raises UserError where nobody is left.
    """
    counts = Counter(one.person for one in pictures)
    few = sum(count < min_pictures for count in counts.values())
    if few == len(counts):
        raise UserError(
            f"none of the {few} people has {min_pictures} pictures, the most is "
            f"{max(counts.values())}: lower dataset.min_pictures"
        )
    if few:
        people = "person" if few == 1 else "people"
        skipped.append(Skipped(f"({few} {people})", f"fewer than {min_pictures} pictures", 0))
    return [one for one in pictures if counts[one.person] >= min_pictures]
