"""An audit of an organised folder: what to ask, what was answered, and how many mistakes are left.

    audited = open_audit(out, stages, seed=0)   # within state.open_folder
    asked = audited.ask()                       # the next question
    audited.answer(asked, Reply.SAME)           # keeps it
    audited.audit.estimate()                    # what is known now
    audited.list_corrections()                  # the same for people.yaml

No page, no terminal: the audit task and the page of task=review use this.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from facetrack.core.faces import Vectors
from facetrack.evaluation.audit.estimates import Estimate
from facetrack.evaluation.audit.frame import BETWEEN, INSIDE
from facetrack.evaluation.audit.replies import Reply
from facetrack.evaluation.audit.screens import Screen
from facetrack.evaluation.audit.session import Audit
from facetrack.organiser import audit_answers, audit_corrections
from facetrack.organiser.audit_answers import Asked, sort_by_question
from facetrack.organiser.audited_faces import Folder, read_folder
from facetrack.organiser.photos import Stages
from facetrack.organiser.question_pairs import find_middle
from facetrack.organiser.recognition import box_of, content_of

CAVEAT = (
    "credible intervals: they rest on how likely faces so far apart were one person among other "
    "people, and on these answers"
)
_SIDES = {INSIDE: "inside a group", BETWEEN: "between groups"}


class Audited:
    """An audit of a folder, which keeps what is answered."""

    def __init__(self, out: Path, folder: Folder, seed: int) -> None:
        self._out, self.folder = out, folder
        self.audit = Audit(folder.faces, seed)
        self._history: list[Mapping[str, Estimate]] = []
        self.answered = audit_answers.load(out)
        self._begin()

    def _begin(self) -> None:
        """Count all answers there are, from the first one on."""
        self.audit.restart()
        self.unused = 0
        """Questions about faces or groups that the estimate has no use for."""
        for question in sort_by_question(self.answered):
            self._count(question)

    def _count(self, question: Sequence[Asked]) -> None:
        self.unused += not self._take(question)

    def catch_up(self) -> None:
        """Count what was answered elsewhere meanwhile, or is forgotten."""
        self._put(audit_answers.load(self._out))

    def ask(self, still_open: Sequence[Asked] = ()) -> Asked | None:
        """The next question that was not asked before; None where there is none left.

        still_open: questions that are not answered yet.
        """
        found = [rows for one in self.answered if (rows := self.folder.find(one))]
        question = self.audit.ask({(min(rows), max(rows)) for rows in found})
        if question is None:
            return None
        return Asked(
            number=self.next_number + len(still_open),
            first=self.folder.keys[question.first],
            second=self.folder.keys[question.second],
            stratum=f"{_SIDES[question.side]} {question.stratum + 1}",
            weight=question.weight,
            log_odds=float(self.audit.blocks[question.side].logit[question.block]),
        )

    def ask_screen(self) -> list[Asked] | None:
        """A face, the first of each, beside others of its group and one of each group near it.

        None where there is none left.
        """
        seen = {one.first for one in self.answered if one.shown > 1}
        number = 0
        while (screen := self.audit.ask_screen(number)) is not None:
            number += 1
            key = self.folder.keys[screen.face]
            if key not in seen and len(screen.faces) + len(screen.groups) > 1:
                return self._show(screen, key)
        return None

    def _show(self, screen: Screen, key: str) -> list[Asked]:
        vectors: Vectors = self.folder.faces.vectors
        middles = [find_middle(vectors, self.audit.members[group]) for group in screen.groups]
        shown = len(screen.faces) + len(middles)
        return [
            Asked(
                number=self.next_number,
                first=key,
                second=self.folder.keys[row],
                stratum=f"{_SIDES[side]}, on a screen",
                shown=shown,
                log_odds=self._find_log_odds(screen.face, row, side),
            )
            for side, rows in ((INSIDE, screen.faces), (BETWEEN, middles))
            for row in rows
        ]

    def _find_log_odds(self, first: int, second: int, side: str) -> float | None:
        """Those of two faces, rows; None where they are not of that side."""
        place = self.audit.find_place(first, second)
        if place is None or place[0] != side:
            return None
        return float(self.audit.blocks[side].logit[place[1]])

    @property
    def next_number(self) -> int:
        """What the next question is counted as."""
        return 1 + max((one.number for one in self.answered), default=0)

    def answer(self, asked: Asked, reply: Reply) -> None:
        """Keep an answer, and count with it; one about the same faces before is replaced."""
        self.answer_all([replace(asked, answer=reply.value)])

    def answer_all(self, given: Sequence[Asked]) -> None:
        """Keep several answers."""
        self._put(audit_answers.keep(self._out, [self._place(one) for one in given]))

    def _place(self, one: Asked) -> Asked:
        """An answer with the log odds that it was asked by, which a table does not have."""
        if one.log_odds is not None:
            return one
        for before in self.answered:
            if before.what == one.what and before.log_odds is not None:
                return replace(one, log_odds=before.log_odds)
        rows, side = self.folder.find(one), _find_side(one)
        return one if rows is None else replace(one, log_odds=self._find_log_odds(*rows, side))

    def _put(self, answered: list[Asked]) -> None:
        """These are the answers now."""
        before, self.answered = self.answered, answered
        if answered[: len(before)] == before:
            for question in sort_by_question(answered[len(before) :]):
                self._count(question)
        else:  # what was said before is taken back
            if before[: len(answered)] != answered:
                self._history.clear()
            self._begin()

    def list_history(self) -> list[Mapping[str, Estimate]]:
        """What was known without an answer, and after each question that was answered."""
        questions = sort_by_question(self.answered)
        del self._history[len(questions) :]
        if len(self._history) == len(questions) - 1:
            self._history.append(self.audit.estimate())
        elif len(self._history) < len(questions):
            self._history.clear()
            self.audit.restart()
            self.unused = 0
            for question in questions:
                self._count(question)
                self._history.append(self.audit.estimate())
        return [self.audit.before, *self._history]

    def count_wrong(self) -> int:
        """How many answers say that the groups are wrong."""
        return sum(audit_corrections.is_wrong(self.folder, one) for one in self.answered)

    def count_corrected(self) -> int:
        """How many mistakes are corrected since that answers of an earlier version found.

        It did not keep what they were asked by, and what is left to count is no fair sample then:
        of what was asked about nothing is wrong any more.
        """
        old = [one for one in self.answered if one.log_odds is None]
        return sum(audit_corrections.is_corrected(self.folder, one) for one in old)

    def list_corrections(self) -> dict[str, list[str]]:
        """What the answers correct, as people.yaml says it: settings by section, "person-001"."""
        steps = audit_corrections.plan_corrections(self.folder, self.answered)
        return audit_corrections.write_corrections(self.folder, steps)

    def describe(self, key: str) -> str:
        """A face for a reader: its photo, and where on it."""
        photo = self.folder.state.photos.get(content_of(key))
        name = photo.names[0] if photo is not None and photo.names else content_of(key)[:12]
        x, y, width, height = box_of(key).tolist()
        return f"{name} (face at {x},{y}, {width} x {height})"

    def _take(self, question: Sequence[Asked]) -> bool:
        said = {rows: Reply(one.answer) for one in question if (rows := self.folder.find(one))}
        if not said:
            return False
        was = {
            rows: (_find_side(one), one.log_odds)
            for one in question
            if one.log_odds is not None and (rows := self.folder.find(one))
        }
        (first, second), reply = next(iter(said.items()))
        if question[0].shown == 1:
            return self.audit.record(first, second, reply, was.get((first, second)))
        return self.audit.record_shown(
            first,
            {other: of for (_, other), of in said.items()},
            {other: of for (_, other), of in was.items()},
        )


def _find_side(one: Asked) -> str:
    """The side that a question was of when it was asked."""
    return INSIDE if one.stratum.startswith(_SIDES[INSIDE]) else BETWEEN


def open_audit(out: Path, stages: Stages, seed: int = 0) -> Audited:
    """An audit of an organised folder with the answers it has. Raises UserError."""
    return Audited(out, read_folder(out, stages), seed)


def find_label(audited: Audited, asked: Asked, named: Mapping[str, str] | None = None) -> Reply:
    """What is known of two faces by names that faces have, or else by the folders of their photos.

    named: of faces, by key; None: by the sub-folders in which the photos were, as `dataset.root`
    has them. One says who the largest face on a photo is; of others nothing is known.
    """
    pair = (asked.first, asked.second)
    if named is None:
        people = [_name_person(audited.folder, key) for key in pair]
    else:
        people = [named.get(key) for key in pair]
    if None in people:
        return Reply.UNSURE
    return Reply.SAME if people[0] == people[1] else Reply.DIFFERENT


def _name_person(folder: Folder, key: str) -> str | None:
    content = content_of(key)
    photo = folder.state.photos.get(content)
    names = [] if photo is None else [name for name in photo.names if "/" in name]
    boxes = [box_of(other) for other in folder.keys if content_of(other) == content]
    size = int(np.prod(box_of(key)[2:]))
    if not names or any(int(np.prod(box[2:])) > size for box in boxes):
        return None
    return names[0].partition("/")[0]
