"""An audit of a folder's faces: which answers are kept, counted, and what they correct."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_folders import make_folder

from facetrack.evaluation.audit.replies import Reply
from facetrack.organiser import audit_answers
from facetrack.organiser.audited_faces import Folder
from facetrack.organiser.auditing import Audited, find_label
from facetrack.organiser.people_file import understand
from facetrack.organiser.people_writing import add_corrections, write_corrections
from facetrack.organiser.state import Photo, State

PEOPLE = "person-001:\n  name: Anna\n"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Five people with four photos each; the first is two persons, and a face is misplaced."""
    (tmp_path / ".facetrack").mkdir()
    faces, people = make_folder(1, n_people=5, each=4, moved=1, split=1)
    keys = [f"{row:064x}:0,0,10,10" for row in range(len(people))]
    photos = {
        key[:64]: Photo([f"{'ABCDE'[person]}/{row}.jpg"])
        for row, (key, person) in enumerate(zip(keys, people, strict=True))
    }
    persons = faces.groups + 1
    state = State(faces=dict(zip(keys, persons.tolist(), strict=True)), photos=photos)
    said = understand(PEOPLE, tmp_path / "people.yaml")
    return Folder(keys, persons, faces, state, said, int(persons.max()) + 1, missing=0)


def test_answers_are_kept_and_counted_again(folder: Folder, tmp_path: Path) -> None:
    audited = Audited(tmp_path, folder, seed=1)
    for _ in range(12):
        asked = audited.ask()
        assert asked is not None
        audited.answer(asked, find_label(audited, asked))
    again = Audited(tmp_path, folder, seed=1)
    assert [one.number for one in again.answered] == list(range(1, 13))
    assert again.audit.estimate() == audited.audit.estimate()
    following = again.ask()
    assert following is not None
    assert following.pair not in {one.pair for one in again.answered}


def test_a_changed_answer_takes_the_place_of_the_one_before(folder: Folder, tmp_path: Path) -> None:
    audited = Audited(tmp_path, folder, seed=1)
    asked = audited.ask()
    assert asked is not None
    audited.answer(asked, Reply.SAME)
    one = audited.audit.estimate()
    audited.answer(asked, Reply.DIFFERENT)
    assert len(audit_answers.load(tmp_path)) == audited.audit.n_answers == 1
    assert audited.audit.estimate() != one


def test_what_was_asked_is_kept_as_it_was(folder: Folder, tmp_path: Path) -> None:
    audited = Audited(tmp_path, folder, seed=1)
    pair = audited.ask()
    assert pair is not None
    assert pair.log_odds is not None
    audit_answers.write_table(tmp_path, [pair], {})
    (row,) = audit_answers.read_table(tmp_path)
    assert row.log_odds is None
    audited.answer(row, Reply.SAME)
    screen = audited.ask_screen()
    assert screen is not None
    audited.answer_all([replace(one, answer="no") for one in screen])
    assert all(one.log_odds is not None for one in audited.answered)
    assert audited.answered[0].log_odds == pair.log_odds
    # Everybody is put together meanwhile: an answer that is changed was asked by what it was.
    persons = np.ones_like(folder.persons)
    faces = replace(folder.faces, groups=np.zeros_like(folder.faces.groups))
    again = Audited(tmp_path, replace(folder, persons=persons, faces=faces), seed=1)
    again.answer(row, Reply.DIFFERENT)
    assert [one.log_odds for one in again.answered if one.pair == pair.pair] == [pair.log_odds]
    assert again.count_corrected() == 0


def test_faces_that_are_gone_are_counted_as_such(folder: Folder, tmp_path: Path) -> None:
    gone = audit_answers.Asked(1, "ff" * 32 + ":1,1,1,1", folder.keys[0], "yes")
    audit_answers.save(tmp_path, [gone])
    audited = Audited(tmp_path, folder, seed=1)
    assert (audited.unused, audited.audit.n_answers) == (1, 0)


def test_answers_correct_what_the_file_does_not_say_yet(folder: Folder, tmp_path: Path) -> None:
    audited = Audited(tmp_path, folder, seed=1)
    while (asked := audited.ask()) is not None:
        audited.answer(asked, find_label(audited, asked))
    found = audited.list_corrections()
    both = sorted(set(folder.persons[:4].tolist()))
    assert f"merge: [person-{both[1]:03d}]" in found[f"person-{both[0]:03d}"]
    assert sum(line.startswith("not: ") for lines in found.values() for line in lines) >= 1
    path = tmp_path / "people.yaml"
    path.write_text(PEOPLE)
    assert add_corrections(path, found) is None
    text = path.read_text()
    assert text.startswith(PEOPLE)
    said = understand(text, path)
    assert said.person(both[1]) == both[0]
    persons = np.array([said.person(number) for number in folder.persons])
    corrected = replace(folder, persons=persons, said=said)
    left = Audited(tmp_path, corrected, seed=1).list_corrections()
    assert not [line for lines in left.values() for line in lines if line.startswith("merge")]


def test_corrections_are_not_written_into_a_file_that_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "people.yaml"
    path.write_text("person-001: [")
    told = add_corrections(path, {"person-001": ["merge: [person-002]"]})
    assert told is not None
    assert told.startswith("the answers' corrections are not in people.yaml: ")
    assert path.read_text() == "person-001: ["


def test_settings_of_one_section_are_put_together() -> None:
    lines = {"person-001": ["merge: [person-002]", 'not: ["a.jpg"]', "merge: [person-003]"]}
    assert write_corrections(lines) == (
        'person-001:\n  merge: [person-002, person-003]\n  not: ["a.jpg"]\n'
    )
    assert write_corrections({}) == ""
