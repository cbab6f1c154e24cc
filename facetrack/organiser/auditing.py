"""An audit of an organised folder: what to ask, what was answered, and how many mistakes are left.

    audited = open_audit(out, stages, seed=0)   # within state.open_folder
    asked = audited.ask()                       # the next question
    audited.answer(asked, Reply.SAME)           # keeps it
    audited.audit.estimate()                    # what is known now
    audited.list_corrections()                  # the same for people.yaml

No page, no terminal: the audit task and a page for answering use this.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.graph_estimator import AS_GOOD_AS_EQUAL
from facetrack.core.errors import UserError
from facetrack.core.likelihood import are_unit
from facetrack.evaluation.audit.frame import BETWEEN, INSIDE, Faces
from facetrack.evaluation.audit.replies import Reply
from facetrack.evaluation.audit.session import Audit
from facetrack.extraction import quality
from facetrack.extraction.store import Store, box_bytes
from facetrack.organiser import audit_answers, people_file, state
from facetrack.organiser.audit_answers import Asked
from facetrack.organiser.grouping import NOBODY
from facetrack.organiser.people import Corrections, folder_name
from facetrack.organiser.photos import Stages, load_stored
from facetrack.organiser.recognition import box_of, content_of
from facetrack.organiser.state import State
from facetrack.system.home import find_home

_SIDES = {INSIDE: "inside a group", BETWEEN: "between groups"}


@dataclass(frozen=True)
class Folder:
    """The faces of an organised folder. keys: n; persons: (n,), merges followed.

    missing: how many faces have no stored vector.
    """

    keys: Sequence[str]
    persons: NDArray[np.int64]
    faces: Faces
    state: State
    said: Corrections
    missing: int


class Audited:
    """An audit of a folder, which keeps what is answered."""

    def __init__(self, out: Path, folder: Folder, seed: int) -> None:
        self._out, self._seed, self.folder = out, seed, folder
        self._row = {key: row for row, key in enumerate(folder.keys)}
        self.answered = audit_answers.load(out)
        self._begin()

    def _begin(self) -> None:
        """Count all answers there are, from the first one on."""
        self.audit = Audit(self.folder.faces, self._seed)
        self.unused = sum(not self._take(one) for one in self.answered)
        """Answers about faces or groups that the estimate has no use for."""

    def ask(self, still_open: Sequence[Asked] = ()) -> Asked | None:
        """The next question that was not asked before; None where there is none left.

        still_open: questions that are not answered yet.
        """
        found = [rows for one in self.answered if (rows := self._find(one))]
        question = self.audit.ask({(min(rows), max(rows)) for rows in found})
        if question is None:
            return None
        return Asked(
            number=1 + max((one.number for one in self.answered), default=0) + len(still_open),
            first=self.folder.keys[question.first],
            second=self.folder.keys[question.second],
            stratum=f"{_SIDES[question.side]} {question.stratum + 1}",
            weight=question.weight,
        )

    def answer(self, asked: Asked, reply: Reply) -> None:
        """Keep an answer, and count with it; one about the same faces before is replaced."""
        self.answer_all([replace(asked, answer=reply.value)])

    def answer_all(self, given: Sequence[Asked]) -> None:
        """Keep several answers."""
        given = list({one.pair: one for one in given}.values())
        pairs = {one.pair for one in given}
        changed = any(one.pair in pairs for one in self.answered)
        self.answered = [one for one in self.answered if one.pair not in pairs] + list(given)
        audit_answers.save(self._out, self.answered)
        if changed:  # what was said before is taken back
            self._begin()
        else:
            self.unused += sum(not self._take(one) for one in given)

    def list_corrections(self) -> dict[str, list[str]]:
        """What the answers correct, as people.yaml says it: settings by section, "person-001".

        Answers about nobody's faces, and what the file says already, are left out.
        """
        found: dict[str, list[str]] = {}
        for one in self.answered:
            rows = self._find(one)
            if rows is None or one.answer == Reply.UNSURE.value:
                continue
            said = self._correct(rows, same=one.answer == Reply.SAME.value)
            if said is not None and said[1] not in found.setdefault(said[0], []):
                found[said[0]].append(said[1])
        return {section: lines for section, lines in found.items() if lines}

    def _correct(self, rows: tuple[int, int], *, same: bool) -> tuple[str, str] | None:
        persons = self.folder.persons[list(rows)]
        low, high = int(persons.min()), int(persons.max())
        if low == NOBODY or same == (low == high):
            return None
        if same:
            return folder_name(low), f"merge: [{folder_name(high)}]"
        worse = self.folder.keys[self.audit.find_worse(*rows)]
        photo = self.folder.state.photos.get(content_of(worse))
        if photo is None or not photo.names:
            return None
        if (low, photo.names[0]) in {(said, at.name) for said, at in self.folder.said.bar}:
            return None
        name = photo.names[0].replace("\\", "\\\\").replace('"', '\\"')
        return folder_name(low), f'not: ["{name}"]'

    def describe(self, key: str) -> str:
        """A face for a reader: its photo, and where on it."""
        photo = self.folder.state.photos.get(content_of(key))
        name = photo.names[0] if photo is not None and photo.names else content_of(key)[:12]
        x, y, width, height = box_of(key).tolist()
        return f"{name} (face at {x},{y}, {width} x {height})"

    def _find(self, one: Asked) -> tuple[int, int] | None:
        if one.first not in self._row or one.second not in self._row:
            return None
        return self._row[one.first], self._row[one.second]

    def _take(self, one: Asked) -> bool:
        rows = self._find(one)
        return rows is not None and self.audit.record(*rows, Reply(one.answer))


def read_folder(out: Path, stages: Stages) -> Folder:
    """The faces of an organised folder whose vectors are stored.

    Raises UserError where there is no such folder, the embedder's probabilities are not measured,
    and where no two faces are stored.
    """
    if not state.exists(out):
        raise UserError(f"{out} was not organised yet: run task=organise task.out={out} first")
    if stages.scale.likelihood is None:
        raise UserError(
            f"an audit rests on what distances say, which is not measured for embedder="
            f"{stages.embedder_name}: expected mobilefacenet, dlib, or embedder.likelihood"
        )
    last = state.load(out)
    _, said = people_file.read(out / people_file.FILE)
    stored = load_stored(stages, last.faces)
    keys = sorted(stored)
    if len(keys) < 2:
        raise UserError(
            f"of the {len(last.faces):,} faces of {out} {len(keys)} are stored as embedder="
            f"{stages.embedder_name} has them: run task=organise on the folder again"
        )
    vectors = np.stack([stored[key] for key in keys]).astype(np.float32)
    if not are_unit(vectors):
        raise UserError("an audit needs vectors of length 1: leave out embedder.normalize=false")
    persons = np.array([said.person(last.faces[key]) for key in keys], dtype=np.int64)
    # Who is nobody is alone.
    alone = np.where(persons == NOBODY, -1 - np.arange(len(keys)), persons)
    contents = np.array([content_of(key) for key in keys])
    faces = Faces(
        vectors=vectors,
        groups=np.unique(alone, return_inverse=True)[1].astype(np.int64),
        photos=np.unique(contents, return_inverse=True)[1].astype(np.int64),
        ratios=stages.scale.likelihood,
        sharpness=_load_sharpness(keys),
        apart=AS_GOOD_AS_EQUAL * stages.radius,
    )
    return Folder(keys, persons, faces, last, said, len(last.faces) - len(keys))


def _load_sharpness(keys: Sequence[str]) -> NDArray[np.float32]:
    faces = [(bytes.fromhex(content_of(key)), box_of(key)) for key in keys]
    with Store(find_home()) as store:
        known = store.qualities(faces)
    unknown = np.full(len(quality.COLUMNS), np.nan, np.float32)
    found = [known.get((content, box_bytes(box)), unknown) for content, box in faces]
    return quality.get_sharpness(np.array(found, np.float32).reshape(-1, len(quality.COLUMNS)))


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
