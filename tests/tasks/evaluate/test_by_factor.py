"""Errors by group, as a user asks for them."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from conftest import Command

from facetrack.core.faces import Picture
from facetrack.evaluation.confusion import Confusion
from facetrack.tasks.evaluate.strays import find_factors
from facetrack.testing import Workspace, artifacts

_FEW = ("n_people=6", "n_resamples=2", "clusterer.eps=0.2")


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))


def test_the_portraits_know_how_they_were_drawn(facetrack: Command, workspace: Workspace) -> None:
    told = facetrack(*_FEW, "task.leave_out=true").ok()
    assert "By factor, of all faces at once: precision, recall, split, merged; ARI" in told
    assert "largest gap: " in told
    (run,) = workspace.runs("job")
    kept = artifacts(run)
    rows = _rows(kept["factors.csv"])
    assert {row["factor"] for row in rows} == {
        *("beard", "expression", "glasses", "lighting", "pose")
    }
    n = run.data.tags["faces"]
    for factor in ("beard", "pose"):
        assert sum(int(row["faces"]) for row in rows if row["factor"] == factor) == int(n)
    for row in rows:
        for score in ("precision", "recall", "split", "merged"):
            low, value, high = (float(row[f"{score}{end}"]) for end in ("_low", "", "_high"))
            assert 0 <= low <= value <= high <= 1
    # Without smiles there are other faces, and without nobody's beard there is one person at most.
    assert all(row["ari_without"] for row in rows if row["factor"] == "lighting")
    assert {row["score"] for row in _rows(kept["factor_gaps.csv"])} == {
        *("precision", "recall", "split", "merged")
    }
    # The table is of people, few in a group as they may be: what forgets them deletes it.
    marked = run.data.tags["shows_people.0"]
    assert all(name in marked for name in ("factors.csv", "factor_gaps.csv", "factors.png"))
    (folder,) = (workspace.folder / "outputs").iterdir()
    assert (folder / "factors.png").read_bytes()[:4] == b"\x89PNG"
    assert 'id="sort"' in (folder / "errors.html").read_text(encoding="utf-8")


def test_what_nobody_asks_for_is_in_the_tables_alone(
    facetrack: Command, workspace: Workspace
) -> None:
    assert "By factor" not in facetrack(*_FEW).ok()
    told = facetrack(*_FEW, "task.by=[glasses]").ok()
    assert "By factor" in told
    assert "pose" not in told
    asked, plain = (artifacts(run) for run in workspace.runs("job"))
    assert asked.keys() - plain.keys() == {"factors.png"}
    assert {row["factor"] for row in _rows(asked["factors.csv"])} == {"glasses"}
    assert len(_rows(plain["factors.csv"])) > len(_rows(asked["factors.csv"]))


def test_a_table_of_ones_own(facetrack: Command, workspace: Workspace, small_folder: Path) -> None:
    names = sorted(str(one.relative_to(small_folder)) for one in small_folder.rglob("*.png"))
    lines = [f"{name},hat,{'yes' if number % 2 else 'no'}" for number, name in enumerate(names[2:])]
    table = "\n".join(["picture,factor,value", *lines, "gone.png,hat,yes"])
    (workspace.folder / "own.csv").write_text(table, encoding="utf-8")
    folder = ("dataset=folder", f"dataset.root={small_folder}", *_FEW[1:])
    told = facetrack(*folder, "task.factors=own.csv").ok()
    assert f"own.csv says nothing of 2 faces of {len(names)}" in told
    assert "own.csv names 1 picture that the dataset has not, or without a face" in told
    (run,) = workspace.runs("job")
    rows = _rows(artifacts(run)["factors.csv"])
    assert [row["value"] for row in rows] == ["(not said)", "no", "yes"]
    assert rows[0]["faces"] == "2"
    # Where the table lies is no parameter of what was found.
    assert run.data.tags["task.factors"] == "own.csv"
    assert "task.factors" not in run.data.params


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["task.by=[glases]"], "task.by: no picture has the factor glases; there are beard,"),
        (["task.factors=none.csv"], "task.factors=none.csv cannot be read"),
        (["task.factors=other.csv"], "other.csv names none of the pictures with a face"),
        (["task.by=glasses"], "task.by is all, or a list, such as [a,b]"),
    ],
)
def test_what_cannot_be_meant(
    facetrack: Command, workspace: Workspace, arguments: list[str], said: str
) -> None:
    (workspace.folder / "other.csv").write_text("picture,factor,value\nx.png,hat,yes\n")
    done = facetrack(*_FEW, *arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_factors_that_nobody_knows(facetrack: Command, small_folder: Path) -> None:
    for asked in ("task.by=all", "task.by=[hat]", "task.leave_out=true"):
        done = facetrack("dataset=folder", f"dataset.root={small_folder}", asked, *_FEW[1:])
        assert done.returncode == 2
        assert "nobody says how a picture was taken: add task.factors=FILE" in done.stderr


def test_strays_are_the_faces_outside_the_largest_group() -> None:
    lights = ["left", "left", "left", "right", "right", "left"]
    pictures = [
        Picture(Path("x"), str(number), factors=(("light", light),))
        for number, light in enumerate(lights)
    ]
    small, large = np.array([3, 4, 5]), np.array([0, 1, 2, 5])
    assert find_factors(Confusion(0, [small, large], [0, 1], 9, 0.1), pictures) == (
        ("light", "right"),
    )
    equal = [np.array([0, 1, 2]), np.array([3, 4, 5])]
    assert find_factors(Confusion(0, equal, [0, 1], 9, 0.1), pictures) == (("light", "left"),)


def test_strays_that_mostly_differ_or_are_unknown_have_nothing_in_common() -> None:
    lights = ["left", "left", "right", None, None, "right"]
    pictures = [
        Picture(Path("x"), str(number), factors=(("light", light),) if light else ())
        for number, light in enumerate(lights)
    ]
    for strays in ([1, 2], [2, 3], [2, 3, 4]):
        groups = [np.array(strays), np.arange(10, 20)]
        assert find_factors(Confusion(0, groups, [0, 1], 9, 0.1), pictures) == ()
    groups = [np.array([2, 3, 5]), np.arange(10, 20)]
    assert find_factors(Confusion(0, groups, [0, 1], 9, 0.1), pictures) == (("light", "right"),)
