"""Answers on the page of `task=review`, killed before each of their file-system steps.

Of an audit's answers each is there or not, whenever the page is killed, and people.yaml has none.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

from facetrack.core.scale import Scale
from facetrack.detector import DlibHog
from facetrack.embedder import DlibResNet
from facetrack.evaluation.audit.replies import Reply
from facetrack.organiser import audit_answers, people_file
from facetrack.organiser.answers import NEW
from facetrack.organiser.audit_answers import Asked
from facetrack.organiser.photos import Stages
from facetrack.organiser.reviewing import Review
from faults.scene import NAME, Scene
from faults.steps import every_step
from faults.steps_child import ANSWER
from faults.tally import Tally

OTHER_NAME = "Somebody new"


def answer_all(out: str) -> None:
    """Give some answers and take the last one back, as the page does; then some of an audit."""
    review = _open(Path(out))
    for act in _list_answers(review):
        act()
    audit_answers.save(review.out, [])
    pair, *screen = _list_asked(review)
    audit_answers.keep(review.out, [pair])
    audit_answers.keep(review.out, screen)
    audit_answers.take_back(review.out)


def answered(folder: Path, home: Path, rounds: int, seed: int) -> Tally:
    """Answers, each of which changes people.yaml."""
    del seed
    tally = Tally("answers on the page")
    scene = Scene(folder, home)
    scene.run(*scene.command)
    scene.keep()
    with patch.dict(os.environ, FACETRACK_HOME=str(scene.live.home)):
        _kill_at_every_step(tally, scene, rounds)
    return tally


def _kill_at_every_step(tally: Tally, scene: Scene, rounds: int) -> None:
    texts = [_read(scene)]
    review = _open(scene.out)
    before = review.album.persons.tolist()
    for act in _list_answers(review)[:-1]:
        act()
        texts.append(_read(scene))
    assert all(one != other for one, other in pairwise(texts))

    def look() -> None:
        found = _open(scene.out)
        said = audit_answers.load(scene.out)
        asked = _list_asked(found)
        kept = [replace(one, at=0.0) for one in said]
        tally.expect(kept in (asked[:0], asked[:1], asked), "lost", f"{len(said)} of an audit")
        n = len(found.log.standing)
        # Noted and not written yet, or written and not yet taken back.
        near = texts[max(n - 1, 0) : n + 2]
        tally.expect(_read(scene) in near, "lost", f"after {n} answers: {scene.people}")
        while found.log.standing:
            found.undo()
        tally.expect(found.album.persons.tolist() == before, "opposite", "not all taken back")
        tally.expect(NAME not in scene.people, "left over", scene.people)
        answer_all(str(scene.out))
        tally.expect(_open(scene.out).album.names == {1: NAME}, "unfinished", scene.people)

    every_step(tally, scene.live, (ANSWER, str(scene.out)), scene.put_back, look, rounds)


def _read(scene: Scene) -> list[object]:
    """What people.yaml says; that a person is in it without anything said of them is nothing."""
    said = people_file.understand(scene.people, scene.out)
    return [said.names, said.merge, [(number, face.name) for number, face in said.also]]


def _open(out: Path) -> Review:
    stages = Stages(DlibHog(choose="all"), DlibResNet(), "local", Scale(0.3))
    return Review(out, stages)


def _list_asked(review: Review) -> list[Asked]:
    """A pair, and a face beside two others."""
    keys = review.album.photos.keys
    pair = Asked(1, keys[0], keys[1], Reply.SAME.value)
    screen = [Asked(2, keys[2], one, Reply.DIFFERENT.value, shown=2) for one in keys[:2]]
    return [pair, *screen]


def _list_answers(review: Review) -> list[Callable[[], str]]:
    def face(person: int) -> str:
        return review.album.face_id(int(review.album.faces_of(person)[0]))

    return [
        lambda: review.name(1, NAME),
        lambda: review.merge([1, 2], 1),
        lambda: review.move([face(1)], NEW),
        lambda: review.move_by_name([face(1)], OTHER_NAME),
        review.undo,
    ]
