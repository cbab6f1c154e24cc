"""SIGKILL before every single file-system step of a command, and the same command again.

Where kills at random moments find what takes long, this finds what is left between two steps that
follow each other at once.
"""

import atexit
import functools
import multiprocessing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from facetrack.testing.forked import fork
from faults import steps_child
from faults.tally import Tally

_KILLED = -9


@dataclass(frozen=True)
class Done:
    """How a command ended: its exit status, -9 where it was killed; its steps; what it said."""

    status: int
    steps: int
    stdout: str
    stderr: str


class Live:
    """A place for commands, each run in a process forked from one that is ready for it.

    root: the folder that holds the place; steps are counted in it. Its `work` is the working
    directory, its `home` FACETRACK_HOME.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.work, self.home = root / "work", root / "home"

    def run(self, *arguments: str, at: int = 0) -> Done:
        """Run `facetrack ARGUMENTS` to its end, or up to a step before which it is killed."""
        self.work.mkdir(parents=True, exist_ok=True)
        said = [self.root.with_name(f"{self.root.name}.{name}") for name in ("out", "err")]
        request = {
            "arguments": arguments,
            "at": at,
            "cwd": str(self.work),
            "environment": {"FACETRACK_HOME": str(self.home)},
            "root": str(self.root),
            "stdout": str(said[0]),
            "stderr": str(said[1]),
        }
        connection = _ready()
        connection.send(request)
        answer = connection.recv()
        told = [path.read_text(encoding="utf-8", errors="replace") for path in said]
        return Done(answer["status"], answer["steps"], *told)


@functools.cache
def _ready() -> "Connection[object, dict[str, int]]":
    """To the process that commands are forked from; it ends with this one."""
    ours, theirs = multiprocessing.Pipe()
    fork(steps_child.serve, theirs)
    theirs.close()
    atexit.register(ours.close)  # before this process waits for its children
    return ours


def every_step(
    tally: Tally,
    live: Live,
    command: Sequence[str],
    prepare: Callable[[], None],
    check: Callable[[], None],
    most: int,
) -> None:
    """Kill a command before each of its steps and see what comes of it.

    prepare: makes the place as it was before the command. check: what to do and to look at after a
    kill. most: of the steps, spread over all of them; 0 for every one.
    """
    prepare()
    whole = live.run(*command)
    assert whole.status == 0, whole.stderr
    for step in spread(whole.steps, most):
        prepare()
        killed = live.run(*command, at=step)
        # Threads need not take as many steps each time.
        assert killed.status in (0, _KILLED), killed.stderr
        check()
        tally.rounds += 1


def spread(steps: int, most: int) -> list[int]:
    """Which of the steps 1 to `steps` to take where `most` are wanted, 0 for all of them."""
    if not most or most >= steps:
        return list(range(1, steps + 1))
    return sorted({1 + round(place * (steps - 1) / max(1, most - 1)) for place in range(most)})
