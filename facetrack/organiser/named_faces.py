"""Faces as people.yaml names them: on a photo, at a point of it, of a person or whoever's.

A photo goes by its name in the folder of photos, its name in the person's folder, its file's name,
or one that only looks the same.
"""

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np

from facetrack.core.texts import make_readable
from facetrack.organiser.grouping import NOBODY, Numbers
from facetrack.organiser.people import Corrections, folder_name
from facetrack.organiser.photos import Photos
from facetrack.organiser.references import find_at, refer_to, split_point
from facetrack.organiser.state import State


class PhotoNames:
    """What photos may be called: looked through when the first is looked for, and then kept."""

    def __init__(self, photos: Photos, before: State) -> None:
        self.photos, self._before = photos, before

    @cached_property
    def rows(self) -> dict[str, list[int]]:
        """The rows of each content's faces."""
        rows: dict[str, list[int]] = {}
        for row, content in enumerate(self.photos.contents):
            rows.setdefault(content, []).append(row)
        return rows

    @cached_property
    def exact(self) -> dict[str, set[str]]:
        """Contents by the name in the folder of photos."""
        exact: dict[str, set[str]] = {}
        for content, names in self.photos.names.items():
            for name in names:
                exact.setdefault(name, set()).add(content)
        return exact

    @cached_property
    def alike(self) -> dict[str, set[str]]:
        """Contents by what such a name, or the file's alone, looks like."""
        alike: dict[str, set[str]] = {}
        for content, names in self.photos.names.items():
            for name in names:
                for looks in {_looks(name), _looks(_last_part(name))}:
                    alike.setdefault(looks, set()).add(content)
        return alike

    @cached_property
    def copied(self) -> dict[str, dict[str, str]]:
        """Folders, and contents in them, by a copy's name."""
        copied: dict[str, dict[str, str]] = {}
        for path, file in self._before.files.items():
            copied.setdefault(_last_part(path), {})[file.folder] = file.content
        return copied


class NamedFaces:
    """All faces, to be found by what people.yaml calls them.

    numbers: (n,) the person each is given to; may be changed meanwhile.
    """

    def __init__(self, numbers: Numbers, names: PhotoNames, said: Corrections) -> None:
        self.numbers, self.said = numbers, said
        self.keys = names.photos.keys
        self._names, self._boxes = names, names.photos.boxes
        self._merged = group_numbers(said.merge, said)

    def on(self, person: int, name: str) -> list[int]:
        """A person's faces on a photo, those of persons merged into them included."""
        of = self.said.person(person)
        return self._find(name, [person, of], self._group(person))

    def on_number(self, number: int, name: str) -> list[int]:
        """The faces of one number on a photo."""
        return self._find(name, [number], {number})

    def at(self, name: str) -> list[int]:
        """All faces that a name may mean, whoever's."""
        photo, point = self._take_apart(name)
        contents = next((some for some in self._contents(photo) if self._on_any(some)), set())
        return self._pick(contents, point)

    def one(self, name: str, free: Collection[int]) -> int | str:
        """The row of the face that a name means: the photo's only one, or its only free one.

        free: rows. A text that says why not where there is no telling.
        """
        photo, point = self._take_apart(name)
        found = list(self._contents(photo))
        shown = make_readable(photo)
        if not found:
            return f"no photo has the name {shown}"
        contents = next((some for some in found if self._on_any(some)), None)
        if contents is None:
            return f"no face was found on {shown}"
        rows = self._pick(contents, point)
        if not rows:
            assert point is not None
            return f"{shown} has no face at {point[0]},{point[1]}"
        if len(rows) > 1 and point is None:
            rows = [row for row in rows if row in free] or rows
        if len(rows) == 1:
            return rows[0]
        rows = self._pick(contents, point)
        if len(contents) > 1:
            example = make_readable(
                min(next(iter(self._names.photos.names[one]), photo) for one in contents)
            )
            return f"{len(contents)} photos have the name {shown}: write such as {example}"
        example = refer_to(shown, self._boxes[rows[0]])
        return f"{shown} has {len(rows)} faces: say which, such as {example}"

    def count(self, person: int) -> int:
        """How many faces a person has."""
        return int(np.isin(self.numbers, list(self._group(person))).sum())

    def tell_missing(self, person: int, name: str) -> str:
        """What to say of a photo, or of a face on it, that is not the person's."""
        photo, point = self._take_apart(name)
        who = folder_name(person)
        if point is not None and self._known(photo):
            shown = f"{make_readable(photo)} at {point[0]},{point[1]}"
            return f"{who} is not on {shown}, so nothing was done"
        none = "" if self._known(photo) else ", and no photo has that name"
        return f"{who} is on no photo {make_readable(photo)}{none}, so nothing was done"

    def _group(self, person: int) -> set[int]:
        """All numbers of a person."""
        of = self.said.person(person)
        return self._merged.get(of, set()) | {of}

    def _known(self, name: str) -> bool:
        return _looks(name) in self._names.alike

    def _take_apart(self, name: str) -> tuple[str, tuple[int, int] | None]:
        """A photo's name and a point; a photo of just that name, which may end so, has none."""
        if any(True for _ in self._contents(name)):
            return name, None
        return split_point(name)

    def _contents(
        self, name: str, folders: Sequence[int] | None = None
    ) -> Iterator[Collection[str]]:
        """Contents of the photos of a name, the nearest first; none that has none.

        folders: of the persons in whose folders the name may be; None: of any.
        """
        copied = self._names.copied.get(name, {})
        if folders is None:
            copies = [set(copied.values())]
        else:
            inside = [copied.get(folder_name(number)) for number in folders]
            copies = [{content} for content in inside if content is not None]
        names = self._names
        for contents in (names.exact.get(name), *copies, names.alike.get(_looks(name))):
            if contents:
                yield contents

    def _on_any(self, contents: Collection[str]) -> bool:
        return any(content in self._names.rows for content in contents)

    def _pick(self, contents: Collection[str], point: tuple[int, int] | None) -> list[int]:
        """Rows of faces on photos; with a point the one there of each."""
        found: list[int] = []
        for content in contents:
            rows = self._names.rows.get(content, [])
            if point is not None:
                at = find_at(point, [self._boxes[row] for row in rows])
                rows = [] if at is None else [rows[at]]
            found += rows
        return sorted(found)

    def _find(self, name: str, folders: Sequence[int], numbers: Collection[int]) -> list[int]:
        """Rows of faces with some numbers on the photos of a name; the nearest such name counts."""
        photo, point = self._take_apart(name)
        for contents in self._contents(photo, folders):
            rows = self._pick(contents, point)
            if found := [row for row in rows if int(self.numbers[row]) in numbers]:
                return found
        return []


def group_numbers(numbers: Iterable[int], said: Corrections) -> dict[int, set[int]]:
    """The numbers that each person has gone by."""
    groups: dict[int, set[int]] = {}
    for number in numbers:
        if number != NOBODY:
            groups.setdefault(said.person(number), set()).add(number)
    return groups


def _last_part(path: str) -> str:
    """A file's name: what `Path` takes 30 times as long for, of each of many photos."""
    return path.rpartition("/")[2]


def _looks(name: str) -> str:
    """A name as the page shows it, however its letters are put together."""
    return unicodedata.normalize("NFC", make_readable(name))
