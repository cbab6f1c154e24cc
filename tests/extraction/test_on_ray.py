"""Embedding on a real Ray cluster on this machine."""

import os
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from facetrack.core.errors import UserError
from facetrack.core.faces import Embedder, Embeddings, Face, Pictures, Vectors
from facetrack.dataset import Portraits
from facetrack.detector import Haar
from facetrack.embedder import DlibResNet
from facetrack.extraction.pipeline import extract
from facetrack.extraction.store import Store
from facetrack.system import ray_cluster

# Not imported to find out: each of the processes of pytest-xdist looks through this file.
pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")


@dataclass(frozen=True)
class Slow:
    """dlib's embedder, real, at a pace at which its process can be caught, which it writes down.

    deadly: a box that kills the process, as a defect in native code would.
    """

    log: Path
    deadly: tuple[int, ...] | None = None
    normalize: bool = True
    batch: int = 4
    parallel: bool = True

    def identity(self) -> str:
        return DlibResNet().identity()

    def embed(self, faces: Sequence[Face]) -> Vectors:
        with self.log.open("a") as log:
            log.write(f"{os.getpid()}\n")
        if any(tuple(face.box.tolist()) == self.deadly for face in faces):
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.2)
        return DlibResNet().embed(faces)


@pytest.fixture(autouse=True)
def _tests_are_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    # Ray's workers import Slow from here.
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))


def _extract(
    listing: Pictures, embedder: Embedder, home: Path, engine: str = "local"
) -> Embeddings:
    home.mkdir()
    with Store(home) as store:
        return extract(listing, Haar(), embedder, store, engine)


def _rows(home: Path) -> list[tuple[bytes, ...]]:
    with sqlite3.connect(home / "embeddings.sqlite") as connection:
        return [
            row
            for table in ("detections", "vectors")
            for row in connection.execute(f"SELECT * FROM {table} ORDER BY key")
        ]


@pytest.mark.long
def test_a_killed_worker_changes_nothing_in_the_store(home: Path, tmp_path: Path) -> None:
    listing = Portraits().load()
    log = tmp_path / "log"
    killed: list[str] = []

    def kill() -> None:
        while not log.exists() or len(set(log.read_text().split())) < 2:
            time.sleep(0.05)
        killed.append(log.read_text().split()[-1])
        os.kill(int(killed[0]), signal.SIGKILL)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    on_ray = _extract(listing, Slow(log), tmp_path / "ray", "ray")
    thread.join(timeout=1)
    workers = set(log.read_text().split())
    local = _extract(listing, DlibResNet(), tmp_path / "local")
    assert len(killed) == 1
    assert len(workers) >= 3  # two, and the one that took the killed one's place
    assert _rows(tmp_path / "ray") == _rows(tmp_path / "local")
    np.testing.assert_array_equal(on_ray.vectors, local.vectors)
    assert on_ray.digest == local.digest
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


@pytest.mark.long
def test_a_picture_that_kills_every_worker_is_skipped(home: Path, tmp_path: Path) -> None:
    some = Portraits().load().pictures[:12]
    listing = Pictures(some)
    local = _extract(listing, DlibResNet(), tmp_path / "local")
    deadly = tuple(local.boxes[5].tolist())
    on_ray = _extract(listing, Slow(tmp_path / "log", deadly), tmp_path / "ray", "ray")
    (skipped,) = (one for one in on_ray.skipped if "crashed on it" in one.reason)
    assert skipped.name == local.pictures[5].name
    assert len(on_ray.vectors) == len(local.vectors) - 1


def test_a_cluster_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")
    with pytest.raises(UserError, match=r"no Ray cluster can be used at 127\.0\.0\.1:9"):
        ray_cluster.connect().__enter__()


def test_a_cluster_that_was_killed_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    # What `ray start` leaves in Ray's folder when its processes are killed. Its path must be short,
    # for sockets.
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("RAY_TMPDIR", folder)
        (Path(folder) / "ray").mkdir()
        (Path(folder) / "ray/ray_current_cluster").write_text("127.0.0.1:9")
        with ray_cluster.connect() as ray:
            assert ray.cluster_resources()["CPU"] >= 1


def test_an_unknown_engine_is_told(home: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"extract\.engine is one of local, ray; got 'dask'"):
        _extract(Pictures([]), DlibResNet(), tmp_path / "dask", "dask")
