"""`task=tune` and `tuned=…` as a user types them, with real stores and real processes."""

import csv
import os
import signal
import time
from pathlib import Path
from typing import Any

import optuna
import psycopg
import pytest
import yaml
from conftest import Command
from optuna.trial import TrialState

from facetrack.testing import Workspace, artifacts, asked, portraits, runs


def _study(folder: Path, url: str | None = None) -> optuna.Study:
    storage = url or f"sqlite:///{folder / 'outputs/studies.db'}"
    (name,) = optuna.get_all_study_names(storage)
    return optuna.load_study(study_name=name, storage=storage)


def test_a_study_leaves_what_a_user_needs(facetrack: Command, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    done = facetrack("task=tune", "task.n_trials=16", "n_resamples=12", "sampling=subsample")
    done.ok()
    assert "best eps=" in done.stdout
    (run,) = runs(folder, "study")
    trials = runs(folder, "trial")
    assert len(trials) == 16
    assert {trial.data.tags["mlflow.parentRunId"] for trial in trials} == {run.info.run_id}
    assert {one.info.status for one in [run, *trials]} == {"FINISHED"}
    study = _study(folder)
    # The study's own run was scored as task=evaluate does, whatever was pruned.
    assert run.data.metrics["ari_mean"] == pytest.approx(study.best_value)
    assert run.data.metrics["best_eps"] == study.best_params["eps"]
    pruned = {trial.number for trial in study.get_trials(states=(TrialState.PRUNED,))}
    tagged = {int(one.data.tags["trial"]) for one in trials if "pruned" in one.data.tags}
    assert tagged == pruned
    (best,) = (path for path in (folder / "outputs").rglob("best.yaml"))
    files = {path.name for path in Path(run.info.artifact_uri).iterdir()}
    assert files == {
        *("best.yaml", "config.yaml", "study.html", "study.png", "trials.csv"),
        *("capsule.json", "requirements.lock", "report.html"),
    }
    kept = artifacts(run)["capsule.json"].read_bytes()
    assert {artifacts(trial)["capsule.json"].read_bytes() for trial in trials} == {kept}
    assert (best.parent / "study.png").read_bytes()[:4] == b"\x89PNG"
    page = (best.parent / "study.html").read_text(encoding="utf-8")
    assert 'src="http' not in page
    assert page.count('id="plot-') >= 3
    with (best.parent / "trials.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 16

    used = facetrack(f"tuned={best}", "n_resamples=12", "sampling=subsample")
    used.ok()
    (job,) = runs(folder, "job")
    assert float(job.data.params["clusterer.eps"]) == study.best_params["eps"]
    assert job.data.metrics["ari_mean"] == pytest.approx(study.best_value)


def test_studies_of_a_multirun_end_in_one_table(
    facetrack: Command, tmp_path: Path, small_folder: Path
) -> None:
    folder = tmp_path / "work"
    done = facetrack(
        *("-m", "task=tune", "dataset=portraits,folder", f"dataset.root={small_folder}"),
        *("clusterer=dbscan,meanshift", "task.n_trials=3", "n_resamples=2"),
    )
    done.ok()
    (parent,) = runs(folder, "sweep")
    studies = runs(folder, "study")
    assert len(studies) == 4
    assert {one.data.tags["mlflow.parentRunId"] for one in studies} == {parent.info.run_id}
    assert done.stdout.count("for all, ") == 2
    assert {"studies.csv", "studies.md", "curves.png"} <= {
        path.name for path in Path(parent.info.artifact_uri).iterdir()
    }
    (output,) = (path for path in (folder / "outputs").iterdir() if path.is_dir())
    with (output / "studies.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    by_name = {(one.data.tags["dataset"], one.data.tags["clusterer"]): one for one in studies}
    for row in rows:
        metrics = by_name[row["dataset"], row["clusterer"]].data.metrics
        assert float(row["ari_mean"]) == metrics["ari_mean"]
        assert float(row["low"]) <= float(row["best"].partition("=")[2]) + 1e-3
        assert float(row["low"]) <= float(row["high"])


# Clusters three trials' resamples, and stands still in the fourth as long as a file is there.
_STANDING = """
import time
from pathlib import Path
from facetrack.clusterer import DBSCAN

class Standing(DBSCAN):
    fits = 0

    def fit(self, X, y=None):
        Standing.fits += 1
        while Standing.fits > 3 * 6 and Path(__file__).with_name("stand").exists():
            time.sleep(0.05)
        return super().fit(X, y)
"""


def test_killed_and_continued_keeps_every_finished_trial(workspace: Workspace) -> None:
    folder = workspace.folder
    (folder / "standing.py").write_text(_STANDING)
    (folder / "stand").touch()
    command = [
        *("task=tune", "task.n_trials=6", "n_resamples=6", "task.pruner=none"),
        "clusterer._target_=standing.Standing",
    ]
    with workspace.fork(*command) as process:
        _until(lambda: _finished(folder) >= 3)
        process.kill()
    before = _study(folder).get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED))
    assert len(before) == 3
    (folder / "stand").unlink()
    assert "finished trials are kept" in workspace.run(*command).ok()
    after = _study(folder).get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED))
    assert len(after) == 6
    values = {trial.number: trial.value for trial in after}
    assert {trial.number: trial.value for trial in before}.items() <= values.items()
    (run,) = runs(folder, "study")
    assert run.info.status == "FINISHED"
    assert {one.info.status for one in runs(folder, "trial")} <= {"FINISHED", "KILLED"}
    assert sum(one.info.status == "FINISHED" for one in runs(folder, "trial")) == 6


# Whoever clusters first waits for somebody else to: the second worker takes seconds to start.
_MEETING = """
import os, time
from pathlib import Path
from facetrack.clusterer import DBSCAN

class Meeting(DBSCAN):
    def fit(self, X, y=None):
        met, patience = Path(__file__).with_name("met"), time.monotonic() + 200
        met.mkdir(exist_ok=True)
        (met / str(os.getpid())).touch()
        while len(list(met.iterdir())) < 2 and time.monotonic() < patience:
            time.sleep(0.05)
        return super().fit(X, y)
"""


def test_two_workers_share_a_study(workspace: Workspace) -> None:
    (workspace.folder / "meeting.py").write_text(_MEETING)
    done = workspace.run(
        *("task=tune", "task.n_trials=6", "task.workers=2", "n_resamples=3"),
        *("clusterer._target_=meeting.Meeting", "task.pruner=none"),
    )
    done.ok()
    trials = _study(workspace.folder).get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED))
    assert 6 <= len(trials) <= 7  # both may begin the last one
    assert len({trial.user_attrs["worker"] for trial in trials}) == 2
    assert len({trial.params["eps"] for trial in trials}) == len(trials)
    assert len(workspace.runs("trial")) == len(trials)


def test_two_processes_on_postgresql_one_of_them_killed(
    postgres: str, workspace: Workspace
) -> None:
    folder = workspace.folder
    command = [
        *("task=tune", "task.n_trials=8", "n_resamples=30"),
        *("clusterer=meanshift", f"task.storage={postgres}"),
    ]
    processes = [workspace.fork(*command) for _ in range(2)]
    try:
        _until(lambda: _workers(postgres) == 2)
        processes[0].send_signal(signal.SIGKILL)
        processes[0].communicate()
        _, errors = processes[1].communicate(timeout=200)
    finally:
        for process in processes:
            process.kill()
    assert processes[1].returncode == 0, errors
    trials = _study(folder, postgres).trials
    states = [trial.state for trial in trials]
    assert 8 <= states.count(TrialState.COMPLETE) + states.count(TrialState.PRUNED) <= 9
    assert TrialState.RUNNING not in states
    assert [trial.number for trial in trials] == list(range(len(trials)))
    (run,) = runs(folder, "study")
    everything = [
        run.data.params,
        run.data.tags,
        *(one.data.tags for one in runs(folder, "trial")),
    ]
    assert "secret" not in str(everything)
    for path in folder.rglob("*.yaml"):
        assert "secret" not in path.read_text(), path


def test_an_unlabelled_folder_gets_a_radius_of_its_own(
    facetrack: Command, warm_home: Path, tmp_path: Path
) -> None:
    root = tmp_path / "flat"
    root.mkdir()
    for picture in portraits(warm_home)[:24]:
        os.link(picture.path, root / Path(picture.name).name)
    done = facetrack("dataset=folder", f"dataset.root={root}", "n_resamples=2")
    done.ok()
    assert "no labels, so chosen" in done.stdout
    (job,) = runs(tmp_path / "work", "job")
    eps = float(job.data.params["clusterer.eps"])
    assert 0.2 < eps < 0.4
    assert job.data.tags["overrides"] == f"dbscan eps={eps:g}"
    config = artifacts(job)["config.yaml"]
    assert yaml.safe_load(config.read_text())["clusterer"]["eps"] == eps

    pictures = ("dataset=folder", f"dataset.root={root}")
    assert "chosen" not in facetrack(*pictures, "n_resamples=2", "clusterer.eps=0.1").stdout
    tuned = facetrack(*pictures, "task=tune", "task.n_trials=3")
    tuned.ok()
    assert "label_free" in tuned.stdout
    refused = facetrack(*pictures, "task=tune", "task.objective=ari_mean")
    refused.refused("has no labels")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["task.space.eps=[0.6,0.1]"], "lower end first"),
        (["task.objective=accuracy"], "task.objective is one of ari_mean"),
        (["task.sampler=magic"], "task.sampler is one of tpe"),
        (["task.storage=postgresql://a:secret@127.0.0.1:9/x"], "see that it runs"),
        (["task.workers=0"], "task.workers"),
        (["clusterer=agglomerative"], "nothing to search"),
        (["task.timeout=0.000001", "task.study=new"], "no finished trial"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    facetrack: Command, warm_home: Path, arguments: list[str], told: str
) -> None:
    portraits(warm_home)  # drawing them shows a bar, where it takes long
    done = facetrack("task=tune", "n_resamples=2", "task.n_trials=2", *arguments)
    done.refused(told)
    assert "secret" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read"),
        ("a: [", "is not YAML"),
        ("just text", "no best.yaml"),
        ("settings: {}", "names no detector"),
        (
            "{detector: haar, embedder: dlib, clusterer: dbscan, settings: {hydra.run.dir: /x}}",
            "expected clusterer.NAME: NUMBER",
        ),
        (
            "{detector: '../x', embedder: dlib, clusterer: dbscan, settings: {}}",
            "names no detector",
        ),
        ("!!python/object/apply:os.system ['true']", "is not YAML"),
    ],
)
def test_a_tuned_file_that_is_none(
    facetrack: Command, tmp_path: Path, content: str | None, told: str
) -> None:
    path = tmp_path / "best.yaml"
    if content is not None:
        path.write_text(content)
    facetrack(f"tuned={path}").refused(told)


def _finished(folder: Path) -> int:
    """How many trials are, asked without Optuna, which takes long to open a storage."""
    query = "SELECT count(*) FROM trials WHERE state IN ('COMPLETE', 'PRUNED')"
    found = asked(folder / "outputs/studies.db", query)
    return int(found[0][0]) if found else 0  # the storage is still being made


def _workers(url: str) -> int:
    query = "SELECT count(DISTINCT value_json) FROM trial_user_attributes WHERE key = 'worker'"
    with psycopg.connect(url) as connection:
        try:
            found = connection.execute(query).fetchone()
        except psycopg.errors.UndefinedTable:  # the storage is still being made
            return 0
    assert found is not None
    return int(found[0])


def _until(condition: Any) -> None:
    deadline = time.monotonic() + 300  # of a machine with other work
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
