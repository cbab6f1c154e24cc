"""MLflow's server on PostgreSQL with its artifact proxy, and studies on the same PostgreSQL."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import psycopg
import pytest
from conftest import log_new_datasets
from optuna.trial import TrialState
from standin import StandIn, served

from facetrack.core.errors import UserError
from facetrack.testing import Workspace
from facetrack.tracking.store import MlflowStore
from faults.server import Server, until

pytest.importorskip("hydra_plugins.hydra_joblib_launcher")


@pytest.fixture
def databases(postgres: str) -> tuple[str, str]:
    """Two empty databases of one PostgreSQL: MLflow's and Optuna's tables do not go together."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        for name in ("mlflow", "studies"):
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {name}")
    where = postgres.rpartition("/")[0]
    return f"{where}/mlflow", f"{where}/studies"


@pytest.fixture
def server(databases: tuple[str, str], tmp_path: Path) -> Iterator[Server]:
    running = Server(databases[0], tmp_path / "server")
    try:
        yield running
    finally:
        running.stop()


@pytest.mark.long
def test_a_restart_under_a_sweep_and_a_study_loses_no_run(
    server: Server, databases: tuple[str, str], warm_home: Path, tmp_path: Path
) -> None:
    tracking = ("tracking=server", f"tracking.uri={server.uri}")
    commands = {
        "sweep": (
            *("-m", "clusterer.eps=0.2:0.5", "n_resamples=50"),
            *("hydra/launcher=joblib", "hydra.launcher.n_jobs=2"),
        ),
        "study": (
            *("task=tune", "task.workers=2", "task.n_trials=12", "n_resamples=50"),
            *("clusterer=meanshift", f"task.storage={databases[1]}"),
        ),
    }
    processes = {
        name: Workspace(tmp_path / name, warm_home).start(*arguments, *tracking)
        for name, arguments in commands.items()
    }
    try:
        until(lambda: len(_runs(server, "job")) > 0 and len(_runs(server, "trial")) > 0)
        server.stop()
        time.sleep(2)
        server.start()
        ends = {name: one.communicate(timeout=200) for name, one in processes.items()}
    finally:
        for one in processes.values():
            one.kill()
    for name, one in processes.items():
        assert one.returncode == 0, ends[name]
        assert not (tmp_path / name / "mlflow.db").exists()
        assert not (tmp_path / name / "mlruns").exists()
    assert "4 of 4 jobs finished" in ends["sweep"][0]

    (parent,) = _runs(server, "sweep")
    jobs = _runs(server, "job")
    assert len(jobs) == 4
    (study,) = _runs(server, "study")
    trials = _runs(server, "trial")
    stored = optuna.load_study(study_name=study.data.tags["study"], storage=databases[1])
    finished = stored.get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED))
    assert len(trials) == len(finished) >= 12
    assert len({trial.user_attrs["worker"] for trial in finished}) == 2
    for run in (parent, *jobs, study, *trials):
        assert run.info.status == "FINISHED"
        assert run.info.artifact_uri.startswith("mlflow-artifacts:")
    for nested, above in ((jobs, parent), (trials, study)):
        assert {run.data.tags["mlflow.parentRunId"] for run in nested} == {above.info.run_id}
    names = {one.path for one in _client(server).list_artifacts(jobs[0].info.run_id)}
    assert {"config.yaml", "resamples.csv", "tsne.png"} <= names
    everything = [(run.data.tags, run.data.params) for run in (parent, *jobs, study, *trials)]
    assert "secret" not in str(everything)


@pytest.mark.long
def test_a_server_that_stays_away_ends_the_sweep_which_goes_on_later(
    warm_home: Path, tmp_path: Path
) -> None:
    impatient = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}  # it waits for 6 seconds
    place = Workspace(tmp_path / "work", warm_home, impatient)
    server = Server(f"sqlite:///{tmp_path}/server/mlflow.db", tmp_path / "server")
    tracking = ("tracking=server", f"tracking.uri={server.uri}")

    try:
        sweep = place.start("-m", "clusterer.eps=0.2:0.4", "n_resamples=300", *tracking)
        until(lambda: len(_runs(server, "job", "FINISHED")) == 1)
    finally:
        server.stop()
    told, errors = sweep.communicate(timeout=200)
    assert sweep.returncode == 2, errors
    assert "Traceback" not in errors
    assert "FAILED: " in told
    last = errors.strip().splitlines()[-1]
    assert "resume=" in last

    try:
        server.start()
        before = {run.info.run_id for run in _runs(server, "job", "FINISHED")}
        resumed = place.start("resume=last", *tracking)
        told, errors = resumed.communicate(timeout=200)
        assert resumed.returncode == 0, errors
        assert "3 of 3 jobs finished" in told
        finished = {run.info.run_id for run in _runs(server, "job", "FINISHED")}
        assert before < finished
        assert len(finished) == 3
        assert not _runs(server, "job", "RUNNING")
    finally:
        server.stop()


def test_a_run_whose_server_stops_says_so_and_goes_on_later(
    tmp_path: Path, home: Path, new_mlflow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    store = Path(shutil.copy(new_mlflow, tmp_path / "server.db"))
    with served(tmp_path, store) as server:
        tracking = MlflowStore(server.uri, "facetrack")
        job = tracking.start("job", {"kind": "job"})
        job.metrics({"ari_mean": 0.5})

        def stopped() -> None:
            with tracking.run("another", {"kind": "job"}, job.run_id) as again:
                server.stop()
                again.metrics({"ari_mean": 0.75})

        with pytest.raises(UserError, match=r"does not answer.* then run the same command again"):
            stopped()
        with pytest.raises(UserError, match="no MLflow server answers"):
            MlflowStore(server.uri, "facetrack")
    with served(tmp_path, store, server.server_port) as later:
        with MlflowStore(later.uri, "facetrack").run("job", {"kind": "job"}, job.run_id) as again:
            again.metrics({"ari_mean": 0.75})
        (run,) = _runs(later, "job", "FINISHED")
        assert run.data.metrics == {"ari_mean": 0.75}


@pytest.mark.long
def test_a_dataset_that_is_new_to_many_runs_at_once_is_logged_once(server: Server) -> None:
    writers, datasets = 3, 25
    tracking = MlflowStore(server.uri, "facetrack")
    jobs = [tracking.start("job", {"kind": "job"}) for _ in range(writers)]
    log_new_datasets(jobs, datasets)
    assert [len(one.inputs.dataset_inputs) for one in _runs(server, "job")] == [datasets] * writers


def _client(server: Server | StandIn) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(server.uri)


def _runs(server: Server | StandIn, kind: str, status: str | None = None) -> list[Any]:
    experiment = _client(server).get_experiment_by_name("facetrack")
    if experiment is None:
        return []
    condition = f"tags.kind = '{kind}'"
    if status is not None:
        condition += f" and attributes.status = '{status}'"
    return list(_client(server).search_runs([experiment.experiment_id], condition))
