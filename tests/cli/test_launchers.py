"""Sweeps whose jobs run in other processes: the same scores, and a lost process loses no job."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import OmegaConf

from facetrack.cli import extras
from facetrack.core.errors import UserError
from facetrack.system.shipped import CONF
from facetrack.testing import Workspace, people, rows, scores
from facetrack.testing.place import Process

SWEEP = ("-m", "clusterer=dbscan,kmeans", "clusterer.n_clusters=known,500", "n_resamples=4")
"""Three jobs, of which the one with 500 clusters fails."""
LAUNCHERS = {
    # By what has to be installed: the launcher, and what its busy workers look like.
    "hydra_plugins.hydra_joblib_launcher": (["hydra/launcher=joblib"], "LokyProcess"),
    "ray": (["hydra/launcher=ray"], "ray::run"),
    "submitit": (
        ["hydra/launcher=submitit_slurm", "hydra.launcher.cluster=local"],
        "submitit.core._submit",
    ),
}


@pytest.fixture(scope="module")
def pictures(warm_home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """A folder of 33 portraits: so many that a job has processes of its own to embed them."""
    root = people(tmp_path_factory.mktemp("launchers"), warm_home, 10)
    return ("dataset=folder", f"dataset.root={root}")


@pytest.fixture(scope="module")
def expected(
    pictures: tuple[str, ...],
    warm_home: Path,
    new_mlflow: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[str, Mapping[str, float]]:
    """The scores of SWEEP's jobs in one process."""
    place = Workspace(tmp_path_factory.mktemp("basic"), warm_home, store=new_mlflow)
    done = place.run(*SWEEP, *pictures)
    assert done.returncode == 2, done.stderr
    assert "2 of 3 jobs finished" in done.stdout
    return _scores(place)


@pytest.mark.parametrize(
    ("package", "embedded"),
    [
        ("hydra_plugins.hydra_joblib_launcher", True),
        pytest.param("hydra_plugins.hydra_joblib_launcher", False, marks=pytest.mark.long),
        pytest.param("ray", False, marks=pytest.mark.long),
        pytest.param("submitit", False, marks=pytest.mark.long),
    ],
)
def test_a_killed_worker_costs_no_job_and_no_digit(
    package: str,
    embedded: bool,
    expected: Mapping[str, Mapping[str, float]],
    pictures: tuple[str, ...],
    warm_home: Path,
    new_mlflow: Path,
    tmp_path: Path,
) -> None:
    pytest.importorskip(package)
    launcher, busy = LAUNCHERS[package]
    # Where nothing is embedded yet the workers do it, in processes of their own.
    place = Workspace(
        tmp_path / "work", warm_home if embedded else tmp_path / "home", store=new_mlflow
    )
    with place.start("--json", *SWEEP, *pictures, *launcher) as process:
        if embedded:
            _until(lambda: _a_job_runs(place.folder / "mlflow.db"), process)
        else:
            _until(lambda: bool(rows(place.home)), process)
        os.kill(_below(process.pid, busy)[0], signal.SIGKILL)
        told, errors = process.communicate(timeout=300)
    assert process.returncode == 2, errors
    assert "2 of 3 jobs finished" in errors
    assert "FAILED: " in errors
    assert "Traceback" not in errors
    results = [json.loads(line) for line in told.splitlines()]
    ended = {(one["kind"], one["status"]) for one in results}
    # A job that a worker was lost with may have told its result before.
    assert ended == {("job", "FAILED"), ("job", "FINISHED"), ("sweep", "FAILED")}
    assert _scores(place) == expected
    (parent,) = place.runs("sweep")
    assert parent.info.status == "FAILED"
    jobs = place.runs("job")
    assert {job.data.tags["mlflow.parentRunId"] for job in jobs} == {parent.info.run_id}
    statuses = [job.info.status for job in jobs]
    assert statuses.count("FINISHED") == 2
    # The killed worker's run is closed by whoever looks first: the sweep, as FAILED, or the worker
    # that takes the other one's place, as KILLED.
    assert set(statuses) - {"KILLED"} == {"FINISHED", "FAILED"}
    assert not _below(process.pid, "")


# Workers of a study that Ctrl-C ends: tests/system/test_stopping.py.
@pytest.mark.long
def test_ctrl_c_ends_the_workers(workspace: Workspace) -> None:
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    long = ("-m", "clusterer.eps=0.2:0.4", "n_resamples=100000", "hydra/launcher=joblib")
    with workspace.start(*long) as process:
        _until(lambda: len(scores(workspace.folder, "job", "RUNNING")) > 1, process)
        workers = _below(process.pid, "LokyProcess")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "interrupted" in errors
    assert "Traceback" not in errors
    assert workers
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
    statuses = {run.info.status for kind in ("sweep", "job") for run in workspace.runs(kind)}
    assert statuses == {"KILLED"}


def test_what_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    for launcher, extra in (("joblib", "joblib"), ("ray", "ray"), ("submitit_slurm", "submitit")):
        with pytest.raises(UserError, match=rf"pip install 'facetrack\[{extra}\]'"):
            extras.check(["-m", f"hydra/launcher={launcher}"])
    extras.check(["hydra/launcher=basic"])


def test_the_slurm_config_becomes_a_batch_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("submitit")
    # submitit asks for Slurm's commands by name before it builds anything.
    for command in ("srun", "sbatch"):
        (tmp_path / command).write_text("#!/bin/sh\n")
        (tmp_path / command).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    launcher = _slurm(tmp_path, "hydra.launcher.slurm_partition=faces")
    script = launcher.executor()._executor._make_submission_file_text("true", "x")
    assert "#SBATCH --partition=faces" in script
    assert "#SBATCH --mem=4GB" in script
    assert "#SBATCH --time=60" in script
    with pytest.raises(UserError, match="cannot be used: Unknown argument 'color'"):
        _slurm(tmp_path, "+hydra.launcher.slurm_color=red").executor()


def test_slurm_without_slurm_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="hydra/launcher=submitit_slurm cannot be used"):
        _slurm(tmp_path, "hydra.launcher.mem_gb=8").executor()


def _slurm(folder: Path, override: str) -> Any:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(
            "config", ["hydra/launcher=submitit_slurm", override], return_hydra_config=True
        )
    node = config.hydra.launcher
    OmegaConf.update(node, "folder", str(folder / "%j"))
    return instantiate(node)


def _scores(place: Workspace) -> Mapping[str, Mapping[str, float]]:
    """The metrics of each finished job that do not depend on how fast it was."""
    return {
        job.data.tags["config_fingerprint"]: {
            key: value for key, value in job.data.metrics.items() if "seconds" not in key
        }
        for job in place.runs("job", "FINISHED")
    }


def _below(process: int, text: str) -> list[int]:
    """What a process has started, directly or not, with this text in its command."""
    found = subprocess.run(
        ["ps", "-eww", "-o", "pid=", "-o", "ppid=", "-o", "args="],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [line.split(None, 2) for line in found.splitlines()]
    below, waiting = [], [process]
    while waiting:
        parent = waiting.pop()
        for pid, of, command in ((int(one[0]), int(one[1]), one[-1]) for one in rows):
            if of == parent:
                waiting.append(pid)
                if text in command:
                    below.append(pid)
    return below


def _a_job_runs(store: Path) -> bool:
    """Whether MLflow has a job that runs, asked without MLflow: it is asked all the time."""
    with contextlib.closing(sqlite3.connect(store, timeout=60)) as database:
        jobs = "SELECT run_uuid FROM tags WHERE key = 'kind' AND value = 'job'"
        (running,) = database.execute(
            f"SELECT count(*) FROM runs WHERE status = 'RUNNING' AND run_uuid IN ({jobs})"
        ).fetchone()
    return bool(running)


def _until(condition: Callable[[], bool], process: Process) -> None:
    deadline = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
