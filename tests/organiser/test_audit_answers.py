"""Answers that are kept, and the table that a user fills in."""

import json
import stat
from pathlib import Path

import pytest

from facetrack.core.errors import UserError
from facetrack.organiser import answers, forgetting
from facetrack.organiser.answers import Asked

ANNA, BEN, CARO = "aa" * 32, "bb" * 32, "cc" * 32
ONE, TWO, THREE = f"{ANNA}:1,2,3,4", f"{BEN}:1,2,3,4", f"{CARO}:1,2,3,4"
KEPT = [
    Asked(1, ONE, TWO, "yes", "between groups 1", 2.5),
    Asked(2, TWO, THREE, "can't tell", "inside a group 5", 1.0),
]
OPEN = Asked(3, ONE, THREE)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / ".facetrack/faces").mkdir(parents=True)
    return tmp_path


def test_answers_are_kept_for_their_owner_and_open_questions_are_not(out: Path) -> None:
    assert answers.load(out) == []
    answers.save(out, [*KEPT, OPEN])
    path = answers.find_file(out)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["version"] == 1
    assert answers.load(out) == KEPT


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 9, "answers": []}', '{"version": 1}'])
def test_a_damaged_file_is_told(out: Path, text: str) -> None:
    answers.find_file(out).write_text(text)
    with pytest.raises(UserError, match=r"answers\.json cannot be used .*: remove it"):
        answers.load(out)


def test_the_table_is_read_as_it_was_written(out: Path) -> None:
    assert answers.read_table(out) == []
    answers.write_table(out, [*KEPT, OPEN], {ONE: "=trip/a.jpg", TWO: "b, c.jpg"})
    text = (out / "audit.csv").read_text()
    assert text.splitlines()[0] == "question,faces,photos,answer,stratum,weight"
    assert '"\'=trip/a.jpg | b, c.jpg"' in text
    assert answers.read_table(out) == [*KEPT, OPEN]
    assert stat.S_IMODE((out / "audit.csv").stat().st_mode) == 0o600


def test_what_a_spreadsheet_makes_of_it_is_read(out: Path) -> None:
    answers.write_table(out, [OPEN], {})
    text = (out / "audit.csv").read_text().replace(",,", ",NO ,")
    text = text.replace(f"{ONE} {THREE}", "FACES").replace('"', "").replace(",", ";")
    (out / "audit.csv").write_text("\ufeff" + text.replace("FACES", f"{ONE} {THREE}"))
    (found,) = answers.read_table(out)
    assert (found.pair, found.answer) == (OPEN.pair, "no")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("yes", "maybe", "line 2: expected yes, no or can't tell, got 'maybe'"),
        ("faces", "face", "has the columns question, face, photos"),
        (ANNA, "x y z", "line 2: the column faces is not as it was written"),
        ("1,", "one,", "line 2: invalid literal"),
    ],
)
def test_mistakes_are_told_with_their_line(out: Path, old: str, new: str, told: str) -> None:
    answers.write_table(out, KEPT, {})
    text = (out / "audit.csv").read_text()
    (out / "audit.csv").write_text(text.replace(old, new, 1))
    with pytest.raises(UserError, match=told):
        answers.read_table(out)


def test_forgetting_takes_out_what_is_about_somebodys_photos(out: Path) -> None:
    answers.save(out, KEPT)
    answers.write_table(out, [*KEPT, OPEN], {})
    (out / "audit.json").write_text("{}")
    counts = forgetting.count(out, {ANNA}, ())
    assert {path.name: n for path, n in counts.items()} == {"answers.json": 1, "audit.csv": 2}
    forgetting.clean(out, {ANNA}, ())
    assert answers.load(out) == KEPT[1:]
    assert answers.read_table(out) == KEPT[1:]
    assert not (out / "audit.json").exists()
    assert all(ANNA not in path.read_text() for path in out.rglob("*") if path.is_file())
    forgetting.clean(out, {CARO}, ())
    assert not answers.find_file(out).exists()
    assert forgetting.count(out, {ANNA, BEN, CARO}, ()) == {}


def test_forgetting_removes_a_damaged_file_with_their_photos(out: Path) -> None:
    answers.find_file(out).write_text(f'{{"version": 1, "answers": "{ANNA}')
    (out / "audit.csv").write_text(f'broken\n"a\nb",{ANNA}\nkept\n')
    forgetting.clean(out, {ANNA}, ())
    assert not answers.find_file(out).exists()
    assert (out / "audit.csv").read_text().split() == ["broken", "kept"]
