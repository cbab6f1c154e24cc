"""Folders for pages with faces on their way to MLflow."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from facetrack.core.artifacts import mark_people
from facetrack.system import home as homes
from facetrack.system import temporary
from facetrack.tasks.forgetting.locations import _on_their_way
from facetrack.tracking import keys
from facetrack.tracking.store import MlflowStore


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "home"
    path.mkdir(mode=0o700)
    return path


def _leave(base: Path) -> Path:
    """What a killed process leaves: the folder, and no lock."""
    path = base / temporary.NAME / "tmpkilled"
    path.mkdir(mode=0o700, parents=True)
    (path / "errors.html").write_text("faces")
    return path


def test_it_is_the_owners_alone_and_goes_at_the_end(base: Path) -> None:
    with temporary.folder(base) as folder:
        (folder / "below").mkdir()
        (folder / "below/errors.html").write_text("faces")
        assert folder.parent == base / temporary.NAME
        assert {path.stat().st_mode & 0o777 for path in (folder, folder.parent)} == {0o700}
    assert not (base / temporary.NAME).exists()


def test_it_goes_whatever_happens(base: Path) -> None:
    with pytest.raises(KeyboardInterrupt), temporary.folder(base) as folder:
        raise KeyboardInterrupt
    assert not folder.exists()


def test_what_a_killed_process_left_goes_with_the_next_run(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = _leave(base)
    monkeypatch.setenv("FACETRACK_HOME", str(base))
    with temporary.folder(base) as used:
        homes.find_home()
        assert not left.exists()
        assert used.exists()


def test_a_link_among_them_is_not_followed(base: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "photo.jpg").touch()
    (base / temporary.NAME).mkdir()
    (base / temporary.NAME / "link").symlink_to(mine)
    temporary.sweep(base)
    assert (mine / "photo.jpg").exists()


def test_forgetting_reaches_them(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACETRACK_HOME", str(base))
    homes.find_home()
    left = _leave(base)  # by a process that is killed meanwhile
    place = _on_their_way()
    assert place.found().items == [str(left / "errors.html")]
    place.clear()
    assert not left.exists()
    assert place.found().count == 0


def test_pages_of_a_run_are_there_until_mlflow_has_them(
    tracking: MlflowStore, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tracking.run("faces", {keys.KIND: "job"}) as run:
        pass
    seen, folders = set[str](), list[Path]()
    folder = temporary.folder

    @contextlib.contextmanager
    def watched(base: Path) -> Iterator[Path]:
        with folder(base) as path:
            yield path
            folders.append(path)
            seen.update(one.name for one in path.iterdir())

    monkeypatch.setattr(temporary, "folder", watched)
    # Of a run of this process's own facetrack knows the folder, and writes into it at once.
    with tracking.run("faces", {keys.KIND: "job"}, run.run_id) as again:
        again.artifacts(mark_people({"tsne.html": b"faces", "errors.html": b"faces"}))
    assert {"tsne.html", "errors.html"} <= seen
    assert tracking.artifact(run.run_id, "tsne.html") == b"faces"
    for path in folders:
        assert path.parent == home / temporary.NAME
        assert not path.exists()
