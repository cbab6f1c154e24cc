"""The sweep that a command runs, as the command line, the sweeper and the launchers know it.

Light to import: each process that runs jobs has it, and no sweep is open there.
"""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Protocol

from facetrack.system.progress import say


class Session(Protocol):
    """What can be said to a sweep and asked of it, from its first job to its summary."""

    @property
    def resume_command(self) -> str:
        """The command that goes on with it; empty where no sweep is open."""

    def announce(
        self, jobs: Sequence[Sequence[str]], left_out: Mapping[str, Sequence[str]]
    ) -> None:
        """Say what is going to run.

        jobs: each job's overrides. left_out: by setting, the choices that do not have it.
        """

    def job_ended(self, told: str | None = None) -> None:
        """Move the bar on. told: what the job printed in another process, which is said."""

    def take_return(self, returned: object) -> None:
        """Take what a job returned, which counts where it is a Failure."""

    def last_begun(self) -> int:
        """The number of the last job that has begun; -1 for none."""

    def end_lost_runs(self) -> None:
        """End the runs of jobs whose process is gone, as FAILED; called when no job runs."""

    def close(self, status: str) -> int:
        """Sum the jobs up and end the sweep; does nothing the second time.

        status: FINISHED where all jobs were launched, else FAILED or KILLED. Returns the exit
        status: 0 when every job finished, 2 when only users' mistakes kept some from it, else 1.
        """


class NoSession:
    """No sweep is open: a job alone, or a launcher's worker."""

    resume_command = ""

    def announce(
        self, jobs: Sequence[Sequence[str]], left_out: Mapping[str, Sequence[str]]
    ) -> None:
        """There is nobody to tell."""

    def job_ended(self, told: str | None = None) -> None:
        """Say what the job printed; there is no bar."""
        if told is not None:
            say(told)

    def take_return(self, returned: object) -> None:
        """Nothing is counted."""

    def last_begun(self) -> int:
        """None has."""
        return -1

    def end_lost_runs(self) -> None:
        """There are none."""

    def close(self, status: str) -> int:
        """There is nothing to close."""
        del status
        return 0


# A context's own, so that commands that run in one process have nothing of each other.
_current: ContextVar[Session] = ContextVar("session", default=NoSession())  # noqa: B039 - no state


def current() -> Session:
    """The sweep that this command runs, or what stands for none."""
    return _current.get()


def begin(session: Session) -> None:
    """Let a sweep be the one that this command runs."""
    _current.set(session)
