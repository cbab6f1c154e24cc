"""A mistake leaves nothing behind, and what works leaves no empty folder."""

import importlib.metadata
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from facetrack import __version__
from facetrack.core.artifacts import mark_nobody
from facetrack.core.errors import UserError
from facetrack.tasks.context import outputs
from facetrack.testing import Workspace
from facetrack.tracking.keys import KIND, SWEEP
from facetrack.tracking.store import MlflowStore


@pytest.fixture
def empty(warm_home: Path, tmp_path: Path) -> Workspace:
    """A working folder without anything in it."""
    return Workspace(tmp_path / "work", warm_home)


@pytest.mark.parametrize(
    "arguments",
    [
        ["+eps=0.1"],
        ["seed=4294967296"],
        ["dataset=folder", "dataset.root=/no/where"],
        ["-m", "clusterer.eps=0.1,near"],
        ["-m", "clusterer=dbscan,kmean"],
        ["organise", "~/Pictures", "~/People"],
        ["resume=last"],
        ["reproduce=nothing"],
    ],
)
def test_a_mistake_leaves_nothing_behind(empty: Workspace, arguments: list[str]) -> None:
    done = empty.run(*arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("facetrack: ")
    assert done.stdout == ""
    assert list(empty.folder.iterdir()) == []


def test_a_mistake_is_told_before_what_works_is_imported(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv[1:] = ['clusterer.epss=0.3']\n"
        "from facetrack.cli.command import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert end.code == 2\n"
        "heavy = {'mlflow', 'sklearn', 'numpy', 'PIL', 'optuna', 'cv2', 'plotly', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**Workspace(tmp_path).environment, "HYDRA_FULL_ERROR": "0", "PYTHONPATH": _here()},
    )
    assert done.stderr == (
        "facetrack: there is no setting clusterer.epss; did you mean clusterer.eps?\n"
    )
    assert done.stdout == "[]\n"


def _here() -> str:
    return str(Path(outputs.__file__).parents[3])


def test_a_mistake_found_at_work_leaves_no_run(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "no pictures").mkdir()
    done = workspace.run("dataset=folder", f"dataset.root={tmp_path / 'no pictures'}")
    done.refused("no pictures (")
    assert workspace.runs() == []
    assert [one.name for one in workspace.folder.rglob("*") if one.name == "config.yaml"] == []
    assert not (workspace.folder / "outputs").exists()


def test_of_runs_only_a_mistake_takes_back_its_own(tmp_path: Path, new_mlflow: Path) -> None:
    place = Workspace(tmp_path / "work", tmp_path / "home", store=new_mlflow)
    tracking = MlflowStore(f"sqlite:///{place.folder / 'mlflow.db'}", "facetrack")
    for tags, error in (
        ({KIND: "job"}, UserError("a mistake")),
        ({KIND: "organise"}, UserError("a mistake")),
        ({KIND: "job"}, OSError("a full disk")),
        ({KIND: "job", SWEEP: "s"}, UserError("a mistake in a sweep")),
        ({KIND: "trial"}, UserError("a mistake in a trial")),
    ):
        with pytest.raises(type(error)):
            _fail(tracking, tags, error)
    names = {one.data.tags["mlflow.runName"]: one.info.status for one in place.runs()}
    assert names == dict.fromkeys(
        ["a full disk", "a mistake in a sweep", "a mistake in a trial"], "FAILED"
    )


def _fail(tracking: MlflowStore, tags: Mapping[str, object], error: Exception) -> None:
    with tracking.run(str(error), tags) as run:
        run.artifacts(mark_nobody({"config.yaml": "a: 1"}))
        raise error


def test_the_version_is_facetracks(empty: Workspace) -> None:
    assert empty.run("--version").ok() == f"facetrack {__version__}\n"
    assert __version__ == importlib.metadata.version("facetrack")


@pytest.mark.skipif(
    not sys.prefix.isascii() or not _here().isascii(),
    reason="Python itself does not start with ASCII alone where its folders have other letters",
)
def test_tracking_none_leaves_no_folder_and_ascii_is_enough(empty: Workspace) -> None:
    # No UTF-8 mode: standard output takes ASCII alone, and scores have a "±".
    empty.environment |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = empty.command("tracking=none", "n_resamples=2")
    assert "ARI" in done.ok()
    assert "±" not in done.stdout
    assert list(empty.folder.iterdir()) == []
