"""What commands leave behind: runs in MLflow, tables, trials, embeddings."""

import contextlib
import csv
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from facetrack.system.sqlite_files import database
from facetrack.tracking.place import path_of

_EXPERIMENT = "facetrack"


def client(folder: Path) -> Any:
    """MLflow's client for the store that commands made in a working folder."""
    from mlflow import MlflowClient

    return MlflowClient(database(folder / "mlflow.db"))


def runs(folder: Path, kind: str | None = None, status: str | None = None) -> list[Any]:
    """The MLflow runs in a working folder's store, the latest first; none without a store.

    kind: "job", "sweep", "study", "trial" or "organise"; None for all. status: "RUNNING",
    "FINISHED", "FAILED" or "KILLED"; None for all. Each has .info.status, .info.run_id,
    .data.params, .data.tags and .data.metrics.
    """
    if not (folder / "mlflow.db").exists():  # MLflow would make it
        return []
    store = client(folder)
    experiment = store.get_experiment_by_name(_EXPERIMENT)
    if experiment is None:
        return []
    wanted = [f"tags.kind = '{kind}'"] if kind else ["tags.kind != ''"]
    wanted += [f"attributes.status = '{status}'"] if status else []
    return list(store.search_runs([experiment.experiment_id], " and ".join(wanted)))


def scores(
    folder: Path, kind: str | None = None, status: str | None = None
) -> dict[str, dict[str, float]]:
    """By run id, the metrics of a working folder's runs, but for times (see `runs`).

    Read without MLflow, which would write: the disk may be full or not to be written to.
    """
    store = folder / "mlflow.db"
    found = asked(
        store,
        "SELECT runs.run_uuid FROM runs JOIN tags ON tags.run_uuid = runs.run_uuid "
        "WHERE tags.key = 'kind' AND tags.value = ifnull(?, tags.value) "
        "AND runs.status = ifnull(?, runs.status)",
        (kind, status),
    )
    metrics = (
        "SELECT key, value FROM latest_metrics WHERE run_uuid = ? AND key NOT LIKE '%seconds%'"
    )
    return {run: dict(asked(store, metrics, (run,))) for (run,) in found}


def artifacts(run: Any) -> dict[str, Path]:
    """The files at the top of what a run has logged, by name."""
    folder = path_of(run.info.artifact_uri)
    assert folder is not None
    return {path.name: path for path in folder.iterdir()}


def new_store(path: Path) -> Path:
    """Make an MLflow store without a run, to be copied: its tables take MLflow seconds."""
    from mlflow import MlflowClient

    path.parent.mkdir(parents=True, exist_ok=True)
    MlflowClient(f"sqlite:///{path}")
    return path


def results(folder: Path) -> list[dict[str, str]]:
    """The rows of the last sweep's table, without the times, by method and parameters."""
    # By when they were written: names have the time of a clock that may have been set back.
    tables = sorted(
        folder.glob("outputs/*/results.csv"), key=lambda table: table.stat().st_mtime_ns
    )
    if not tables:
        return []
    with tables[-1].open(newline="") as file:
        found = [{key: row[key] for key in row if key != "seconds"} for row in csv.DictReader(file)]
    return sorted(found, key=lambda row: (row["method"], row["parameters"]))


def trials(folder: Path) -> set[tuple[int, float, float]]:
    """Number, radius and value of the finished trials of a working folder's studies."""
    return set(
        asked(
            folder / "outputs/studies.db",
            "SELECT trials.number, trial_params.param_value, trial_values.value "
            "FROM trials JOIN trial_params USING (trial_id) "
            "JOIN trial_values USING (trial_id) WHERE trials.state = 'COMPLETE'",
        )
    )


def rows(home: Path) -> dict[bytes, bytes]:
    """The embeddings that are stored in a FACETRACK_HOME, by key."""
    return dict(asked(home / "embeddings.sqlite", "SELECT key, payload FROM vectors"))


def asked(database: Path, query: str, values: Sequence[object] = ()) -> list[Any]:
    """What a SQLite file answers; nothing where it, or its tables, have not been made."""
    if not database.exists():
        return []
    with contextlib.closing(sqlite3.connect(database, timeout=60)) as store:
        try:
            return store.execute(query, values).fetchall()
        except sqlite3.OperationalError:  # killed before there were tables
            return []
