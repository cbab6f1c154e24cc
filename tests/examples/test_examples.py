"""The scripts in examples/ run, and the notebook's cells give what it shows."""

import functools
import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facetrack.testing import Workspace, photos

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NOTEBOOK = EXAMPLES / "notebook.ipynb"
_LARGEST = 1_000_000

# Runs each cell as a notebook does: what the last line gives is shown.
_RUN_CELLS = """
import ast, contextlib, io, json, sys
names, shown = {"__name__": "__main__"}, []
for cell in json.load(open(sys.argv[1], encoding="utf-8")):
    tree, value, out = ast.parse(cell), None, io.StringIO()
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(out):
        exec(compile(tree, "cell", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    shown.append([out.getvalue(), None if value is None else repr(value)])
json.dump(shown, open(sys.argv[2], "w", encoding="utf-8"))
"""


def _run(workspace: Workspace, *arguments: str) -> str:
    process = workspace.start_python(*arguments)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out


@pytest.fixture
def run_example(
    tmp_path: Path,
    warm_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., str]:
    """What an example prints, run in this process and an empty folder with some arguments."""
    monkeypatch.setenv("FACETRACK_HOME", str(warm_home))
    monkeypatch.chdir(tmp_path)

    def run(name: str, *arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        capsys.readouterr()
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out

    return run


def test_two_clusterers_are_compared(run_example: Callable[..., str]) -> None:
    lines = run_example("compare_clusterers.py").splitlines()
    assert lines[0] == "59 faces of 18 people on 59 pictures: portraits"
    assert "dbscan eps=0.3: ARI 0.935 ± 0.114 over 30 resamples" in lines
    assert len([line for line in lines if line.startswith("best: ")]) == 2


def test_a_folder_and_vectors_of_ones_own(
    run_example: Callable[..., str], tmp_path: Path, warm_home: Path
) -> None:
    run = functools.partial(run_example, "cluster_your_own.py")
    folder = photos(tmp_path, warm_home, 12)
    out = run(str(folder))
    assert "12 faces on 12 pictures: folder\n" in out
    assert "no labels, so chosen" in out or "what suits so many faces" in out
    points = np.repeat(np.eye(3), [4, 2, 1], axis=0)
    np.savez(tmp_path / "own.npz", embeddings=points)
    out = run(str(tmp_path / "own.npz"), "0.5")
    assert out.splitlines()[3:] == ["3 groups", "  4: 0, 1, 2, 3", "  2: 4, 5", "  1: 6"]
    # Said on standard error, and status 1, as Python ends a script with this.
    with pytest.raises(SystemExit, match=r"^there is no folder or \.npz file"):
        run(str(tmp_path / "nowhere"))


def _text(output: Any) -> str:
    return "".join(output)


def test_the_notebook_shows_what_its_cells_give(workspace: Workspace, tmp_path: Path) -> None:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    (tmp_path / "cells.json").write_text(json.dumps([_text(cell["source"]) for cell in cells]))
    (tmp_path / "run.py").write_text(_RUN_CELLS)
    workspace.environment["MPLBACKEND"] = "Agg"
    _run(workspace, *(str(tmp_path / name) for name in ("run.py", "cells.json", "shown.json")))
    shown = json.loads((tmp_path / "shown.json").read_text(encoding="utf-8"))
    for cell, (printed, value) in zip(cells, shown, strict=True):
        streams = [one["text"] for one in cell["outputs"] if one["output_type"] == "stream"]
        assert "".join(map(_text, streams)) == printed
        results = [one for one in cell["outputs"] if one["output_type"] == "execute_result"]
        assert [_text(one["data"]["text/plain"]) for one in results] == [value][: value is not None]


def test_the_notebook_is_executed_small_and_of_nobody() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert len(text) < _LARGEST
    cells = [one for one in json.loads(text)["cells"] if one["cell_type"] == "code"]
    assert [one["execution_count"] for one in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert {one["output_type"] for one in outputs} <= {"stream", "execute_result", "display_data"}
    assert not [one for one in outputs if one.get("name") == "stderr"]
    assert "data:image/jpeg" in text
    assert str(Path.home()) not in text
    assert "/work" not in text
