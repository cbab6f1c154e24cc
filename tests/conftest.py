"""Fixtures that several tests share."""

import dataclasses
import gc
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

# Several test processes with as many threads as cores each would wait for one another: numbers do
# not depend on threads, and tests of that set their own.
if "PYTEST_XDIST_WORKER" in os.environ:
    for _library in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(_library, "1")
# Nothing is downloaded by tests but by those that have a server of their own (`online`).
os.environ["FACETRACK_OFFLINE"] = "1"

import hypothesis
import numpy as np
import pytest
from numpy.typing import NDArray

from facetrack.cli import plugins
from facetrack.clusterer.kernels import bounds
from facetrack.core.faces import Vectors, scale_to_unit
from facetrack.dataset import Folder
from facetrack.detector import Whole
from facetrack.embedder import DlibResNet
from facetrack.extraction.pipeline import extract
from facetrack.extraction.store import Store
from facetrack.system.archive import extract as unpack
from facetrack.system.home import lock
from facetrack.system.processes import cores
from facetrack.testing import Outcome, Workspace, forked, new_store, people
from facetrack.testing.configs import shipped_configs
from facetrack.tracking.protocols import Run
from facetrack.tracking.store import MlflowStore

# How long an example takes says something of the machine only.
hypothesis.settings.register_profile(
    "facetrack", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("facetrack")

# Before a test imports one of them: Hydra runs the modules of its own plugins once more when it
# looks for them, and what was derived from their classes before is of no use afterwards.
plugins.register()

Command = Callable[..., Outcome]

# A folder's name with all that was ever trouble in names.
NASTY = "n #%20?é ü😀&;'\"${} ${a}=,:[]\\\nx b"

SHARED = Path(__file__).resolve().parents[2] / "shared"

# Databases are written to thousands of times: in memory, where there is room, that waits for no
# disk. What tests leave there is removed as soon as they have passed (see pyproject.toml). Some
# programs of theirs have to run from there.
_MEMORY, _ROOM = Path("/dev/shm"), 6 << 30
if (
    os.access(_MEMORY, os.W_OK)
    and shutil.disk_usage(_MEMORY).free > _ROOM
    and not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC
):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))

# Files with tests of ten seconds and more.
_SLOW = {
    *("test_launchers.py", "test_command.py", "test_facenet.py", "test_study.py", "test_forked.py"),
    *("test_faults.py", "test_tune_command.py", "test_mlflow_ui.py", "test_commands.py"),
    *("test_on_ray.py", "test_search.py", "test_hostile_names.py", "test_every_step.py"),
    *("test_working_folder.py", "test_extract.py", "test_any_order.py", "test_approximate.py"),
    *("test_workspace.py", "test_clustering.py", "test_aligned_faces.py", "test_session.py"),
}
# Those that processes begin with, but one: meanwhile that one draws and embeds the portraits, for
# which all others would wait.
_WITHOUT_PORTRAITS = {"test_facenet.py", "test_search.py", "test_approximate.py"}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """How many processes `-n auto` is: more than cores, as many a test waits for other programs."""
    told = "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ
    return None if told else 2 * cores()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """All processes of pytest-xdist fork commands from one that this process starts."""
    node.workerinput["fork_server"] = forked.start_server()


def pytest_configure(config: pytest.Config) -> None:
    """Where this is one of them, use that one."""
    server = getattr(config, "workerinput", {}).get("fork_server")
    if server is not None:
        forked.use_server(*server)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Have each process begin with some of the slow files, so that none ends with one.

    Processes begin with equal parts of all tests, in their order, and take from each other's later.
    """
    n: int = getattr(config, "workerinput", {}).get("workercount", 1)
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    slow = [of for path, of in files.items() if path.name in _SLOW]
    slow.sort(key=lambda of: of[0].path.name not in _WITHOUT_PORTRAITS)
    fast = iter([item for path, of in files.items() if path.name not in _SLOW for item in of])
    size = -(-len(items) // n)
    parts: list[pytest.Item] = []
    for first in range(n):
        part = [item for of in slow[first::n] for item in of]
        parts += [*part, *islice(fast, max(size - len(part), 0))]
    items[:] = [*parts, *fast]


def pytest_collection_finish() -> None:
    """From now on garbage is not looked for among all that is imported, and more rarely."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty FACETRACK_HOME."""
    path = tmp_path / "home"
    monkeypatch.setenv("FACETRACK_HOME", str(path))
    return path


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    """Downloads are tried: from a server of the test's own."""
    monkeypatch.delenv("FACETRACK_OFFLINE")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that lasts as long as the tests do; with pytest-xdist its processes share it."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def warm_home(shared: Path) -> Path:
    """A FACETRACK_HOME that all tests fill together: portraits are drawn and embedded once.

    Processes of pytest-xdist share it, as processes of users may: what a test takes away, or
    counts, has to be in a home of its own (see `copied_home`).
    """
    home = shared / "warm-home"
    home.mkdir(mode=0o700, exist_ok=True)
    return home


@pytest.fixture(scope="session")
def new_mlflow(shared: Path) -> Path:
    """An MLflow store without runs: workspaces begin with a copy, which saves two seconds each."""
    path = shared / "new-mlflow.db"
    with lock(shared / "new-mlflow.lock"):
        if not path.exists():
            made = new_store(shared / "new-mlflow.part")
            made.rename(path)
    return path


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many points were compared with all others by bounds, as the test goes on."""
    heights: list[int] = []
    ask = bounds.Search.ask

    def count(search: bounds.Search, height: int, *more: Any) -> Any:
        heights.append(height)
        return ask(search, height, *more)

    monkeypatch.setattr(bounds.Search, "ask", count)
    return heights


@pytest.fixture
def tracking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path, new_mlflow: Path
) -> MlflowStore:
    """An MLflow store without runs, in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copy(new_mlflow, tmp_path / "mlflow.db")
    return MlflowStore(None, "faces")


@pytest.fixture
def workspace(warm_home: Path, new_mlflow: Path, tmp_path: Path) -> Workspace:
    """An empty folder to run commands in, and the home that all tests fill together."""
    return Workspace(tmp_path / "work", warm_home, store=new_mlflow)


@pytest.fixture
def facetrack(workspace: Workspace) -> Command:
    """Run `python -m facetrack ARGUMENTS` there, in this process."""
    return workspace.run


@pytest.fixture(scope="session", autouse=True)
def _configs_read_once() -> Iterator[None]:
    """What is composed in this process is composed of configs that are read once."""
    with shipped_configs():
        yield


@pytest.fixture(scope="session")
def lfw() -> tuple[Vectors, NDArray[np.int64]]:
    """dlib's embeddings of LFW as unit vectors, and who is who; people are together."""
    path = SHARED / "data/lfw_dlib_embeddings.npz"
    if not path.exists():
        pytest.skip("no stored LFW embeddings here")
    with np.load(path) as stored:
        people = np.unique(stored["labels"], return_inverse=True)[1]
        return scale_to_unit(stored["embeddings"]), people.astype(np.int64)


@pytest.fixture(scope="session")
def half_orl(warm_home: Path) -> tuple[Vectors, NDArray[np.int64]]:
    """dlib's embeddings of the pictures of ORL's first 20 people as unit vectors, and who is who.

    Twice as many faces show the same, and take twice as long.
    """
    archive = SHARED / "data/orl_faces.tgz"
    if not archive.exists():
        pytest.skip("no ORL pictures here")
    unpack(archive, warm_home / "orl")
    listing = Folder(warm_home / "orl/orl_faces").load()
    listing = dataclasses.replace(listing, pictures=listing.pictures[:200])
    with lock(warm_home / "orl.lock"), Store(warm_home) as store:
        faces = extract(listing, Whole(), DlibResNet(), store)
    assert faces.people is not None
    return faces.vectors, faces.people


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory, warm_home: Path) -> Path:
    """Pictures of six of the drawn people, in a folder of sub-folders."""
    return people(tmp_path_factory.mktemp("pictures"), warm_home, 6)


def log_new_datasets(runs: Sequence[Run], n: int) -> None:
    """Log `n` datasets to runs, each new to all of them at once."""
    together = threading.Barrier(len(runs), timeout=60)

    def write(run: Run) -> None:
        for number in range(n):
            together.wait()
            run.dataset(f"faces {number}", "abc", "{}")

    with ThreadPoolExecutor(len(runs)) as pool:
        assert list(pool.map(write, runs)) == [None] * len(runs)


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
    options = f"-F -p {port} -h 127.0.0.1 -k {folder}"  # -F: it waits for no disk
    log = folder / "log"
    run(str(bin_ / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(log), "-w", "start")
    try:
        yield f"postgresql://tester:secret@127.0.0.1:{port}/postgres"
    finally:
        run(str(bin_ / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder)
