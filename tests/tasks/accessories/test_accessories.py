"""`+experiment=accessories` as a user types it."""

import csv
import io
import json
from pathlib import Path

import pytest
from conftest import Command

from facetrack.testing import Workspace, artifacts, photos

_ASK = ("+experiment=accessories", "task.people=4", "task.faces=2")


def test_what_accessories_do_to_the_portraits(facetrack: Command, workspace: Workspace) -> None:
    told = facetrack(*_ASK, "task.accessories=[sunglasses,rotation]").ok()
    assert "left out mobilefacenet: " in told  # no network in tests
    assert "8 faces of 4 people\n" in told
    (run,) = workspace.runs("accessories")
    kept = artifacts(run)
    models = json.loads(kept["capsule.json"].read_text())["models"]
    assert models["embedder dlib"]
    rows = list(csv.DictReader(io.StringIO(kept["accessories.csv"].read_text(), newline="")))
    worn, leaning = rows
    assert [(one["effect"], one["embedder"]) for one in rows] == [
        ("sunglasses", "dlib"),
        ("rotation", "dlib"),
    ]
    # A network that aligns faces does not mind how they lean.
    assert 0.5 < float(worn["moved_median"]) > 3 * float(leaning["moved_median"])
    for one in rows:
        low, middle, high = (float(one[f"moved_{end}"]) for end in ("p10", "median", "p90"))
        assert 0 < low <= middle <= high
        assert float(one["recall_after"]) <= float(one["recall_before"]) == 1
        assert (one["faces"], one["people"], one["split_before"]) == ("8", "4", "0")
        assert float(one["lost_before"]) == 0 <= float(one["lost_after"])
    assert leaning["split_after"] == "0"
    # Its detector does mind: Haar's cascade wants faces upright.
    assert float(worn["undetected"]) == 0 < float(leaning["undetected"]) <= 0.5
    assert run.data.metrics["undetected.rotation"] == float(leaning["undetected"])
    assert "no longer finds" in kept["accessories.html"].read_text(encoding="utf-8")
    assert run.data.metrics["moved.sunglasses.dlib"] == float(worn["moved_median"])
    page = kept["accessories.html"].read_text(encoding="utf-8")
    assert page.count("<figure>") == 8
    assert page.count("data:image/jpeg") == 16
    assert "accessories.html" in run.data.tags["shows_people.0"]
    assert "accessories.csv" not in run.data.tags["shows_people.0"]
    (folder,) = (workspace.folder / "outputs").iterdir()
    assert {one.name for one in folder.iterdir()} == {
        *("accessories.csv", "accessories.png", "accessories.html", "report.html")
    }


def test_the_same_again_is_the_same(workspace: Workspace) -> None:
    ask = (*_ASK, "task.accessories=[mask]", "task.embedders=[dlib]", "task.people=2")
    first, again = (
        json.loads(workspace.run("--json", *ask, "tracking=none").stdout) for _ in range(2)
    )
    assert first["metrics"] == again["metrics"]
    assert first["kind"] == "accessories"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("task.accessories=[sunglases]",), "there is no sunglases; did you mean sunglasses?"),
        (("task.embedders=[dlb]",), "there is no embedder 'dlb'; did you mean dlib?"),
        (("task.embedders=[mobilefacenet]",), "none of task.embedders can be used here"),
        (("task.method=dbscn",), "there is no clusterer 'dbscn'; did you mean dbscan?"),
        (("task.people=1",), "task.people is a whole number from 2"),
        (("detector.choose=all",), "detector.choose=all gives several faces of a picture"),
        (("n_people=3",), "task=accessories has no use for n_people=3: leave it out"),
    ],
)
def test_what_cannot_be_meant(facetrack: Command, arguments: tuple[str, ...], said: str) -> None:
    done = facetrack(*_ASK, *arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_people_have_to_be_named(facetrack: Command, tmp_path: Path, warm_home: Path) -> None:
    root = photos(tmp_path, warm_home, 4)
    done = facetrack(*_ASK, "dataset=folder", f"dataset.root={root}")
    assert done.returncode == 2
    assert "nobody says who is on these pictures" in done.stderr
