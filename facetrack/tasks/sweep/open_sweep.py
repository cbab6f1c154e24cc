"""A sweep from its parent run to its summary."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facetrack.core.artifacts import mark_nobody
from facetrack.core.texts import write_count
from facetrack.system import json_lines
from facetrack.system.masking import mask_place
from facetrack.system.progress import bar, say
from facetrack.tasks.sweep.failure import Failure
from facetrack.tasks.sweep.sweep_lock import take_lock
from facetrack.tracking import keys

if TYPE_CHECKING:
    from filelock import FileLock

    from facetrack.tracking.protocols import Run, Tracking
    from facetrack.tracking.records import JobRecord


@dataclass(frozen=True)
class EndedSweep:
    """A sweep that is to be summed up.

    swept: the keys of the settings that take several values. run: the parent. stopped: whether
    somebody has stopped it, who waits for it to end.
    """

    jobs: Sequence["JobRecord"]
    swept: list[str]
    folder: Path
    run: "Run"
    tracking: "Tracking"
    stopped: bool


@dataclass(frozen=True)
class Command:
    """How a sweep was started, as its parent run keeps it: its overrides, and those of Hydra.

    reproduces: what it runs again (see keys.REPRODUCES), None where it is new.
    """

    overrides: Sequence[str]
    of_hydra: Sequence[str]
    reproduces: str | None = None


class OpenSession:
    """The sweep that this process has started, or taken up again (see `session.Session`).

    run: its parent run. lock: held until it is closed. summarise: called with what has come of it,
    where any job has begun.
    """

    def __init__(
        self,
        sweep_id: str,
        folder: Path,
        tracking: "Tracking",
        run: "Run",
        lock: "FileLock",
        summarise: Callable[[EndedSweep], None],
    ) -> None:
        self._id, self._folder = sweep_id, folder
        self._tracking, self._run, self._lock = tracking, run, lock
        self._summarise = summarise
        self._resume = f"python -m facetrack resume={sweep_id}"
        self._started = time.monotonic()
        self._total = 0
        self._swept: list[str] = []
        self._bar: Any = None
        self._failures: list[Failure] = []
        self._closed = False

    @property
    def resume_command(self) -> str:
        """The command that goes on with it; empty once it is closed."""
        return "" if self._closed else self._resume

    def announce(
        self, jobs: Sequence[Sequence[str]], left_out: Mapping[str, Sequence[str]]
    ) -> None:
        """Say what is going to run, and where its results go."""
        self._total = len(jobs)
        self._swept = _several(jobs)
        jobs_in_all = write_count(len(jobs), "job")
        say(f"{jobs_in_all}; their runs and a summary go to MLflow as sweep {self._id}")
        for setting, choices in left_out.items():
            say(f"  {setting} has no meaning for {', '.join(choices)}, which run without it")
        self._bar = bar(total=len(jobs), description="Jobs", unit="job")

    def job_ended(self, told: str | None = None) -> None:
        """Move the bar on. told: what the job printed in another process, which is said."""
        if told is not None:
            say(told)
        if self._bar is not None:
            self._bar.update()

    def take_return(self, returned: object) -> None:
        """Take what a job returned, which counts where it is a Failure."""
        if isinstance(returned, Failure):
            self._failures.append(returned)

    def last_begun(self) -> int:
        """The number of the last job that has begun; -1 for none."""
        return self._tracking.last_begun(self._id)

    def end_lost_runs(self) -> None:
        """End the runs of jobs whose process is gone, as FAILED; called when no job runs."""
        self._tracking.close_left(self._id, "FAILED")

    def close(self, status: str) -> int:
        """Sum the jobs up in the parent run, in the sweep's folder and on the screen; end it."""
        if self._closed:
            return 0
        self._closed = True
        if self._bar is not None:
            self._bar.close()
        exit_status = self._exit_status() if status == "FINISHED" else 0
        end = "FAILED" if exit_status else status
        try:
            with self._tracking.working(f"`{self._resume}` with the same tracking"):
                # A job's process that was killed could not close its run.
                left = "KILLED" if status == "KILLED" else "FAILED"
                self._tracking.close_left(self._id, left)
                jobs = self._tracking.jobs(self._id)
                finished = sum(job.status == "FINISHED" for job in jobs)
                if status == "FINISHED":
                    # A job that was done before, or is the same as another one, counts as finished.
                    finished = self._total - len(self._failures)
                if jobs:
                    self._summarise(self._sum_up(jobs, stopped=status == "KILLED"))
                self._run.end(end)
        except BaseException:
            self._tracking.give_up(self._run)
            raise
        finally:
            self._lock.release()
        self._tell(end, finished, any_began=bool(jobs))
        return exit_status

    def _exit_status(self) -> int:
        if not self._failures:
            return 0
        return 2 if all(one.mistake for one in self._failures) else 1

    def _sum_up(self, jobs: Sequence["JobRecord"], *, stopped: bool) -> EndedSweep:
        return EndedSweep(jobs, self._swept, self._folder, self._run, self._tracking, stopped)

    def _tell(self, status: str, finished: int, *, any_began: bool) -> None:
        seconds = time.monotonic() - self._started
        json_lines.tell(
            "sweep",
            status=status,
            sweep=self._id,
            run=self._run.run_id,
            finished=finished,
            jobs=self._total,
            folder=self._folder,
        )
        say(f"{finished} of {self._total} jobs finished in {seconds:.0f} s")
        if any_began and status == "FAILED":  # who stops a sweep is told so at the end
            say(f"To run the others: {self._resume}")


def open_session(
    sweep_id: str,
    folder: Path,
    tracking: Callable[[], "Tracking"],
    command: Command,
    summarise: Callable[[EndedSweep], None],
) -> OpenSession:
    """A sweep with its parent run, which is created, or taken up again.

    folder: for its summary. tracking: opens the store, once the sweep is known not to run already.
    summarise: called with what has come of it, where any job has begun.
    Raises UserError where the sweep runs in another process, and where the store does not work.
    """
    lock = take_lock(sweep_id)
    from facetrack.tasks.context import capsule  # workers import this module

    store = tracking()
    with store.working("run again"):
        run = store.sweep(sweep_id)
        if run is None:
            run = store.start_sweep(sweep_id, list(command.overrides), list(command.of_hydra))
            own = [mask_place(one) for one in (*command.of_hydra, *command.overrides)]
            tags = {keys.REPRODUCES: command.reproduces} if command.reproduces else {}
            run.artifacts(mark_nobody(capsule.make_files(own, {})), tags)
    return OpenSession(sweep_id, folder, store, run, lock, summarise)


def _several(jobs: Sequence[Sequence[str]]) -> list[str]:
    """The keys that have more than one value among the overrides of jobs."""
    values: dict[str, set[str]] = {}
    for job in jobs:
        for key, _, value in (one.lstrip("+").partition("=") for one in job):
            values.setdefault(key, set()).add(value)
    return [key for key, taken in values.items() if len(taken) > 1]
