"""The audit on the page: questions, answers, estimates, corrections, and what takes them back."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from reviewed import Served

from facetrack.organiser import audit_answers


@pytest.fixture
def page(served: Served) -> Iterator[Served]:
    """The page, where what a test answers is taken back."""
    yield served
    while served.get("/api/summary")["undo"]:
        served.post("/api/undo")


def _ask(page: Served, kind: str = "pair") -> Any:
    return page.get(f"/api/audit?kind={kind}")["question"]


def _reply(page: Served, question: Any, said: str, status: int = 200) -> Any:
    kind, first = question["kind"], question["first"]["id"]
    beside = [question["second"]] if kind == "pair" else [*question["group"], *question["near"]]
    reply = {"kind": kind, "first": first, "said": {face["id"]: said for face in beside}}
    return page.post("/api/audit", reply, status)


def _person(page: Served, face: str) -> int:
    return int(page.review.album.persons[page.review.album.rows[face]])


def _width(measures: Any) -> float:
    """Of both intervals together."""
    return sum(float(one["now"]["high"] - one["now"]["low"]) for one in measures.values())


def test_before_any_answer_there_are_bounds(page: Served) -> None:
    known = page.get("/api/audit/known")
    assert (known["answers"], known["wrong"]) == (0, 0)
    assert known["bounds"][-1].startswith("expected from probabilities alone: precision ")
    assert known["about"].startswith("credible intervals: they rest on how likely faces ")
    for measure in known["measures"].values():
        assert [one["after"] for one in measure["history"]] == [0]
        assert measure["more"] is None


def test_a_question_stays_until_it_is_answered(page: Served) -> None:
    question = _ask(page)
    assert _ask(page) == question
    assert question["number"] == 1
    assert set(question["first"]) == {"id", "photo", "photo_name"}  # not whose the folder says
    told = _reply(page, question, "unsure")
    assert told["told"] == "question 1, can't tell"
    assert told["summary"]["undo"] == told["told"]
    assert _ask(page)["number"] == 2
    assert "not open any more" in _reply(page, question, "yes", 400)["told"]


def test_each_answer_is_kept_and_counted(page: Served) -> None:
    before = page.get("/api/audit/known")["measures"]
    for number in range(1, 9):
        question = _ask(page)
        one, other = question["first"]["id"], question["second"]["id"]
        same = _person(page, one) == _person(page, other) > 0
        _reply(page, question, "yes" if same else "no")
        assert len(audit_answers.load(page.review.out)) == number
    known = page.get("/api/audit/known")
    assert (known["answers"], known["wrong"]) == (8, 0)
    for name, measure in known["measures"].items():
        assert [one["after"] for one in measure["history"]] == list(range(9))
        assert measure["history"][-1] == measure["now"]
        assert measure["history"][0] == before[name]["now"]
    assert _width(known["measures"]) < _width(before)


def test_undo_opens_the_last_question_again(page: Served) -> None:
    questions = []
    for said in ("yes", "no"):
        questions.append(_ask(page))
        _reply(page, questions[-1], said)
    assert page.post("/api/undo")["told"] == "taken back: question 2, two persons"
    assert _ask(page) == questions[1]
    assert page.get("/api/audit/known")["answers"] == 1
    page.post("/api/undo")
    assert page.get("/api/audit/known")["answers"] == 0


def test_undo_takes_back_what_was_last_in_any_view(page: Served) -> None:
    number = page.get("/api/people")[0]["number"]
    _reply(page, _ask(page), "yes")
    page.post("/api/actions", {"kind": "name", "number": number, "name": "Anna"})
    _reply(page, _ask(page), "no")
    told = [page.post("/api/undo")["told"] for _ in range(3)]
    assert [one.removeprefix("taken back: ").split(",")[0] for one in told] == [
        "question 2",
        f"person-{number:03d} is Anna",
        "question 1",
    ]
    assert page.get("/api/summary")["undo"] is None


def test_a_screen_is_answered_and_counted(page: Served) -> None:
    question = _ask(page, "screen")
    assert question["group"]
    assert question["near"]
    group = _person(page, question["first"]["id"])
    assert {_person(page, face["id"]) for face in question["group"]} == {group}
    assert group not in {_person(page, face["id"]) for face in question["near"]}
    said = {face["id"]: "yes" for face in question["group"]}
    said |= {face["id"]: "no" for face in question["near"]}
    reply = {"kind": "screen", "first": question["first"]["id"], "said": said}
    told = page.post("/api/audit", reply)["told"]
    assert told == f"question 1, about a face and {len(said)} others"
    known = page.get("/api/audit/known")
    assert (known["answers"], known["wrong"]) == (1, 0)
    following = _ask(page, "screen")
    assert (following["number"], following["first"] != question["first"]) == (2, True)
    _reply(page, following, "unsure")
    assert page.get("/api/audit/known")["unsure"] == 1
    page.post("/api/undo")
    assert _ask(page, "screen") == following


def test_both_kinds_are_counted_together(page: Served) -> None:
    assert (_ask(page)["number"], _ask(page, "screen")["number"]) == (1, 1)
    _reply(page, _ask(page, "screen"), "unsure")
    assert _ask(page)["number"] == 2
    _reply(page, _ask(page), "yes")
    assert [one.number for one in audit_answers.load(page.review.out)][-2:] == [1, 2]


def test_answers_change_no_group_before_they_are_used(page: Served) -> None:
    people = page.review.out / "people.yaml"
    before, persons = people.read_text(), page.review.album.persons.tolist()
    while page.get("/api/audit/known")["wrong"] < 3:
        question = _ask(page)
        one, other = question["first"]["id"], question["second"]["id"]
        _reply(page, question, "no" if _person(page, one) == _person(page, other) else "yes")
    assert people.read_text() == before
    assert page.review.album.persons.tolist() == persons
    steps = page.get("/api/audit/corrections")["steps"]
    assert all(step["told"] and step["faces"] for step in steps)
    assert len(steps) > 0
    assert "made of the answers" in page.post("/api/audit/use")["told"]
    assert page.review.album.persons.tolist() != persons
    known = page.get("/api/audit/known")
    # What they were asked by is kept: they count as before.
    assert (known["wrong"], known["corrected"]) == (0, 0)
    assert "as the answers say" in page.post("/api/audit/use", status=400)["told"]
    while page.review.log.standing:
        page.post("/api/undo")
    assert page.review.album.persons.tolist() == persons
    known = page.get("/api/audit/known")
    assert (known["wrong"], known["corrected"]) == (3, 0)


def test_answers_of_the_questions_view_are_none_of_the_sample(page: Served) -> None:
    asked = page.get("/api/question")["question"]
    faces = {side: asked[side]["face"] for side in ("first", "second")}
    page.post("/api/actions", {"kind": "answer", "answer": "no", **faces})
    assert page.get("/api/audit/known")["answers"] == 0
    assert audit_answers.load(page.review.out) == []


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"kind": "pair", "first": "x", "said": {}},
        {"kind": "pair", "first": "0" * 16, "said": {"0" * 16: "maybe"}},
        {"kind": "pair", "first": "0" * 16, "said": {"../x": "yes"}},
        {"kind": "every", "first": "0" * 16, "said": {}},
    ],
)
def test_what_is_no_answer_is_refused(page: Served, reply: Any) -> None:
    page.post("/api/audit", reply, 422)
    assert page.get("/api/audit/known")["answers"] == 0


def test_what_was_forgotten_meanwhile_is_not_written_again(page: Served) -> None:
    _reply(page, _ask(page), "yes")
    kept = json.loads(audit_answers.find_file(page.review.out).read_text())["answers"]
    content = kept[0]["first"].partition(":")[0]
    audit_answers.clean(page.review.out, {content})
    assert page.get("/api/audit/known")["answers"] == 0
    question = _ask(page)
    _reply(page, question, "unsure")
    (left,) = audit_answers.load(page.review.out)
    assert (left.answer, left.number) == ("can't tell", 1)
