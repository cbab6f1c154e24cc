"""Answers given on a page: each changes people.yaml and the album at once, and can be taken back.

people.yaml stays the one truth. It is read again before each answer, so that what is written into
it by hand meanwhile counts; an answer changes the lines it is about and nothing else.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from facetrack.core.errors import UserError
from facetrack.organiser import ids, people_editing, people_file, people_writing, state
from facetrack.organiser.album import NO_PERSON, Album
from facetrack.organiser.answer_log import Answer, AnswerLog
from facetrack.organiser.answers import Answers, Change, Edits
from facetrack.organiser.chains import Chain, find_chain
from facetrack.organiser.grouping import NOBODY, Numbers
from facetrack.organiser.people import Corrections, folder_name
from facetrack.organiser.photos import Stages
from facetrack.organiser.questions import PART, Question, Questions

YES, NO, UNSURE = "yes", "no", "unsure"

_AT_THE_END = 1 << 40  # a line after all others


class BrokenPeople(UserError):
    """people.yaml is as nobody can read it, and has to be mended by hand first."""


class Review:
    """A folder while somebody answers questions about it; from several threads."""

    def __init__(self, out: Path, stages: Stages) -> None:
        """Read the folder. Raises UserError where it was not organised, or cannot be read."""
        self.out = out
        self.stages = stages
        self._people = out / people_file.FILE
        self._lock = threading.RLock()
        self.version = 0
        self.log = AnswerLog(out)
        self._undone: dict[int, Callable[[], None]] = {}
        self.load()

    def load(self) -> None:
        """Read everything anew."""
        with self._lock:
            said = self._read_people()
            self.album = Album.load(self.out, self.stages, said)
            self._note(said)
            self._state = self._look_at_state()
            self._questions: Questions | None = None

    def _read_people(self) -> Corrections:
        people_writing.finish(self._people)
        try:
            self._text, said = people_file.read(self._people)
        except UserError as error:
            raise BrokenPeople(str(error)) from error
        return said

    def _note(self, said: Corrections) -> None:
        """What people.yaml says has been read anew."""
        self._sections = set(said.persons)
        self._listed = {photo.name: number for number, photo in said.also}
        self._listed |= {face.name: NOBODY for number, face in said.bar if number == NOBODY}
        self.answers = Answers(self.album, self._listed, self._sections)
        self._undone.clear()
        self.version += 1

    def load_if_sound(self) -> None:
        """Read everything anew, unless people.yaml is broken: the next answer tells that."""
        with contextlib.suppress(UserError):
            self.load()

    def refresh(self) -> None:
        """Read anew what somebody else has changed. Raises UserError for a broken people.yaml."""
        with self._lock:
            if self._look_at_state() != self._state:
                self.load()
            elif (people_file.read_content(self._people) or b"") != self._text.encode():
                self._read_again()

    def _read_again(self) -> None:
        """Read people.yaml alone, of which little has changed."""
        said = self._read_people()
        moved = self.album.say(said)
        self._note(said)
        if self._questions is not None:
            self._questions.update(moved)

    def locked(self) -> threading.RLock:
        """Nobody else answers while it is held."""
        return self._lock

    def list_questions(self) -> Iterator[Question]:
        """What is worth asking, the most valuable first."""
        with self._lock:
            if self._questions is None:
                self._questions = Questions(self.album)
            return self._questions.rank(self.log.list_answered())

    def count_applied(self) -> int:
        """How many of the standing answers the last run of the organiser has carried out."""
        return sum(answer.at <= self._applied for answer in self.log.standing)

    def name(self, number: int, name: str | None) -> str:
        """Give a person a name, or none."""
        with self._lock:
            self._begin([number])
            return self._carry_out(self.answers.name(number, name))

    def hide(self, number: int, hidden: bool) -> str:
        """Have a person shown last and not asked about, or again as others."""
        with self._lock:
            self._begin([number])
            return self._carry_out(self.answers.hide(number, hidden))

    def merge(self, numbers: Sequence[int], into: int) -> str:
        """Persons are one; `into` keeps number and name."""
        with self._lock:
            self._begin([*numbers, into])
            return self._carry_out(self.answers.merge(numbers, into))

    def move(self, faces: Sequence[str], to: int) -> str:
        """Faces are a person's; NEW: one's who is not there yet, 0: nobody's, -1: no person's."""
        with self._lock:
            self._begin([to] if to > 0 else [])
            return self._carry_out(self.answers.move(self._find_faces(faces), to))

    def move_by_name(self, faces: Sequence[str], name: str) -> str:
        """Faces are of the person who has a name, or of a new one with it."""
        with self._lock:
            self._begin([])
            if not (name := " ".join(name.split())):
                raise UserError("expected a name, got none")
            return self._carry_out(self.answers.move_by_name(self._find_faces(faces), name))

    def answer(self, first: str, second: str, said: str) -> str:
        """Two faces are one person, are not, or nobody can tell."""
        with self._lock:
            self._begin([])
            rows = self.album.find_face(first), self.album.find_face(second)
            if first == second or said not in (YES, NO, UNSURE):
                raise UserError("expected two faces, and yes, no or unsure")
            persons = self.answers.persons_of(rows)
            if said == UNSURE or NO_PERSON in persons:
                change = Change("nobody can tell")
            elif said == YES:
                change = self.answers.join(rows)
            elif persons[0] == persons[1] != NOBODY:
                change = self.answers.split_off(self._find_part(first, second))
            else:
                change = self.answers.part(rows)
            change.pair, change.said = [first, second], said
            return self._carry_out(change)

    def cut(self, first: str, second: str) -> str:
        """A person's two faces are two people: the group comes apart at its weakest tie."""
        with self._lock:
            self._begin([])
            chain, rows = self.find_chain(first, second)
            return self._carry_out(self.answers.split_off(rows[np.array(chain.side)]))

    def _find_part(self, first: str, second: str) -> Numbers:
        """Which of a person's faces are not the others': the part that was asked about."""
        for one in self.list_questions():
            if one.kind == PART and one.pair == {first, second}:
                return one.sides[1]
        chain, rows = self.find_chain(first, second)
        part: Numbers = rows[np.array(chain.side)]
        return part

    def find_chain(self, first: str, second: str) -> tuple[Chain, Numbers]:
        """Why two faces are one person's, and the rows of all that person's faces."""
        with self._lock:
            album = self.album
            one, other = album.find_face(first), album.find_face(second)
            person = int(album.persons[one])
            if person <= NOBODY or album.persons[other] != person or one == other:
                raise UserError("these are not two faces of one person")
            rows = album.faces_of(person)
            rows = rows[album.known[rows]]
            places = {row: at for at, row in enumerate(rows.tolist())}
            if one not in places or other not in places:
                raise UserError(
                    "what is known of these faces is not stored any more: organise anew"
                )
            vectors = album.photos.vectors[rows]
            return find_chain(vectors, places[one], places[other]), rows

    def undo(self) -> str:
        """Take the last answer back."""
        with self._lock:
            self.refresh()
            if not self.log.standing:
                raise UserError("there is nothing to take back")
            last = self.log.standing[-1]
            self._write([*last.back, *self._move_back(last)])
            self.log.take_back()
            undone = self._undone.pop(last.id, None)
            if undone is None:  # of an earlier session, or people.yaml was changed since
                self._read_again()
            else:
                undone()
                self.version += 1
            return f"taken back: {last.told}"

    def _find_faces(self, ids: Sequence[str]) -> Numbers:
        if not ids:
            raise UserError("no face is selected: select some")
        return np.array([self.album.find_face(id_) for id_ in ids], dtype=np.int64)

    def _begin(self, numbers: Sequence[int]) -> None:
        self.refresh()
        for number in numbers:
            if not len(self.album.faces_of(number)) or number <= NOBODY:
                raise UserError(f"there is no {folder_name(number)} any more: load the page again")

    def _carry_out(self, change: Change) -> str:
        """Keep the answer, write it into people.yaml, and change the album."""
        album = self.album
        was = album.persons[change.rows]
        keys = [album.photos.keys[row] for row in change.rows.tolist()]
        self._edit(self._text, change.edits)  # what cannot be said is not noted
        answer = self.log.add(
            change.told,
            edits=change.edits,
            back=change.back,
            barred=[
                (key, one)
                for key, one, to in zip(keys, was.tolist(), change.to.tolist(), strict=True)
                if to == NOBODY
            ],
            pair=change.pair,
            said=change.said,
        )
        try:
            self._write(change.edits)
        except UserError:
            self.log.take_back()
            raise
        self._undone[answer.id] = self._do(change, was)
        self.version += 1
        return change.told

    def _do(self, change: Change, was: Numbers) -> Callable[[], None]:
        """Change the album; returns what changes it back."""
        album, listed, said = self.album, self._listed, self.album.said
        barred = change.barred - album.barred
        was_listed = {face: listed.get(face) for face in change.listed}
        unsay = _say(said, change, self._line_of)

        def put(to: Numbers, faces: dict[str, int | None]) -> None:
            album.persons[change.rows] = to
            for face, number in faces.items():
                listed.pop(face, None)
                if number is not None:
                    listed[face] = number
            if self._questions is not None:
                self._questions.update(change.rows)

        def back() -> None:
            unsay()
            album.barred -= barred
            put(was, was_listed)

        album.barred |= barred
        put(change.to, change.listed)
        return back

    def _edit(self, text: str, edits: Edits) -> str:
        """people.yaml's text with some edits; who came by an answer goes when nothing is said."""
        text = people_editing.edit(text, edits)
        for number in {edit[1] for edit in edits}:
            if number == NOBODY or number >= self.album.last.following:
                text = people_editing.drop(text, number)
        return text

    def _line_of(self, number: int) -> int:
        """Where a person is in people.yaml, among the others: names that come first count."""
        lines = [line for one, line, _ in self.album.said.sections if one == number]
        return lines[0] if lines else _AT_THE_END + number

    def _write(self, edits: Edits) -> None:
        """Change people.yaml. Raises UserError where it does not take that."""
        before = self._text
        content, self._text = people_writing.change(
            self._people, before, lambda text: self._edit(text, edits)
        )
        if content != before.encode():
            self._questions = None
            self._state = None  # read anew before the next answer
        self._sections |= {int(edit[1]) for edit in edits if edit[0] in ("add", "name", "hide")}

    def _move_back(self, answer: Answer) -> Edits:
        """Edits for faces that were taken from a person, in the folders too.

        That a face is not somebody's is remembered by the face: who takes the line out has not said
        whose it is. A face that was given to somebody goes back by itself.
        """
        found: Edits = []
        for key, was in answer.barred:
            row = self.album.rows.get(ids.name_id(key))
            if row is not None and self.album.last.faces.get(key) == NOBODY and was > NOBODY:
                found.append(["add", was, "also", [self.album.point_at(row)]])
        return found

    @property
    def _applied(self) -> float:
        """When the organiser has last run, in seconds since 1970."""
        return 0.0 if self._state is None else self._state[0] / 1e9

    def _look_at_state(self) -> tuple[int, int] | None:
        try:
            status = (state.own_folder(self.out) / state.LAST).stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size


def _say(said: Corrections, change: Change, line_of: Callable[[int], int]) -> Callable[[], None]:
    """Have corrections say what an answer comes to; returns what takes that out again."""
    called, hide_lines = dict(said.called), dict(said.hide_lines)
    for number, name in change.names.items():
        said.called.pop(number, None)
        if name is not None:
            said.called[number] = (name, line_of(number))
    for number, hidden in change.hidden.items():
        said.hide_lines.pop(number, None)
        if hidden:
            said.hide_lines[number] = line_of(number)
    told = [(one, other, line_of(one)) for one, other in change.different]
    said.different += told
    said.forget_names()
    for other, into in change.merged.items():
        said.join(other, into, line_of(into))

    def unsay() -> None:
        said.called, said.hide_lines = called, hide_lines
        for one in told:
            said.different.remove(one)
        said.forget_names()
        for other in change.merged:
            said.part(other)

    return unsay
