"""What an audit's answers correct: persons that are one, and faces that are not their person's.

Two faces of one group that show two people do not say which of the two is the stranger. The one
that fits in less well often is; where two people have many faces each in the group it need not be,
and taking it out leaves the other faces there. So the group comes apart where the chain of closest
ties between the two is weakest (chains.py), as it does on the page, and the smaller part leaves it:
a single face to nobody, several as one new person. Faces that are one person, by answers, stay
together in that. Groups come apart before others are joined, and none are joined that have faces of
two people, by answers: what is left of answers that contradict each other is not carried out.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from facetrack.core.errors import UserError
from facetrack.core.faces import Vectors, scale_to_unit
from facetrack.evaluation.audit.replies import Reply
from facetrack.organiser.audit_answers import Asked
from facetrack.organiser.audited_faces import Folder
from facetrack.organiser.chains import find_chain
from facetrack.organiser.grouping import NOBODY, Numbers
from facetrack.organiser.people import folder_name


@dataclass(frozen=True)
class Merge:
    """Two persons are one, and keep the number of the first."""

    into: int
    other: int


@dataclass(frozen=True)
class Move:
    """Faces, rows of the folder, are nobody's or a person's, who may be new. was: theirs before."""

    rows: Sequence[int]
    was: int
    to: int


def is_wrong(folder: Folder, one: Asked) -> bool:
    """Whether an answer says that the groups are wrong about its faces."""
    rows = folder.find(one)
    if rows is None:
        return False
    first, second = folder.persons[list(rows)].tolist()
    expected = Reply.DIFFERENT if first == second != NOBODY else Reply.SAME
    return one.answer == str(expected.value)


def is_corrected(folder: Folder, one: Asked) -> bool:
    """Whether an answer said that the groups were wrong, which they are not any more."""
    rows = folder.find(one)
    if rows is None or one.answer not in (Reply.SAME.value, Reply.DIFFERENT.value):
        return False
    was_inside = one.stratum.startswith("inside")
    return was_inside == (one.answer == Reply.DIFFERENT.value) and not is_wrong(folder, one)


def plan_corrections(folder: Folder, answered: Iterable[Asked]) -> list[Merge | Move]:
    """What makes the groups agree with the answers, in this order."""
    said = [(*rows, one.answer) for one in answered if (rows := folder.find(one))]
    made = _Plan(folder, said)
    made.part_all()
    made.join_all()
    return made.steps


class _Plan:
    """The steps so far, and whose the faces are after them."""

    def __init__(self, folder: Folder, said: Sequence[tuple[int, int, str]]) -> None:
        n = len(folder.keys)
        same = [(one, other) for one, other, answer in said if answer == Reply.SAME.value]
        pairs = np.array(same, dtype=np.int64).reshape(-1, 2).T
        links = coo_array((np.ones(pairs.shape[1]), (pairs[0], pairs[1])), shape=(n, n))
        self._who = connected_components(links, directed=False)[1]  # by answers alone
        self._strangers = [
            (one, other)
            for one, other, answer in said
            if answer == Reply.DIFFERENT.value and self._who[one] != self._who[other]
        ]
        self._same, self._folder = same, folder
        self._persons, self._following = folder.persons.copy(), folder.following
        self._points = _draw_together(folder.faces.vectors, self._who)
        self.steps: list[Merge | Move] = []

    def part_all(self) -> None:
        """Part each group that has two people, until none has."""
        for one, other in self._strangers:
            while (pair := self._find_together(one, other)) is not None:
                if not self._part(*pair):
                    break

    def _find_together(self, one: int, other: int) -> tuple[int, int] | None:
        """A face of each of two people that are in one group; None where there are none."""
        rows = [np.flatnonzero(self._who == self._who[face]) for face in (one, other)]
        groups = [self._persons[some] for some in rows]
        both = set(groups[0].tolist()) & set(groups[1].tolist()) - {NOBODY}
        if not both:
            return None
        first, second = (
            int(some[np.flatnonzero(of == min(both))[0]])
            for some, of in zip(rows, groups, strict=True)
        )
        return first, second

    def _part(self, first: int, second: int) -> bool:
        person = int(self._persons[first])
        rows = np.flatnonzero(self._persons == person)
        one, other = np.searchsorted(rows, (first, second)).tolist()
        try:
            chain = find_chain(self._points[rows], one, other)
        except UserError:  # too many faces to look at
            return False
        side = rows[np.array(chain.side)]
        self._move(side, NOBODY if len(side) == 1 else self._take_number())
        return True

    def join_all(self) -> None:
        """Join what is one person, but nobody with a stranger."""
        for rows in self._same:
            persons = sorted(set(self._persons[list(rows)].tolist()))
            if persons == [NOBODY]:
                self._move(np.array(rows), self._take_number())
            elif len(persons) == 2 and not self._are_strangers(rows):
                if persons[0] == NOBODY:
                    unknown = [row for row in rows if self._persons[row] == NOBODY]
                    self._move(np.array(unknown), persons[1])
                else:
                    self._persons[self._persons == persons[1]] = persons[0]
                    self.steps.append(Merge(persons[0], persons[1]))

    def _are_strangers(self, rows: tuple[int, int]) -> bool:
        """Whether somebody of one face's group is known to be no one of the other's."""
        one, other = (self._list_people(row) for row in rows)
        return any(
            (self._who[first] in one and self._who[second] in other)
            or (self._who[first] in other and self._who[second] in one)
            for first, second in self._strangers
        )

    def _list_people(self, row: int) -> set[int]:
        """The people in a face's group, by answers alone."""
        person = self._persons[row]
        rows = [row] if person == NOBODY else np.flatnonzero(self._persons == person)
        return set(self._who[rows].tolist())

    def _move(self, rows: Numbers, to: int) -> None:
        was = int(self._persons[rows[0]])
        self._persons[rows] = to
        self.steps.append(Move(rows.tolist(), was, to))

    def _take_number(self) -> int:
        self._following += 1
        return self._following - 1


def _draw_together(vectors: Vectors, who: Numbers) -> Vectors:
    """(n, d) vectors, of which those of one person are one. who: (n,) the people."""
    sums = np.zeros((int(who.max(initial=-1)) + 1, vectors.shape[1]))
    np.add.at(sums, who, vectors.astype(np.float64))
    return scale_to_unit(sums.astype(np.float32))[who]


def write_corrections(folder: Folder, steps: Iterable[Merge | Move]) -> dict[str, list[str]]:
    """Steps as people.yaml says them: settings by section, {"person-001": ["merge: [person-004]"]}.

    Faces of photos without a name are left out.
    """
    lines: dict[str, list[str]] = {}
    for number, line in _list_lines(folder, steps):
        lines.setdefault(folder_name(number), []).append(line)
    return lines


def _list_lines(folder: Folder, steps: Iterable[Merge | Move]) -> Iterator[tuple[int, str]]:
    # Of a face that moves twice only where it ends counts: a file has no order.
    ends: dict[int, int] = {}
    merges = []
    for step in steps:
        if isinstance(step, Merge):
            merges.append((step.into, f"merge: [{folder_name(step.other)}]"))
        else:
            ends |= dict.fromkeys(step.rows, step.to)
    for row, to in ends.items():
        was, face = int(folder.persons[row]), folder.point_at(row)
        if face is None or was == to:
            continue
        quoted = json.dumps(face, ensure_ascii=False)
        if to == NOBODY:
            yield was, f"not: [{quoted}]"
        else:
            yield to, f"also: [{quoted}]"
    yield from merges
