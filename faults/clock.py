"""The wall clock is set back: while something runs, or before it goes on.

libfaketime stands between the processes and the machine's clock; it reads how far the clock is off
from a file, so that it jumps for all of them at once.
"""

import csv
import functools
import random
import shutil
import threading
from pathlib import Path

from facetrack.testing import asked, scores
from faults.limits import Site, Task, tasks
from faults.place import timed
from faults.tally import Tally

KINDS = ("failed", "wrong", "lost", "left RUNNING", "negative seconds", "another sweep resumed")
_JUMPS = ("-1h", "-1d", "-366d")


class Clock:
    """A clock that can be set back, and the environment of processes that go by it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_text("+0")
        self.environment = {
            "LD_PRELOAD": str(_library()),
            "FAKETIME_TIMESTAMP_FILE": str(path),
            "FAKETIME_NO_CACHE": "1",
            # What is on the disk stays as it is, and so does what no one can set back.
            "NO_FAKE_STAT": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def jump(self, by: str) -> None:
        """Set it, as the machine's with something added."""
        part = self.path.with_suffix(".new")
        part.write_text(by)
        part.replace(self.path)


def clock(folder: Path, home: Path, rounds: int, seed: int) -> Tally:
    """Sweeps, studies and the organiser, the clock set back in the middle or after a kill."""
    tally, rng = Tally("the clock set back"), random.Random(seed)
    if _library() is None:
        tally.skipped = "libfaketime is not installed (Debian: apt install faketime)"
        return tally
    made = [task for task in tasks(folder, home) if task.name != "job"]
    whole: dict[str, tuple[Site, float]] = {}
    for number in range(rounds):
        task, killed = made[number % len(made)], number // len(made) % 2 == 1
        if task.name not in whole:
            alone = Site(folder / f"{task.name}-alone")
            whole[task.name] = alone, timed(functools.partial(task.command, alone))
        alone, seconds = whole[task.name]
        site = Site(folder / f"{number}")
        shutil.copytree(alone.home, site.home)
        set_ = Clock(folder / f"{number}" / "clock")
        site.environment.update(set_.environment)
        jump, after = rng.choice(_JUMPS), rng.uniform(0.5, seconds)
        _once(tally, task, site, set_, jump, after, killed)
        _same(tally, task, site, alone)
        tally.rounds += 1
    return tally


def _once(
    tally: Tally, task: Task, site: Site, set_: Clock, jump: str, after: float, killed: bool
) -> None:
    """Set the clock back while a command runs, or kill it, set the clock back and go on."""
    if killed:
        # Another sweep that was not finished, and of a later time than what is resumed.
        decoy = ("-m", "dataset=folder", "dataset.root=nowhere", "clusterer.eps=0.9")
        if task.name == "sweep":
            site.command(*decoy)
            set_.jump(jump)
        site.kill(after, *task.arguments_in(site))
        before = site.kept()
        finished = scores(site.folder, None, "FINISHED")
        if task.name != "sweep":
            set_.jump(jump)
        resumed = bool(task.name == "sweep" and scores(site.folder, "sweep", "RUNNING"))
        done = site.command("resume=last") if resumed else task.command(site)
        if resumed:
            tally.expect("nowhere" not in done.stderr, "another sweep resumed", done.stderr)
        after_, left = site.kept(), scores(site.folder, None, "FINISHED")
        lost = [name for name, content in before if (name, content) not in after_]
        lost += [run for run in finished if run not in left]
        tally.expect(not lost, "lost", f"{task.name}, {jump}: {lost}")
    else:
        timer = threading.Timer(after, set_.jump, (jump,))
        timer.start()
        done = task.command(site)
        timer.cancel()
    told = f"{task.name}, {jump}: exit {done.returncode}: {done.stderr}"
    tally.expect(not done.returncode and "Traceback" not in done.stderr, "failed", told)


def _same(tally: Tally, task: Task, site: Site, alone: Site) -> None:
    left, expected = task.left(site), task.left(alone)
    differs = [name for name in expected if left[name] != expected[name]]
    tally.expect(not differs, "wrong", f"{task.name}: {differs}: {left}")
    running = scores(site.folder, None, "RUNNING")
    tally.expect(not running, "left RUNNING", f"{task.name}: {sorted(running)}")
    negative = [one for one in _seconds(site) if one < 0]
    tally.expect(not negative, "negative seconds", f"{task.name}: {negative}")


def _seconds(site: Site) -> list[float]:
    """All there is in seconds: in the tables of results, and as metrics."""
    found = []
    for table in site.folder.glob("outputs/*/results.csv"):
        with table.open(newline="") as file:
            found += [float(row["seconds"]) for row in csv.DictReader(file) if row["seconds"]]
    metrics = "SELECT value FROM latest_metrics WHERE key LIKE '%seconds%'"
    return [*found, *(value for (value,) in asked(site.folder / "mlflow.db", metrics))]


def _library() -> Path | None:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    return found[0] if found else None
