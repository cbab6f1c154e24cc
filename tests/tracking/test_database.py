"""A new database has the tables that MLflow makes, however they came there."""

import sqlite3
from pathlib import Path

import pytest

from facetrack.system import derived
from facetrack.system.home import find_home
from facetrack.system.sqlite_files import database
from facetrack.tracking import place
from facetrack.tracking.database import create_whole


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A home, and a folder with two databases made in it: "first.db" and "second.db"."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACETRACK_HOME", str(home))
        patch.chdir(folder)
        for name in ("first.db", "second.db"):
            create_whole(database(folder / name))
    return home, folder


def _read(path: Path) -> tuple[dict[str, list[str]], list[tuple[object, ...]]]:
    """By table and index, the sorted parts of its statement, since MLflow's order varies; rows."""
    with sqlite3.connect(path) as opened:
        made = opened.execute("SELECT name, sql FROM sqlite_master").fetchall()
        tables = [
            name
            for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        rows = [
            (name, *row) for name in tables for row in opened.execute(f'SELECT * FROM "{name}"')
        ]
    parts = {
        name: sorted(part.strip(" \t,)") for part in str(sql).split("\n")) for name, sql in made
    }
    times = [[one for one in row if not isinstance(one, int) or one < 10**9] for row in rows]
    return parts, sorted(map(tuple, times), key=str)


def test_a_copy_of_empty_tables_is_what_mlflow_makes(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, folder = folders
    monkeypatch.chdir(folder)
    place.make_tables(database(folder / "own.db"))
    own = _read(folder / "own.db")
    assert _read(folder / "first.db") == _read(folder / "second.db") == own
    assert str(folder / "mlruns/0") in str(own[1])  # of the folder that it is in


def test_what_is_kept_is_empty_and_the_owners(folders: tuple[Path, Path], tmp_path: Path) -> None:
    home, folder = folders
    (kept,) = (home / derived.FOLDER).iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert not list(home.glob("temporary*"))
    content = kept.read_bytes()
    assert str(folder).encode() not in content
    (tmp_path / "kept.db").write_bytes(content[32:])
    _, rows = _read(tmp_path / "kept.db")
    assert {name for name, *_ in rows} == {"alembic_version", "workspaces"}
    assert (folder / "second.db").stat().st_mode == (folder / "first.db").stat().st_mode


def test_where_nothing_can_be_kept_mlflow_makes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FACETRACK_HOME", str(tmp_path / "file"))
    with pytest.raises(Exception, match="FACETRACK_HOME"):
        find_home()
    monkeypatch.chdir(tmp_path)
    create_whole(database(tmp_path / "made.db"))
    assert "experiments" in _read(tmp_path / "made.db")[0]
