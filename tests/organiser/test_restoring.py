"""A restore is decided once, whatever happens while it is under way."""

from pathlib import Path

import pytest

from facetrack.core.errors import UserError
from facetrack.organiser import people_file, restoring, state
from facetrack.organiser.state import File, State


@pytest.fixture
def out(tmp_path: Path) -> Path:
    own = tmp_path / ".facetrack"
    own.mkdir()
    early = State(faces={"a:0,0,1,1": 1}, people="person-001: Anna\n")
    early.files = {"person-001 Anna/a.jpg": File("a", "person-001", "copy", 3, 4)}
    late = State(faces={"a:0,0,1,1": 2}, people="person-002: Bea\n")
    late.files = {"person-002 Bea/a.jpg": File("a", "person-002", "copy", 3, 4)}
    state.save(tmp_path, late, early)
    (tmp_path / people_file.FILE).write_text(late.people)
    return tmp_path


def finish(out: Path, restore: restoring.Restore) -> None:
    restoring.save(out, restore, restore.back)
    restoring.end(out)


def test_back_and_forth(out: Path) -> None:
    restore = restoring.decide(out)
    assert restoring.begin(out, restore) == []
    finish(out, restore)
    assert (out / people_file.FILE).read_text() == "person-001: Anna\n"
    assert state.load(out).faces == {"a:0,0,1,1": 1}
    # Both runs' files are there to be moved or removed.
    assert set(state.load(out).files) == {"person-001 Anna/a.jpg", "person-002 Bea/a.jpg"}
    assert restoring.find_pending(out) is None
    again = restoring.decide(out)
    restoring.begin(out, again)
    finish(out, again)
    assert (out / people_file.FILE).read_text() == "person-002: Bea\n"
    assert state.load(out).faces == {"a:0,0,1,1": 2}


def test_the_state_before_is_kept_as_it_was_written(out: Path) -> None:
    own = state.own_folder(out)
    written = (own / state.LAST).read_bytes()
    late, following = state.load(out), State(people="person-003: Carla\n")
    state.keep_last(out)
    state.save(out, following)
    assert (own / state.PREVIOUS).read_bytes() == written
    assert state.load(out, state.PREVIOUS) == late
    assert state.load(out) == following


def test_deciding_changes_nothing(out: Path) -> None:
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    restoring.decide(out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_what_was_begun_goes_on_and_does_not_turn_round(out: Path) -> None:
    restoring.begin(out, restoring.decide(out))
    for _ in range(3):
        restore = restoring.find_pending(out)
        assert restore is not None
        assert restore.begun
        assert restoring.begin(out, restore) == []
        assert (out / people_file.FILE).read_text() == "person-001: Anna\n"
    assert restore is not None
    state.save(out, restore.back, restore.forth)  # killed before the mark is gone
    restore = restoring.find_pending(out)
    assert restore is not None
    finish(out, restore)
    assert state.load(out).faces == {"a:0,0,1,1": 1}
    assert state.load(out, state.PREVIOUS).people == "person-002: Bea\n"


def test_what_the_user_writes_meanwhile_stays(out: Path) -> None:
    restoring.begin(out, restoring.decide(out))
    (out / people_file.FILE).write_text("person-001: Carla\n")
    restore = restoring.find_pending(out)
    assert restore is not None
    (told,) = restoring.begin(out, restore)
    assert told == "people.yaml was changed since the restore was begun, and stays as it is"
    assert (out / people_file.FILE).read_text() == "person-001: Carla\n"


def test_what_the_user_has_written_since_the_last_run_is_come_back_to(out: Path) -> None:
    (out / people_file.FILE).write_text("person-002: Beatrice\n")
    restore = restoring.decide(out)
    restoring.begin(out, restore)
    finish(out, restore)
    again = restoring.decide(out)
    restoring.begin(out, again)
    assert (out / people_file.FILE).read_text() == "person-002: Beatrice\n"


def test_a_damaged_last_state_is_one_to_go_back_from(out: Path) -> None:
    (out / ".facetrack/state.json").write_text("{")
    assert restoring.decide(out).back.faces == {"a:0,0,1,1": 1}


@pytest.mark.parametrize("content", ["", "[]", '{"back": {}}', '{"back": {"version": 99}}'])
def test_a_damaged_mark_is_told(out: Path, content: str) -> None:
    (out / ".facetrack/restoring.json").write_text(content)
    with pytest.raises(UserError, match=r"restoring\.json cannot be used .*: remove it"):
        restoring.find_pending(out)


def test_nothing_to_go_back_to(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no earlier state to go back to"):
        restoring.decide(tmp_path)
