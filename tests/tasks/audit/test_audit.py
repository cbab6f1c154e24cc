"""task=audit as a user runs it: questions, answers, estimates, corrections."""

import csv
import json
import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from facetrack.extraction.xmp import document, writing
from facetrack.extraction.xmp.regions import Frame
from facetrack.testing import Outcome, Workspace, organise, people

Audit = Callable[..., Outcome]


@pytest.fixture(scope="module")
def organised(tmp_path_factory: pytest.TempPathFactory, warm_home: Path, new_mlflow: Path) -> Path:
    """Four people's drawn photos in sub-folders, sorted with so small a radius as parts some."""
    folder = tmp_path_factory.mktemp("audited")
    root = people(folder, warm_home, 4)
    workspace = Workspace(folder / "work", warm_home, store=new_mlflow)
    organise(workspace, root, folder / "out", "clusterer=dbscan", "clusterer.eps=0.25").ok()
    return folder


@pytest.fixture
def out(organised: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(organised / "out", tmp_path / "out", symlinks=True))


@pytest.fixture
def audit(out: Path, workspace: Workspace) -> Audit:
    def run(*arguments: str) -> Outcome:
        return workspace.run("task=audit", f"task.out={out}", *arguments)

    return run


def _rows(out: Path) -> list[dict[str, str]]:
    with (out / "audit.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def _fill_in(out: Path, answer: str) -> None:
    rows = _rows(out)
    with (out / "audit.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys())
        table.writeheader()
        table.writerows({**row, "answer": row["answer"] or answer} for row in rows)


def test_questions_are_written_filled_in_and_counted(audit: Audit, out: Path) -> None:
    told = audit("task.n_questions=4").ok()
    assert "expected from probabilities alone: precision " in told
    assert "After 0 answers:" in told
    assert f"4 questions in {out / 'audit.csv'}: write yes, no or can't tell" in told
    rows = _rows(out)
    assert [row["question"] for row in rows] == ["1", "2", "3", "4"]
    assert " | " in rows[0]["photos"]
    _fill_in(out, "no")
    told = audit("task.n_questions=2").ok()
    assert "After 4 answers, 4 of them new:" in told
    assert [row["answer"] for row in _rows(out)] == ["no"] * 4 + [""] * 2
    numbers = json.loads((out / "audit.json").read_text())
    assert (numbers["answers"], numbers["level"]) == (4, 0.95)
    for one in numbers["estimates"].values():
        assert 0 <= one["low"] <= one["value"] <= one["high"] <= 1
    for name in ("audit.csv", "audit.json", ".facetrack/answers.json"):
        assert stat.S_IMODE((out / name).stat().st_mode) == 0o600
    # Answers that are there already are no new ones; one that is changed counts as it is now.
    assert "After 4 answers:" in audit("task.n_questions=2").ok()
    (out / "audit.csv").write_text((out / "audit.csv").read_text().replace(",no,", ",can't tell,"))
    assert "After 0 answers, 4 of them new, and 4 times can't tell:" in audit().ok()


def test_labels_answer_and_the_answers_correct(audit: Audit, out: Path) -> None:
    told = audit("task.answers=labels", "task.n_questions=40").ok()
    assert "credible intervals: they rest on how likely faces so far apart were" in told
    assert "with task.correct=true they are added to" in told
    before = (out / "people.yaml").read_text()
    assert " added to " in audit("task.answers=labels", "task.correct=true").ok()
    after = (out / "people.yaml").read_text()
    assert after.startswith(before)
    # Drawn people are alike: some are in one group, which comes apart.
    assert re.search(r'  (not|also): \["', after[len(before) :])
    # What the file says is no correction any more.
    assert "added to" not in audit().ok()


def test_names_in_xmp_answer(audit: Audit, out: Path, organised: Path, tmp_path: Path) -> None:
    """Beside a copy of the photos; for the largest face of each, as the sub-folders do."""
    root = Path(shutil.copytree(organised / "people", tmp_path / "photos"))
    dataset = ("dataset=folder", f"dataset.root={root}", "dataset.labels=xmp")
    asked = ("task.answers=labels", "task.n_questions=12")
    assert "After 0 answers, 12 of them new, and 12 times" in audit(*asked, *dataset).ok()
    (out / ".facetrack/answers.json").unlink()
    (out / "audit.csv").unlink()
    for photo in root.glob("*/*.png"):
        with PIL.Image.open(photo) as picture:
            frame = Frame(*picture.size)
        tree = document.parse(writing.EMPTY)
        whole = np.array([0, 0, frame.width, frame.height])
        writing.add(tree, [frame.to_region(photo.parent.name, whole)], frame)
        sidecar = document.serialise(tree, writing.EMPTY)
        photo.with_name(f"{photo.name}.xmp").write_bytes(sidecar)
    told = audit(*asked, *dataset).ok()
    assert "names in XMP: " in told
    by_names = [row["answer"] for row in _rows(out)]
    (out / ".facetrack/answers.json").unlink()
    (out / "audit.csv").unlink()
    audit(*asked).ok()
    by_folders = [row["answer"] for row in _rows(out)]
    assert set(by_names) == {"yes", "no"}
    assert by_names == by_folders


def test_answers_hold_when_groups_change_and_restore_leaves_them(
    audit: Audit, out: Path, organised: Path, workspace: Workspace
) -> None:
    audit("task.answers=labels", "task.n_questions=20", "task.correct=true").ok()
    kept = (out / ".facetrack/answers.json").read_bytes()
    first = json.loads((out / "audit.json").read_text())
    settings = ("clusterer=dbscan", "clusterer.eps=0.25")
    organise(workspace, organised / "people", out, *settings).ok()
    assert (out / ".facetrack/answers.json").read_bytes() == kept
    audit("task.n_questions=1").ok()
    second = json.loads((out / "audit.json").read_text())
    assert second["groups"] > first["groups"]  # whoever was not the group's person has left it
    n_kept = len(json.loads(kept)["answers"])
    assert second["answers"] + second["unused"] + second["unsure"] == n_kept > 0
    organise(workspace, organised / "people", out, "task.restore=true", *settings).ok()
    assert (out / ".facetrack/answers.json").read_bytes() == kept


def test_json_gives_what_is_in_the_file(audit: Audit, out: Path) -> None:
    told = json.loads(audit("task.answers=labels", "task.n_questions=5", "--json").ok())
    assert told["kind"] == "audit"
    assert told["estimates"] == json.loads((out / "audit.json").read_text())["estimates"]


def test_mistakes_are_told_in_a_sentence(
    audit: Audit, out: Path, tmp_path: Path, workspace: Workspace
) -> None:
    audit("task.answers=both").refused("task.answers")
    audit("task.n_questions=0").refused("task.n_questions")
    audit("embedder=facenet").refused("which is not measured for embedder=facenet")
    nowhere = workspace.run("task=audit", f"task.out={tmp_path / 'none'}")
    nowhere.refused("was not organised yet: run task=organise")
    (out / "audit.csv").write_text("question,faces,answer\n1,x,yes\n")
    audit().refused("line 2: the column faces is not as it was written")
