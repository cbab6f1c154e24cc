"""A FACETRACK_HOME, or a working directory, that cannot be written to."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from faults.limits import Site, Task, may_mount, mounted, tasks, told_clearly
from faults.tally import Tally

KINDS = ("not told clearly", "success without all", "written to")
_HOMES = ("that cannot be made", "empty", "filled by an earlier run")


def read_only(folder: Path, home: Path, rounds: int, seed: int) -> Tally:
    """Each command on each kind of home: refused in a line, and run once the home is another.

    There is nothing random about it: `rounds` is the most there are.
    """
    del seed
    tally = Tally("a read-only FACETRACK_HOME or working directory")
    if not may_mount(folder):
        tally.skipped = "only root may mount a file system to read from"
        return tally
    expected: dict[str, dict[str, Any]] = {}
    made = tasks(folder, home)
    for task in made:
        alone = Site(folder / f"{task.name}-alone")
        task.run(alone)
        expected[task.name] = task.left(alone)
    cases = [(task, kind) for kind in (*_HOMES, "working directory") for task in made]
    for number, (task, kind) in enumerate(cases[:rounds]):
        place = folder / f"{number}"
        filled = folder / f"{task.name}-alone" / "home"
        with _closed(place / "disk", filled if kind == _HOMES[2] else None) as disk:
            where = disk / "new" / "home" if kind == _HOMES[0] else disk
            site = Site(place, {"work" if kind == "working directory" else "home": where})
            before = sorted(disk.rglob("*"))
            done = task.run(site)
            _judged(tally, task, kind, site, done, expected[task.name])
            tally.expect(sorted(disk.rglob("*")) == before, "written to", f"{task.name}, {kind}")
        tally.rounds += 1
    return tally


def _judged(
    tally: Tally,
    task: Task,
    kind: str,
    site: Site,
    done: "subprocess.CompletedProcess[str]",
    expected: dict[str, Any],
) -> None:
    """Whether it was told in a line, or went all the way without writing."""
    last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
    what = f"{task.name}, {kind}: exit {done.returncode}: {done.stderr or done.stdout}"
    if done.returncode:
        tally.expect(told_clearly(done, task.name == "sweep"), "not told clearly", what)
        tally.told[f"{task.name}, {kind}"] = last[0] if last else "nothing"
    else:
        tally.expect(task.left(site) == expected, "success without all", what)
        tally.told[f"{task.name}, {kind}"] = "it works without"


@contextlib.contextmanager
def _closed(folder: Path, content: Path | None) -> Iterator[Path]:
    """A file system that can only be read, with a folder's content."""
    with mounted(folder, "size=64m") as disk:
        if content is not None:
            shutil.copytree(content, disk, dirs_exist_ok=True)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True, capture_output=True)
        yield disk
