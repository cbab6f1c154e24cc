"""Faces that people.yaml gives to a person, wherever they were, or says to be no person's.

Both are found before anything is grouped: whoever a face is given to draws others like it, and who
is no person draws nobody. What a line has meant is remembered by the face, which is known again
when its photo was edited or has another name; a line that is taken out no longer holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from facetrack.core.texts import make_readable
from facetrack.organiser.grouping import NOBODY, Numbers
from facetrack.organiser.named_faces import NamedFaces, PhotoNames
from facetrack.organiser.people import Corrections, Photo, folder_name
from facetrack.organiser.photos import Photos
from facetrack.organiser.state import Given, State

Remark = tuple[int, str]  # a line of people.yaml, and what is to be said of it

_LARGEST_STEP = 1_000_000  # numbers have nine digits: one that is far off would use them up


@dataclass(frozen=True)
class GivenFaces:
    """What the lines with also and nobody come to.

    numbers: (n,) the person each face is given to, or was by the last run; 0 for none. given,
    nobody: by the face's key, also of photos that are not there now; nobody: by which name. lines:
    of faces that are given to somebody, by their row. following: the first number not yet given.
    names: by which people.yaml may call photos.
    """

    numbers: Numbers
    given: Mapping[str, Given]
    nobody: Mapping[str, str]
    following: int
    names: PhotoNames
    lines: Mapping[int, int] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)


def find_given(
    photos: Photos, before: State, said: Corrections, names: PhotoNames | None = None
) -> GivenFaces:
    """Whom people.yaml gives faces to; numbers that never were become persons.

    names: of the same photos and state, where they are there already.
    """
    names = names or PhotoNames(photos, before)
    given = keep_given(before, said)
    nobody = {
        key: of[NOBODY]
        for key, of in before.barred.items()
        if NOBODY in of and of[NOBODY] in {face.name for who, face in said.bar if who == NOBODY}
    }
    numbers = np.array([_find_number(key, before, given) for key in photos.keys], dtype=np.int64)
    find = _Finding(photos, NamedFaces(numbers.copy(), names, said), nobody)
    found = GivenFaces(numbers, given, nobody, before.following, names)
    return _note_nobody(_note_also(found, find, said), find, said)


def keep_given(before: State, said: Corrections) -> dict[str, Given]:
    """What the last run has given, as far as people.yaml still says so."""
    wanted = {(said.person(person), face.name): person for person, face in said.also}
    kept = {}
    for key, one in before.given.items():
        person = wanted.get((said.person(one.person), one.name))
        if person is not None:
            kept[key] = replace(one, person=person)
    return kept


def _find_number(key: str, before: State, given: Mapping[str, Given]) -> int:
    """A face's number before what is given now; one that is given no longer goes back."""
    if key in before.given and key not in given:
        return before.given[key].was
    return before.faces.get(key, NOBODY)


class _Finding:
    """The faces that lines mean, as they were before any of them."""

    def __init__(self, photos: Photos, faces: NamedFaces, nobody: Mapping[str, str]) -> None:
        self.faces, self.keys = faces, photos.keys
        self.rows = {key: row for row, key in enumerate(photos.keys)}
        self._free = {
            row
            for row, number in enumerate(faces.numbers.tolist())
            if number == NOBODY and photos.keys[row] not in nobody
        }

    def find(self, face: Photo, known: Mapping[str, object]) -> int | str | None:
        """The row of a face, why there is none, or None where what it has meant is not there now.

        known: faces that the last run found by this name.
        """
        there = [self.rows[key] for key in known if key in self.rows]
        if there:
            return there[0]
        found = self.faces.one(face.name, self._free)
        return None if isinstance(found, str) and known else found


def _note_also(found: GivenFaces, find: _Finding, said: Corrections) -> GivenFaces:
    given, lines, remarks = dict(found.given), dict[int, int](), list[Remark]()
    by_name: dict[tuple[int, str], dict[str, Given]] = {}
    for key, one in given.items():
        by_name.setdefault((one.person, one.name), {})[key] = one
    following = found.following
    for person, face in sorted(said.also, key=lambda one: one[1].line):
        row = find.find(face, by_name.get((person, face.name), {}))
        if row is None:
            continue
        if isinstance(row, str):
            remarks.append((face.line, f"{row}, so nothing was done"))
        elif person >= following + _LARGEST_STEP:
            told = (
                f"{folder_name(person)} is far from the last number: take {folder_name(following)}"
            )
            remarks.append((face.line, told))
        elif row in lines:
            key = find.keys[row]
            whose = said.person(given[key].person)
            told = f"{make_readable(face.name)} is {folder_name(whose)}'s by line {lines[row]}"
            more = " already" if whose == said.person(person) else ": take out one of the two"
            remarks.append((face.line, told + more))
        else:
            key = find.keys[row]
            was = given[key].was if key in given else int(found.numbers[row])
            given[key] = Given(person, face.name, was)
            found.numbers[row] = person
            lines[row] = face.line
            following = max(following, person + 1)
    return replace(
        found, given=given, lines=lines, following=following, remarks=[*found.remarks, *remarks]
    )


def _note_nobody(found: GivenFaces, find: _Finding, said: Corrections) -> GivenFaces:
    nobody, remarks = dict(found.nobody), list[Remark]()
    known: dict[str, dict[str, str]] = {}
    for key, name in nobody.items():
        known.setdefault(name, {})[key] = name
    done: dict[int, int] = {}
    for person, face in said.bar:
        if person != NOBODY:
            continue
        row = find.find(face, known.get(face.name, {}))
        if row is None:
            continue
        shown = make_readable(face.name)
        if isinstance(row, str):
            remarks.append((face.line, f"{row}, so nothing was done"))
        elif row in found.lines:
            whose = folder_name(said.person(found.given[find.keys[row]].person))
            told = f"{shown} is {whose}'s by line {found.lines[row]}: take out one of the two"
            remarks.append((face.line, told))
            nobody.pop(find.keys[row], None)
        elif row in done:
            remarks.append((face.line, f"{shown} is on line {done[row]} already"))
        else:
            nobody[find.keys[row]] = face.name
            found.numbers[row] = NOBODY
            done[row] = face.line
    return replace(found, nobody=nobody, remarks=[*found.remarks, *remarks])
