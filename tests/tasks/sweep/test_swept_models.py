"""Detectors and embedders of a sweep, compared on the faces that both have."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from made_records import job_record
from omegaconf import DictConfig

from facetrack.clusterer import DBSCAN
from facetrack.core.progress import Quiet
from facetrack.dataset import Folder
from facetrack.detector import DlibHog, Haar
from facetrack.embedder import DlibResNet
from facetrack.evaluation.experiment import Experiment
from facetrack.evaluation.metrics import scores
from facetrack.evaluation.resampling import Bootstrap
from facetrack.extraction.pipeline import extract
from facetrack.extraction.store import Store
from facetrack.tasks.context.experiments import embed_experiment
from facetrack.tasks.sweep import models
from facetrack.testing import Workspace, people
from facetrack.tracking.null import NullStore

_SWEEP = ("-m", "dataset=folder", "clusterer.eps=0.3", "n_resamples=4")


@pytest.fixture
def spoilt(tmp_path: Path, warm_home: Path) -> Path:
    """Five people, of whose pictures every third is too small for dlib's detector."""
    folder = people(tmp_path, warm_home)
    for path in sorted(folder.rglob("*.png"))[::3]:
        with PIL.Image.open(path) as picture:
            picture.resize([one // 4 for one in picture.size]).save(path)
    return folder


def _rows(workspace: Workspace) -> list[dict[str, str]]:
    (path,) = (workspace.folder / "outputs").glob("*/comparison-models.csv")
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_faces_that_both_have_are_clustered_again_over_the_same_resamples(
    workspace: Workspace, spoilt: Path
) -> None:
    detectors = "detector=haar,dlib_hog"
    told = workspace.run(*_SWEEP, f"dataset.root={spoilt}", detectors).ok()
    with Store(workspace.home) as store:
        listing = Folder(spoilt).load()
        haar, hog = (extract(listing, one, DlibResNet(), store) for one in (Haar(), DlibHog()))
    found = {one.name for one in hog.pictures}
    both = [row for row, one in enumerate(haar.pictures) if one.name in found]
    assert 4 < len(both) < len(haar.pictures)
    means = {}
    for name, faces in (("haar", haar.some(np.array(both))), ("dlib_hog", hog)):
        assert faces.people is not None
        drawn = [Bootstrap().draw(len(both), 0, "folder", i) for i in range(4)]
        means[name] = np.mean(
            [
                scores(faces.people[some], DBSCAN(0.3, 1).fit_predict(faces.vectors[some]))["ari"]
                for some in drawn
            ]
        )
    (row,) = _rows(workspace)
    better, worse = row["better"].split()[0], row["worse"].split()[0]
    assert {better, worse} == set(means)
    assert float(row["difference"]) == pytest.approx(means[better] - means[worse], abs=1e-12)
    others = {"haar": len(haar.pictures) - len(both), "dlib_hog": 0}
    counts = [int(row[key]) for key in ("faces", "only_better", "only_worse")]
    assert counts == [len(both), others[better], others[worse]]
    line = f"on the {len(both)} faces that both have ({counts[1]} and {counts[2]} others)"
    assert f"folder: {row['better']} over {row['worse']}: " in told
    assert line in told
    (page,) = (workspace.folder / "outputs").glob("*/comparison.md")
    assert f"| {len(both)} | {counts[1]} | {counts[2]} |" in page.read_text()


def test_jobs_of_the_same_faces_are_compared_as_they_were_scored(
    workspace: Workspace, small_folder: Path
) -> None:
    embedders = "embedder.normalize=true,false"
    told = workspace.run(*_SWEEP, f"dataset.root={small_folder}", embedders).ok()
    by_setting = {
        run.data.params["embedder.normalize"]: run.data.metrics["ari_mean"]
        for run in workspace.runs("job")
    }
    (row,) = _rows(workspace)
    names = [row[side].split()[2].partition("=")[2] for side in ("better", "worse")]
    expected = by_setting[names[0]] - by_setting[names[1]]
    assert float(row["difference"]) == pytest.approx(expected, abs=1e-12)
    assert (row["only_better"], row["only_worse"]) == ("0", "0")
    assert "(0 and 0 others)" in told


def test_a_sweep_of_methods_alone_says_nothing_of_models(
    workspace: Workspace, small_folder: Path
) -> None:
    swept = ("clusterer=dbscan,kmeans", "embedder.radius=0.3,0.4", "n_resamples=2")
    told = workspace.run(*_SWEEP, f"dataset.root={small_folder}", *swept).ok()
    assert "that both have" not in told
    assert not list((workspace.folder / "outputs").glob("*/comparison-models.csv"))
    assert list((workspace.folder / "outputs").glob("*/comparison.md"))


def test_what_cannot_be_compared_is_told(
    workspace: Workspace, spoilt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some pictures are no longer there when the sweep is summed up."""

    def change(config: DictConfig) -> Experiment:
        whole = embed_experiment(config)
        return replace(whole, embeddings=whole.embeddings.some(np.arange(3)))

    monkeypatch.setattr(models, "embed_experiment", change)
    told = workspace.run(*_SWEEP, f"dataset.root={spoilt}", "detector=haar,dlib_hog").ok()
    assert "No comparison of " in told
    assert ": the pictures are not those that eps=0.3 dbscan " in told
    assert not list((workspace.folder / "outputs").glob("*/comparison-models.csv"))


class _Listener(Quiet):
    """What is told while models are compared."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.mark.parametrize(("n", "pairs"), [(6, 15), (8, 7)])
def test_of_many_models_the_best_is_compared_with_each_other_one(n: int, pairs: int) -> None:
    """Nothing of those jobs is kept, so that each pair is told that cannot be compared."""
    jobs = [
        job_record(
            {"dataset": "folder", "detector": "haar", "embedder": "dlib", "clusterer": "dbscan"},
            {"detector.min_neighbors": str(number)},
            0.5 + number / 100,
            status="FINISHED",
        )
        for number in range(n)
    ]
    listener = _Listener()
    assert models.compare_models(jobs, ["detector.min_neighbors"], NullStore(), listener) == {}
    assert len(listener.said) == pairs
    best = f"haar dlib min_neighbors={n - 1}"
    assert listener.said[0].startswith(
        f"No comparison of {best} and haar dlib min_neighbors={n - 2}: "
    )
    assert all(best in one for one in listener.said) == (n == 8)
