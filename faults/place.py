"""Where facetrack commands run in a campaign, and what they leave behind."""

import contextlib
import csv
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from facetrack.dataset import Portraits
from facetrack.files import sha256

# Long enough after a kill for worker processes to see that their parent is gone.
_WORKERS_END_SECONDS = 10
_A_RUN_SECONDS = 300


class Place:
    """A working directory with photos, and a FACETRACK_HOME.

    extra: more of the environment. limit: no file grows beyond so many bytes, while it is set.
    """

    def __init__(self, folder: Path, home: Path, extra: Mapping[str, str] | None = None) -> None:
        self.folder, self.home, self.extra = folder, home, dict(extra or {})
        self.limit: int | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a facetrack command, in a group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "facetrack", *arguments],
            cwd=self.folder,
            env={**os.environ, "FACETRACK_HOME": str(self.home), **self.extra},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=self._limited if self.limit is not None else None,
        )

    def _limited(self) -> None:
        assert self.limit is not None
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.limit, self.limit))

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end; 124 where it hangs."""
        return ended(self.start(*arguments))

    def kill(self, after: float, *arguments: str) -> None:
        """Start a command and kill it, alone and without warning, after some seconds."""
        process = self.start(*arguments)
        try:
            # Reads on meanwhile: nobody would empty its pipes else.
            process.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
        deadline = time.monotonic() + _WORKERS_END_SECONDS
        while _group_lives(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)


def ended(process: "subprocess.Popen[str]") -> "subprocess.CompletedProcess[str]":
    """What came of a command that was started; 124 where it hangs."""
    try:
        out, err = process.communicate(timeout=_A_RUN_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return subprocess.CompletedProcess(process.args, 124, "", "it hung")
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def photos(folder: Path, home: Path, n: int = 24) -> Path:
    """Some of the drawn portraits in a flat folder."""
    root = folder / "photos"
    root.mkdir(parents=True)
    with patch.dict(os.environ, FACETRACK_HOME=str(home)):
        pictures = Portraits().load().pictures[:n]
    for picture in pictures:
        shutil.copy(picture.path, root)
    return root


def timed(work: Callable[[], object]) -> float:
    """The seconds it takes."""
    start = time.monotonic()
    work()
    return time.monotonic() - start


def tree(folder: Path) -> dict[str, str]:
    """Content of the photos in a folder by path."""
    return {
        str(path.relative_to(folder)): sha256(path).hex()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".facetrack" not in path.parts and path.suffix == ".png"
    }


def results(folder: Path) -> list[dict[str, str]]:
    """The table of the last sweep, without the times."""
    # By when they were written: names have the time of a clock that may have been set back.
    tables = sorted(
        folder.glob("outputs/*/results.csv"), key=lambda table: table.stat().st_mtime_ns
    )
    if not tables:
        return []
    with tables[-1].open(newline="") as file:
        rows = [{key: row[key] for key in row if key != "seconds"} for row in csv.DictReader(file)]
    return sorted(rows, key=lambda row: (row["method"], row["parameters"]))


def asked(database: Path, query: str, values: Sequence[object] = ()) -> list[Any]:
    """What a SQLite file answers; nothing where it, or its tables, have not been made."""
    if not database.exists():
        return []
    with contextlib.closing(sqlite3.connect(database, timeout=60)) as store:
        try:
            return store.execute(query, values).fetchall()
        except sqlite3.OperationalError:  # killed before there were tables
            return []


def runs(folder: Path, kind: str | None, status: str) -> dict[str, dict[str, float]]:
    """Metrics by run of a status in a folder's MLflow store, but for times."""
    store = folder / "mlflow.db"
    found = asked(
        store,
        "SELECT runs.run_uuid FROM runs JOIN tags ON tags.run_uuid = runs.run_uuid "
        "WHERE tags.key = 'kind' AND (? IS NULL OR tags.value = ?) AND runs.status = ?",
        (kind, kind, status),
    )
    metrics = (
        "SELECT key, value FROM latest_metrics WHERE run_uuid = ? AND key NOT LIKE '%seconds%'"
    )
    return {run: dict(asked(store, metrics, (run,))) for (run,) in found}


def trials(folder: Path) -> set[tuple[int, float, float]]:
    """Number, eps and value of a study's finished trials."""
    return set(
        asked(
            folder / "outputs/studies.db",
            "SELECT trials.number, trial_params.param_value, trial_values.value "
            "FROM trials JOIN trial_params USING (trial_id) "
            "JOIN trial_values USING (trial_id) WHERE trials.state = 'COMPLETE'",
        )
    )


def rows(home: Path) -> dict[bytes, bytes]:
    """The embeddings that are stored, by key."""
    return dict(asked(home / "embeddings.sqlite", "SELECT key, payload FROM vectors"))


def portraits_only(home: Path, drawn: Path) -> None:
    """A new home that has nothing but the portraits that another one has drawn."""
    for one in drawn.glob("portraits-*"):
        shutil.copytree(one, home / one.name)


def people(folder: Path, home: Path, n: int = 5) -> Path:
    """The pictures of some of the drawn people, a folder a person."""
    root = folder / "people"
    with patch.dict(os.environ, FACETRACK_HOME=str(home)):
        pictures = Portraits().load().pictures
    for person in sorted({str(picture.person) for picture in pictures})[:n]:
        (root / person).mkdir(parents=True)
        for picture in pictures:
            if picture.person == person:
                shutil.copy(picture.path, root / person)
    return root
