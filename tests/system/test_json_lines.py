"""`--json`: results for scripts."""

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Command

from facetrack.system import json_lines
from facetrack.testing import Outcome, Workspace, copied_home, photos, portrait_faces, runs

_LITTLE = ("n_resamples=2", "dataset.name=six")


def _told(done: Outcome, kind: str) -> list[dict[str, Any]]:
    """The results of a kind; every line of standard output is one."""
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(record["schema"] == 1 for record in records)
    return [record for record in records if record["kind"] == kind]


@pytest.fixture
def pictures(small_folder: Path) -> tuple[str, ...]:
    return ("dataset=folder", f"dataset.root={small_folder}", *_LITTLE)


def test_a_job_alone(facetrack: Command, pictures: tuple[str, ...], tmp_path: Path) -> None:
    plain = facetrack(*pictures)
    done = facetrack(*pictures, "--json")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    (job,) = _told(done, "job")
    latest, _ = runs(tmp_path / "work", "job")
    # Whatever else is said, is said beside.
    assert "ARI" in plain.stdout
    assert "ARI" in done.stderr
    assert job["status"] == "FINISHED"
    assert job["run"] == latest.info.run_id
    assert job["metrics"].keys() <= latest.data.metrics.keys()
    assert "ari_mean" in job["metrics"]
    for name, value in job["metrics"].items():
        assert latest.data.metrics[name] == value, name
    assert job["choices"]["clusterer"] == "dbscan"
    assert job["parameters"]["clusterer.eps"] == 0.3


def test_without_tracking_there_is_no_run(facetrack: Command, pictures: tuple[str, ...]) -> None:
    (job,) = _told(facetrack("--json", *pictures, "tracking=none"), "job")
    assert job["run"] is None
    assert 0 < job["metrics"]["ari_mean"] <= 1


# Jobs in other processes: tests/test_launchers.py.
def test_a_sweep_with_a_job_that_fails(
    facetrack: Command, pictures: tuple[str, ...], tmp_path: Path
) -> None:
    clusters = "clusterer=kmeans", "clusterer.n_clusters=3,4,5000"
    done = facetrack("--json", "-m", *pictures, *clusters)
    assert done.returncode == 2
    jobs = _told(done, "job")
    assert sorted(job["status"] for job in jobs) == ["FAILED", "FINISHED", "FINISHED"]
    (failed,) = (job for job in jobs if job["status"] == "FAILED")
    assert failed["mistake"] is True
    assert "5000" in failed["error"]
    logged = {run.info.run_id: run.data.metrics for run in runs(tmp_path / "work", "job")}
    for job in jobs:
        if job["status"] == "FINISHED":
            assert logged[job["run"]]["ari_mean"] == job["metrics"]["ari_mean"]
    (sweep,) = _told(done, "sweep")
    assert (sweep["status"], sweep["finished"], sweep["jobs"]) == ("FAILED", 2, 3)
    assert (tmp_path / "work" / sweep["folder"] / "results.csv").exists()
    again = facetrack("--json", f"resume={sweep['sweep']}")
    before = [job for job in _told(again, "job") if job["status"] == "FINISHED"]
    assert [job["finished_before"] for job in before] == [True, True]
    assert not any("metrics" in job for job in before)


def test_a_study(facetrack: Command, pictures: tuple[str, ...], tmp_path: Path) -> None:
    done = facetrack("--json", "task=tune", "task.n_trials=3", *pictures)
    assert done.returncode == 0
    (study,) = _told(done, "study")
    (run,) = runs(tmp_path / "work", "study")
    assert study["trials"] == 3
    assert study["best"]["eps"] == run.data.metrics["best_eps"]
    assert study["within_one_standard_error"]["eps"] == [
        run.data.metrics["width_low"],
        run.data.metrics["width_high"],
    ]
    assert (tmp_path / "work" / study["file"]).read_text().count("eps") > 0


def test_organising_exporting_and_forgetting(
    tmp_path: Path, warm_home: Path, new_mlflow: Path
) -> None:
    portrait_faces(warm_home)
    home = copied_home(tmp_path / "home", warm_home)  # something is taken away from it
    workspace = Workspace(tmp_path / "work", home, store=new_mlflow)
    root, out = photos(tmp_path, warm_home, 12), tmp_path / "People"
    flat = ("dataset=folder", f"dataset.root={root}")
    models = ("detector=dlib_hog", "embedder=dlib")
    done = workspace.run("--json", "task=organise", *flat, *models, f"task.out={out}")
    assert done.returncode == 0
    (organised,) = _told(done, "organise")
    assert organised["counts"]["photos"] == 12
    assert organised["folder"] == str(out)
    assert organised["changes"] == []

    file = tmp_path / "faces.npz"
    done = workspace.run("--json", "task=export", *flat, f"task.out={file}", "task.scores=false")
    (exported,) = _told(done, "export")
    with np.load(file) as arrays:
        assert [exported["faces"], exported["dimensions"]] == list(arrays["embeddings"].shape)
    assert exported["files"] == [str(file)]

    person = ("task=forget", f"task.out={out}", "person=person-001")
    dry = workspace.run("--json", *person, "task.dry_run=true")
    would_go = {one["place"]: one["would_go"] for one in _told(dry, "forget")}
    gone = _told(workspace.run("--json", *person), "forget")
    assert sum(would_go.values()) > 0
    assert {one["place"]: one["before"] for one in gone} == would_go
    assert {one["left"] for one in gone} == {0}


def test_a_mistake_has_no_result(facetrack: Command) -> None:
    done = facetrack("--json", "clusterer=dbscn")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "dbscan" in done.stderr
    for shown in ("--help", "--version", "--cfg=job"):
        facetrack("--json", shown).refused("--json gives results")


def test_what_json_has_no_word_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FACETRACK_JSON", "1")
    json_lines.tell(
        "job",
        metrics={"nan": math.nan, "ends": (np.float64(0.5), -math.inf), 3: np.int64(4)},
        path=Path("a/\udcff\x1b"),
    )
    assert json.loads(capsys.readouterr().out) == {
        "schema": 1,
        "kind": "job",
        "metrics": {"nan": None, "ends": [0.5, None], "3": 4},
        "path": "a/\udcff\x1b",
    }


def test_what_is_held_is_passed_on_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FACETRACK_JSON", "1")
    with json_lines.hold() as held:
        json_lines.tell("job", number=1)
    assert capsys.readouterr().out == ""
    json_lines.pass_on(held)
    assert json.loads(capsys.readouterr().out)["number"] == 1
    json_lines.ask(False)
    json_lines.tell("job", number=2)
    assert capsys.readouterr().out == ""


def test_what_libraries_print_is_no_result(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, getattr(sys, name))  # to be put back
    monkeypatch.setenv("FACETRACK_JSON", "")
    json_lines.ask(True)
    print("(raylet) a worker died")
    json_lines.tell("job", number=3)
    out, err = capsys.readouterr()
    assert json.loads(out)["number"] == 3
    assert err == "(raylet) a worker died\n"
    json_lines.ask(False)
