"""MLflow runs: nesting, status, and what must not be written."""

import http.server
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from conftest import log_new_datasets
from hydra import initialize_config_dir

from facetrack.cli.resume import replace_resume
from facetrack.core.artifacts import mark_nobody
from facetrack.core.errors import UserError
from facetrack.system.shipped import CONF
from facetrack.testing.process import close_stores
from facetrack.tracking import upkeep
from facetrack.tracking.answers import silence
from facetrack.tracking.links import VIEW_KEY, open_line
from facetrack.tracking.records import RunRecord
from facetrack.tracking.runs import MlflowRun
from facetrack.tracking.store import MlflowStore


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


def _tags(tracking: MlflowStore, of: RunRecord) -> dict[str, str]:
    tags: dict[str, str] = tracking.experiment.client.get_run(of.run_id).data.tags
    return tags


def test_the_default_store_is_mlflows_own(place: Path, tmp_path: Path) -> None:
    tracking = MlflowStore(None, "faces")
    assert (tmp_path / "mlflow.db").exists()
    with tracking.run("one", {"kind": "job"}) as run:
        run.artifacts(mark_nobody({"note.txt": "é"}))
    (artifact,) = (tmp_path / "mlruns").rglob("note.txt")
    assert artifact.read_text(encoding="utf-8") == "é"


def test_the_environment_names_another_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'other.db'}")
    MlflowStore(None, "faces")
    assert (tmp_path / "other.db").exists()
    assert not (tmp_path / "mlflow.db").exists()


def test_a_job_finds_its_parent_by_the_sweep(tracking: MlflowStore) -> None:
    parent = tracking.start("sweep", {"kind": "sweep", "sweep": "s1"})
    tracking.start("other", {"kind": "sweep", "sweep": "s2"})
    # Another client, as a job on another machine has.
    with MlflowStore(None, "faces").run("job", {"kind": "job", "sweep": "s1"}):
        pass
    (job,) = tracking.jobs("s1")
    assert _tags(tracking, job)["mlflow.parentRunId"] == parent.run_id
    assert job.status == "FINISHED"
    assert tracking.jobs("s2") == []


def test_a_failure_leaves_its_traceback(tracking: MlflowStore, tmp_path: Path) -> None:
    def fail() -> None:
        with tracking.run("job", {"kind": "job", "sweep": "s"}):
            raise ZeroDivisionError("no faces")

    with pytest.raises(ZeroDivisionError):
        fail()
    (job,) = tracking.jobs("s")
    assert job.status == "FAILED"
    assert _tags(tracking, job)["error"] == "no faces"
    (written,) = (tmp_path / "mlruns").rglob("traceback.txt")
    assert "ZeroDivisionError: no faces" in written.read_text()


def test_artifacts_are_read_back(tracking: MlflowStore, capfd: pytest.CaptureFixture[str]) -> None:
    run = tracking.start("job", {"kind": "job"})
    run.artifacts(mark_nobody({"faces.csv": "é"}))
    assert tracking.artifact(run.run_id, "faces.csv").decode() == "é"
    with pytest.raises(UserError, match="has no other"):
        tracking.artifact(run.run_id, "other.csv")
    assert "Downloading" not in capfd.readouterr().err


def test_ctrl_c_is_killed(tracking: MlflowStore) -> None:
    def interrupt() -> None:
        with tracking.run("job", {"kind": "job", "sweep": "s"}):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert tracking.jobs("s")[0].status == "KILLED"


def test_a_run_whose_process_was_killed_is_closed_by_the_next(
    tracking: MlflowStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import os, signal, sys\n"
        "from facetrack.tracking.store import MlflowStore\n"
        "MlflowStore(sys.argv[1], 'faces').start('job', {'kind': 'job', 'sweep': 's'})\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, tracking.uri], capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    mine = tracking.start("job", {"kind": "job", "sweep": "s", "config_fingerprint": "mine"})
    assert {job.status for job in tracking.jobs("s")} == {"RUNNING"}
    monkeypatch.setattr(upkeep, "_looked_through", set())
    MlflowStore(tracking.uri, "faces")
    status = {job.run_id: job.status for job in tracking.jobs("s")}
    assert status.pop(mine.run_id) == "RUNNING"
    assert list(status.values()) == ["KILLED"]


def test_more_than_a_batch_of_everything(tracking: MlflowStore) -> None:
    with tracking.run("job", {"kind": "job", "sweep": "s"}) as run:
        run.params({f"p{i}": i for i in range(250)})
        run.metrics({"mean": 0.5}, {"ari": [i / 2000 for i in range(2000)]})
    (job,) = tracking.jobs("s")
    assert len(job.parameters) == 250
    assert job.metrics == {"mean": 0.5, "ari": 1999 / 2000}


def test_the_last_sweep_is_the_last_though_the_clock_was_set_back(
    tracking: MlflowStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    for sweep_id, set_back in (("first", 0), ("second", 3600), ("third", 366 * 86400)):
        monkeypatch.setattr(time, "time", lambda back=set_back: now - back)
        tracking.start_sweep(sweep_id, [f"seed={sweep_id}"], []).end("KILLED")
        again = tracking.resumable(None)
        assert (again.sweep_id, again.command) == (sweep_id, (f"seed={sweep_id}",))


def test_a_run_taken_up_again_says_its_new_values_though_the_clock_was_set_back(
    tracking: MlflowStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tracking.run("study", {"kind": "study"}) as run:
        run.metrics({"finished_trials": 5}, {"ari": [0.5, 0.6]})
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 3600)
    with tracking.run("study", {"kind": "study"}, run.run_id) as again:
        again.metrics({"finished_trials": 8}, {"ari": [0.7, 0.8]})
    (found,) = tracking.experiment.search("tags.kind = 'study'")
    assert found.data.metrics == {"finished_trials": 8, "ari": 0.8}


def test_a_database_that_was_cut_short_while_it_was_made_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The size at which MLflow has some of its tables.
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, before[1]))
    try:
        with pytest.raises(UserError, match="cannot be used"):
            MlflowStore(None, "faces")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        close_stores()  # as in another process
    assert [path.name for path in tmp_path.iterdir() if path != home] == []
    with MlflowStore(None, "faces").run("one", {"kind": "job"}) as run:
        run.metrics({"x": 1.0})


def test_usage_statistics_are_off(tracking: MlflowStore) -> None:
    assert isinstance(tracking.start("job", {}), MlflowRun)
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert os.environ["DO_NOT_TRACK"] == "true"


def test_a_server_that_is_not_there_is_told_at_once(home: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(UserError, match=f"no MLflow server answers at http://127.0.0.1:{port}"):
        MlflowStore(f"http://127.0.0.1:{port}", "faces")


def test_how_to_look_at_the_runs_is_told(place: Path) -> None:
    page = f"/#/experiments/7/runs?workflowType=machine_learning&viewStateShareKey={VIEW_KEY}"
    assert open_line("http://host:5000/", "7") == f"open http://host:5000{page}"
    told = open_line(f"sqlite:///{place}/mlflow.db", "7")
    assert told.startswith("DO_NOT_TRACK=true ")
    assert told.endswith(f" --workers 1   then open http://127.0.0.1:5000{page}")
    # As a shell takes it, from whichever folder.
    told = open_line("sqlite:////my data/mlflow.db", "7")
    assert " --backend-store-uri 'sqlite:////my data/mlflow.db'   then" in told


def test_a_sweep_keeps_no_password_and_says_so_when_it_is_resumed(
    tracking: MlflowStore, tmp_path: Path
) -> None:
    storage = "task.storage=postgresql://me:s3cr3t@host/db"
    experiment = "tracking.experiment=faces"
    tracking.start_sweep("s1", ["task=tune", storage], [])
    for path in tmp_path.glob("mlflow.db*"):
        assert b"s3cr3t" not in path.read_bytes()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        with pytest.raises(UserError, match=r"the password in task\.storage=.* was not kept"):
            replace_resume(["resume=s1", experiment])
        again = replace_resume(["resume=s1", experiment, storage])
    assert again[-3:] == [storage, "sweep_id=s1", "protocol_version=2"]


def test_a_dataset_that_is_new_to_many_runs_at_once_is_logged_once(tracking: MlflowStore) -> None:
    writers, datasets = 4, 25
    runs = [tracking.start("job", {"kind": "job", "sweep": "s"}) for _ in range(writers)]
    log_new_datasets(runs, datasets)
    found = tracking.experiment.search("tags.kind = 'job'")
    inputs = [run.inputs.dataset_inputs for run in found]
    assert [len(one) for one in inputs] == [datasets] * writers
    assert len({one.dataset.name for run in inputs for one in run}) == datasets


def test_names_beyond_mlflows_limits_are_cut(tracking: MlflowStore) -> None:
    tags = {"kind": "job", "sweep": "s", "dataset": "x" * 9000, "root": "\udcff\x1b"}
    with tracking.run("n" * 6000, tags) as run:
        run.params({"dataset.name": "v" * 9000, "other": "\udcff"})
        run.tags({"error": "e" * 9000})
        run.dataset("d" * 600, "digest", "{}")
    (job,) = tracking.jobs("s")
    assert job.status == "FINISHED"
    assert job.choices["dataset"] == "x" * 5000
    assert _tags(tracking, job)["root"] == "\\udcff\x1b"


def test_a_servers_password_is_no_part_of_the_host_that_is_asked() -> None:
    class Health(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert silence(f"http://me:secret@127.0.0.1:{server.server_port}/") is None
        server.shutdown()


def test_passwords_are_hidden_in_how_to_look_at_the_runs() -> None:
    assert "secret" not in open_line("https://me:secret@host", "1")
    assert "secret" not in open_line("postgresql://me:secret@host/db", "1")
