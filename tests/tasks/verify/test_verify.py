"""`task=verify` as a user types it: what it says, keeps and forgets."""

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from conftest import Command

from facetrack.testing import Outcome, Workspace, artifacts, copied_home, portrait_faces
from facetrack.tracking.reading import read_job

PAIRS = "2\t2\nAda\t1\t2\nAda\t1\t3\nAda\t1\tBruno\t1\nAda\t2\tBruno\t2\n"
PAIRS += "Hana\t1\t2\nHana\t1\t3\nHana\t1\tIvo\t1\nHana\t2\tIvo\t2\n"


def _rows(content: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content, newline="")))


def _artifact(workspace: Workspace, name: str) -> str:
    (run,) = workspace.runs("verification")
    return artifacts(run)[name].read_text()


def _told(done: Outcome) -> dict[str, object]:
    (line,) = done.stdout.splitlines()
    found: dict[str, object] = json.loads(line)
    return found


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.txt"
    path.write_text(PAIRS)
    return path


def test_random_pairs_of_the_portraits_are_told_kept_and_the_same_again(
    workspace: Workspace, warm_home: Path
) -> None:
    told = workspace.run("task=verify", "seed=3").ok()
    assert told.startswith("portraits · haar · dlib\n146 pairs of ")
    assert "in 9 folds: 73 of one person, 73 of two\n" in told
    assert "nobody is in two folds; each has two people or more, so there are 9\n" in told
    assert "accuracy          0.9" in told or "accuracy          1.0000 ± 0.0000" in told
    assert "of 73 pairs of two people are taken for one, too few to tell 1 % from none" in told
    (run,) = workspace.runs("verification")
    metrics, tags, params = run.data.metrics, run.data.tags, run.data.params
    assert run.info.status == "FINISHED"
    assert tags["mlflow.runName"] == "portraits verification haar dlib seed=3"
    assert (tags["protocol_version"], tags["faces"]) == ("2", tags["pictures"])
    assert not any(key.startswith(("clusterer", "sampling")) for key in {**params, **tags})
    assert (params["task.n_pairs"], params["task.sha256"]) == ("3000", "None")
    rows = _rows(_artifact(workspace, "verification.csv"))
    assert len(rows) == metrics["verification_pairs"] == 146
    right = [row["right"] == "yes" for row in rows]
    assert metrics["verification_accuracy"] == pytest.approx(np.mean(right))
    faces = portrait_faces(warm_home)
    vector = {one.name: faces.vectors[at] for at, one in enumerate(faces.pictures)}
    for row in rows:
        assert (row["person"] == row["other_person"]) == (row["same_person"] == "yes")
        gap = vector[row["picture"]].astype(float) - vector[row["other_picture"]]
        assert float(row["distance"]) == pytest.approx(np.linalg.norm(gap), abs=1e-9)
        accepted = float(row["distance"]) <= float(row["threshold"])
        assert (row["taken_for_same"] == "yes") == accepted
    folds = _rows(_artifact(workspace, "folds.csv"))
    of_folds = [[r["right"] == "yes" for r in rows if r["fold"] == one["fold"]] for one in folds]
    assert [float(one["accuracy"]) for one in folds] == pytest.approx(list(map(np.mean, of_folds)))
    assert set(read_job(run).showing or ()) == {"verification.csv", "skipped.csv"}
    assert set(artifacts(run)) == {
        *("config.yaml", "folds.csv", "roc.csv", "skipped.csv", "report.html", "capsule.json"),
        *("requirements.lock", "verification.csv", "verification.html", "verification.png"),
    }
    pages = sorted((workspace.folder / "outputs").glob("*/*"), reverse=True)
    named = [str(page.relative_to(workspace.folder)) for page in pages]
    assert f"Pages: {', '.join(named)}\n" in told
    again = _told(workspace.run("--json", "task=verify", "seed=3", "tracking=none"))
    assert again["metrics"] == metrics
    assert (again["kind"], again["run"]) == ("verification", None)
    assert again["choices"] == {"dataset": "portraits", "detector": "haar", "embedder": "dlib"}


def test_a_file_of_pairs_says_which_and_a_missing_face_is_different(
    workspace: Workspace, small_folder: Path, pairs: Path, tmp_path: Path
) -> None:
    root = tmp_path / "lfw"
    for person, new in zip(
        sorted(small_folder.iterdir()), ("Ada", "Bruno", "Hana", "Ivo"), strict=False
    ):
        for number, picture in enumerate(sorted(person.iterdir()), start=1):
            (root / new).mkdir(parents=True, exist_ok=True)
            shutil.copy(picture, root / new / f"{new}_{number:04d}.png")
    PIL.Image.new("RGB", (40, 40)).save(root / "Ada/Ada_0001.png")  # nobody is on it
    lfw = ("dataset=lfw", f"dataset.root={root}", f"task.pairs={pairs}")
    told = workspace.run("+experiment=verification", *lfw).ok()
    assert '3 pairs count as "different", since no face was found on 1 picture; 2 of them' in told
    (run,) = workspace.runs("verification")
    assert run.data.metrics["verification_missing_pairs"] == 3
    assert run.data.params["dataset.min_pictures"] == "1"
    assert run.data.params["task.n_pairs"] == "None"
    assert (run.data.tags["task.pairs"], run.data.tags["faces"]) == (str(pairs), "9")
    rows = _rows(_artifact(workspace, "verification.csv"))
    assert [row["distance"] == "no face" for row in rows] == [True] * 3 + [False] * 5
    assert [row["right"] for row in rows[:3]] == ["no", "no", "yes"]
    assert [(row["fold"], row["same_person"]) for row in rows[::2]] == [
        *(("1", "yes"), ("1", "no"), ("2", "yes"), ("2", "no"))
    ]
    assert rows[3]["picture"] == "Ada/Ada_0002.png"
    # Pictures that there are not, and two of one name.
    workspace.run("task=verify", *lfw, "dataset.min_pictures=4", "tracking=none").refused(
        "that dataset lfw does not have, such as "
    )
    shutil.copy(root / "Ivo/Ivo_0001.png", root / "Ada/Ivo_0001.png")
    workspace.run("task=verify", *lfw, "tracking=none").refused("names Ivo_0001, and there are two")


def test_vectors_are_verified_without_a_radius(
    workspace: Workspace, pairs: Path, warm_home: Path
) -> None:
    faces = portrait_faces(warm_home)
    names = [f"{one.person}_{int(one.name[-6:-4]):04d}.png" for one in faces.pictures]
    labels = [str(one.person) for one in faces.pictures]
    folder = workspace.folder
    np.savez(folder / "whole.npz", embeddings=faces.vectors, pictures=names, labels=labels)
    there = [name != "Ada_0001.png" for name in names]
    np.savez(folder / "some.npz", embeddings=faces.vectors[there], pictures=np.array(names)[there])
    quiet = ("--json", "task=verify", "tracking=none", "dataset=vectors")
    drawn = _told(workspace.run(*quiet, "dataset.file=whole.npz", "task.n_pairs=40"))
    assert drawn["metrics"]["verification_pairs"] == 80  # type: ignore[index]
    given = _told(workspace.run(*quiet, "dataset.file=some.npz", f"task.pairs={pairs}"))
    values = given["metrics"]
    assert values["verification_missing_pairs"] == 3  # type: ignore[index]
    workspace.run(*quiet, "dataset.file=some.npz").refused("nobody says who is on the pictures of")
    pairs.write_text(PAIRS.replace("Ada", "Eve").replace("Hana", "Eva").replace("Ivo", "Udo"))
    np.savez(folder / "few.npz", embeddings=faces.vectors)
    workspace.run(*quiet, "dataset.file=few.npz", f"task.pairs={pairs}").refused(
        "dataset few has none of the pictures that"
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["detector.choose=all"], "detector.choose=all gives several faces of a picture"),
        (["task.pairs=none.txt"], "none.txt cannot be read (No such file or directory): give a"),
        (["dataset=lfw", "dataset.root=.", "task.n_pairs=3"], "LFW has pairs of its own: leave it"),
        (["task.pairs=mlflow.db", "task.n_pairs=3"], "task.pairs names a file of pairs: leave it"),
        (["task.pairs=mlflow.db"], "is no text in UTF-8"),
        (["task.n_pairs=1"], "or raise task.n_pairs"),
    ],
)
def test_mistakes_are_told_and_leave_nothing(
    arguments: list[str], told: str, facetrack: Command, workspace: Workspace
) -> None:
    facetrack("task=verify", *arguments).refused(told)
    assert workspace.runs() == []
    assert not (workspace.folder / "outputs").exists()


def test_a_sweep_compares_and_is_gone_on_with(workspace: Workspace) -> None:
    sweep = ("-m", "+experiment=verification", "dataset=portraits")
    told = workspace.run(*sweep, "embedder.normalize=true,false", "seed=1").ok()
    assert "  portraits haar dlib normalize=True seed=1: accuracy " in told
    assert "2 of 2 jobs finished" in told
    (folder,) = (workspace.folder / "outputs").iterdir()
    rows = _rows((folder / "verifications.csv").read_text())
    accuracies = [float(row["accuracy"]) for row in rows]
    assert accuracies == sorted(accuracies, reverse=True)  # the best first
    values = {
        f"normalize={run.data.params['embedder.normalize']} seed=1": run.data.metrics
        for run in workspace.runs("verification")
    }
    assert {row["settings"] for row in rows} == set(values)
    for row in rows:
        assert float(row["accuracy"]) == values[row["settings"]]["verification_accuracy"]
        assert row["status"] == "FINISHED"
    page = (folder / "verification.html").read_text()
    assert "portraits haar dlib normalize=False seed=1: accuracy" in page
    assert (folder / "verification.png").read_bytes()[:4] == b"\x89PNG"
    assert not (folder / "results.csv").exists()
    (parent,) = workspace.runs("sweep")
    again = workspace.run(f"resume={parent.data.tags['sweep']}").ok()
    assert again.count("finished before") == 2
    assert len(workspace.runs("verification")) == 2


def test_what_names_people_is_forgotten_and_the_scores_stay(
    tmp_path: Path, warm_home: Path, new_mlflow: Path, small_folder: Path
) -> None:
    portrait_faces(warm_home)
    home = copied_home(tmp_path / "home", warm_home)  # something is taken away from it
    workspace = Workspace(tmp_path / "work", home, store=new_mlflow)
    folder = ("dataset=folder", f"dataset.root={small_folder}")
    workspace.run("task=verify", *folder).ok()
    (run,) = workspace.runs("verification")
    person = sorted(one.name for one in small_folder.iterdir())[0]
    assert person in _artifact(workspace, "verification.csv")
    workspace.run("task=forget", *folder[1:], f"person={person}").ok()
    left = artifacts(run)
    assert set(left) == {
        *("config.yaml", "folds.csv", "roc.csv", "verification.html", "verification.png"),
        *("capsule.json", "requirements.lock", "report.html"),
    }
    text = "".join(path.read_text(errors="replace") for path in left.values())
    assert f"{person}/" not in text
