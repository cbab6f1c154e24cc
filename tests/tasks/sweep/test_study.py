"""`+experiment=…` and `resume=…` as a user types them."""

import csv
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Command

from facetrack.testing import Workspace, ended, runs, scores
from facetrack.tracking.store import MlflowStore

_SLOW_SWEEP = ("-m", "clusterer.eps=0.1:0.6", "clusterer=meanshift", "n_resamples=60")
ROWS = [
    ("k-means", "opt"),
    ("agglomerative", "opt"),
    ("spectral", "opt"),
    *((method, eps) for method in ("dbscan", "mean-shift") for eps in ("0.25", "0.3")),
]


def test_table1_of_two_datasets_with_settings_only_one_has(
    facetrack: Command, tmp_path: Path, small_folder: Path
) -> None:
    done = facetrack(
        *("+experiment=table1", "dataset=portraits,folder", f"dataset.root={small_folder}"),
        *("clusterer.eps=0.25:0.3:0.05", "n_resamples=2", "n_people=6"),
    )
    done.ok()
    assert "14 of 14 jobs finished" in done.stdout
    assert "no meaning for kmeans, agglomerative, spectral" in done.stdout
    (output,) = (tmp_path / "work/outputs").iterdir()
    with (output / "table1.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [(row["method"], row["parameter"]) for row in table] == ROWS
    jobs = {}
    for job in runs(tmp_path / "work", "job"):
        tags, params = job.data.tags, job.data.params
        jobs[tags["dataset"], tags["clusterer"], params.get("clusterer.eps")] = job
    assert len(jobs) == 14
    for row in table:
        eps = None if row["parameter"] == "opt" else row["parameter"]
        for dataset in ("portraits", "folder"):
            metrics = jobs[dataset, row["method"].replace("-", ""), eps].data.metrics
            assert float(row[f"{dataset} ari_mean"]) == round(metrics["ari_mean"], 6)
            assert float(row[f"{dataset} two_std"]) == round(2 * metrics["ari_std"], 6)
    # Ten starts, where k-means alone has one.
    starts = {key: job.data.params.get("clusterer.n_init") for key, job in jobs.items()}
    assert {key[1] for key, n in starts.items() if n is not None} == {"kmeans"}
    assert starts["portraits", "kmeans", None] == "10"
    (parent,) = runs(tmp_path / "work", "sweep")
    files = {path.name for path in Path(parent.info.artifact_uri).iterdir()}
    assert files >= {
        *("table1.md", "table1.csv", "table1.tex", "comparison.md", "comparison.csv"),
        *("figure3.png", "curves.png", "curves.html", "results.csv"),
    }
    with (output / "comparison.csv").open(newline="") as file:
        pairs = list(csv.DictReader(file))
    assert len(pairs) == 2 * 10  # every pair of five methods, for each dataset


def test_people_scores_nested_subsets(facetrack: Command, tmp_path: Path) -> None:
    done = facetrack(
        *("+experiment=people", "n_people=5,10,50,null", "people_draw=0,1"),
        *("clusterer=dbscan,kmeans", "n_resamples=2"),
    )
    done.ok()
    assert "14 of 14 jobs finished" in done.stdout
    assert done.stdout.count("portraits has 18 people: larger sizes are left out") == 1
    jobs = runs(tmp_path / "work", "job")
    # What is asked for beyond 18 people is all of them, once.
    assert sorted(int(job.data.tags["people"]) for job in jobs) == [*4 * [5], *4 * [10], 18, 18]
    for job in jobs:
        assert job.data.metrics["n_people_mean"] <= int(job.data.tags["people"])
    (output,) = (tmp_path / "work/outputs").iterdir()
    assert (output / "growth.png").read_bytes()[:4] == b"\x89PNG"
    assert not (output / "curves.png").exists()
    with (output / "growth.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["method"], row["people"], row["draws"]) for row in rows] == [
        (method, people, draws)
        for method in ("dbscan 0.3", "kmeans")
        for people, draws in (("5", "2"), ("10", "2"), ("18", "1"))
    ]
    of_five = [
        job.data.metrics["ari_mean"]
        for job in jobs
        if (job.data.tags["people"], job.data.tags["clusterer"]) == ("5", "dbscan")
    ]
    assert float(rows[0]["ARI mean"]) == pytest.approx(sum(of_five) / 2)
    ends = [float(rows[0][f"ARI {end}"]) for end in ("lowest", "highest")]
    assert ends == [min(of_five), max(of_five)]


def test_resume_takes_an_argument_that_had_to_be_added_then(
    facetrack: Command, workspace: Workspace
) -> None:
    begun = ("clusterer=kmeans", "+clusterer.n_init=1,2", "n_resamples=2", "n_people=4")
    tracking = MlflowStore(f"sqlite:///{workspace.folder / 'mlflow.db'}", "facetrack")
    tracking.start_sweep("s1", begun, []).end("KILLED")
    done = facetrack("resume=last")
    done.ok()
    assert "2 of 2 jobs finished" in done.stdout
    assert [job.data.params["clusterer.n_init"] for job in workspace.runs("job")] == ["2", "1"]


def test_halves_of_the_people_speak_of_other_people(
    facetrack: Command, workspace: Workspace
) -> None:
    done = facetrack("-m", "sampling=people_halves", "clusterer=kmeans,dbscan")
    done.ok()
    assert "shown for other people, by halves of the people [" in done.stdout  # or "not shown"
    assert "on these faces" not in done.stdout
    (output,) = (workspace.folder / "outputs").iterdir()
    with (output / "comparison.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["others_by"] == "people halves"
    assert row["distinguishable_on_these_faces"] == ""
    (kmeans,) = (one for one in workspace.runs("job") if one.data.tags["clusterer"] == "kmeans")
    told = kmeans.data.metrics
    error = told["ari_std"] * (30 / 29) ** 0.5  # not divided by the root of 30
    assert error > 0
    assert told["ari_mean"] - told["ari_ci_low"] == pytest.approx(2.04522964 * error)
    facetrack("sampling=people_halves", "n_resamples=5").refused("takes 30 halves or more")
    facetrack("sampling=people_halves", "n_people=7").refused("needs 8 people")


@pytest.mark.parametrize(
    "stop", [pytest.param(signal.SIGINT, marks=pytest.mark.long), signal.SIGKILL]
)
def test_resume_runs_only_what_is_not_finished(
    facetrack: Command, workspace: Workspace, stop: signal.Signals
) -> None:
    folder = workspace.folder
    with workspace.fork(*_SLOW_SWEEP) as process:
        _until(lambda: len(scores(folder, "job", "FINISHED")) >= 2)
        process.send_signal(stop)
        process.communicate(timeout=60)
    before = {run.info.run_id for run in workspace.runs("job", "FINISHED")}
    assert 2 <= len(before) < 6
    done = ended(workspace.fork("resume=last"))
    done.ok()
    assert done.stdout.count("finished before") == len(before)
    assert "6 of 6 jobs finished" in done.stdout
    (parent,) = runs(folder, "sweep")
    jobs = runs(folder, "job")
    assert parent.info.status == "FINISHED"
    assert {job.data.tags["mlflow.parentRunId"] for job in jobs} == {parent.info.run_id}
    finished = [job for job in jobs if job.info.status == "FINISHED"]
    assert sorted(float(job.data.params["clusterer.eps"]) for job in finished) == pytest.approx(
        [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    )
    assert before < {job.info.run_id for job in finished}
    assert {job.info.status for job in jobs} <= {"FINISHED", "KILLED"}
    with (folder / "outputs" / parent.data.tags["sweep"] / "results.csv").open(newline="") as file:
        assert [row["status"] for row in csv.DictReader(file)] == ["FINISHED"] * 6

    again = facetrack("resume=last")
    assert again.returncode == 2
    assert "no unfinished sweep" in again.stderr
    assert parent.data.tags["sweep"] in again.stderr
    named = facetrack(f"resume={parent.data.tags['sweep']}")
    assert named.returncode == 0
    assert named.stdout.count("finished before") == 6


def test_a_running_sweep_is_not_resumed(workspace: Workspace) -> None:
    with workspace.fork(*_SLOW_SWEEP) as process:
        try:
            _until(lambda: bool(scores(workspace.folder, "job", "RUNNING")))
            done = workspace.run("resume=last")
        finally:
            process.kill()
            process.communicate()
    done.refused("is running in another process")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["resume=last"], "no unfinished sweep"),
        (["resume=it's"], "no sweep it's"),
        (["resume=last", "clusterer.eps=0.1"], "leave out clusterer.eps=0.1"),
    ],
)
def test_a_resume_that_cannot_be_is_one_line(
    facetrack: Command, arguments: list[str], told: str
) -> None:
    facetrack(*arguments).refused(told)


def test_a_failed_job_is_run_again(facetrack: Command, tmp_path: Path, small_folder: Path) -> None:
    root = tmp_path / "later"
    root.mkdir()  # without a picture: a folder that is not there is told before any job
    failed = facetrack("-m", "dataset=folder", f"dataset.root={root}", "clusterer.eps=0.2,0.3")
    assert failed.returncode == 2
    assert "resume=" in failed.stdout
    root.rmdir()
    small_folder.rename(root)
    done = facetrack("resume=last")
    root.rename(small_folder)
    done.ok()
    assert "2 of 2 jobs finished" in done.stdout
    statuses = [job.info.status for job in runs(tmp_path / "work", "job")]
    assert sorted(statuses) == ["FAILED", "FAILED", "FINISHED", "FINISHED"]


def _until(condition: Any) -> None:
    deadline = time.monotonic() + 300  # of a machine with other work
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
