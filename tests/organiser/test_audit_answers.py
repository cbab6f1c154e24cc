"""Where an audit's answers are kept: in their order, for any version, and under today's names."""

import json
import shutil
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from reviewed import organise

from facetrack.evaluation.audit.replies import Reply
from facetrack.organiser import audit_answers, state
from facetrack.organiser.answer_log import AnswerLog
from facetrack.organiser.audit_answers import Asked
from facetrack.organiser.ids import name_id
from facetrack.system.files import sha256
from facetrack.tasks.organising.sorting import sort_photos

_FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
_BEFORE = _FIXTURES / "audited_by_version_1"
A, B, C, D = (f"{letter * 64}:0,0,10,10" for letter in "abcd")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / ".facetrack").mkdir()
    return tmp_path


def _answers(out: Path) -> list[tuple[str, str, str]]:
    return [(one.first, one.second, one.answer) for one in audit_answers.load(out)]


def _screen(number: int, face: str, *others: str) -> list[Asked]:
    return [Asked(number, face, one, "no", shown=len(others)) for one in others]


@pytest.mark.parametrize("version", [1, 2])
def test_what_versions_before_kept_is_read_and_kept_on(out: Path, version: int) -> None:
    shutil.copy(_FIXTURES / f"audited_by_version_{version}/answers.json", out / ".facetrack")
    before = audit_answers.load(out)
    assert [one.answer for one in before][:3] == ["yes", "no", "can't tell"]
    assert {(one.shown, one.at > 0) for one in before} == (
        {(1, False)} if version == 1 else {(1, True), (3, True)}
    )
    assert {one.log_odds for one in before} == {None}
    after = audit_answers.keep(out, [Asked(4, A, B, "yes", log_odds=-1.25)])
    assert after[: len(before)] == before
    assert json.loads(audit_answers.find_file(out).read_text())["version"] == 3
    assert audit_answers.load(out) == after
    assert stat.S_IMODE(audit_answers.find_file(out).stat().st_mode) == 0o600


def test_the_table_of_the_version_before_is_read(out: Path) -> None:
    shutil.copy(_BEFORE / "audit.csv", out)
    stored = json.loads((_BEFORE / "answers.json").read_text())["answers"]
    assert audit_answers.read_table(out) == [Asked(**one) for one in stored]


def test_a_screen_is_in_the_table_as_it_is_kept(out: Path) -> None:
    asked = [Asked(1, A, B, "yes"), *_screen(2, A, B, C)]
    audit_answers.write_table(out, asked, {})
    assert audit_answers.read_table(out) == asked


def test_an_answer_takes_the_place_of_the_same_question_s(out: Path) -> None:
    audit_answers.keep(out, [Asked(1, A, B, "yes")])
    audit_answers.keep(out, _screen(2, A, B, C))  # the same pair, among others
    audit_answers.keep(out, [Asked(1, B, A, "no")])
    assert _answers(out) == [(A, B, "no"), (A, C, "no"), (B, A, "no")]


def test_the_last_question_is_taken_back_as_a_whole(out: Path) -> None:
    audit_answers.keep(out, [Asked(1, A, B, "yes")])
    audit_answers.keep(out, _screen(2, A, C, D))
    audit_answers.keep(out, _screen(3, B, C, D))
    taken = audit_answers.take_back(out)
    assert taken == [replace(one, answer="") for one in _screen(3, B, C, D)]
    audit_answers.take_back(out)
    assert _answers(out) == [(A, B, "yes")]
    audit_answers.take_back(out)
    assert audit_answers.take_back(out) == []


def test_two_who_answer_at_once_lose_nothing(out: Path) -> None:
    def answer(start: int) -> None:
        for number in range(start, start + 20):
            audit_answers.keep(out, [Asked(number, A, f"{number:064x}:0,0,1,1", "no")])

    threads = [threading.Thread(target=answer, args=(start,)) for start in (0, 100)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(audit_answers.load(out)) == 40


def test_answers_follow_a_photo_that_was_edited(out: Path) -> None:
    audit_answers.keep(out, [Asked(1, A, B, "yes"), Asked(2, C, D, "no")])
    # A is B's edit no more than it was: who is there under the old name as well keeps that.
    audit_answers.rename_faces(out, {"new:1,1,9,9": B, "copy:1,1,9,9": C}, {C, D})
    assert _answers(out) == [(A, "new:1,1,9,9", "yes"), (C, D, "no")]
    written = audit_answers.find_file(out).stat().st_mtime_ns
    audit_answers.rename_faces(out, {"other": "unknown"}, set())
    assert audit_answers.find_file(out).stat().st_mtime_ns == written


def test_what_was_done_on_the_page_follows_as_well(out: Path) -> None:
    log = AnswerLog(out)
    log.add("two people", pair=[name_id(A), name_id(B)], said="no", barred=[(A, 3)])
    log.rename_faces({"new:1,1,9,9": A}, set())
    for found in (log, AnswerLog(out)):
        (one,) = found.standing
        assert one.pair == [name_id("new:1,1,9,9"), name_id(B)]
        assert [tuple(bar) for bar in one.barred] == [("new:1,1,9,9", 3)]
    size = log.path.stat().st_size
    log.rename_faces({"other": "unknown"}, set())
    assert log.path.stat().st_size == size


def test_forgetting_takes_a_screen_apart(out: Path) -> None:
    content = C.partition(":")[0]
    asked = [Asked(1, A, B, Reply.SAME.value), *_screen(2, A, B, C)]
    audit_answers.save(out, asked)
    audit_answers.write_table(out, asked, {})
    assert audit_answers.count(out, {content}) == {
        audit_answers.find_file(out): 1,
        out / audit_answers.TABLE: 1,
    }
    audit_answers.clean(out, {content})
    assert audit_answers.load(out) == audit_answers.read_table(out) == asked[:2]
    audit_answers.clean(out, {A.partition(":")[0]})
    assert not audit_answers.find_file(out).exists()


def test_an_organiser_s_run_has_answers_follow_edited_photos(
    warm_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACETRACK_HOME", str(warm_home))
    request = organise(tmp_path, warm_home, 4)
    first, second, *_ = before = sorted(state.load(request.out).faces)
    audit_answers.keep(request.out, [Asked(1, first, second, "no")])
    log = AnswerLog(request.out)
    log.add("two people", pair=[name_id(first), name_id(second)], said="no")
    (photo,) = (
        path
        for path in request.folders[0].rglob("*.png")
        if sha256(path).hex() == first.partition(":")[0]
    )
    with Image.open(photo) as image:
        image.convert("RGB").rotate(1, fillcolor="white").save(photo)
    sort_photos(request)
    (new,) = state.load(request.out).faces.keys() - set(before)
    assert _answers(request.out) == [(new, second, "no")]
    assert AnswerLog(request.out).list_answered() == {frozenset(map(name_id, (new, second)))}
