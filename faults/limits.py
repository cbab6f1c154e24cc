"""No room: files that must not grow beyond a limit, and a file system that is full.

Each command is run where there is not enough room, and run again once there is.
"""

import contextlib
import os
import random
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facetrack.testing import (
    Outcome,
    Workspace,
    people,
    photos,
    results,
    rows,
    scores,
    trials,
)
from faults.place import tree
from faults.tally import Tally

KINDS = ("not told clearly", "success without all", "would not go on", "wrong", "lost", "left over")
_SMALLEST, _LARGEST = 1_000, 6_000_000  # bytes; the largest file, a page, has 4.8 MB
_DISK_MB = 64
_PLACES = ("work", "home", "out", "temporary")


class Site(Workspace):
    """A place with a folder to organise into, and one for temporary files.

    elsewhere: where to put some of its folders, by what they are for.
    """

    def __init__(self, folder: Path, elsewhere: dict[str, Path] | None = None) -> None:
        where = {name: folder / name for name in _PLACES} | (elsewhere or {})
        where["temporary"].mkdir(parents=True)
        super().__init__(where["work"], where["home"], {"TMPDIR": str(where["temporary"])})
        self.where = where

    @property
    def out(self) -> Path:
        """The folder that is organised into."""
        return self.where["out"]

    def kept(self) -> list[tuple[bytes | str, bytes | str]]:
        """What must not be lost: embeddings and photos."""
        return [*rows(self.home).items(), *tree(self.out).items()]

    def left_over(self) -> list[str]:
        """Files that are not finished, and never will be."""
        found = list(self.where["temporary"].iterdir())
        for name in _PLACES:
            for path in self.where[name].rglob("*"):
                unfinished = path.suffix in (".part", ".tmp") or path.parent.name == "unfinished"
                if unfinished:
                    found.append(path)
        return sorted(str(path.name) for path in found)


@dataclass
class Task:
    """A command, and what it leaves apart from times. OUT stands for the site's folder."""

    name: str
    arguments: tuple[str, ...]
    left: Callable[[Site], dict[str, Any]]

    def run(self, site: Site) -> Outcome:
        """Run it in a site, in this process."""
        return site.run(*self.arguments_in(site))

    def command(self, site: Site) -> Outcome:
        """Run it in a site by a process of its own."""
        return site.command(*self.arguments_in(site))

    def arguments_in(self, site: Site) -> tuple[str, ...]:
        """The arguments in a site."""
        return tuple(one.replace("OUT", str(site.out)) for one in self.arguments)


def tasks(folder: Path, home: Path) -> list[Task]:
    """The organiser, a job, a sweep and a study, all on few pictures."""
    pictures = ("dataset=folder", f"dataset.root={people(folder, home)}")
    root = photos(folder, home, 6)

    def of_kind(kind: str, site: Site) -> list[Any]:
        # Each once: where only its status could not be written, the same one is run again.
        found = scores(site.folder, kind, "FINISHED").values()
        return sorted({tuple(sorted(metrics.items())) for metrics in found})

    return [
        Task(
            "organise",
            (
                "task=organise",
                f"dataset.root={root}",
                "task.out=OUT",
                "detector=dlib_hog",
                "embedder=dlib",
                "tracking=none",
            ),
            lambda site: {
                "photos": tree(site.out),
                "originals": tree(root),
                "rows": rows(site.home),
            },
        ),
        Task(
            "job",
            (*pictures, "n_resamples=2"),
            lambda site: {"jobs": of_kind("job", site), "rows": rows(site.home)},
        ),
        Task(
            "sweep",
            ("-m", *pictures, "clusterer=dbscan", "clusterer.eps=0.2,0.3", "n_resamples=2"),
            lambda site: {"jobs": of_kind("job", site), "table": results(site.folder)},
        ),
        Task(
            "study",
            (*pictures, "task=tune", "task.n_trials=3", "n_resamples=6", "task.pruner=none"),
            lambda site: {
                "studies": of_kind("study", site),
                "values": sorted((eps, value) for _, eps, value in trials(site.folder)),
            },
        ),
    ]


def file_sizes(folder: Path, home: Path, rounds: int, seed: int) -> Tally:
    """Files end at a size drawn anew for each round."""

    @contextlib.contextmanager
    def limited(place: Path, rng: random.Random) -> Iterator[tuple[Site, Callable[[], None]]]:
        site = Site(place)
        site.limit = _room(rng)

        def free() -> None:
            site.limit = None

        yield site, free

    return _campaign("a limit to the size of files", limited, folder, home, rounds, seed)


def full_disks(folder: Path, home: Path, rounds: int, seed: int) -> Tally:
    """A small file system with little room has one of the folders, or all of them."""

    @contextlib.contextmanager
    def full(place: Path, rng: random.Random) -> Iterator[tuple[Site, Callable[[], None]]]:
        with mounted(place / "disk", f"size={_DISK_MB}m") as disk:
            there = rng.choice((*((name,) for name in _PLACES), _PLACES))
            site = Site(place, {name: disk / name for name in there})
            filler = disk / "filler"
            with filler.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, (_DISK_MB << 20) - _room(rng))
            yield site, filler.unlink

    if not may_mount(folder):
        return Tally("a full disk", skipped="only root may mount a small file system")
    return _campaign("a full disk", full, folder, home, rounds, seed)


Hampered = Callable[
    [Path, random.Random], contextlib.AbstractContextManager[tuple[Site, Callable[[], None]]]
]


def _campaign(
    what: str, hampered: Hampered, folder: Path, home: Path, rounds: int, seed: int
) -> Tally:
    tally, rng = Tally(what), random.Random(seed)
    made = tasks(folder, home)
    expected: dict[str, dict[str, Any]] = {}
    for number in range(rounds):
        task = made[number % len(made)]
        if task.name not in expected:
            alone = Site(folder / f"{task.name}-alone")
            task.run(alone)
            expected[task.name] = task.left(alone)
        with hampered(folder / f"{number}", rng) as (site, free):
            _once(tally, task, site, free, expected[task.name])
        tally.rounds += 1
    return tally


def _once(
    tally: Tally, task: Task, site: Site, free: Callable[[], None], expected: dict[str, Any]
) -> None:
    done = task.run(site)
    told = f"{task.name}: exit {done.returncode}: {done.stderr or done.stdout}"
    if done.returncode:
        tally.expect(told_clearly(done, task.name == "sweep"), "not told clearly", told)
    else:
        tally.expect(task.left(site) == expected, "success without all", told)
    before = site.kept()
    free()
    again = task.run(site)
    told = f"{task.name}: exit {again.returncode}: {again.stderr}"
    tally.expect(not again.returncode, "would not go on", told)
    left, after = task.left(site), site.kept()
    if not again.returncode:
        differs = [name for name in expected if left[name] != expected[name]]
        tally.expect(not differs, "wrong", f"{task.name}: {differs} after {done.stderr}")
    lost = [name for name, content in before if (name, content) not in after]
    tally.expect(not lost, "lost", f"{task.name}: {lost}")
    over = site.left_over()
    tally.expect(not over, "left over", f"{task.name}: {over} after {done.stderr}")


def told_clearly(done: Outcome, a_sweep: bool) -> bool:
    """Whether a command that could not do its work said why: in a line, or in a sweep's several."""
    # A bar, which appears where the machine is slow, goes to the start of its line.
    lines = [one for one in done.stderr.split("\n") if one and not one.startswith("\r")]
    if not a_sweep:
        return done.returncode == 2 and len(lines) == 1 and lines[0].startswith("facetrack: ")
    # A sweep tells of its jobs on standard output, each with the reason, and goes on.
    said = [one for one in lines if one.startswith("facetrack: ")]
    said += [one for one in done.stdout.splitlines() if one.startswith("  FAILED: ")]
    return done.returncode in (1, 2) and bool(said) and "Traceback" not in done.stderr


def _room(rng: random.Random) -> int:
    """Bytes, as often few as many."""
    return int(_SMALLEST * (_LARGEST / _SMALLEST) ** rng.random())


def may_mount(folder: Path) -> bool:
    """Whether this process may mount a file system."""
    try:
        with mounted(folder / "mount", "size=1m"):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """A folder that is a file system of its own in memory, until this is left."""
    folder.mkdir(parents=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"mode=700,{options}", "tmpfs", folder],
        check=True,
        capture_output=True,
    )
    try:
        yield folder
    finally:
        # Lazily: where commands run in this process, a socket of its workers may lie there.
        subprocess.run(["umount", "--lazy", folder], check=True, capture_output=True)
