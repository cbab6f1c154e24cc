"""`reproduce=RUN`: what was run is run again, and how far the two agree is said."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Command

from facetrack.tasks.context.capsule import read
from facetrack.testing import Workspace
from facetrack.testing.kept import client

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
SAME = "the same to the last digit\n  facetrack, dataset, models, machine and packages are the same"
FEW = ("n_resamples=2", "clusterer.eps=0.25")


def _kept(workspace: Workspace, run_id: str, name: str = "capsule.json") -> Path:
    (path,) = (workspace.folder / "mlruns").glob(f"**/{run_id}/artifacts/{name}")
    return path


def _change(workspace: Workspace, run_id: str, **changed: Any) -> None:
    path = _kept(workspace, run_id)
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


def test_a_job_and_what_it_takes_to_run_it_again(
    facetrack: Command, workspace: Workspace, small_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = small_folder.parent
    monkeypatch.setenv("HOME", str(home))
    facetrack(*FEW, "seed=3", "dataset=folder", f"dataset.root={small_folder}").ok()
    (run,) = workspace.runs("job")
    text = _kept(workspace, run.info.run_id).read_text()
    kept = read(text.encode())
    assert kept is not None
    root = f"dataset.root=~/{small_folder.name}"
    assert {*FEW, "seed=3", "clusterer=dbscan", "dataset=folder", root} <= set(kept.command)
    assert kept.typed == f"python -m facetrack {' '.join(FEW)} seed=3 dataset=folder {root}"
    assert str(home) not in text
    assert kept.dataset["digest"] == run.inputs.dataset_inputs[0].dataset.digest
    assert {len(one) for files in kept.models.values() for one in files.values()} == {64}
    assert "numpy" in kept.packages
    lock = _kept(workspace, run.info.run_id, "requirements.lock").read_text().splitlines()
    assert f"numpy=={kept.packages['numpy']}" in lock

    again = facetrack(f"reproduce={run.info.run_id}")
    assert f"Reproduces {run.info.run_id}: " in again.stdout
    assert SAME in again.stdout
    second, _ = workspace.runs("job")
    assert second.data.tags["reproduces"].startswith(f"{run.info.run_id}-")
    assert second.data.tags["config_fingerprint"] == run.data.tags["config_fingerprint"]

    store = client(workspace.folder)
    store.log_metric(run.info.run_id, "ari_mean", run.data.metrics["ari_mean"] + 3e-5)
    _change(workspace, run.info.run_id, packages={**kept.packages, "numpy": "1.0"})
    differing = facetrack(f"reproduce={run.info.run_id}")
    assert "the same to 4 digits, least ari_mean: " in differing.stdout
    assert "\n  numpy: 1.0 before, " in differing.stdout


def test_a_sweep_and_one_of_its_jobs(facetrack: Command, workspace: Workspace) -> None:
    facetrack("-m", "clusterer.eps=0.2,0.3", "n_resamples=2", "n_people=5").ok()
    (parent,) = workspace.runs("sweep")
    first = workspace.runs("job")[-1]
    assert read(_kept(workspace, parent.info.run_id).read_bytes()) is not None
    alone = facetrack(f"reproduce={first.info.run_id}")
    assert SAME in alone.stdout
    job = workspace.runs("job")[0]
    assert "sweep" not in job.data.tags
    assert job.data.params["radius"] == first.data.params["radius"]
    for asked in (parent.info.run_id, parent.data.tags["sweep"]):
        again = facetrack(f"reproduce={asked}")
        assert "2 of 2 jobs finished" in again.stdout
        assert f"Reproduces {parent.info.run_id}: " in again.stdout
        assert SAME in again.stdout
    assert len(workspace.runs("sweep")) == 3


def test_a_study_is_searched_anew(facetrack: Command, workspace: Workspace) -> None:
    facetrack("task=tune", "task.n_trials=2", "n_resamples=2", "n_people=5").ok()
    (study,) = workspace.runs("study")
    again = facetrack(f"reproduce={study.info.run_id}")
    assert "are kept" not in again.stdout
    assert SAME in again.stdout
    assert len(workspace.runs("study")) == 2
    trial = workspace.runs("trial")[0].info.run_id
    facetrack(f"reproduce={trial}").refused("reproduce the study it is in")


@pytest.mark.parametrize("kind", ["verification", "vectors", "knn"])
def test_other_runs_as_well(
    facetrack: Command, workspace: Workspace, tmp_path: Path, kind: str
) -> None:
    if kind == "vectors":
        kind, file = "job", tmp_path / "faces.npz"
        vectors = np.repeat(np.eye(4, dtype=np.float32), 3, axis=0)
        np.savez(file, embeddings=vectors, labels=np.repeat(list("abcd"), 3))
        facetrack("dataset=vectors", f"dataset.file={file}", "clusterer.eps=0.1", *FEW[:1]).ok()
    elif kind == "knn":
        facetrack("+experiment=knn", "task.draws=2", "task.methods=[dbscan]").ok()
    else:
        facetrack("task=verify", "seed=4").ok()
    (run,) = workspace.runs(kind)
    assert SAME in facetrack(f"reproduce={run.info.run_id}").stdout


def test_a_capsule_of_the_first_version_is_read() -> None:
    kept = read((FIXTURES / "capsule_by_version_1.json").read_bytes())
    assert kept is not None
    assert kept.command[:2] == ["dataset=portraits", "detector=haar"]
    assert kept.typed == "python -m facetrack clusterer.eps=0.25"
    assert (kept.dataset["name"], kept.machine["cores"]) == ("portraits", 2)
    assert kept.packages["numpy"] == "2.3.5"
    for wrong in (b"", b"[]", b"{}", b'{"version": 2}', b"[" * 9_000):
        assert read(wrong) is None


def test_nothing_runs_that_the_store_brought(
    facetrack: Command, workspace: Workspace, tmp_path: Path
) -> None:
    facetrack(*FEW).ok()
    (run,) = workspace.runs("job")
    sprung, trap = tmp_path / "sprung", tmp_path / "trap.py"
    trap.write_text(f"import pathlib\npathlib.Path({str(sprung)!r}).touch()\n")
    for attack in (
        ["embedder._target_=os.system"],
        [f"dataset={{_target_: runpy.run_path, path_name: {trap}}}"],
        ["task._target_=runpy.run_path", f"+task.path_name={trap}"],
        ["task=forget", "picture=x"],
        [f"hydra.callbacks.x={{_target_: runpy.run_path, path_name: {trap}}}"],
        [f"--config-dir={tmp_path}"],
    ):
        _change(workspace, run.info.run_id, command=attack)
        facetrack(f"reproduce={run.info.run_id}").refused("which could run anything")
    _change(workspace, run.info.run_id, command=[{"_target_": "os.system"}])
    facetrack(f"reproduce={run.info.run_id}").refused("does not say how it was started")
    assert not sprung.exists()
    assert len(workspace.runs("job")) == 1


def test_what_cannot_be_run_again_is_told(facetrack: Command, workspace: Workspace) -> None:
    facetrack("reproduce=").refused("reproduce has no value: add reproduce=RUN")
    facetrack("reproduce=nothing").refused("there is no run and no sweep nothing")
    facetrack("reproduce=a'b").refused("there is no run and no sweep a'b")
    facetrack(*FEW).ok()
    (run,) = workspace.runs("job")
    facetrack(f"reproduce={run.info.run_id}", "seed=9").refused("leave out seed=9")
    _change(workspace, run.info.run_id, command=["dataset=folder", "dataset.root=/media/***/x"])
    facetrack(f"reproduce={run.info.run_id}").refused(
        "the name in dataset.root=/media/***/x was not kept"
    )
    _kept(workspace, run.info.run_id).unlink()  # as the version before has it
    facetrack(f"reproduce={run.info.run_id}").refused("does not say how it was started")


def test_a_sweep_of_the_version_before(facetrack: Command, workspace: Workspace) -> None:
    facetrack("-m", "clusterer.eps=0.2,0.3", "n_resamples=2").ok()
    (parent,) = workspace.runs("sweep")
    for path in (workspace.folder / "mlruns").glob("**/capsule.json"):
        path.unlink()
    again = facetrack(f"reproduce={parent.info.run_id}")
    assert "the same to the last digit\n  what computed it cannot be compared" in again.stdout
