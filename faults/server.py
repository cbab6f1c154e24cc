"""MLflow's server is stopped in the middle of a sweep: for 20 seconds, or for good."""

import os
import random
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from facetrack.testing import Outcome, Workspace, ended, people, results, scores
from faults.place import timed
from faults.tally import Tally

KINDS = ("failed", "not told clearly", "lost", "wrong", "left RUNNING")
_AWAY_SECONDS = 20
# So often a request is tried again before the sweep gives up: after 2 and 4 seconds more.
_IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}
# No statistics; no processes for jobs of MLflow's own, which are slow to start and idle here.
_QUIET = {"DO_NOT_TRACK": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


class Server:
    """`mlflow server` as the README has it, on a port of its own."""

    def __init__(self, store: str, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self._port}"
        self._store, self._folder = store, folder
        folder.mkdir(exist_ok=True)
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [
            *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"),
            *("--port", str(self._port), "--workers", "1", "--backend-store-uri", self._store),
            *("--artifacts-destination", str(self._folder / "artifacts")),
        ]
        with (self._folder / "log").open("a") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self._folder,
                env={**os.environ, **_QUIET},
                stdout=log,
                stderr=log,
            )
        until(self._answers)

    def stop(self) -> None:
        """Stop it; nothing happens where it has been stopped."""
        self._process.terminate()
        self._process.wait(timeout=300)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def until(condition: Callable[[], bool]) -> None:
    """Wait for something; ten minutes are enough for all there is, on a busy machine too."""
    deadline = time.monotonic() + 600
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def server_stopped(folder: Path, home: Path, rounds: int, seed: int) -> Tally:
    """In every other round it is back after 20 seconds, else once the sweep has given up."""
    tally, rng = Tally("MLflow's server stopped in a sweep"), random.Random(seed)
    arguments = (
        *("-m", "dataset=folder", f"dataset.root={people(folder, home)}"),
        *("clusterer=dbscan,meanshift", "clusterer.eps=0.2,0.3", "n_resamples=3"),
    )
    alone = Workspace(folder / "alone", home)
    alone.run(*arguments)  # embeds
    seconds = timed(lambda: alone.command(*arguments))
    expected = results(alone.folder)

    for number in range(rounds):
        gives_up = number % 2 == 1
        place = Workspace(folder / f"{number}", home, _IMPATIENT if gives_up else None)
        store = folder / f"{number} server"
        server = Server(f"sqlite:///{store / 'mlflow.db'}", store)
        tracking = ("tracking=server", f"tracking.uri={server.uri}")
        try:
            sweep = place.start(*arguments, *tracking)
            time.sleep(rng.uniform(0.5, seconds))
            server.stop()
            before = scores(store, "job", "FINISHED")
            if gives_up:
                done = ended(sweep)
                _told(tally, done)
                server.start()
                if done.returncode:  # else it had ended before the server did
                    # It says how to go on where its parent run had begun.
                    again = ("resume=last",) if "resume=" in done.stderr else arguments
                    done = place.command(*again, *tracking)
            else:
                time.sleep(_AWAY_SECONDS)
                server.start()
                done = ended(sweep)
        finally:
            server.stop()
        right = not done.returncode and "Traceback" not in done.stderr
        tally.expect(right, "failed", f"exit {done.returncode}: {done.stderr}")
        after = scores(store, "job", "FINISHED")
        lost = [run for run, metrics in before.items() if after.get(run) != metrics]
        tally.expect(not lost, "lost", f"{lost}")
        same = results(place.folder) == expected and len(after) == len(expected)
        tally.expect(same, "wrong", f"{len(after)} jobs: {results(place.folder)}")
        running = scores(store, None, "RUNNING")
        tally.expect(not running, "left RUNNING", f"{sorted(running)}")
        tally.rounds += 1
    return tally


def _told(tally: Tally, done: Outcome) -> None:
    """A sweep that had ended before the server did has nothing to say."""
    clear = done.stderr.strip().splitlines()[-1:] and "Traceback" not in done.stderr
    right = done.returncode == 0 or (done.returncode == 2 and bool(clear))
    tally.expect(right, "not told clearly", f"exit {done.returncode}: {done.stderr}")
