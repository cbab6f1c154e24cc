"""Fixtures that several tests share."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty FACETRACK_HOME."""
    path = tmp_path / "home"
    monkeypatch.setenv("FACETRACK_HOME", str(path))
    return path


@pytest.fixture(scope="session")
def warm_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A FACETRACK_HOME that the tests of a session fill together: portraits are embedded once."""
    return tmp_path_factory.mktemp("home")


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def facetrack(warm_home: Path, tmp_path: Path) -> Command:
    """Run `python -m facetrack ARGUMENTS` in an empty folder, as a user would."""
    folder = tmp_path / "work"
    folder.mkdir()

    def run(
        *arguments: str, environment: Mapping[str, str] | None = None, cwd: Path = folder
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "facetrack", *arguments],
            cwd=cwd,
            env={**os.environ, "FACETRACK_HOME": str(warm_home), **(environment or {})},
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run
