"""SIGKILL at random moments, and the same command again."""

import csv
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from facetrack.dataset import Portraits
from facetrack.files import sha256

# Long enough after a kill for worker processes to see that their parent is gone.
_WORKERS_END_SECONDS = 10
_A_RUN_SECONDS = 300


@dataclass
class Outcome:
    """What came of some kills."""

    what: str
    kills: int = 0
    finished_before_the_kill: int = 0
    lost: int = 0
    wrong: int = 0
    stuck: int = 0
    orphans: int = 0
    notes: list[str] = field(default_factory=list)


class Place:
    """A working directory with photos, and a FACETRACK_HOME."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.home = folder, home
        folder.mkdir(parents=True, exist_ok=True)

    def command(self, *arguments: str) -> list[str]:
        """A facetrack command."""
        return [sys.executable, "-m", "facetrack", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """As it is, with this home."""
        return {**os.environ, "FACETRACK_HOME": str(self.home)}

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end; 124 where it hangs."""
        try:
            return subprocess.run(
                self.command(*arguments),
                cwd=self.folder,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=_A_RUN_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            return subprocess.CompletedProcess(error.cmd, 124, "", "it hung")

    def kill(self, after: float, *arguments: str) -> None:
        """Start a command and kill it, alone and without warning, after some seconds."""
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(timeout=after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        deadline = time.monotonic() + _WORKERS_END_SECONDS
        while _group_lives(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)


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


def embedding(folder: Path, home: Path, kills: int, seed: int) -> Outcome:
    """Embeddings that were stored stay, and the others come to what they would have been."""
    root = photos(folder, home)
    arguments = (
        *("dataset=folder", f"dataset.root={root}", "detector=dlib_hog"),
        *("tracking=none", "n_resamples=1"),
    )

    def rows(home: Path) -> dict[bytes, bytes]:
        path = home / "embeddings.sqlite"
        if not path.exists():
            return {}
        with sqlite3.connect(path) as store:
            try:
                return dict(store.execute("SELECT key, payload FROM vectors"))
            except sqlite3.OperationalError:  # killed before it had a table
                return {}

    whole = Place(folder / "whole", folder / "whole home")
    seconds = _seconds(lambda: whole.run(*arguments))
    expected = rows(whole.home)

    def once(outcome: Outcome, number: int, after: float) -> None:
        place = Place(folder / f"{number}", folder / f"{number} home")
        place.kill(after, *arguments)
        before = rows(place.home)
        outcome.finished_before_the_kill += len(before)
        done = place.run(*arguments)
        found = rows(place.home)
        outcome.lost += sum(found.get(key) != payload for key, payload in before.items())
        _note(outcome, done, found == expected, "its embeddings differ")

    return _campaign("embedding", once, kills, seed, seconds)


def sweep(folder: Path, home: Path, kills: int, seed: int) -> Outcome:
    """Finished jobs stay, `resume=last` runs the others, and nothing is left running."""
    arguments = (
        *("-m", "clusterer=dbscan,meanshift", "clusterer.eps=0.2,0.3", "n_resamples=3"),
        "sampling=bootstrap",
    )
    whole = Place(folder / "whole", home)
    whole.run(*arguments)  # embeds
    shutil.rmtree(whole.folder)
    whole = Place(folder / "whole", home)
    seconds = _seconds(lambda: whole.run(*arguments))
    expected = _results(whole.folder)

    def once(outcome: Outcome, number: int, after: float) -> None:
        place = Place(folder / f"{number}", home)
        place.kill(after, *arguments)
        before = _runs(place.folder, "job", "FINISHED")
        outcome.finished_before_the_kill += len(before)
        parent = _runs(place.folder, "sweep", "RUNNING")
        done = place.run("resume=last") if parent else place.run(*arguments)
        after_ = _runs(place.folder, "job", "FINISHED")
        outcome.lost += sum(after_.get(run) != metrics for run, metrics in before.items())
        outcome.orphans += len(_runs(place.folder, None, "RUNNING"))
        right = _results(place.folder) == expected
        _note(outcome, done, right, "its results differ")

    return _campaign("a sweep", once, kills, seed, seconds)


def study(folder: Path, home: Path, kills: int, seed: int) -> Outcome:
    """Finished trials stay, each with its settings' value, and the study gets its number."""
    n_trials = 6
    arguments = ("task=tune", f"task.n_trials={n_trials}", "n_resamples=6", "task.pruner=none")
    whole = Place(folder / "whole", home)
    whole.run(*arguments)
    shutil.rmtree(whole.folder)
    whole = Place(folder / "whole", home)
    seconds = _seconds(lambda: whole.run(*arguments))
    known = {eps: value for _, eps, value in _trials(whole.folder)}

    def once(outcome: Outcome, number: int, after: float) -> None:
        place = Place(folder / f"{number}", home)
        place.kill(after, *arguments)
        before = _trials(place.folder)
        outcome.finished_before_the_kill += len(before)
        done = place.run(*arguments)
        found = _trials(place.folder)
        outcome.lost += len(before - found)
        outcome.orphans += len(_runs(place.folder, None, "RUNNING"))
        right = len(found) == n_trials and all(
            known.get(eps, value) == value for _, eps, value in found
        )
        _note(outcome, done, right, f"its trials are {sorted(found)}")

    return _campaign("a study", once, kills, seed, seconds)


def organising(folder: Path, home: Path, kills: int, seed: int) -> Outcome:
    """The folder comes to what it would have been; photos stay as they are."""
    root = photos(folder, home)
    originals = _tree(root)

    def arguments(out: Path) -> tuple[str, ...]:
        return ("task=organise", f"dataset.root={root}", f"task.out={out}", "tracking=none")

    whole = Place(folder / "whole", home)
    whole.run(*arguments(folder / "out"))
    shutil.rmtree(folder / "out")
    seconds = _seconds(lambda: whole.run(*arguments(folder / "out")))
    expected = _tree(folder / "out")

    def once(outcome: Outcome, number: int, after: float) -> None:
        place, out = Place(folder / f"{number}", home), folder / f"out {number}"
        place.kill(after, *arguments(out))
        before = _tree(out)
        outcome.finished_before_the_kill += len(before)
        done = place.run(*arguments(out))
        found = _tree(out)
        outcome.lost += sum(found.get(name) != content for name, content in before.items())
        right = found == expected and _tree(root) == originals
        _note(outcome, done, right, "its folder differs")

    return _campaign("organising", once, kills, seed, seconds)


CAMPAIGNS: dict[str, Callable[[Path, Path, int, int], Outcome]] = {
    "embedding": embedding,
    "sweep": sweep,
    "study": study,
    "organising": organising,
}


def _campaign(
    what: str, once: Callable[[Outcome, int, float], None], kills: int, seed: int, seconds: float
) -> Outcome:
    """Kill `kills` runs at moments spread over the time a whole run takes."""
    outcome, rng = Outcome(what), random.Random(seed)
    for number in range(kills):
        once(outcome, number, rng.uniform(0.1, seconds))
        outcome.kills += 1
    return outcome


def _note(
    outcome: Outcome, done: "subprocess.CompletedProcess[str]", right: bool, told: str
) -> None:
    if done.returncode:
        outcome.stuck += 1
        outcome.notes.append(f"run {outcome.kills}: exit {done.returncode}: {done.stderr[-500:]}")
    elif not right:
        outcome.wrong += 1
        outcome.notes.append(f"run {outcome.kills}: {told}")


def _seconds(work: Callable[[], object]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def _tree(folder: Path) -> dict[str, str]:
    """Content of the photos in a folder by path."""
    return {
        str(path.relative_to(folder)): sha256(path).hex()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".facetrack" not in path.parts and path.suffix == ".png"
    }


def _results(folder: Path) -> list[dict[str, str]]:
    """The table of the last sweep, without the times."""
    tables = sorted(folder.glob("outputs/*/results.csv"))
    if not tables:
        return []
    with tables[-1].open(newline="") as file:
        rows = [{key: row[key] for key in row if key != "seconds"} for row in csv.DictReader(file)]
    return sorted(rows, key=lambda row: (row["method"], row["parameters"]))


def _runs(folder: Path, kind: str | None, status: str) -> dict[str, dict[str, float]]:
    """Metrics by run of a status in a folder's MLflow store, but for times."""
    path = folder / "mlflow.db"
    if not path.exists():
        return {}
    with sqlite3.connect(path, timeout=60) as store:
        try:
            found = store.execute(
                "SELECT runs.run_uuid FROM runs JOIN tags ON tags.run_uuid = runs.run_uuid "
                "WHERE tags.key = 'kind' AND (? IS NULL OR tags.value = ?) AND runs.status = ?",
                (kind, kind, status),
            ).fetchall()
            return {
                run: dict(
                    store.execute(
                        "SELECT key, value FROM latest_metrics WHERE run_uuid = ? "
                        "AND key NOT LIKE '%seconds%'",
                        (run,),
                    ).fetchall()
                )
                for (run,) in found
            }
        except sqlite3.OperationalError:  # killed before there were tables
            return {}


def _trials(folder: Path) -> set[tuple[int, float, float]]:
    """Number, eps and value of a study's finished trials."""
    path = folder / "outputs/studies.db"
    if not path.exists():
        return set()
    with sqlite3.connect(path, timeout=60) as store:
        try:
            return set(
                store.execute(
                    "SELECT trials.number, trial_params.param_value, trial_values.value "
                    "FROM trials JOIN trial_params USING (trial_id) "
                    "JOIN trial_values USING (trial_id) WHERE trials.state = 'COMPLETE'"
                )
            )
        except sqlite3.OperationalError:
            return set()
