"""Facetrack's own folder: nobody else's, and nothing in it that somebody else has put there."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from facetrack.core.errors import UserError
from facetrack.extraction.store import Store
from facetrack.system import home as homes

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
SOMEBODY = 54321


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_is_made_for_its_owner_alone(home: Path) -> None:
    before = os.umask(0o002)
    try:
        assert homes.find_home() == home
        homes.find_locks()
    finally:
        os.umask(before)
    assert _mode(home) == _mode(home / "locks") == 0o700


def test_one_that_a_umask_of_the_group_made_is_closed_while_it_is_empty(home: Path) -> None:
    home.mkdir()
    home.chmod(0o775)
    homes.find_home()
    assert _mode(home) == 0o700
    home.chmod(0o755)  # others may look, and nobody can put anything in
    (home / "tsne").mkdir()
    assert homes.find_home() == home


@pytest.mark.parametrize(("mode", "filled"), [(0o777, False), (0o1777, False), (0o770, True)])
def test_one_that_others_may_write_to_is_refused(home: Path, mode: int, filled: bool) -> None:
    home.mkdir()
    if filled:
        (home / "embeddings.sqlite").touch()
    home.chmod(mode)
    with pytest.raises(UserError, match=rf"others may write to {home}.*chmod 700 {home}"):
        homes.find_home()
    assert _mode(home) == mode
    home.chmod(0o700)
    assert homes.find_home() == home


@needs_root
def test_somebody_elses_is_refused(home: Path) -> None:
    home.mkdir(0o700)
    os.chown(home, SOMEBODY, SOMEBODY)
    with pytest.raises(UserError, match=f"{home} belongs to user {SOMEBODY}.*set FACETRACK_HOME"):
        homes.find_home()
    assert list(home.iterdir()) == []


@needs_root
def test_root_makes_none_in_a_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "user/.cache"
    cache.mkdir(parents=True)
    for path in (cache.parent, cache):
        os.chown(path, SOMEBODY, SOMEBODY)
    monkeypatch.delenv("FACETRACK_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    with pytest.raises(UserError, match=f"{cache} belongs to user {SOMEBODY}"):
        homes.find_home()
    assert list(cache.iterdir()) == []
    # As in a container, whose root writes to a disk of somebody's.
    monkeypatch.setenv("FACETRACK_HOME", str(cache / "mine"))
    assert homes.find_home().stat().st_uid == 0


def _open_store(home: Path) -> None:
    Store(home).__exit__()


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("embeddings.sqlite", lambda: _open_store(homes.find_home())),
        ("embeddings.sqlite-wal", lambda: _open_store(homes.find_home())),
        ("embeddings.lock", lambda: _open_store(homes.find_home())),
        *[(name, homes.find_home) for name in ("tsne", "sheets", "downloads", "datasets")],
        ("portraits-2", homes.find_home),
        ("locks", homes.find_locks),
        ("locks/embed-1.lock", lambda: homes.lock(homes.find_locks() / "embed-1.lock").acquire()),
    ],
)
def test_links_in_it_are_not_followed(
    home: Path, tmp_path: Path, name: str, use: Callable[[], object]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"mine")
    (home / name).parent.mkdir(parents=True, mode=0o700)
    (home / name).symlink_to(elsewhere)
    with pytest.raises(UserError, match=rf"{home / name} is a link"):
        use()
    assert elsewhere.read_bytes() == b"mine"


def test_links_of_the_user_beside_are_no_matter(home: Path, tmp_path: Path) -> None:
    home.mkdir(mode=0o700)
    (home / "notes").symlink_to(tmp_path)
    assert homes.find_home() == home


def test_what_killed_processes_left_in_it_is_removed(home: Path) -> None:
    for name in (".facetrack-a.part", "sheets/.facetrack-b.part", "tsne/.facetrack-c.part"):
        (home / name).parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        (home / name).touch(0o600)
    homes.find_home()
    assert not list(home.rglob("*.part"))
