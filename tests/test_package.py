"""The package can be tested as it is sent, with the oldest and newest versions it allows."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
_INSTALL_SECONDS = 1800
_TEST_TOOLS = ("pytest>=8", "hypothesis>=6.100")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The source distribution, unpacked."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (archive,) = tmp_path.glob("facetrack-*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    return tmp_path / archive.name.removesuffix(".tar.gz")


def test_a_source_distribution_has_all_that_its_tests_need(source: Path) -> None:
    for name in ("LICENSE", "CHANGELOG.md", "Makefile", "conf/config.yaml", "tests/conftest.py"):
        assert (source / name).exists(), name
    for package in ("facetrack", "faults", "benchmarks", "examples", "hydra_plugins", "tests"):
        sent = {path.relative_to(source) for path in (source / package).rglob("*.py")}
        here = {path.relative_to(ROOT) for path in (ROOT / package).rglob("*.py")}
        assert sent == here


@pytest.mark.long
def test_its_tests_can_be_collected(source: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"],
        cwd=source,
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.long
@pytest.mark.parametrize(
    ("version", "resolution"), [("3.11", "lowest-direct"), ("3.13", "highest")]
)
def test_oldest_and_newest_versions(version: str, resolution: str, tmp_path: Path) -> None:
    uv, python = shutil.which("uv"), shutil.which(f"python{version}")
    if uv is None:
        pytest.skip("uv is not installed: pip install uv")
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    environment = {
        **{key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        "FACETRACK_HOME": str(tmp_path / "home"),
    }
    own = tmp_path / "environment" / "bin" / "python"

    def run(*command: str, folder: Path = tmp_path) -> str:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_INSTALL_SECONDS,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    run(uv, "venv", "--quiet", "--python", python, str(tmp_path / "environment"))
    install = (uv, "pip", "install", "--quiet", "--python", str(own))
    run(*install, "--resolution", resolution, str(ROOT), *_TEST_TOOLS)
    work = tmp_path / "work"
    work.mkdir()
    assert "  ARI  " in run(str(own), "-m", "facetrack", "n_resamples=5", folder=work)
    # Tests of the checkout, on the installed package.
    shutil.copytree(ROOT / "tests", work / "tests")
    shutil.copy(ROOT / "pyproject.toml", work)
    shutil.copytree(ROOT / "benchmarks", work / "benchmarks")
    tests = run(str(own), "-m", "pytest", "-q", "tests/test_conf.py", folder=work)
    assert " passed" in tests or "[100%]" in tests
