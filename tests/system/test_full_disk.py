"""A disk that fills up: told in one line, nothing lost. A file size limit stands in for it."""

import subprocess
import sys
from pathlib import Path

import pytest

from facetrack.testing import Outcome, Workspace, ended

pytest.importorskip("resource")


def _run(limit: int, place: Workspace, *arguments: str) -> Outcome:
    place.limit = limit
    return place.run(*arguments)


def test_no_room_for_the_mlflow_database(tmp_path: Path, warm_home: Path) -> None:
    done = _run(200_000, Workspace(tmp_path / "work", warm_home), "n_resamples=2")
    done.refused("the MLflow store")


def test_no_room_for_the_sweeps_page_is_no_success(workspace: Workspace) -> None:
    # Enough for everything but the interactive page of 4.8 MB.
    done = _run(4_000_000, workspace, "-m", "clusterer.eps=0.2,0.3", "n_resamples=2")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "File too large" in done.stderr


def test_no_room_for_the_store_keeps_what_is_there(tmp_path: Path) -> None:
    code = (
        "import numpy as np, pathlib, resource, signal, sys\n"
        "from facetrack.core.errors import UserError\n"
        "from facetrack.extraction.store import Store\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "box, vector = np.arange(4), np.ones(128, np.float32)\n"
        "with Store(pathlib.Path(sys.argv[1])) as store:\n"
        "    store.put('h', [], 'd', [(i.to_bytes(32), box, vector) for i in range(100)])\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "    try:\n"
        "        for i in range(100, 10_000):\n"
        "            store.put('h', [], 'd', [(i.to_bytes(32), box, vector)])\n"
        "    except UserError as error:\n"
        "        print(error)\n"
        "    found = store.vectors('d', [(i.to_bytes(32), box) for i in range(100)])\n"
        "    assert len(found) == 100\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "free some space" in done.stdout
    assert len(done.stdout.strip().splitlines()) == 1


def test_a_job_without_room_for_its_pictures_says_so_in_a_line(workspace: Workspace) -> None:
    # Enough for the database, not for the interactive page of 4.8 MB.
    workspace.limit = 2_000_000
    # By a process that ends with it, as a user's does.
    ended(workspace.fork("n_resamples=2")).refused("File too large")


def test_a_file_without_room_leaves_nothing_unfinished(tmp_path: Path) -> None:
    code = (
        "import pathlib, resource, sys\n"
        "from facetrack.system.files import replace\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "replace(pathlib.Path(sys.argv[1]) / 'file', bytes(int(sys.argv[2])))\n"
    )
    for size in ("600", "100000"):
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path), size], capture_output=True, text=True
        )
        assert "File too large" in done.stderr
        assert list(tmp_path.iterdir()) == []


def test_a_sweep_that_cannot_keep_its_lock_is_no_success(tmp_path: Path) -> None:
    # Hydra turns what its callbacks raise into warnings, and went on without a parent run.
    home = tmp_path / "home"
    home.mkdir()
    (home / "locks").touch()
    place = Workspace(tmp_path / "work", home)
    place.run("-m", "clusterer.eps=0.2,0.3", "n_resamples=2").refused("set FACETRACK_HOME")
