"""An organised folder stays its owner's, whoever runs facetrack."""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from facetrack.core.errors import UserError
from facetrack.core.faces import Picture
from facetrack.organiser import people_file, people_writing, state
from facetrack.organiser.places import Plan, Wanted, arrange
from facetrack.organiser.state import PAGE, State, load, open_folder, save
from facetrack.system.files import replace
from facetrack.system.owner import hand_over, may_make_files_in

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may be somebody else")
SOMEBODY, ELSE = 54321, 54322


@contextmanager
def somebody(user: int = SOMEBODY) -> Iterator[None]:
    """Be a user for a while."""
    os.setegid(user)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o1777)
        yield Path(name)


def _organise(out: Path, photo: Path, mode: str = "copy") -> None:
    """What task=organise writes."""
    with open_folder(out) as unfinished:
        now = load(out)
        content = hashlib.sha256(photo.read_bytes()).hexdigest()
        wanted = [Wanted("person-001", "person-001", content, Picture(photo, photo.name))]
        now.files = arrange(out, Plan(wanted, now.files, mode, {content}), unfinished).files
        people_writing.add(out / people_file.FILE, [1])
        replace(out / PAGE, b"page")
        save(out, now, State())


def _owners(out: Path) -> set[int]:
    return {path.lstat().st_uid for path in (out, *out.rglob("*"))}


def _as_it_is(out: Path) -> dict[str, tuple[int, int, int]]:
    return {
        str(path): (path.lstat().st_uid, path.lstat().st_mtime_ns, path.lstat().st_ctime_ns)
        for path in (out, *sorted(out.rglob("*")))
    }


def test_what_root_makes_in_a_users_folder_is_the_users(place: Path) -> None:
    photo, out = place / "a.jpg", place / "out"
    photo.write_bytes(b"a")
    photo.chmod(0o644)
    with somebody():
        _organise(out, photo)
    (place / "new.jpg").write_bytes(b"b")
    _organise(out, place / "new.jpg")
    assert _owners(out) == {SOMEBODY}
    assert {path.lstat().st_gid for path in out.rglob("*")} == {SOMEBODY}
    assert stat.S_IMODE((out / ".facetrack/state.json").stat().st_mode) == 0o600
    with somebody():  # who goes on as before
        _organise(out, photo)
    assert sorted(path.name for path in (out / "person-001").iterdir()) == ["a.jpg", "new.jpg"]
    assert _owners(out) == {SOMEBODY}


def test_a_new_folder_of_roots_in_a_users_folder_is_the_users(place: Path) -> None:
    (place / "user").mkdir()
    os.chown(place / "user", SOMEBODY, SOMEBODY)
    (place / "a.jpg").write_bytes(b"a")
    _organise(place / "user/pictures/people", place / "a.jpg")
    assert _owners(place / "user") == {SOMEBODY}
    assert stat.S_IMODE((place / "user/pictures").stat().st_mode) == 0o700
    _organise(place / "roots", place / "a.jpg")
    assert _owners(place / "roots") == {0}


@pytest.mark.parametrize("user", [0, ELSE])
def test_another_user_is_refused_before_anything_is_written(place: Path, user: int) -> None:
    photo, out = place / "a.jpg", place / "out"
    photo.write_bytes(b"a")
    photo.chmod(0o644)
    out.mkdir()
    os.chown(out, user, user)
    out.chmod(0o777)
    before = _as_it_is(out)
    with somebody(), pytest.raises(UserError, match=r"out belongs to .*run it as") as told:
        _organise(out, photo)
    assert "\n" not in str(told.value)
    assert _as_it_is(out) == before
    # A folder of this user's with somebody else's .facetrack, as earlier versions left it.
    os.chown(out, SOMEBODY, SOMEBODY)
    (out / ".facetrack").mkdir()
    os.chown(out / ".facetrack", ELSE, ELSE)
    with somebody(), pytest.raises(UserError, match=r"\.facetrack belongs to user 54322"):
        _organise(out, photo)
    assert list((out / ".facetrack").iterdir()) == []


def test_what_may_not_be_read_is_not_called_damaged(place: Path) -> None:
    photo, out = place / "a.jpg", place / "out"
    photo.write_bytes(b"a")
    photo.chmod(0o644)
    with somebody():
        _organise(out, photo)
    os.chown(out / ".facetrack/state.json", 0, 0)
    with somebody(), pytest.raises(UserError, match=r"may not be read") as told:
        load(out)
    assert "not damaged" in str(told.value)
    assert "restore" not in str(told.value)


def test_a_disk_on_which_everything_is_one_users(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAT, or a network disk: what anybody makes there is the folder's owner's."""
    real = os.fstat

    def fstat(opened: int) -> os.stat_result:
        status = list(real(opened))
        status[stat.ST_UID] = 0
        return os.stat_result(status)

    with somebody():
        assert not may_make_files_in(place)
        monkeypatch.setattr(os, "fstat", fstat)
        assert may_make_files_in(place)
    assert list(place.iterdir()) == []


def test_root_hands_over_nothing_that_was_put_in_place_of_its_file(place: Path) -> None:
    user = place / "user"
    user.mkdir()
    os.chown(user, SOMEBODY, SOMEBODY)
    secret = place / "secret"
    secret.write_bytes(b"root's")
    (user / "hard").hardlink_to(secret)
    (user / "soft").symlink_to(secret)
    hand_over(user / "hard")
    with pytest.raises(OSError, match="symbolic"):
        hand_over(user / "soft")
    assert secret.stat().st_uid == 0


def test_leftovers_of_killed_runs_are_removed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with open_folder(out):
        pass
    (out / ".facetrack/faces").mkdir()
    for name in ("", ".facetrack", ".facetrack/faces"):
        for left in (".facetrack-abc.part", "tmpabcd_123.part"):
            (out / name / left).touch(0o600)
        (out / name / "mine.part").touch(0o600)
    with open_folder(out):
        assert sorted({path.name for path in out.rglob("*.part")}) == ["mine.part"]


def test_the_folder_is_its_owners_alone(tmp_path: Path) -> None:
    with open_folder(tmp_path / "new/out") as unfinished:
        for path in (tmp_path / "new", tmp_path / "new/out", unfinished.parent, unfinished):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert state.own_folder(tmp_path / "new/out").is_dir()
