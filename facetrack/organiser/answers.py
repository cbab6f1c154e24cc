"""What an answer comes to: lines of people.yaml, and whose faces are.

Nothing is changed here. `Change` says what would be, and what takes it back.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from facetrack.core.errors import UserError
from facetrack.core.texts import fold, write_count
from facetrack.organiser import people_file
from facetrack.organiser.album import NO_PERSON, Album
from facetrack.organiser.grouping import NOBODY, Numbers
from facetrack.organiser.people import folder_name

NEW = -2  # where faces are moved to that are somebody's whom nobody knows yet

Edits = list[list[Any]]
"""Changes of people.yaml, in their order: what, whose lines, and what it takes (people_editing)."""


@dataclass
class Change:
    """What an answer comes to. told: for the user.

    edits, back: of people.yaml, and what takes them back. rows: faces that change their person;
    to: (k,) who they are. merged: persons into others. names: of persons, None for no name; hidden:
    persons and whether they are. different: persons told apart; barred: faces and persons they are
    not. listed: where faces are listed in people.yaml from now on. pair: ids of two faces it was
    about, and what was said of them.
    """

    told: str
    edits: Edits = field(default_factory=list)
    back: Edits = field(default_factory=list)
    rows: Numbers = field(default_factory=lambda: np.zeros(0, np.int64))
    to: Numbers = field(default_factory=lambda: np.zeros(0, np.int64))
    merged: dict[int, int] = field(default_factory=dict)
    names: dict[int, str | None] = field(default_factory=dict)
    hidden: dict[int, bool] = field(default_factory=dict)
    different: list[tuple[int, int]] = field(default_factory=list)
    barred: set[tuple[str, int]] = field(default_factory=set)
    listed: dict[str, int | None] = field(default_factory=dict)
    pair: list[str] = field(default_factory=list)
    said: str = ""

    def do(self, edit: list[Any], back: list[Any]) -> None:
        """Add an edit of people.yaml, and what takes it back."""
        self.edits.append(edit)
        self.back.insert(0, back)


class Answers:
    """Answers to questions about an album.

    listed: faces that people.yaml lists, as it names them, and below which person (0: nobody).
    sections: persons who are in people.yaml.
    """

    def __init__(self, album: Album, listed: Mapping[str, int], sections: Collection[int]) -> None:
        """Look at them; they may change meanwhile."""
        self._album, self._listed, self._sections = album, listed, sections

    def call(self, number: int) -> str:
        """A person for a reader: by name, where there is one."""
        if number <= NOBODY:
            return "in no group" if number == NOBODY else "no person"
        return self._album.names.get(number) or folder_name(number)

    def name(self, number: int, name: str | None) -> Change:
        """A person has a name, or none."""
        name = (name or "").strip() or None
        change = Change(f"{folder_name(number)} is {name or 'without a name'}")
        was, _ = self._album.said.called.get(number, (None, 0))
        if name != was:
            change.do(["name", number, name], ["name", number, was])
            change.names[number] = name
        return change

    def hide(self, number: int, hidden: bool) -> Change:
        """A person is of no interest, or of interest again."""
        change = Change(f"{self.call(number)} is {'hidden' if hidden else 'shown again'}")
        if hidden != (number in self._album.hidden):
            change.do(["hide", number, hidden], ["hide", number, not hidden])
            change.hidden[number] = hidden
        return change

    def merge(self, numbers: Sequence[int], into: int) -> Change:
        """Persons are one; `into` keeps number and name. Raises UserError where they are two."""
        others = sorted(set(numbers) - {into})
        if not others:
            raise UserError("select at least two persons")
        apart = self._album.apart
        for other in others:
            if frozenset((into, other)) in apart:
                raise UserError(
                    f"{self.call(other)} and {self.call(into)} are two people, as "
                    f"{people_file.FILE} says: take that back first"
                )
        change = Change(f"{' and '.join(map(self.call, others))} is {self.call(into)}")
        for other in others:
            item = ["merge", [folder_name(other)]]
            change.do(["add", into, *item], ["remove", into, *item])
            change.merged[other] = into
        rows = [self._album.faces_of(other) for other in others]
        change.rows = np.concatenate(rows)
        change.to = np.full(len(change.rows), into)
        return change

    def move(self, rows: Numbers, to: int, name: str | None = None) -> Change:
        """Faces are a person's; NEW: one's who is not there yet, 0: nobody's, -1: no person's.

        name: of the one who is not there yet.
        """
        album = self._album
        told = {NOBODY: "in no group", NO_PERSON: "no person"}
        founds = to == NEW
        if founds:
            to = max([album.following, *(number + 1 for number in self._sections)])
            told[to] = name or folder_name(to)
        change = Change(f"{write_count(len(rows), 'face')}: {told.get(to) or self.call(to)}")
        for row in rows.tolist():
            self._list_face(change, row, to)
        if founds and name:
            change.do(["name", to, name], ["name", to, None])
            change.names[to] = name
        change.rows, change.to = rows, np.full(len(rows), to)
        return change

    def move_by_name(self, rows: Numbers, name: str) -> Change:
        """Faces are of the person who has a name, the largest of several, else of a new one."""
        album = self._album
        known = [
            number for number in album.numbers if fold(album.names.get(number, "")) == fold(name)
        ]
        if not known:
            return self.move(rows, NEW, name)
        return self.move(rows, max(known, key=lambda number: len(album.faces_of(number))))

    def _list_face(self, change: Change, row: int, to: int) -> None:
        """Have people.yaml say whose a face is, and nothing else of it."""
        album = self._album
        face, key = album.point_at(row), album.photos.keys[row]
        listed = self._listed.get(face)
        if listed is not None:
            item = _list_item(listed, face)
            change.do(["remove", *item], ["add", *item])
            change.listed[face] = None
        if to != NOBODY:
            item = _list_item(NOBODY if to == NO_PERSON else to, face)
            change.do(["add", *item], ["remove", *item])
            change.listed[face] = item[0]
            return
        owner = album.root(album.last.faces[key])
        if owner > NOBODY:
            bar = [owner, "not", [face]]
            change.do(["add", *bar], ["remove", *bar])
            change.barred.add((key, owner))

    def persons_of(self, rows: Sequence[int]) -> list[int]:
        """The persons of some faces."""
        return [int(self._album.persons[row]) for row in rows]

    def join(self, rows: tuple[int, int]) -> Change:
        """Two faces are one person."""
        persons = self.persons_of(rows)
        if persons[0] == persons[1]:
            if persons[0] != NOBODY:
                return Change(f"{self.call(persons[0])} is one person")
            return self.move(np.array(rows), NEW)
        if NOBODY in persons:
            unknown = persons.index(NOBODY)
            return self.move(np.array([rows[unknown]]), persons[1 - unknown])
        album = self._album
        order = sorted(
            persons, key=lambda one: (one not in album.names, -len(album.faces_of(one)), one)
        )
        change = self.merge([order[1]], order[0])
        if len({album.names[one] for one in persons if one in album.names}) == 2:
            change.told += ", whose name stays"
        return change

    def part(self, rows: tuple[int, int]) -> Change:
        """Two faces that are not of one person now are two people."""
        persons = self.persons_of(rows)
        if persons[0] == persons[1]:
            return Change("two people")
        change = Change(f"{self.call(persons[0])} and {self.call(persons[1])} are two people")
        if NOBODY in persons:
            unknown = persons.index(NOBODY)
            person, face = persons[1 - unknown], self._album.point_at(rows[unknown])
            change.told = f"a face is not {self.call(person)}"
            change.do(["add", person, "not", [face]], ["remove", person, "not", [face]])
            change.barred.add((self._album.photos.keys[rows[unknown]], person))
            return change
        item = ["different", [folder_name(persons[1])]]
        change.do(["add", persons[0], *item], ["remove", persons[0], *item])
        change.different.append((persons[0], persons[1]))
        return change

    def split_off(self, rows: Numbers) -> Change:
        """Faces are not their person's: together somebody else's, a single one nobody's."""
        return self.move(rows, NOBODY if len(rows) == 1 else NEW)


def _list_item(number: int, face: str) -> list[Any]:
    return [number, "nobody" if number == NOBODY else "also", [face]]
