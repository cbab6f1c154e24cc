"""Fixtures that several tests share."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from facetrack.archive import extract as unpack
from facetrack.data import Picture, Vectors
from facetrack.dataset import Folder, Portraits
from facetrack.detector import Whole
from facetrack.embedder import DlibResNet
from facetrack.extract import extract, unit
from facetrack.store import Store
from facetrack.tracking import Run

SHARED = Path(__file__).resolve().parents[2] / "shared"

# Runs facetrack as a file size limit, its first argument in bytes, stands in for a full disk.
LIMITED = (
    "import resource, runpy, signal, sys\n"
    "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    "limit = int(sys.argv.pop(1))\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))\n"
    "runpy.run_module('facetrack', run_name='__main__', alter_sys=True)\n"
)


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


@pytest.fixture(scope="session")
def lfw() -> tuple[Vectors, NDArray[np.int64]]:
    """dlib's embeddings of LFW as unit vectors, and who is who; people are together."""
    path = SHARED / "data/lfw_dlib_embeddings.npz"
    if not path.exists():
        pytest.skip("no stored LFW embeddings here")
    with np.load(path) as stored:
        people = np.unique(stored["labels"], return_inverse=True)[1]
        return unit(stored["embeddings"]), people.astype(np.int64)


@pytest.fixture(scope="session")
def orl(warm_home: Path) -> tuple[Vectors, NDArray[np.int64]]:
    """dlib's embeddings of ORL's 400 pictures as unit vectors, and who is who."""
    archive = SHARED / "data/orl_faces.tgz"
    if not archive.exists():
        pytest.skip("no ORL pictures here")
    unpack(archive, warm_home / "orl")
    listing = Folder(warm_home / "orl/orl_faces").load()
    with Store(warm_home) as store:
        faces = extract(listing, Whole(), DlibResNet(), store)
    assert faces.people is not None
    return faces.vectors, faces.people


def portraits(home: Path) -> Sequence[Picture]:
    """The drawn portraits, kept in a FACETRACK_HOME."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACETRACK_HOME", str(home))
        return Portraits().load().pictures


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory, warm_home: Path) -> Path:
    """Pictures of six of the drawn people, in a folder of sub-folders."""
    root = tmp_path_factory.mktemp("pictures") / "six people"
    pictures = portraits(warm_home)
    six = sorted({str(picture.person) for picture in pictures})[:6]
    for picture in pictures:
        if picture.person in six:
            (root / str(picture.person)).mkdir(parents=True, exist_ok=True)
            shutil.copy(picture.path, root / str(picture.person))
    return root


def client(folder: Path) -> Any:
    """The MLflow store that a command made in a folder."""
    from mlflow import MlflowClient

    return MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")


def runs(folder: Path, kind: str) -> list[Any]:
    """Its runs of a kind, "job" or "sweep"."""
    store = client(folder)
    experiment = store.get_experiment_by_name("facetrack")
    assert experiment is not None
    return list(store.search_runs([experiment.experiment_id], f"tags.kind = '{kind}'"))


def log_new_datasets(runs: Sequence[Run], n: int) -> None:
    """Log `n` datasets to runs, each new to all of them at once."""
    together = threading.Barrier(len(runs), timeout=60)

    def write(run: Run) -> None:
        for number in range(n):
            together.wait()
            run.dataset(f"faces {number}", "abc", "{}")

    with ThreadPoolExecutor(len(runs)) as pool:
        assert list(pool.map(write, runs)) == [None] * len(runs)


def assert_refused(done: "subprocess.CompletedProcess[str]", told: str) -> None:
    """A user's mistake: one line on standard error that says `told`, and status 2."""
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


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


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of an empty database on a server that runs as long as the tests do."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    bin_ = programs[-1]
    # Not below pytest's own folder: another pytest that starts meanwhile closes that to others.
    folder = Path(tempfile.mkdtemp(prefix="facetrack-postgres-"))
    # The server refuses to run as root; the folder is then its own user's.
    as_user: list[str] = []
    if getpass.getuser() == "root":
        if shutil.which("runuser") is None:
            pytest.skip("PostgreSQL does not run as root, and there is no runuser")
        as_user = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"

    def run(*command: str) -> None:
        subprocess.run(
            [*as_user, *command], check=True, capture_output=True, timeout=120, cwd=folder
        )

    run(str(bin_ / "initdb"), "-D", str(data), "-U", "tester", "-A", "trust", "--no-sync")
    options = f"-p {port} -h 127.0.0.1 -k {folder}"
    log = folder / "log"
    run(str(bin_ / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(log), "-w", "start")
    try:
        yield f"postgresql://tester:secret@127.0.0.1:{port}/postgres"
    finally:
        run(str(bin_ / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture
def environment(warm_home: Path) -> dict[str, str]:
    """Environment of a command that shares the session's embeddings."""
    return {**os.environ, "FACETRACK_HOME": str(warm_home)}
