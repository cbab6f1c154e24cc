"""`+experiment=knn` as a user types it."""

import csv
import io
import json

import pytest
from conftest import Command

from facetrack.testing import Workspace, artifacts

_ASK = ("+experiment=knn", "task.draws=2", "task.methods=[dbscan,kmeans]")


def test_a_classifier_beside_clusterers(facetrack: Command, workspace: Workspace) -> None:
    told = facetrack(*_ASK).ok()
    assert "59 faces of 18 people\n" in told
    assert "the same 16 people in each line, means over 2 draws" in told
    (run,) = workspace.runs("knn")
    kept = artifacts(run)
    assert kept["knn.png"].read_bytes()[:4] == b"\x89PNG"
    rows = list(csv.DictReader(io.StringIO(kept["knn.csv"].read_text(), newline="")))
    whole = {row["method"]: row for row in rows if row["part"] == "all faces"}
    assert list(whole) == ["1-NN", "5-NN", "dbscan", "kmeans"]
    values = run.data.metrics
    assert values["accuracy_1nn"] == float(whole["1-NN"]["accuracy"]) > 0.9
    assert float(whole["1-NN"]["low"]) <= values["accuracy_1nn"] <= float(whole["1-NN"]["high"])
    grown = [row for row in rows if row["part"] == "faces per person"]
    assert {row["faces_per_person"] for row in grown} == {"2", "3"}
    five = {row["faces_per_person"]: row for row in grown if row["method"] == "5-NN"}
    # With one other face of a person and dozens of others', a vote of five is lost.
    assert float(five["2"]["accuracy"]) < 0.5 < float(five["3"]["accuracy"])
    assert {row["method"] for row in rows if row["part"] == "open set"} == {
        *("identified at 0.01", "strangers accepted")
    }
    (folder,) = (workspace.folder / "outputs").iterdir()
    assert {one.name for one in folder.iterdir()} == {"knn.csv", "knn.png", "report.html"}


def test_a_sweep_has_a_row_per_job(facetrack: Command, workspace: Workspace) -> None:
    told = facetrack("-m", *_ASK[:1], "task.draws=1", "task.methods=[]", "n_people=8,12").ok()
    assert "2 of 2 jobs finished" in told
    (table,) = workspace.folder.glob("outputs/*/knn-jobs.csv")
    rows = list(csv.DictReader(io.StringIO(table.read_text(), newline="")))
    assert [row["settings"] for row in rows] == ["n_people=8", "n_people=12"]
    assert all(0 <= float(row["open_set_identified"]) <= 1 for row in rows)


def test_the_same_again_is_the_same(workspace: Workspace) -> None:
    first, again = (
        json.loads(workspace.run("--json", *_ASK, "tracking=none", "n_people=9").stdout)
        for _ in range(2)
    )
    assert first["metrics"] == again["metrics"]
    assert first["kind"] == "knn"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("task.methods=[dbscn]",), "there is no clusterer 'dbscn'; did you mean dbscan?"),
        (("task.sizes=[1]",), "task.sizes is a list of whole numbers from 2 on"),
        (("task.far=0",), "task.far is a share of strangers, above 0 and below 1"),
        (("n_resamples=3",), "task=knn has no use for n_resamples=3: leave it out"),
        (("n_people=3",), "an open set needs 4 people"),
    ],
)
def test_what_cannot_be_meant(facetrack: Command, arguments: tuple[str, ...], said: str) -> None:
    done = facetrack(*_ASK, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
