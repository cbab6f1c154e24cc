"""`task=compare` as a user types it: what it says, keeps and refuses."""

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from conftest import Command
from real_models import MOBILEFACENET, YUNET, needs_models

from facetrack.testing import Workspace, artifacts, copied_home, photos

_MODELS = "task.models=[haar+dlib,dlib_hog+dlib]"


def _rows(workspace: Workspace, name: str) -> list[dict[str, str]]:
    (run,) = workspace.runs("comparison")
    return list(csv.DictReader(io.StringIO(artifacts(run)[name].read_text(), newline="")))


def test_the_portraits_are_compared_by_their_labels_and_kept(
    facetrack: Command, workspace: Workspace
) -> None:
    told = facetrack("+experiment=embedders").ok()
    # No network in tests, and no files: MobileFaceNet and YuNet are left out.
    assert "left out yunet+mobilefacenet: " in told
    assert "left out yunet+dlib: " in told
    assert told.count("left out") == 2
    assert "portraits: 59 pictures, 18 people\n" in told
    assert "Only dlib_hog+dlib can be used here: there is nothing to compare it with" in told
    (run,) = workspace.runs("comparison")
    assert run.data.tags["picked"] == ""
    assert run.data.metrics["bcubed_f.dlib_hog.dlib"] > 0.9
    assert run.data.tags["mlflow.runName"] == (
        "portraits comparison yunet+mobilefacenet yunet+dlib dlib_hog+dlib"
    )
    capsule = json.loads(artifacts(run)["capsule.json"].read_text())
    assert set(capsule["models"]) == {"embedder dlib"}  # dlib's detector is part of the package
    assert all(len(digest) == 64 for digest in capsule["models"]["embedder dlib"].values())
    kept = set(artifacts(run))
    assert kept >= {"embedders.md", "embedders.csv", "pairs.csv", "embedders.png", "report.html"}
    (folder,) = (workspace.folder / "outputs").iterdir()
    assert (folder / "embedders.png").read_bytes()[:4] == b"\x89PNG"
    assert "| dlib_hog+dlib | 59 |" in (folder / "embedders.md").read_text()


def test_two_models_are_told_apart_or_not(facetrack: Command, workspace: Workspace) -> None:
    told = facetrack("+experiment=embedders", _MODELS).ok()
    assert "on the 59 faces that both have (0 and 0 others)" in told
    (pair,) = _rows(workspace, "pairs.csv")
    assert (pair["first"], pair["second"], pair["faces"]) == ("haar+dlib", "dlib_hog+dlib", "59")
    low, difference, high = (float(pair[f"labels_{key}"]) for key in ("low", "difference", "high"))
    assert low <= difference <= high
    rows = {row["model"]: row for row in _rows(workspace, "embedders.csv")}
    gap = float(rows["haar+dlib"]["bcubed_f"]) - float(rows["dlib_hog+dlib"]["bcubed_f"])
    assert difference == pytest.approx(gap)
    # Portraits are nearer to each other than photos of strangers.
    assert 1 < float(rows["haar+dlib"]["stretch"]) < 1.5
    if pair["labels_picked"]:
        assert f"Picked by labels: {pair['labels_picked']}" in told
    else:
        assert "Cannot tell by labels which is best of haar+dlib, dlib_hog+dlib" in told
        assert pair["labels_why"] in told


def test_without_labels_every_face_counts_and_what_is_expected_decides(
    workspace: Workspace, warm_home: Path, tmp_path: Path
) -> None:
    root = photos(tmp_path, warm_home, 24)
    arguments = ("+experiment=embedders", "dataset=folder", f"dataset.root={root}", _MODELS)
    done = workspace.run("--json", *arguments, "tracking=none")
    result = json.loads(done.stdout)
    assert done.returncode == 0
    assert (result["kind"], result["status"]) == ("comparison", "FINISHED")
    assert "expected_f.haar.dlib" in result["metrics"]
    assert "bcubed_f.haar.dlib" not in result["metrics"]
    assert result["answer"].startswith(
        ("Picked by what is to be expected", "Cannot tell by what is to be expected")
    )
    assert "no labels: every face counts" in done.stderr
    assert "ARI" not in done.stderr


def test_a_sweep_says_which_models_were_picked(workspace: Workspace) -> None:
    swept = "clusterer=infomap,dbscan"
    told = workspace.run("-m", "+experiment=embedders", _MODELS, swept).ok()
    (folder,) = (workspace.folder / "outputs").iterdir()
    rows = list(csv.DictReader((folder / "comparisons.csv").open(newline="")))
    assert [row["model"] for row in rows] == 2 * ["dlib_hog+dlib", "haar+dlib"]
    assert [row["comparison"] for row in rows] == [
        *2 * ["portraits clusterer=infomap"],
        *2 * ["portraits clusterer=dbscan"],
    ]
    assert all(0 < float(row["bcubed_f"]) <= 1 and row["faces"] == "59.0" for row in rows)
    runs = workspace.runs("comparison")
    picked = sorted(run.data.tags["picked"] for run in runs)
    assert sorted(row["model"] for row in rows if row["picked"]) == [one for one in picked if one]
    assert "Picked, of 2 comparisons: " in told
    if "" in picked:
        assert f"cannot tell in {picked.count('')}" in told
    (parent,) = workspace.runs("sweep")
    assert set(artifacts(parent)) >= {"comparisons.csv", "comparisons.md"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("task.models=[dlib]", "task.models is a list of DETECTOR+EMBEDDER, such as dlib_hog+dlib"),
        ("task.models=[haar+dlub]", "there is no embedder 'dlub'; did you mean dlib?"),
        ("task.models=[haar+dlib,haar+dlib]", "task.models needs models, each of them once"),
        ("task.models=[yunet+dlib]", "none of task.models can be used here"),
        ("clusterer.eps=0.3", "clusterer.eps is a distance, and means another one for each"),
        ("detector=haar", "task=compare has no use for detector=haar: leave it out"),
        ("n_resamples=3", "task=compare has no use for n_resamples=3: leave it out"),
    ],
)
def test_what_cannot_be_meant_is_refused(facetrack: Command, arguments: str, told: str) -> None:
    facetrack("+experiment=embedders", *arguments.split()).refused(told)


@needs_models
def test_drawn_faces_are_not_given_to_what_knows_photographs(
    warm_home: Path, new_mlflow: Path, tmp_path: Path
) -> None:
    """MobileFaceNet takes the portraits for few people, and is sure of it by its photographs."""
    workspace = Workspace(
        tmp_path / "work", copied_home(tmp_path / "home", warm_home), store=new_mlflow
    )
    (workspace.home / "downloads").mkdir(mode=0o700, exist_ok=True)
    for file in (YUNET, MOBILEFACENET):
        shutil.copy(file, workspace.home / "downloads")
    models = "task.models=[yunet+mobilefacenet,haar+dlib]"
    told = workspace.run("+experiment=embedders", models).ok()
    (pair,) = _rows(workspace, "pairs.csv")
    assert pair["labels_picked"] == pair["expected_picked"] == "haar+dlib"
    assert float(pair["expected_difference"]) < -0.3
    assert float(pair["expected_sure"]) > 0.99
    assert "Picked by labels: haar+dlib" in told
