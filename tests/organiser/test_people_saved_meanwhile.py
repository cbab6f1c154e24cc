"""people.yaml while the user saves it, and as the user keeps it: a link, a mode, an owner."""

import os
import random
import resource
import signal
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from facetrack.core.errors import UserError
from facetrack.organiser import people_file, people_writing, shared_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.yaml"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries that follow each other within milliseconds, so that there can be many rounds."""
    monkeypatch.setattr(shared_file, "_QUIET", 0.002)
    monkeypatch.setattr(people_writing, "_PAUSE", 0.002)


def _old(path: Path) -> None:
    """Make a file one that nobody has saved just now."""
    os.utime(path, (1e9, 1e9))


def _save_in_place(path: Path, text: str) -> None:
    path.write_text(text)


def _save_beside(path: Path, text: str) -> None:
    new = path.with_name("new")
    new.write_text(text)
    os.replace(new, path)  # noqa: PTH105


_EDITORS = {"in place": _save_in_place, "beside": _save_beside}
editors = pytest.mark.parametrize("save", _EDITORS.values(), ids=_EDITORS.keys())


@editors
@pytest.mark.usefixtures("hasty")
def test_no_save_is_lost_at_whatever_moment(path: Path, save: Callable[[Path, str], None]) -> None:
    chance = random.Random(1)
    for round_ in range(25):
        path.write_text("# as it was\n" + "".join(f"{n}:\n" for n in range(1, 50)))
        _old(path)
        saved = f"# saved in round {round_}\n" + "".join(f"{n}: A{n}\n" for n in range(1, 60))
        moment = chance.uniform(0, 0.01)

        def user(moment: float = moment, saved: str = saved) -> None:
            time.sleep(moment)
            save(path, saved)

        thread = threading.Thread(target=user)
        thread.start()
        people_writing.add(path, range(1, 100))
        thread.join()
        assert path.read_text().startswith(saved), round_
        # Then, or else with the next run, the new persons are there too.
        _old(path)
        assert people_writing.add(path, range(1, 100)) is None
        _, said = people_file.read(path)
        assert said.persons == set(range(1, 100))
        assert said.names == {n: f"A{n}" for n in range(1, 60)}


@editors
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.usefixtures("hasty")
def test_a_save_at_the_moment_of_writing_is_kept(
    path: Path, save: Callable[[Path, str], None], when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, saves = shared_file._write, ["1: Anna\n2: Bea\n"]

    def meanwhile(file: Any, content: bytes) -> None:
        if when == "before" and saves:
            save(path, saves.pop())
        write(file, content)
        if saves:
            save(path, saves.pop())

    path.write_text("1:\n")
    _old(path)
    monkeypatch.setattr(shared_file, "_write", meanwhile)
    assert people_writing.add(path, [1, 2, 3]) is None
    text = path.read_text()
    assert text.startswith("1: Anna\n2: Bea\n")
    _, said = people_file.read(path)
    assert said.names == {1: "Anna", 2: "Bea"}
    assert said.persons == {1, 2, 3}


@pytest.mark.parametrize("length", [1, 8, 25, 100])
@pytest.mark.parametrize("when", ["at once", "later"])
@pytest.mark.usefixtures("hasty")
def test_what_is_appended_to_a_file_just_emptied_gives_way(
    path: Path, length: int, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = "1: " + "A" * length + "\n"
    path.write_text("1: as it was before it was saved\n")
    _old(path)
    write, waits, editors = shared_file._write, time.sleep, list[Any]()

    def emptied(file: Any, content: bytes) -> None:
        if not editors:
            editors.append(path.open("w"))
        write(file, content)
        if when == "at once":
            save()

    def save(seconds: float = 0) -> None:
        waits(seconds)
        if not editors[0].closed:
            editors[0].write(saved)
            editors[0].close()

    def much_later(seconds: float) -> None:
        waits(seconds)
        if seconds == people_writing._PAUSE:
            save()

    monkeypatch.setattr(people_writing, "_PAUSE", 0.003)
    monkeypatch.setattr(shared_file, "_write", emptied)
    monkeypatch.setattr(time, "sleep", much_later)
    assert people_writing.add(path, range(1, 6)) is None
    assert path.read_text().startswith(saved)
    _, said = people_file.read(path)
    assert said.names == {1: "A" * length}
    assert said.persons == set(range(1, 6))


def test_a_file_that_is_empty_while_it_is_saved_is_waited_for(path: Path) -> None:
    path.write_text("1: Anna\n")

    emptied = threading.Event()

    def user() -> None:
        with path.open("w") as file:  # an editor that takes its time
            emptied.set()
            time.sleep(0.03)
            file.write("1: Anna\n2: Bea\n")

    thread = threading.Thread(target=user)
    thread.start()
    emptied.wait()
    assert people_writing.add(path, [1, 2, 3]) is None
    thread.join()
    assert path.read_text() == "1: Anna\n2: Bea\n\nperson-003:\n  name:\n"


@pytest.mark.usefixtures("hasty")
def test_a_file_that_never_rests_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_writing, "_PATIENCE", 0.05)
    write, saves = shared_file._write, iter(range(100))

    def meanwhile(file: Any, content: bytes) -> None:
        write(file, content)
        path.write_text(f"1: Anna{next(saves)}\n")

    path.write_text("1: Anna\n")
    _old(path)
    monkeypatch.setattr(shared_file, "_write", meanwhile)
    told = people_writing.add(path, [1, 2])
    assert told == "people.yaml was being changed all the time: no new persons are in it"
    assert people_file.read(path)[1].names[1].startswith("Anna")


def test_a_new_file_is_its_owners_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        assert people_writing.add(path, [1]) is None
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["people.yaml"]


@pytest.mark.parametrize("change", ["add", "put"])
def test_a_link_a_mode_and_an_owner_stay(path: Path, tmp_path: Path, change: str) -> None:
    (tmp_path / "synced").mkdir()
    real = tmp_path / "synced/who.yaml"
    real.write_text("1: Anna\n")
    _old(real)
    real.chmod(0o664)
    if os.getuid() == 0:
        os.chown(real, 1234, 2345)
    other = tmp_path / "hard"
    if change == "add":
        other.hardlink_to(real)
    path.symlink_to(Path("synced/who.yaml"))
    before = real.stat()
    if change == "add":
        assert people_writing.add(path, [1, 2]) is None
    else:
        people_writing.put(path, "1: Anna\n2:\n")
    assert path.is_symlink()
    assert people_file.read(path)[1].persons == {1, 2}
    after = real.stat()
    assert (after.st_mode, after.st_uid, after.st_gid, after.st_nlink) == (
        *(before.st_mode, before.st_uid, before.st_gid, before.st_nlink),
    )
    assert sorted(one.name for one in (tmp_path / "synced").iterdir()) == ["who.yaml"]


def test_a_hard_link_stays_one_when_it_is_put_back(path: Path, tmp_path: Path) -> None:
    path.write_text("1: a much longer text than what it was before\n")
    (tmp_path / "hard").hardlink_to(path)
    people_writing.put(path, "1: Anna\n")
    assert (tmp_path / "hard").read_text() == "1: Anna\n"
    people_writing.put(tmp_path / "new.yaml", "2:\n")
    assert (tmp_path / "new.yaml").read_text() == "2:\n"


def test_a_link_to_nothing_is_not_an_empty_file(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "unplugged/people.yaml")
    with pytest.raises(UserError, match="which is not there: bring the file back"):
        people_file.read(path)
    told = people_writing.add(path, [1])
    assert told is not None
    assert "which is not there" in told
    assert path.is_symlink()


def test_what_is_no_file_is_refused_without_waiting(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(UserError, match="cannot be read"):
        people_file.read(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(UserError, match="cannot be read"):
        people_file.read(path)
    assert people_file.text_of(path) == ""


def test_lines_end_as_they_did(path: Path) -> None:
    path.write_bytes(b"1: Anna\r\n# mine\r\n")
    _old(path)
    assert people_writing.add(path, [1, 2]) is None
    assert path.read_bytes() == b"1: Anna\r\n# mine\r\n\r\nperson-002:\r\n  name:\r\n"
    text = people_file.text_of(path)
    people_writing.put(path, "")
    people_writing.put(path, text)
    assert path.read_bytes() == b"1: Anna\r\n# mine\r\n\r\nperson-002:\r\n  name:\r\n"


def _leave_half(
    path: Path, before: str, added: str, left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leave what a kill in the middle of appending leaves: the note, and `left` in the file."""
    write, note, noted = shared_file._write, path.with_name(".people.yaml.adding"), list[bytes]()

    def killed(file: Any, content: bytes) -> None:
        noted.append(note.read_bytes())
        write(file, content)

    path.write_text(before)
    _old(path)
    with monkeypatch.context() as patch:
        patch.setattr(shared_file, "_write", killed)
        assert shared_file.append(path, before.encode(), added.encode())
    path.write_text(left)
    note.write_bytes(noted[0])


_ADDED = "\nperson-002:\n  name:\n"


@pytest.mark.parametrize("half", range(1, len(_ADDED)))
def test_half_an_addition_is_taken_back(
    path: Path, half: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = "1: Änna\n"
    _leave_half(path, before, _ADDED, before + _ADDED[:half], monkeypatch)
    people_writing.finish(path)
    assert path.read_text() == before
    assert [one.name for one in path.parent.iterdir()] == ["people.yaml"]


@pytest.mark.parametrize(
    "left",
    [
        "1: Anna\n" + _ADDED,  # it was killed when all was done
        "1: Anna\n",
        "1: Anna\n" + _ADDED.replace("name:", "name: Bea"),
        "1: Bea!\n" + _ADDED[:9],
        "1: A",
        "",
    ],
)
def test_what_somebody_wrote_since_stays(
    path: Path, left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _leave_half(path, "1: Anna\n", _ADDED, left, monkeypatch)
    people_writing.finish(path)
    assert path.read_text() == left
    assert [one.name for one in path.parent.iterdir()] == ["people.yaml"]


def test_half_a_note_is_none(path: Path) -> None:
    path.write_text("1: Anna\nper")
    path.with_name(".people.yaml.adding").write_text('{"size": 8, "sha')
    people_writing.finish(path)
    assert path.read_text() == "1: Anna\nper"
    assert [one.name for one in path.parent.iterdir()] == ["people.yaml"]


def test_without_room_nothing_is_half_added(path: Path) -> None:
    text = "#" + "x" * 1980 + "\n"
    path.write_text(text)
    _old(path)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))  # stands in for a full disk
    try:
        with pytest.raises(OSError, match="too large"):
            people_writing.add(path, [1, 2, 3])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert path.read_text() == text
    assert [one.name for one in path.parent.iterdir()] == ["people.yaml"]
