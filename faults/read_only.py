"""A FACETRACK_HOME, or a working directory, that cannot be written to."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

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
    made = tasks(folder, home)
    whole: dict[str, Site] = {}

    def alone(task: Task) -> Site:
        if task.name not in whole:
            whole[task.name] = Site(folder / f"{task.name}-alone")
            task.run(whole[task.name])
        return whole[task.name]

    cases = [(task, kind) for kind in (*_HOMES, "working directory") for task in made]
    for number, (task, kind) in enumerate(cases[:rounds]):
        place = folder / f"{number}"
        filled = alone(task).home if kind == _HOMES[2] else None
        with _closed(place / "disk", filled) as disk:
            where = disk / "new" / "home" if kind == _HOMES[0] else disk
            site = Site(place, {"work" if kind == "working directory" else "home": where})
            before = sorted(disk.rglob("*"))
            done = task.run(site)
            case = f"{task.name}, {kind}"
            what = f"{case}: exit {done.returncode}: {done.stderr or done.stdout}"
            if done.returncode:
                tally.expect(told_clearly(done, task.name == "sweep"), "not told clearly", what)
                tally.told[case] = done.stderr.strip().replace(str(place), "…")
            else:
                right = task.left(site) == task.left(alone(task))
                tally.expect(right, "success without all", what)
                tally.told[case] = "it works without"
            tally.expect(sorted(disk.rglob("*")) == before, "written to", case)
        tally.rounds += 1
    return tally


@contextlib.contextmanager
def _closed(folder: Path, content: Path | None) -> Iterator[Path]:
    """A file system that can only be read, with a folder's content."""
    with mounted(folder, "size=64m") as disk:
        if content is not None:
            shutil.copytree(content, disk, dirs_exist_ok=True)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True, capture_output=True)
        yield disk
