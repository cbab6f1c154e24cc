"""Answers given on the page: what they change at once is what people.yaml says, and can go back."""

import dataclasses
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from reviewed import organise

from facetrack.core.errors import UserError
from facetrack.organiser import answer_log, people_file
from facetrack.organiser.album import NO_PERSON
from facetrack.organiser.answers import NEW
from facetrack.organiser.grouping import NOBODY
from facetrack.organiser.planning import plan
from facetrack.organiser.questions import JOIN, Question
from facetrack.organiser.reviewing import BrokenPeople, Review
from facetrack.tasks.organising.request import Request
from facetrack.tasks.organising.sorting import sort_photos


@pytest.fixture(scope="module")
def sorted_once(warm_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Request]:
    """Thirty portraits, sorted with a radius that tears some people and joins others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACETRACK_HOME", str(warm_home))
        yield organise(tmp_path_factory.mktemp("sorted"), warm_home, 30)


@pytest.fixture
def request_(sorted_once: Request, tmp_path: Path) -> Request:
    """The same in a folder of its own."""
    out = tmp_path / "out"
    shutil.copytree(sorted_once.out, out)
    return dataclasses.replace(sorted_once, out=out)


@pytest.fixture
def review(request_: Request) -> Review:
    return Review(request_.out, request_.stages)


def _said(review: Review) -> tuple[list[int], dict[int, str], set[int]]:
    """Whose the faces are, names, and who is hidden."""
    album = review.album
    return album.persons.tolist(), dict(album.names), set(album.hidden)


def _anew(review: Review) -> Review:
    return Review(review.out, review.stages)


def _face(review: Review, person: int, at: int = 0) -> str:
    return review.album.face_id(int(review.album.faces_of(person)[at]))


def test_a_name_is_a_line_of_people_yaml(review: Review) -> None:
    told = review.name(1, "Zoë Łuç")
    assert "Zoë Łuç" in told
    assert "  name: Zoë Łuç" in (review.out / people_file.FILE).read_text(encoding="utf-8")
    assert _anew(review).album.names == {1: "Zoë Łuç"} == review.album.names
    review.undo()
    assert review.album.names == {}
    assert "Zoë" not in (review.out / people_file.FILE).read_text(encoding="utf-8")


def test_yes_joins_two_persons_under_the_name_there_is(review: Review) -> None:
    review.name(2, "Ben")
    was = len(review.album.faces_of(1)) + len(review.album.faces_of(2))
    told = review.answer(_face(review, 1), _face(review, 2), "yes")
    assert "Ben" in told
    assert len(review.album.faces_of(2)) == was
    assert _said(_anew(review)) == _said(review)


def test_no_tells_two_persons_apart_for_good(review: Review) -> None:
    pair = (_face(review, 1), _face(review, 2))
    review.answer(pair[0], pair[1], "no")
    assert frozenset((1, 2)) in review.album.apart
    assert all(one.pair != frozenset(pair) for one in review.list_questions())
    with pytest.raises(UserError, match="are two people"):
        review.merge([1, 2], 1)


def test_faces_go_where_they_are_sent(review: Review) -> None:
    face = _face(review, 1)
    row = review.album.find_face(face)
    new = max(review.album.numbers) + 1
    for to, person in ((2, 2), (NEW, new), (NO_PERSON, NO_PERSON), (NOBODY, NOBODY), (1, 1)):
        review.move([face], to)
        assert review.album.persons[row] == person
        assert _anew(review).album.persons[row] == person
    text = (review.out / people_file.FILE).read_text(encoding="utf-8")
    assert text.count(review.album.point_at(row)) <= 2  # no line of a place it has left


def test_a_name_is_whose_it_is_or_somebody_news(review: Review) -> None:
    """One answer each: one line of the log, and one step back."""
    before = _said(review)
    face, other = _face(review, 1), _face(review, 2)
    row = review.album.find_face(face)
    new = review.album.following
    told = review.move_by_name([face], "  Zoë \t Łuç ")
    assert told == "1 face: Zoë Łuç"
    assert review.album.persons[row] == new
    assert review.album.names == {new: "Zoë Łuç"}
    assert _said(_anew(review)) == _said(review)
    # However it is typed; of several with the name, the one with most faces.
    review.name(3, "ZOE ŁUC")
    review.move_by_name([other], "zoe łuc")
    largest = max(new, 3, key=lambda person: len(review.album.faces_of(person)))
    assert other in {review.album.face_id(at) for at in review.album.faces_of(largest)}
    assert _said(_anew(review)) == _said(review)
    assert [one.id for one in review.log.standing] == [1, 2, 3]
    for _ in range(3):
        review.undo()
    assert _said(review) == before == _said(_anew(review))
    assert "Zoë" not in (review.out / people_file.FILE).read_text(encoding="utf-8")
    for name in ("", " \n"):
        with pytest.raises(UserError, match="expected a name"):
            review.move_by_name([face], name)


def test_a_cut_parts_a_person_at_the_weakest_tie(review: Review) -> None:
    review.merge([1, 2], 1)
    first, second = _face(review, 1, 0), _face(review, 1, -1)
    chain, rows = review.find_chain(first, second)
    gone = rows[np.array(chain.side)]
    review.cut(first, second)
    now = set(review.album.persons[gone].tolist())
    assert len(now) == 1
    assert now != {1}
    assert _said(_anew(review)) == _said(review)


def _actions(review: Review, rng: random.Random) -> Callable[[], str]:
    """Some answer, to faces and persons as they are now."""
    album = review.album
    person, other = rng.choice(album.numbers), rng.choice(album.numbers)
    faces = [album.face_id(row) for row in rng.sample(range(len(album.persons)), 2)]
    return rng.choice(
        [
            lambda: review.name(person, rng.choice(["Anna", 'Ben: the "2nd"', "李 雷", None])),
            lambda: review.merge([person, other], person),
            lambda: review.hide(person, rng.random() < 0.5),
            lambda: review.move(faces[: rng.choice([1, 2])], rng.choice([NEW, 0, -1, person])),
            lambda: review.move_by_name(faces[:1], rng.choice(["ANNA", "Cléo", "Dora"])),
            lambda: review.answer(faces[0], faces[1], rng.choice(["yes", "no", "unsure"])),
            lambda: review.cut(faces[0], faces[1]),
            review.undo,
        ]
    )


@pytest.mark.parametrize("seed", range(4))
def test_in_any_order_the_page_says_what_the_file_says(review: Review, seed: int) -> None:
    rng = random.Random(seed)
    seen = [_said(review)]
    path = review.out / people_file.FILE
    for _ in range(25):
        if rng.random() < 0.2:
            path.write_text(path.read_text(encoding="utf-8") + "# by hand\n", encoding="utf-8")
        before = len(review.log.standing)
        try:
            _actions(review, rng)()
        except UserError:
            continue
        if len(review.log.standing) > before:
            seen.append(_said(review))
        elif len(seen) > 1:
            seen.pop()
            assert _said(review) == seen[-1]
        assert _said(_anew(review)) == _said(review)
    again = _anew(review)
    while again.log.standing:
        again.undo()
        seen.pop()
        assert _said(again) == seen[-1]


def test_what_is_written_by_hand_meanwhile_counts(review: Review) -> None:
    path = review.out / people_file.FILE
    path.write_text(path.read_text().replace("person-002:\n  name:", "person-002: Ben # my own", 1))
    review.name(1, "Anna")
    assert review.album.names == {1: "Anna", 2: "Ben"}
    assert "person-002: Ben # my own" in path.read_text()
    review.undo()
    assert "person-002: Ben # my own" in path.read_text()


def test_what_is_written_by_hand_is_read_without_looking_at_all_faces_anew(
    review: Review,
) -> None:
    path, album = review.out / people_file.FILE, review.album
    asked = next(review.list_questions())
    one, other = sorted(_persons(review, asked))
    assert asked.kind == JOIN
    moved, photo = _face(review, 3), album.point_at(album.find_face(_face(review, 3)))
    review.name(one, "Anna")
    text = path.read_text()
    below = f"  merge: [{other}]\n  also: ['{photo}']\n"
    head = f"person-{one:03d}:\n"
    assert head in text
    path.write_text(text.replace(head, head + below) + "nobody: [nowhere.jpg]\n")
    review.hide(4, True)
    assert review.album is album
    assert album.persons[album.find_face(moved)] == one
    assert _said(_anew(review)) == _said(review)
    assert all(of.pair != asked.pair for of in review.list_questions())
    for _ in range(2):
        review.undo()
        assert _said(_anew(review)) == _said(review)
    assert below in path.read_text()
    path.write_text(text)
    review.refresh()
    assert _said(_anew(review)) == _said(review)
    assert any(of.pair == asked.pair for of in review.list_questions())


def _persons(review: Review, question: Question) -> set[int]:
    return {int(review.album.persons[row]) for row in (question.first, question.second)}


def test_a_broken_file_is_told_and_nothing_is_written(review: Review) -> None:
    path = review.out / people_file.FILE
    good = path.read_text()
    path.write_text(good + "person-001: [")
    with pytest.raises(BrokenPeople, match="line"):
        review.name(1, "Anna")
    assert path.read_text() == good + "person-001: ["
    assert not review.log.standing
    path.write_text(good)
    review.name(1, "Anna")
    assert review.album.names == {1: "Anna"}


def test_the_list_of_files_is_what_applying_does(review: Review, request_: Request) -> None:
    review.name(1, "Anna")
    review.merge([2, 3], 2)
    review.move([_face(review, 4)], NEW)
    review.move([_face(review, 5)], NOBODY)
    listed = plan(review.album)
    before = _files(review.out)
    sort_photos(request_)
    after = _files(review.out)
    assert sorted(after - before) == sorted([*listed["copy"], *listed["move"]])
    assert len(before - after) == len(listed["move"]) + len(listed["remove"])
    assert set(listed["remove"]) <= before - after
    applied = _anew(review)
    assert _said(applied) == _said(review)
    assert plan(applied.album) == {"copy": [], "move": [], "remove": []}
    assert applied.count_applied() == len(applied.log.standing)


def _files(out: Path) -> set[str]:
    return {
        str(path.relative_to(out))
        for path in out.glob("*/*")
        if path.is_file() and path.parent.name != ".facetrack"
    }


def test_applied_answers_can_be_taken_back(review: Review, request_: Request) -> None:
    before = _said(review)
    files = _files(review.out)
    review.name(1, "Anna")
    review.merge([2, 3], 2)
    review.move([_face(review, 4)], 1)
    review.move([_face(review, 5)], NOBODY)
    sort_photos(request_)
    later = _anew(review)
    for _ in range(4):
        later.undo()
    assert _said(later) == before
    sort_photos(request_)
    assert _files(review.out) == files


def test_half_a_line_of_answers_is_passed_over(review: Review) -> None:
    review.name(1, "Anna")
    path = review.out / ".facetrack" / answer_log.FILE
    with path.open("ab") as file:
        file.write(b'{"version": 1, "id": 2, "to')
    again = _anew(review)
    again.name(2, "Ben")
    assert [one.told for one in _anew(review).log.standing] == [
        "person-001 is Anna",
        "person-002 is Ben",
    ]
    assert path.stat().st_mode & 0o777 == 0o600
