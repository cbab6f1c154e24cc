"""The command as a user types it, end to end: real pictures, real MLflow store."""

import csv
import json
import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import Command
from sklearn.cluster import DBSCAN, MeanShift
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from facetrack.evaluation.resampling import Bootstrap
from facetrack.testing import (
    Outcome,
    Workspace,
    artifacts,
    client,
    ended,
    portrait_faces,
    portraits,
    runs,
    scores,
)

Sweep = tuple[Path, Outcome]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory, warm_home: Path, new_mlflow: Path) -> Sweep:
    """A sweep of four jobs in a fresh folder."""
    place = Workspace(tmp_path_factory.mktemp("sweep"), warm_home, store=new_mlflow)
    done = place.run(
        *("-m", "n_resamples=4", "clusterer=dbscan,meanshift", "clusterer.eps=0.2:0.3")
    )
    return place.folder, done


def test_a_sweep_tells_its_results(sweep: Sweep) -> None:
    folder, done = sweep
    done.ok()
    assert "4 jobs" in done.stdout
    assert "4 of 4 jobs finished" in done.stdout
    assert " ui --workers 1" in done.stdout
    assert "Traceback" not in done.stderr
    (output,) = (folder / "outputs").iterdir()
    with (output / "results.csv").open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    means = [float(row["ari_mean"]) for row in rows]
    assert len(rows) == 4
    assert means == sorted(means, reverse=True)
    assert {row["parameters"] for row in rows} == {"eps=0.2", "eps=0.3"}


def test_a_sweep_is_a_parent_with_nested_jobs(sweep: Sweep) -> None:
    folder, _ = sweep
    (parent,) = runs(folder, "sweep")
    jobs = runs(folder, "job")
    assert len(jobs) == 4
    assert {job.info.status for job in [parent, *jobs]} == {"FINISHED"}
    assert {job.data.tags["mlflow.parentRunId"] for job in jobs} == {parent.info.run_id}
    best = max(jobs, key=lambda job: job.data.metrics["ari_mean"])
    assert parent.data.metrics["best_ari_mean"] == best.data.metrics["ari_mean"]
    assert parent.data.tags["best_method"] in ("dbscan", "meanshift")
    files = artifacts(parent)
    assert {"results.csv", "results.md", "curves.png", "report.html"} <= set(files)
    assert files["curves.png"].read_bytes()[:4] == b"\x89PNG"
    # One t-SNE page for the portraits, with the clusters of the best job, as that job logged them.
    page = files["tsne-portraits-haar-dlib.html"].read_text()
    name = " ".join(parent.data.tags[f"best_{key}"] for key in ("parameters", "method", "dataset"))
    assert f"<h1>{name}</h1>" in page
    (shown,) = (job for job in jobs if job.data.tags["mlflow.runName"] == name)
    with artifacts(shown)["faces.csv"].open(newline="") as opened:
        found = [f"cluster {row['cluster']}" for row in csv.DictReader(opened)]
    of = json.loads(page.partition("const DATA = ")[2].partition(";</script>")[0])["groupings"][1]
    assert [of["names"][group] for group in of["of"]] == found
    assert sum(name.startswith("tsne-") for name in files) == 1
    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert total < 35e6


def test_a_job_leaves_everything_needed_to_compare_it(sweep: Sweep) -> None:
    folder, _ = sweep
    job = next(
        one
        for one in runs(folder, "job")
        if one.data.params["clusterer.eps"] == "0.3" and one.data.tags["clusterer"] == "meanshift"
    )
    assert job.data.tags["clusterer.bandwidth"] == "0.3"
    assert "clusterer._target_" not in job.data.params
    assert (job.data.params["method"], job.data.params["radius"]) == ("meanshift", "0.3")
    assert job.info.run_name == "eps=0.3 meanshift portraits"
    assert job.data.params["seed"] == "0"
    assert not any(
        "root" in key or "uri" in key
        for key in job.data.params
        if "_target_" not in key and job.data.params[key] != "None"
    )
    tags = job.data.tags
    assert (tags["dataset"], tags["detector"], tags["embedder"]) == ("portraits", "haar", "dlib")
    assert (tags["pictures"], tags["people"]) == ("59", "18")
    assert int(tags["faces"]) + int(tags["skipped"]) == 59
    assert len(tags["config_fingerprint"]) == 16
    history = client(folder).get_metric_history(job.info.run_id, "ari")
    assert [point.step for point in history] == [0, 1, 2, 3]
    values = [point.value for point in history]
    metrics = job.data.metrics
    assert metrics["ari_mean"] == pytest.approx(np.mean(values), abs=1e-12)
    assert metrics["ari_std"] == pytest.approx(np.std(values), abs=1e-12)
    assert metrics["ari_ci_low"] <= metrics["ari_mean"] <= metrics["ari_ci_high"]
    for name in (
        *("ami", "homogeneity", "completeness", "v_measure", "n_clusters", "n_people"),
        *(
            f"{kind}_{part}"
            for kind in ("pairwise", "bcubed")
            for part in ("precision", "recall", "f")
        ),
        "fit_seconds",
    ):
        assert f"{name}_mean" in metrics
    files = artifacts(job)
    assert set(files) == {
        *("config.yaml", "resamples.csv", "skipped.csv", "tsne.png"),
        *("merged.png", "split.png", "confused.csv", "clusters.csv", "people.csv"),
        *("errors.html", "faces.csv", "factors.csv", "factor_gaps.csv"),
        *("capsule.json", "requirements.lock"),
    }
    with files["resamples.csv"].open(newline="") as opened:
        assert [float(row["ari"]) for row in csv.DictReader(opened)] == values
    inputs = client(folder).get_run(job.info.run_id).inputs.dataset_inputs
    assert [one.dataset.name for one in inputs] == ["portraits"]
    assert len(inputs[0].dataset.digest) == 16


def test_scores_equal_scikit_learns_on_the_same_resamples(
    sweep: Sweep,
    warm_home: Path,
) -> None:
    folder, _ = sweep
    faces = portrait_faces(warm_home)
    assert faces.people is not None
    for job in runs(folder, "job"):
        eps = float(job.data.params["clusterer.eps"])
        expected = []
        for i in range(4):
            drawn = Bootstrap(0.8).draw(len(faces.vectors), 0, "portraits", i)
            estimator = (
                DBSCAN(eps=eps, min_samples=1)
                if job.data.tags["clusterer"] == "dbscan"
                else MeanShift(bandwidth=eps)
            )
            with threadpool_limits(1):
                labels = estimator.fit_predict(faces.vectors[drawn])
            expected.append(adjusted_rand_score(faces.people[drawn], labels))
        assert job.data.metrics["ari_mean"] == pytest.approx(np.mean(expected), abs=1e-9)


def test_a_single_job_prints_its_scores(workspace: Workspace) -> None:
    # As a process, and what it imports: test_imports.py.
    done = workspace.run("n_resamples=3")
    done.ok()
    for text in ("portraits · haar · dlib · dbscan", "ARI", "BCubed", "59 pictures", " ui --"):
        assert text in done.stdout
    (job,) = workspace.runs("job")
    assert {"tsne.png", "tsne.html", "errors.html"} <= set(artifacts(job))


def test_a_failing_job_does_not_take_the_others_with_it(facetrack: Command, tmp_path: Path) -> None:
    counts = "clusterer.n_clusters=5,500,known"
    done = facetrack("-m", "clusterer=kmeans", counts, "n_resamples=2", "n_people=4")
    assert done.returncode != 0
    assert "2 of 3 jobs finished" in done.stdout
    jobs = {job.data.params["clusterer.n_clusters"]: job for job in runs(tmp_path / "work", "job")}
    assert {key: job.info.status for key, job in jobs.items()} == {
        "5": "FINISHED",
        "500": "FAILED",
        "known": "FINISHED",
    }
    traceback = artifacts(jobs["500"])["traceback.txt"].read_text()
    assert "KMeans cannot cluster" in traceback
    (parent,) = runs(tmp_path / "work", "sweep")
    assert parent.info.status == "FAILED"


@pytest.mark.long  # Commands of other kinds at once, in tests/test_faults.py: together
def test_two_sweeps_on_a_fresh_directory(warm_home: Path, tmp_path: Path) -> None:
    place, few = Workspace(tmp_path, warm_home), ("n_resamples=2", "n_people=4")
    both = [place.fork("-m", "clusterer.eps=0.2:0.3", *few) for _ in range(2)]
    for process in both:
        ended(process).ok()
    parents = {run.info.run_id for run in place.runs("sweep")}
    jobs = place.runs("job")
    assert len(parents) == 2
    assert len(jobs) == 4
    assert {job.data.tags["mlflow.parentRunId"] for job in jobs} == parents


def test_ctrl_c_ends_runs_as_killed(workspace: Workspace) -> None:
    with workspace.fork(
        "-m", "clusterer=meanshift", "clusterer.eps=0.2,0.3", "n_resamples=100000"
    ) as process:
        # Until it is among the resamples.
        while not scores(workspace.folder, "job", "RUNNING"):
            assert process.poll() is None
            time.sleep(0.1)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=300)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "interrupted" in errors
    assert "Traceback" not in errors
    statuses = {run.info.status for kind in ("sweep", "job") for run in workspace.runs(kind)}
    assert statuses == {"KILLED"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["clusterer.eps=-1"], "clusterer.eps is a distance"),
        (["clusterer.eps=near"], "clusterer.eps is a distance"),
        (["clusterer.eps=0.1:1.2"], "add -m"),
        (["-m", "clusterer.eps=1.2:0.1"], "runs backwards"),
        (["-m", "clusterer.eps=0.1:abc"], "'abc' is not a number"),
        (["clusterer.radius=1"], "radius"),
        (["dataset=nothing"], "portraits"),
        (["dataset=folder"], "dataset.root"),
        (["-m", "dataset=folder", "dataset.root=/nowhere", "clusterer.eps=0.1:0.2"], "/nowhere"),
        (["detector.choose=best"], "detector.choose is one of first, largest, central"),
        (["n_resamples=0"], "n_resamples"),
        (["seed=-1"], "seed"),
        (["tracking=server", "tracking.uri=http://127.0.0.1:9"], "no MLflow server answers"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    facetrack: Command, arguments: list[str], told: str
) -> None:
    done = facetrack(*arguments)
    assert done.returncode == 2, done.stderr
    assert told in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 1


def test_a_flat_folder_has_no_scores(facetrack: Command, warm_home: Path, tmp_path: Path) -> None:
    root = tmp_path / "Meine Fotos é"
    root.mkdir()
    for picture in portraits(warm_home)[:20]:
        shutil.copy(picture.path, root / Path(picture.name).name)
    (root / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    before = {path: path.stat().st_mtime_ns for path in root.iterdir()}
    done = facetrack("dataset=folder", f"dataset.root={root}", "n_resamples=2")
    done.ok()
    assert "no labels" in done.stdout
    assert "skipped broken.jpg" in done.stdout
    assert "ARI" not in done.stdout
    (job,) = runs(tmp_path / "work", "job")
    assert "ari_mean" not in job.data.metrics
    assert job.data.metrics["n_clusters_mean"] >= 1
    files = artifacts(job)
    assert "broken.jpg" in files["skipped.csv"].read_text()
    assert {"groups.html", "tsne.html", "faces.csv"} <= set(files)
    assert "errors.html" not in files
    assert job.data.tags["dataset.root"] == str(root)
    assert {path: path.stat().st_mtime_ns for path in root.iterdir()} == before


def test_approximate_neighbours_tell_their_recall(facetrack: Command, tmp_path: Path) -> None:
    pytest.importorskip("faiss", reason="faiss is not installed: the extra facetrack[faiss]")
    done = facetrack("clusterer.neighbors=faiss", "clusterer.eps=0.3", "n_resamples=2")
    done.ok()
    assert "recall 1, measured on a sample of all faces" in done.stdout
    exact = facetrack("clusterer.eps=0.3", "n_resamples=2")
    exact.ok()
    assert "recall 1" not in exact.stdout
    of = {
        # Of the method's settings, those that were not given are tags.
        {**job.data.tags, **job.data.params}["clusterer.neighbors"]: job.data.metrics
        for job in runs(tmp_path / "work", "job")
    }
    assert of["faiss"]["neighbors_recall"] == 1.0
    assert "neighbors_recall" not in of["exact"]
    assert of["faiss"]["ari_mean"] == of["exact"]["ari_mean"]


def test_help_shows_groups_and_examples(facetrack: Command) -> None:
    done = facetrack("--help")
    assert done.returncode == 0
    for group in ("dataset", "detector", "embedder", "clusterer", "sampling", "tracking"):
        assert f"{group}: " in done.stdout
    assert done.stdout.count("  python -m facetrack") >= 5


def test_cfg_job_shows_the_config(facetrack: Command) -> None:
    done = facetrack("--cfg", "job")
    assert done.returncode == 0
    assert "eps: ${embedder.radius}" in done.stdout


def test_hydras_own_sweeps_still_work(facetrack: Command, tmp_path: Path) -> None:
    done = facetrack(
        "-m",
        "clusterer.eps=range(0.25,0.4,0.1)",
        "clusterer.min_samples=choice(1,2)",
        "n_resamples=2",
        "n_people=4",
    )
    done.ok()
    assert "4 of 4 jobs finished" in done.stdout


def test_a_read_only_directory_is_told(warm_home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write anywhere")
    done = Workspace(folder, warm_home).run()
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
