"""`task=export`: what goes into the file, what comes of it again, and that it is forgotten."""

import csv
import dataclasses
import io
import json
from pathlib import Path

import numpy as np
import pytest
from conftest import Command

from facetrack.core.scale import Scale
from facetrack.figures.table import write_csv
from facetrack.tasks import exports
from facetrack.tasks.export.run import _rows, _scores_path
from facetrack.tasks.forgetting.locations import find_places
from facetrack.tasks.forgetting.plan import Plan
from facetrack.testing import Workspace, portrait_faces


@pytest.fixture
def own(workspace: Workspace) -> Command:
    return workspace.run


def test_a_file_holds_what_a_job_has_and_is_a_dataset_again(
    workspace: Workspace, warm_home: Path
) -> None:
    told = workspace.run("task=export", "task.out=new/faces.npz", "n_resamples=3").ok()
    path = workspace.folder / "new/faces.npz"
    assert "59 faces, 128 numbers each\n  new/faces.npz\n" in told
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert not (workspace.folder / "outputs").exists()
    faces = portrait_faces(warm_home)
    assert faces.people is not None
    with np.load(path, allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored["embeddings"], faces.vectors)
        np.testing.assert_array_equal(stored["people"][stored["labels"]][0], "Ada")
        np.testing.assert_array_equal(stored["labels"], faces.people)
        np.testing.assert_array_equal(stored["boxes"], faces.boxes)
        assert stored["pictures"].tolist() == [one.name for one in faces.pictures]
        assert [one.decode() for one in stored["contents"]] == faces.contents
        assert stored["clusters"].shape == (59,)
        assert (str(stored["name"]), float(stored["radius"])) == ("portraits", 0.3)
        assert Scale.read({"strangers": stored["strangers"].tolist()}).find_distance(1e-4) == 0.344
        scores = dict(zip(stored["score_names"].tolist(), stored["scores"].T, strict=True))
    told = workspace.run("dataset=vectors", f"dataset.file={path}", "n_resamples=3").ok()
    assert "portraits · none · none · dbscan eps=0.3" in told
    (job,) = workspace.runs("job")
    assert job.data.metrics["ari_mean"] == pytest.approx(scores["ari"].mean(), abs=1e-15)
    assert job.inputs.dataset_inputs[0].dataset.digest == faces.digest
    assert job.data.params["dataset.sha256"] != "None"
    assert "dataset.file" not in job.data.params
    # A job alone leaves its pages beside MLflow, too, and says where.
    (folder,) = (workspace.folder / "outputs").iterdir()
    pages = sorted(folder.iterdir())
    assert [one.name for one in pages] == ["errors.html", "tsne.html"]
    assert {one.stat().st_mode & 0o777 for one in pages} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    where = ", ".join(str(one.relative_to(workspace.folder)) for one in pages)
    assert f"Pages: {where}\n" in told


def test_mistakes_are_told_and_leave_nothing(own: Command, workspace: Workspace) -> None:
    there = workspace.folder / "there.npz"
    there.write_bytes(b"mine")
    np.savez(workspace.folder / "bare.npz", embeddings=np.eye(4))
    for arguments, told in (
        (
            ["task=export", "task.format=xls"],
            "task.format is one of npz, csv, xmp, json, pdf, png, or",
        ),
        (["task=export", f"task.out={there}"], "there.npz is there already: name another file"),
        (["task=export", "task.scores=1"], "task.scores is true or false; got 1"),
        (["dataset=vectors"], "dataset.file has no value: add dataset.file=…"),
        (["dataset=vectors", "dataset.file=none.npz"], "none.npz cannot be read (No such file"),
        (["dataset=vectors", "dataset.file=there.npz"], "cannot be read as an .npz file"),
        (["dataset=vectors", "dataset.file=bare.npz"], "add clusterer.eps=NUMBER, or embedder."),
        (
            ["dataset=vectors", "dataset.file=bare.npz", "embedder=dlib"],
            "leaves the embedder nothing to do: leave out embedder=…",
        ),
        (
            ["dataset=vectors", "dataset.file=bare.npz", "embedder.radius=-1"],
            "embedder.radius is a distance between embeddings, a number above 0 such as 0.3",
        ),
        (
            ["dataset=vectors", "dataset.file=bare.npz", "task=tune"],
            "add embedder.radius=NUMBER, around which a study searches",
        ),
        (["detector=none"], "detector=none is for dataset=vectors"),
    ):
        own(*arguments, "tracking=none" if "task=tune" not in arguments else "seed=0").refused(told)
    assert sorted(one.name for one in workspace.folder.iterdir()) == [
        "bare.npz",
        "mlflow.db",
        "there.npz",
    ]
    assert there.read_bytes() == b"mine"


def test_a_csv_has_a_row_per_face_and_no_formula(warm_home: Path) -> None:
    faces = portrait_faces(warm_home)
    hostile = dataclasses.replace(faces.pictures[0], name="=1+1.png", person="@SUM(A1)")
    faces = dataclasses.replace(faces, pictures=[hostile, *faces.pictures[1:]])
    text = io.StringIO(newline="")
    write_csv(
        text, ["picture", "person", *"ltwh", "cluster", "content"], _rows(faces, np.arange(59))
    )
    rows = list(csv.reader(io.StringIO(text.getvalue(), newline="")))
    assert len(rows) == 60
    assert rows[1][:2] == ["'=1+1.png", "'@SUM(A1)"]
    assert rows[2][2:7] == [*map(str, faces.boxes[1].tolist()), "1"]  # whole numbers as such
    assert rows[2][7] == faces.contents[1]
    vectors = np.array([row[8:] for row in rows[1:]], dtype=np.float32)
    assert vectors.tobytes() == faces.vectors.tobytes()  # to the last digit,
    assert max(len(cell) for row in rows[1:] for cell in row[8:]) <= 15  # in no more than needed
    assert _scores_path(Path("a/b.csv")) == Path("a/b-scores.csv")


def test_what_is_forgotten_is_found_in_exports_that_are_still_there(
    home: Path, tmp_path: Path
) -> None:
    home.mkdir(mode=0o700)
    ours, theirs = "ab" * 32, "cd" * 32
    files = {name: tmp_path / name for name in ("a.npz", "b.csv", "c.npz", "d.npz", "gone.npz")}
    np.savez(files["a.npz"], contents=np.array([theirs.encode(), ours.encode()]))
    files["b.csv"].write_text(f"picture,content,e0\nx,{ours},0.5\n")
    np.savez(files["c.npz"], contents=np.array([theirs.encode()]))
    files["d.npz"].write_text("the user's own by now")
    for path in files.values():
        exports.remember(path)
    assert exports.find_showing([ours]) == [files["a.npz"], files["b.csv"]]
    assert (home / "exports.json").stat().st_mode & 0o777 == 0o600
    plan = Plan({}, [ours], [], [], None, "portraits", None, str(tmp_path), None, "facetrack")
    (place,) = (one for one in find_places(plan, None) if "task=export" in one.what)
    assert place.found().count == 2
    place.clear()
    assert place.found().count == 0
    assert sorted(path.name for path in files.values() if path.exists()) == ["c.npz", "d.npz"]
    exports.remember(files["c.npz"])
    assert json.loads((home / "exports.json").read_text())["files"] == [
        str(files["d.npz"]),
        str(files["c.npz"]),
    ]
    (home / "exports.json").write_text("[[[")
    assert exports.find_showing([ours]) == []


def test_an_export_killed_between_its_two_files_goes_on(workspace: Workspace) -> None:
    command = ("task=export", "task.out=both.csv", "n_resamples=2", "tracking=none")
    workspace.run(*command).ok()
    out, scores = (workspace.folder / name for name in ("both.csv", "both-scores.csv"))
    whole = out.read_bytes()
    workspace.run(*command).refused("both.csv is there already")
    out.unlink()  # as if it had been killed before
    scores.write_text("half of")
    workspace.run(*command).ok()
    assert out.read_bytes() == whole
    assert scores.read_text().startswith("ari,")
    (workspace.folder / "mine-scores.csv").write_text("mine")
    mine = [*command[:1], "task.out=mine.csv", *command[2:]]
    workspace.run(*mine).refused("mine-scores.csv is there already")
    assert (workspace.folder / "mine-scores.csv").read_text() == "mine"
