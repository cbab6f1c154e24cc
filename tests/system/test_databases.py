"""MLflow's and Optuna's databases: away, of another version, or somebody else's."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import mlflow
import optuna
import pytest

from facetrack.core.errors import UserError
from facetrack.system.databases import CONNECT_SECONDS, connect_arguments
from facetrack.tasks.tune.storages import open_storage
from facetrack.testing.process import close_stores
from facetrack.tracking.past import Past
from facetrack.tracking.store import MlflowStore

Opened = Callable[[str], object]


def _tracking(url: str) -> object:
    return MlflowStore(url, "facetrack")


def _past(url: str) -> object:
    return Past(url, "facetrack")


@pytest.fixture(autouse=True)
def _closed(home: Path) -> None:
    close_stores()


@pytest.fixture
def runs(tmp_path: Path, new_mlflow: Path) -> Path:
    return Path(shutil.copy(new_mlflow, tmp_path / "runs.db"))


@pytest.fixture
def studies(tmp_path: Path) -> Path:
    path = tmp_path / "studies.db"
    open_storage(f"sqlite:///{path}")
    return path


def _at(path: Path, revision: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])


def _refused(opened: Opened, path: Path) -> str:
    with pytest.raises(UserError) as caught:
        opened(f"sqlite:///{path}")
    told = str(caught.value)
    assert "\n" not in told
    assert str(path) in told
    return told


@pytest.mark.parametrize("opened", [_tracking, _past])
def test_an_mlflow_store_of_another_version(runs: Path, opened: Opened) -> None:
    _at(runs, "451aebb31d03")
    told = _refused(opened, runs)
    assert f"an older MLflow than {mlflow.__version__}: make a copy" in told
    assert f"`mlflow db upgrade sqlite:///{runs}`" in told
    _at(runs, "fedcba987654")
    told = _refused(opened, runs)
    assert f"a newer MLflow than {mlflow.__version__}, which cannot read it: pip install" in told


def test_an_optuna_storage_of_another_version(studies: Path) -> None:
    _at(studies, "v2.4.0.a")
    told = _refused(open_storage, studies)
    assert f"an older Optuna than {optuna.__version__}: make a copy" in told
    assert f"`optuna storage upgrade --storage sqlite:///{studies}`" in told
    _at(studies, "v99.0.0.a")
    assert f"a newer Optuna than {optuna.__version__}" in _refused(open_storage, studies)


@pytest.mark.parametrize("opened", [_tracking, _past, open_storage])
def test_a_database_of_something_else_stays_as_it_is(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "photos.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE schema_version (photo)")
    before = path.read_bytes()
    assert "belongs to something else, and nothing in it was changed" in _refused(opened, path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("opened", [_tracking, _past, open_storage])
def test_a_file_that_is_no_database_stays_as_it_is(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "notes.db"
    path.write_text("notes on the schema of a version" * 99)
    assert "belongs to something else" in _refused(opened, path)
    assert path.read_text() == "notes on the schema of a version" * 99


@pytest.mark.parametrize("opened", [_tracking, _past, open_storage])
def test_a_device_or_pipe_of_that_name_stays(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "pipe.db"
    os.mkfifo(path)  # as /dev/null would be, in whose place a new database was moved
    assert "is no file, but something else of this name" in _refused(opened, path)
    assert path.is_fifo()
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith("pipe")] == ["pipe.db"]


def test_each_others_databases(runs: Path, studies: Path) -> None:
    assert "is no Optuna storage" in _refused(open_storage, runs)
    assert "is no MLflow store" in _refused(_tracking, studies)


@pytest.mark.parametrize("opened", [_tracking, _past, open_storage])
def test_a_server_that_is_away_is_told_without_its_password(opened: Opened) -> None:
    with pytest.raises(
        UserError, match=r"\*\*\*@127.0.0.1:9/x does not answer .*refused"
    ) as caught:
        opened("postgresql://me:secret@127.0.0.1:9/x")
    assert "secret" not in str(caught.value)


def test_no_server_is_waited_for_longer_than_five_seconds() -> None:
    assert connect_arguments("postgresql://me:x@host/x") == {"connect_timeout": CONNECT_SECONDS}
    assert CONNECT_SECONDS < 5
    assert connect_arguments("postgresql://me:x@host/x?connect_timeout=60") == {}
    assert connect_arguments("sqlite:///x.db") == {}


def test_a_deleted_experiment_is_told(runs: Path) -> None:
    url = f"sqlite:///{runs}"
    MlflowStore(url, "mine")
    client = mlflow.MlflowClient(url)
    found = client.get_experiment_by_name("mine")
    assert found is not None
    client.delete_experiment(found.experiment_id)
    with pytest.raises(UserError, match="experiment mine was deleted") as caught:
        MlflowStore(url, "mine")
    assert f"experiments restore --experiment-id {found.experiment_id}" in str(caught.value)
    assert "tracking.experiment=OTHER" in str(caught.value)
    Past(url, "mine")  # its files are there, and task=forget reaches them
    MlflowStore(url, "another")
