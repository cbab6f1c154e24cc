"""An audit on the page: its questions one after the other, and what is known after each answer.

An answer is kept at once, and waits for nothing that is counted: the next question and the next
estimate take in whatever is kept by then. What the groups are is looked at anew when an answer of
another view has changed them, which takes seconds where there are thousands.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from facetrack.core.errors import UserError
from facetrack.core.texts import write_count
from facetrack.evaluation.audit.bounds import find_bounds
from facetrack.evaluation.audit.estimates import Estimate
from facetrack.evaluation.audit.replies import Reply
from facetrack.organiser import audit_answers
from facetrack.organiser.answers import NEW
from facetrack.organiser.audit_answers import Asked
from facetrack.organiser.audit_corrections import Merge, Move, plan_corrections
from facetrack.organiser.audited_faces import Folder, look_at
from facetrack.organiser.auditing import Audited
from facetrack.organiser.grouping import NOBODY
from facetrack.organiser.ids import name_id
from facetrack.organiser.reviewing import Review

PAIR, SCREEN = "pair", "screen"
_SAID = {"yes": Reply.SAME, "no": Reply.DIFFERENT, "unsure": Reply.UNSURE}
_MOST_SHOWN = 60  # estimates of the past


@dataclass(frozen=True)
class Known:
    """What is known of a folder.

    wrong: how many answers say that the groups are; corrected: of `Audited.count_corrected`. more:
    by measure, how many answers make its interval half as wide. bounds: what is known without
    answers, in sentences. history: what was known after so many questions, at most `_MOST_SHOWN`
    times.
    """

    faces: int
    groups: int
    missing: int
    answers: int
    unsure: int
    unused: int
    wrong: int
    corrected: int
    more: Mapping[str, int | None]
    bounds: Sequence[str]
    history: Sequence[tuple[int, Mapping[str, Estimate]]]


class Auditing:
    """The audit of a folder that is reviewed; from several threads."""

    def __init__(self, review: Review, seed: int = 0) -> None:
        """Nothing is looked at yet."""
        self._review, self._seed = review, seed
        self._lock = threading.Lock()
        self._audited: Audited | None = None
        self._version = -1
        self._open: dict[str, list[Asked]] = {}

    def ask(self, kind: str) -> list[Asked]:
        """What is to be answered, a pair or the faces of a screen; nothing where none is left.

        The same until it is answered. Raises UserError where the folder cannot be audited.
        """
        with self._lock:
            audited = self._look()
            asked = self._open.get(kind, [])
            known = {one.what for one in audited.answered}
            if not asked or any(
                one.what in known or audited.folder.find(one) is None for one in asked
            ):
                found = audited.ask() if kind == PAIR else audited.ask_screen()
                asked = [found] if isinstance(found, Asked) else found or []
            # Of both kinds one may be open, and the other answered meanwhile.
            asked = [replace(one, number=audited.next_number) for one in asked]
            self._open[kind] = asked
            return asked

    def answer(self, kind: str, first: str, said: Mapping[str, str]) -> str:
        """Keep what was said of the open question.

        first: id of the face that was asked about. said: by the ids of those beside it. Raises
        UserError where that is not what was asked.
        """
        asked = self._open.get(kind, [])
        ids = [name_id(one.second) for one in asked]
        if not asked or name_id(asked[0].first) != first or sorted(ids) != sorted(said):
            raise UserError("that question is not open any more: load the page again")
        given = [
            replace(one, answer=_SAID[said[id_]].value) for one, id_ in zip(asked, ids, strict=True)
        ]
        audit_answers.keep(self._review.out, given)
        self._open.pop(kind, None)
        return _tell(given)

    def know(self) -> Known:
        """What the answers so far come to. Raises UserError as `ask`."""
        with self._lock:
            audited = self._look()
            history = list(enumerate(audited.list_history()))
            step = 1 + len(history) // _MOST_SHOWN
            audit = audited.audit
            return Known(
                faces=len(audited.folder.keys),
                groups=len(audit.members),
                missing=audited.folder.missing,
                answers=audit.n_answers,
                unsure=audit.n_unsure,
                unused=audited.unused,
                wrong=audited.count_wrong(),
                corrected=audited.count_corrected(),
                more={name: audit.count_more(name) for name in audit.before},
                bounds=find_bounds(audit).tell(),
                history=[*history[:-1:step], history[-1]],
            )

    def plan(self) -> tuple[Folder, list[Merge | Move]]:
        """What the answers correct in the groups as they are now, step by step."""
        review = self._review
        with review.locked():
            folder = look_at(review.album, review.stages)
            return folder, plan_corrections(folder, audit_answers.load(review.out))

    def use(self) -> str:
        """Have the groups say what the answers say: each step becomes an answer of the review.

        Raises UserError where there is nothing to correct.
        """
        with self._review.locked():
            self._review.refresh()
            folder, steps = self.plan()
            if not steps:
                raise UserError("the groups are as the answers say, as far as these agree")
            for done, step in enumerate(steps):
                try:
                    self._carry_out(folder, step)
                except UserError as error:
                    raise UserError(
                        f"{write_count(done, 'correction')} of {len(steps):,} made: {error}"
                    ) from error
        return f"{write_count(len(steps), 'correction')} made of the answers"

    def _carry_out(self, folder: Folder, step: Merge | Move) -> None:
        album = self._review.album
        if isinstance(step, Merge):
            both = {album.root(step.into), album.root(step.other)}
            # Who has a name keeps it, and who has more faces the number.
            into, other = sorted(
                both, key=lambda one: (one not in album.names, -len(album.faces_of(one)), one)
            )
            self._review.merge([other], into)
            return
        faces = [name_id(folder.keys[row]) for row in step.rows]
        is_new = step.to > NOBODY and not len(album.faces_of(step.to))
        self._review.move(faces, NEW if is_new else step.to)

    def undo(self) -> str:
        """Take back what was answered last, here or in another view."""
        last = self._find_last()
        if not last:
            return self._review.undo()
        kind = SCREEN if last[0].shown > 1 else PAIR
        self._open[kind] = audit_answers.take_back(self._review.out)
        return f"taken back: {_tell(last)}"

    def tell_last(self) -> str | None:
        """What `undo` would take back; None where there is nothing."""
        if last := self._find_last():
            return _tell(last)
        standing = self._review.log.standing
        return standing[-1].told if standing else None

    def _find_last(self) -> Sequence[Asked]:
        """The audit's last answer, where none of another view has come after it."""
        last = audit_answers.find_last(audit_answers.load(self._review.out))
        standing = self._review.log.standing
        return [] if last and standing and standing[-1].at > last[0].at else last

    def _look(self) -> Audited:
        """The audit of the groups as they are now, with all answers."""
        known = self._audited
        with self._review.locked():
            version = self._review.version
            if known is not None and version == self._version:
                folder = known.folder
            else:
                folder = look_at(self._review.album, self._review.stages)
        if known is not None and (
            folder is known.folder
            or (folder.keys, folder.persons.tolist())
            == (known.folder.keys, known.folder.persons.tolist())
        ):
            known.catch_up()
        else:
            self._audited = known = None  # one at a time: each takes much memory
            known = Audited(self._review.out, folder, self._seed)
        self._audited, self._version = known, version
        return known


def _tell(answered: Sequence[Asked]) -> str:
    """A question and its answer, for the user."""
    number, about = answered[0].number, len(answered)
    if about > 1:
        return f"question {number}, about a face and {about} others"
    told = {"yes": "the same person", "no": "two persons"}.get(answered[0].answer, "can't tell")
    return f"question {number}, {told}"
