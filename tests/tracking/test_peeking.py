"""What a store lacks, as seen without MLflow: the same as MLflow finds, or nothing is said."""

from pathlib import Path

import pytest

from facetrack.core.errors import UserError
from facetrack.system.sqlite_files import database
from facetrack.tracking import keys
from facetrack.tracking.peeking import demand_run, demand_sweep
from facetrack.tracking.store import MlflowStore


@pytest.fixture
def store(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowStore:
    """A store in the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return MlflowStore(None, "faces")


def test_what_is_there_is_never_denied(
    store: MlflowStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = database(tmp_path / "mlflow.db")
    run = store.start("job", {keys.KIND: "job"})
    for uri in (None, own, "sqlite:///mlflow.db"):
        demand_run(uri, run.run_id)
        with pytest.raises(UserError, match="no run and no sweep s in this MLflow store"):
            demand_run(uri, "s")
        with pytest.raises(UserError, match="there is no unfinished sweep in /"):
            demand_sweep(uri, None)
        with pytest.raises(UserError, match="there is no sweep it's in /"):
            demand_sweep(uri, "it's")
    store.start_sweep("s", ["seed=0"], [])
    demand_run(None, "s")
    for wanted in (None, "s", "other"):  # MLflow says which is the last one
        demand_sweep(None, wanted)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", own)
    demand_run(None, run.run_id)
    demand_sweep(None, "s")


def test_where_no_store_is_none_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(UserError, match="there is no unfinished sweep"):
        demand_sweep(None, None)
    with pytest.raises(UserError, match="there is no run and no sweep r"):
        demand_run(database(tmp_path / "no/where.db"), "r")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_told_is_left_to_mlflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "text.db").write_text("this is no database, and long enough to say so\n" * 100)
    (tmp_path / "empty.db").touch()
    for uri in (
        *("http://127.0.0.1:5000", "postgresql://host/name", "sqlite:///file:a.db?uri=true"),
        *("sqlite:///%2Fa.db", "sqlite:///", f"sqlite:///{tmp_path}"),
        *(database(tmp_path / name) for name in ("text.db", "empty.db")),
    ):
        demand_run(uri, "r")
        demand_sweep(uri, None)
    old = tmp_path / "mlruns/0"
    old.mkdir(parents=True)
    (old / "meta.yaml").touch()
    demand_run(None, "r")
