"""Every command works in every folder, whatever it is called, and after it was moved."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from conftest import NASTY

from facetrack import moved
from facetrack.core.artifacts import mark_nobody
from facetrack.core.errors import UserError
from facetrack.system.sqlite_files import database, local
from facetrack.testing import Workspace, kept
from facetrack.testing.drawn import people
from facetrack.tracking import relocation
from facetrack.tracking.past import Past
from facetrack.tracking.store import MlflowStore

NAMES = [NASTY, "my photos", "a#b", "50%25", "what?", "é ü", "a\\b", "a\nb", "${x}", "plain"]


@pytest.fixture
def nasty(tmp_path: Path, warm_home: Path, new_mlflow: Path) -> Workspace:
    """A working folder with all of them in its name, in a folder of its own."""
    return Workspace(tmp_path / "alone" / NASTY, warm_home, store=new_mlflow)


@pytest.mark.parametrize("name", NAMES)
def test_a_database_is_where_its_path_says(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlalchemy
    from mlflow.store.db.utils import _make_parent_dirs_if_sqlite

    monkeypatch.chdir(tmp_path)
    path = tmp_path / name / "mlflow.db"
    assert local(database(path)) == path
    path.parent.mkdir()
    _make_parent_dirs_if_sqlite(database(path))
    with sqlalchemy.create_engine(database(path)).begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE t (x)"))
    assert path.exists()
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_addresses_that_name_no_file() -> None:
    for uri in ("http://host", "sqlite://", "sqlite:///x.db?timeout=3", "postgresql://me@host/db"):
        assert local(uri) is None
    assert local("sqlite:///x.db") == Path("x.db")


def test_a_store_is_made_and_cleared_in_any_folder(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "alone" / NASTY
    work.mkdir(parents=True)
    monkeypatch.chdir(work)
    tracking = MlflowStore(None, "faces")
    with tracking.run("one", {"kind": "job", "sweep": "s"}) as run:
        run.artifacts(mark_nobody({"note.txt": "é", "other.txt": ""}))
    assert tracking.artifact(run.run_id, "note.txt").decode() == "é"
    past = Past(None, "faces")
    (found,) = past.runs()
    past.remove(found, "note.txt")
    assert past.files(found) == ["other.txt"]
    assert [one.name for one in (work / "mlruns").rglob("*.txt")] == ["other.txt"]
    assert sorted(one.name for one in work.iterdir()) == ["mlflow.db", "mlruns"]
    assert [one.name for one in work.parent.iterdir()] == [NASTY]


def _left(tracking: MlflowStore, name: str) -> None:
    with tracking.run(name, {"kind": "job"}) as run:
        run.artifacts(mark_nobody({"page.html": name}))


@pytest.mark.parametrize("before", ["before", "my before #1"])
@pytest.mark.parametrize("copied", [False, True])
def test_a_store_that_was_moved_or_copied_is_told_and_mended(
    before: str,
    copied: bool,
    tmp_path: Path,
    home: Path,
    new_mlflow: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = tmp_path / before, tmp_path / "after 2"
    first.mkdir()
    shutil.copy(new_mlflow, first / "mlflow.db")
    monkeypatch.chdir(first)
    _left(MlflowStore(None, "faces"), "one")
    if copied:
        shutil.copytree(first, second)
    else:
        first.rename(second)
    monkeypatch.chdir(second)
    for opened in (MlflowStore, Past):
        with pytest.raises(UserError, match=r"was moved or copied: `python -m facetrack\.moved` "):
            opened(None, "faces")
    assert first.exists() is copied

    assert moved.main([]) == 0
    _left(MlflowStore(None, "faces"), "two")
    assert set(_pages(second)) == {"one", "two"}
    past = Past(None, "faces")
    assert {past.text(run, "page.html") for run in past.runs()} == {"one", "two"}
    assert _pages(first) == (["one"] if copied else [])


def _pages(folder: Path) -> list[str]:
    return [path.read_text() for path in (folder / "mlruns").rglob("page.html")]


def test_files_that_are_elsewhere_for_good_stay_there(
    tmp_path: Path, home: Path, new_mlflow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, work = tmp_path / "store", tmp_path / "work"
    store.mkdir()
    work.mkdir()
    shutil.copy(new_mlflow, store / "runs.db")
    monkeypatch.chdir(work)
    uri = database(store / "runs.db")
    _left(MlflowStore(uri, "faces"), "one")
    monkeypatch.chdir(store)
    _left(MlflowStore(uri, "faces"), "two")
    assert sorted(_pages(work)) == ["one", "two"]
    with sqlite3.connect(store / "runs.db") as database_:
        database_.execute("UPDATE experiments SET artifact_location = 's3://bucket/mlruns/1'")
    relocation.correct(store / "runs.db")
    with sqlite3.connect(store / "runs.db") as database_:
        places = database_.execute("SELECT DISTINCT artifact_location FROM experiments").fetchall()
    assert places == [("s3://bucket/mlruns/1",)]


def test_what_is_no_store_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert moved.main([str(tmp_path / "none.db")]) == 2
    (tmp_path / "text.db").write_text("no database, but long enough for a header" * 9)
    assert moved.main([str(tmp_path / "text.db")]) == 2
    assert "see that it is MLflow's database" in capfd.readouterr().err
    assert not (tmp_path / "none.db").exists()


def test_folders_of_any_name_are_organised_and_forgotten(nasty: Workspace, warm_home: Path) -> None:
    root = people(nasty.folder / "in,put ${x} 😀", warm_home, 3)
    out = nasty.folder / "o,ut ${y}: [é]\\"
    given = (
        "task=organise",
        f"dataset.root={root}",
        f"task.out={out.name}",
        "detector=dlib_hog",
        "embedder=dlib",
    )
    nasty.run(*given).ok()
    assert len(list(out.glob("person-*/*"))) == len(list(root.glob("*/*")))
    (run,) = kept.runs(nasty.folder, "organise", "FINISHED")
    before = set(kept.artifacts(run))
    command = "task=forget", f"dataset.root={root}", f"task.out={out.name}", "person=person-001"
    nasty.run(*command).ok()
    assert set(kept.artifacts(run)) < before
    assert {one.name for one in nasty.folder.parent.iterdir()} == {NASTY}


def test_a_sweep_over_folders_has_a_job_each_wherever_jobs_run(
    nasty: Workspace, warm_home: Path
) -> None:
    few = people(nasty.folder / "few, of them", warm_home, 3)
    more = people(nasty.folder / "more ${of} them", warm_home, 4)
    swept = f"dataset.root={few},{more}"
    # hydra.job.chdir: what is relative is taken from where the command was given all the same.
    nasty.run("-m", "dataset=folder", swept, "n_resamples=2", "hydra.job.chdir=true").ok()
    jobs = kept.runs(nasty.folder, "job", "FINISHED")
    assert sorted(job.data.tags["people"] for job in jobs) == ["3", "4"]
    assert len(kept.results(nasty.folder)) == 2
    assert [one.name for one in nasty.folder.rglob("mlflow.db")] == ["mlflow.db"]
    nasty.run("resume=last").refused("there is no unfinished sweep")
    (sweep,) = kept.runs(nasty.folder, "sweep")
    nasty.run(f"resume={sweep.data.tags['sweep']}").ok()
    assert len(kept.runs(nasty.folder, "job")) == 2
