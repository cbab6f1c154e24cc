"""What a run that is killed has noted of its work, and what is left of its last line."""

from pathlib import Path

import pytest

from facetrack.organiser.journal import Journal
from facetrack.organiser.state import File

FILES = {f"person-001/{name}.jpg": File(name * 64, "person-001", "copy", 3, 4) for name in "abc"}


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


def _note(journal: Journal, *names: str) -> None:
    for name in names:
        path = f"person-001/{name}.jpg"
        journal.note(path, FILES[path])


def test_what_was_noted_is_read_until_the_run_has_ended(journal: Journal) -> None:
    assert journal.read() == {}
    _note(journal, "a", "b", "c")
    assert journal.read() == FILES
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert journal.knows(["a" * 64, "d" * 64]) == 1
    journal.remove()
    assert journal.read() == {}


@pytest.mark.parametrize("left", [1, 20, -1])
def test_a_torn_line_does_not_take_the_next_one_with_it(journal: Journal, left: int) -> None:
    _note(journal, "a", "b")
    first, second = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(first + second[:left])
    _note(journal, "c")
    expected = {path: file for path, file in FILES.items() if "/b." not in path}
    assert journal.read() == expected
    assert len(journal.path.read_bytes().splitlines()) == 2


def test_a_journal_of_nothing_but_half_a_line(journal: Journal) -> None:
    journal.path.write_bytes(b'{"path": "per')
    assert journal.read() == {}
    _note(journal, "a", "b", "c")
    assert journal.read() == FILES
