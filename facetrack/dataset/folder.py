"""A folder of pictures on this machine: one sub-folder per person, or simply pictures."""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path

from facetrack.core import kinds
from facetrack.core.errors import SettingError
from facetrack.core.faces import Picture, Pictures, Skipped
from facetrack.dataset.file_tree import walk
from facetrack.dataset.labels import Labels
from facetrack.system.files import user_path

XMP = "xmp"
"""What `Folder.labels` is where regions name the faces."""


@dataclass
class Folder:
    """A folder of one sub-folder per person, named like the person, or a flat one without labels.

    Below a person's folder, pictures are found however deep. Links are followed; hidden files and
    folders, those of a system and those with a .nomedia file are left out (see walk.py). Pictures
    beside the people's folders are skipped.

    root: the folder; "~" is the home folder. roots: several instead, whose names then stand before
    those of their pictures.
    name: names the dataset in tables.
    min_pictures: people with fewer are left out (no effect on a flat folder).
    labels: whether sub-folders are people; if not, they are just folders. Or a CSV with the columns
    picture and person: pictures by their names, as every table has them, or by their paths. Or
    "xmp": each face has the name of its region in XMP, which only who has found it can tell
    (see extraction/xmp/labels.py), so pictures are listed without a person.
    exclude: patterns, as in a shell, of files and folders to leave out: of their names below the
    root ("2019/drafts") or of single names ("*-edited.*"). "*" stands for "/" as well.
    """

    root: str | Path | None = None
    name: str = "folder"
    min_pictures: int = 1
    labels: bool | str | Path = True
    exclude: Iterable[str] = ()
    roots: Sequence[str | Path] | None = None

    def __post_init__(self) -> None:
        """Refuse what can't be meant. Raises UserError."""
        check(self.min_pictures)
        self.exclude = _patterns(self.exclude)

    def load(self) -> Pictures:
        """List the pictures sorted by name. Raises UserError where there are none."""
        roots = self._folders()
        exclude = _patterns(self.exclude)
        found = {start: walk(root, exclude) for start, root in roots.items()}
        labels = None
        if not isinstance(self.labels, bool) and self.labels != XMP:
            labels = Labels(user_path(self.labels))
        # Below one of several folders as below the only one.
        labelled = self.labels is True and any(
            "/" in one.name for listed in found.values() for one in listed.pictures
        )
        pictures: list[Picture] = []
        skipped: list[Skipped] = []
        for start, listed in found.items():
            skipped += [replace(one, name=f"{start}{one.name}") for one in listed.skipped]
            for picture in listed.pictures:
                person, slash, _ = picture.name.partition("/")
                named = replace(picture, name=f"{start}{picture.name}") if start else picture
                if labels is not None:
                    who = labels.of(named)
                    if who is None:
                        skipped.append(Skipped(named.name, f"not in {labels.path.name}"))
                    else:
                        pictures.append(replace(named, person=who))
                elif not labelled:
                    pictures.append(named)
                elif slash:
                    pictures.append(replace(named, person=person))
                else:
                    skipped.append(Skipped(named.name, "not in the sub-folder of a person"))
        if not pictures:
            told = sorted(skipped, key=lambda one: -one.pictures)[:1]
            first = "".join(f", {one.name}: {one.reason}" for one in told)
            where = " and ".join(map(str, roots.values()))
            raise SettingError(
                f"no pictures ({{suffixes}}) in {{where}}{{first}}: {_EXPECTED}",
                **{"suffixes": ", ".join(sorted(kinds.SUFFIXES)), "where": where, "first": first},
            )
        if labels is not None:
            skipped += labels.unused()
        if labelled or labels is not None:
            pictures = keep_people_of_enough(pictures, skipped, self.min_pictures)
        return Pictures(
            sorted(pictures, key=lambda one: one.name), sorted(skipped, key=lambda one: one.name)
        )

    def _folders(self) -> dict[str, Path]:
        """The folders by what their pictures' names start with. Raises UserError."""
        if self.roots is None:
            if self.root is None:
                raise SettingError(f"neither {{root}} nor {{roots}} is given: {_EXPECTED}")
            return {"": find_folder(self.root)}
        if self.root is not None:
            raise SettingError("{root} and {roots} are both given: give one of them")
        if isinstance(self.roots, str | bytes | Path) or not isinstance(self.roots, Iterable):
            raise SettingError("{roots}={came!r} is no list: write [A,B]", came=self.roots)
        found: dict[str, Path] = {}
        for root in self.roots:
            path = find_folder(str(root))
            for other in found.values():
                if _is_inside(path, other) or _is_inside(other, path):
                    raise SettingError(
                        "{roots}: {path} and {other} share pictures, which would count twice: "
                        "leave one of them out",
                        path=path,
                        other=other,
                    )
            name = unicodedata.normalize("NFC", path.name)
            names = chain([name], (f"{name}-{number}" for number in count(2)))
            found[next(f"{one}/" for one in names if f"{one}/" not in found)] = path
        if not found:
            raise SettingError(f"{{roots}} is an empty list: {_EXPECTED}")
        return found


_EXPECTED = "{root}=PATH takes a folder of pictures, or of one sub-folder per person"


def _patterns(exclude: object) -> tuple[str, ...]:
    """The patterns of `exclude` as names are written. Raises UserError where it is no list."""
    if isinstance(exclude, Iterable) and not isinstance(exclude, str | bytes | Mapping):
        # A folder may be named like a year, which Hydra reads as a number.
        patterns = [str(one) if type(one) is int else one for one in exclude]
        if all(isinstance(one, str) and one.strip("/") for one in patterns):
            if any(one.startswith("/") for one in patterns):
                raise SettingError(
                    "{exclude} is {came}: its patterns are of names below {root}, without a / at "
                    "the start",
                    came=patterns,
                )
            return tuple(unicodedata.normalize("NFC", one.rstrip("/")) for one in patterns)
    raise SettingError(
        "{exclude} is {came!r}: expected a list of patterns, as in {exclude}=['*-edited.*',drafts]",
        came=exclude,
    )


def _is_inside(path: Path, other: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(other))


def find_folder(root: str | Path) -> Path:
    """The absolute path of a folder a user named. Raises UserError where it cannot be read."""
    path = user_path(root)
    try:
        with os.scandir(path):
            return path
    except OSError as error:
        raise SettingError(
            f"{{path}} cannot be read as a folder ({{reason}}): {_EXPECTED}",
            path=path,
            reason=error.strerror,
        ) from error


def check(min_pictures: int) -> None:
    """Raise UserError unless it is a whole number from 1 on."""
    if type(min_pictures) is not int or min_pictures < 1:
        raise SettingError(
            "{min_pictures} is {came}: expected a whole number from 1 on", came=min_pictures
        )


def keep_people_of_enough(
    pictures: Sequence[Picture], skipped: list[Skipped], min_pictures: int
) -> list[Picture]:
    """The pictures of people with at least so many; notes in `skipped` how many people have fewer.

    Raises UserError where nobody is left.
    """
    counts = Counter(one.person for one in pictures)
    few = sum(count < min_pictures for count in counts.values())
    if few == len(counts):
        raise SettingError(
            "none of the {few} people has {least} pictures, the most is {most}: lower "
            "{min_pictures}",
            **{"few": few, "least": min_pictures, "most": max(counts.values())},
        )
    if few:
        people = "person" if few == 1 else "people"
        skipped.append(Skipped(f"({few} {people})", f"fewer than {min_pictures} pictures", 0))
    return [one for one in pictures if counts[one.person] >= min_pictures]
