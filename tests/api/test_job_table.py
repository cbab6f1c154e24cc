"""The runs that commands have kept, as a table."""

from pathlib import Path

import pytest

import facetrack
from facetrack.testing import Workspace


def test_a_row_per_job(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace.folder)
    workspace.run("-m", "clusterer=dbscan,kmeans", "clusterer.eps=0.2,0.3", "n_resamples=3").ok()
    workspace.run("clusterer=hdbscan", "n_resamples=4", "seed=1").ok()
    workspace.run("task=tune", "task.n_trials=2", "n_resamples=3").ok()
    runs = facetrack.runs()
    assert list(runs["clusterer"]) == ["dbscan", "dbscan", "kmeans", "hdbscan"]
    assert list(runs["radius"])[:2] == [0.2, 0.3]
    assert list(runs["n_resamples"]) == [3, 3, 3, 4]
    assert list(runs["seed"]) == [0, 0, 0, 1]
    assert set(runs["faces"]) == {59}
    assert set(runs["status"]) == {"FINISHED"}
    assert runs["sweep"].notna().tolist() == [True, True, True, False]
    assert runs["started"].is_monotonic_increasing
    assert runs["clusterer.min_cluster_size"].dropna().tolist() == [2]
    kept = {run.info.run_id: run.data.metrics["ari_mean"] for run in workspace.runs("job")}
    assert dict(zip(runs["run"], runs["ari_mean"], strict=True)) == kept
    assert not [name for name in runs.columns if name.endswith("_target_")]


def test_another_store_and_experiment(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    workspace.run("n_resamples=3", "tracking.experiment=other").ok()
    uri = f"sqlite:///{workspace.folder}/mlflow.db"
    assert len(facetrack.runs(uri)) == 0
    assert len(facetrack.runs(uri, "other")) == 1
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "other")
    assert len(facetrack.runs(uri)) == 1


def test_looking_makes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert facetrack.runs().empty
    assert "clusterer" in facetrack.runs().columns
    assert not list(tmp_path.iterdir())


def test_a_place_that_is_none_is_refused() -> None:
    with pytest.raises(facetrack.UserError, match="is no address of a store"):
        facetrack.runs("nonsense")
