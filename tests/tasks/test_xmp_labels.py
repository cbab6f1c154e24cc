"""`dataset.labels=xmp` in each task that scores: all faces of a photo, by their names there."""

import csv
import io
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from facetrack.extraction.xmp import document, writing
from facetrack.extraction.xmp.regions import Frame
from facetrack.testing import Workspace, artifacts, portraits

_FOUND = "13 names in XMP: 11 on faces that were found, 2 on none; 1 face without a name"


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory, warm_home: Path) -> Path:
    """Six photos of two people each; sidecars name all but one face, and two where there is none.

    Sub-folders say nothing of who is on them.
    """
    folder = tmp_path_factory.mktemp("pairs")
    drawn = portraits(warm_home)
    people = sorted({str(one.person) for one in drawn})[:4]
    of = {who: [one.path for one in drawn if one.person == who][:3] for who in people}
    for left, right in (people[:2], people[2:]):
        for at, both in enumerate(zip(of[left], of[right], strict=True)):
            path = folder / f"{left}{at}" / "both.png"
            path.parent.mkdir()
            sides = [np.asarray(PIL.Image.open(one).convert("RGB")) for one in both]
            height, width, _ = sides[0].shape
            PIL.Image.fromarray(np.hstack(sides)).save(path)
            frame = Frame(2 * width, height)
            boxes = {left: (0, 0, width, height), right: (width, 0, width, height)}
            if at == 0:
                boxes["Nobody"] = (0, 0, 9, 9)
            if (left, at) == (people[0], 1):
                del boxes[left]
            tree = document.parse(writing.EMPTY)
            named = [frame.to_region(who, np.array(box)) for who, box in boxes.items()]
            writing.add(tree, named, frame)
            path.with_name("both.png.xmp").write_bytes(document.serialise(tree, writing.EMPTY))
    return folder


def _dataset(root: Path) -> tuple[str, ...]:
    return ("dataset=folder", f"dataset.root={root}", "dataset.labels=xmp", "detector=dlib_hog")


def _skipped(content: bytes) -> list[str]:
    """The rows of named faces that were not found."""
    return [row for row in content.decode().splitlines() if "where none was found" in row]


def test_verify_draws_pairs_of_named_faces(workspace: Workspace, pairs: Path) -> None:
    told = workspace.run("task=verify", *_dataset(pairs)).ok()
    assert f"  {_FOUND}\n" in told
    assert "11 faces in 2 folds: " in told
    assert "every picture of them has a face" in told
    (run,) = workspace.runs("verification")
    kept = artifacts(run)
    assert len(_skipped(kept["skipped.csv"].read_bytes())) == 2
    rows = list(csv.DictReader(io.StringIO(kept["verification.csv"].read_text(), newline="")))
    same = [row["person"] == row["other_person"] for row in rows]
    assert same == [row["same_person"] == "yes" for row in rows]
    assert len({row["picture"] for row in rows}) < len(
        {(row["picture"], row["person"]) for row in rows}
    )
    assert float(run.data.metrics["verification_accuracy"]) > 0.8
    workspace.run("task=verify", *_dataset(pairs), f"task.pairs={pairs / 'p.txt'}").refused(
        "dataset.labels=xmp names faces, and task.pairs names pictures, whoever else is on them"
    )


def test_compare_judges_by_named_faces(workspace: Workspace, pairs: Path) -> None:
    models = "task.models=[haar+dlib,dlib_hog+dlib]"
    told = workspace.run("+experiment=embedders", *_dataset(pairs)[:3], models).ok()
    assert f"  {_FOUND}\n" in told
    assert "folder: 6 pictures, 4 people\n" in told
    (run,) = workspace.runs("comparison")
    assert run.data.metrics["bcubed_f.dlib_hog.dlib"] > 0.8
    kept = artifacts(run)
    assert len(_skipped(kept["skipped-dlib_hog+dlib.csv"].read_bytes())) == 2


def test_a_sweep_and_a_study_score_by_them(workspace: Workspace, pairs: Path) -> None:
    told = workspace.run("-m", *_dataset(pairs), "clusterer.eps=0.3,0.4", "n_resamples=2").ok()
    assert f"  {_FOUND}\n" in told
    jobs = workspace.runs("job")
    assert len(jobs) == 2
    for job in jobs:
        assert (job.data.tags["faces"], job.data.tags["people"]) == ("11", "4")
        assert "ari" in job.data.metrics
        assert len(_skipped(artifacts(job)["skipped.csv"].read_bytes())) == 2
    workspace.run("task=tune", *_dataset(pairs), "task.n_trials=2", "n_resamples=6").ok()
    (study,) = workspace.runs("study")
    assert study.data.tags["people"] == "4"
    assert any(key.startswith("ari") for key in study.data.metrics)


def test_an_export_has_their_names(workspace: Workspace, pairs: Path) -> None:
    out = workspace.folder / "faces.npz"
    workspace.run("task=export", *_dataset(pairs), f"task.out={out}").ok()
    with np.load(out) as stored:
        assert len(stored["labels"]) == 11
        assert len(stored["people"]) == 4
