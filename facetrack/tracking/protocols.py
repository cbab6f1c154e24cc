"""What a task needs of where runs are kept: the seam that MLflow and `tracking=none` both fill."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from facetrack.core.artifacts import Artifact
from facetrack.tracking.records import JobRecord, RunRecord, SweepRecord


class Run(Protocol):
    """One run being written."""

    @property
    def run_id(self) -> str:
        """Its id; empty where nothing is kept."""

    def params(
        self, values: Mapping[str, object], tags: Mapping[str, object] | None = None
    ) -> None:
        """Log parameters, each once. tags: to set in the same go."""

    def tags(self, values: Mapping[str, object]) -> None:
        """Set tags."""

    def tags_later(self, values: Mapping[str, object]) -> None:
        """Set tags together with what is logged next, at the latest when the run ends."""

    def metrics(
        self, values: Mapping[str, float], series: Mapping[str, Sequence[float]] | None = None
    ) -> None:
        """Log single metrics, and series whose i-th value becomes step i."""

    def dataset(self, name: str, digest: str, profile: str) -> None:
        """Log the dataset as an input of the run, by name and content digest (no path)."""

    def artifacts(
        self, files: Sequence[Artifact], tags: Mapping[str, object] | None = None
    ) -> None:
        """Log files. tags: to set with the mark of those that show people, before the files."""

    def expect(self, names: Sequence[str]) -> None:
        """Mark files that are to come, and show people, together with what is logged next.

        It saves a question to the store: `artifacts` marks what was not named.
        """

    def end(self, status: str) -> None:
        """Close the run: FINISHED, FAILED or KILLED."""


class Tracking(Protocol):
    """Where runs are kept. What asks or writes raises UserError where the store stops working."""

    @property
    def uri(self) -> str:
        """Of the store, `NOWHERE` for none."""

    def run(
        self, name: str, tags: Mapping[str, object], run_id: str | None = None
    ) -> AbstractContextManager[Run]:
        """A run that ends FINISHED; FAILED with its traceback as artifact; or KILLED.

        A user's mistake leaves none, where nothing else is to come of it.

        run_id: an earlier run to take up again, with the new tags; None for a new run.
        """

    def measuring(self, run: Run) -> AbstractContextManager[None]:
        """Within, the run gets MLflow's system metrics."""

    def working(self, then: str) -> AbstractContextManager[None]:
        """Raises UserError where the store stops working within.

        then: what to do after mending; within another one, what that one says.
        """

    def give_up(self, run: Run, error: BaseException | None = None) -> None:
        """End a run as FAILED, if the store takes it: another error is the one to report.

        error: kept with the run, with its traceback. Called while it is being handled.
        """

    def open_line(self) -> str:
        """What to do to look at the experiment."""

    def where_line(self) -> str:
        """Where a job's results are, for the end of what it prints."""

    def has_run(self, run_id: str) -> bool:
        """Whether a run is here, and not deleted."""

    def kill(self, run_id: str) -> None:
        """Mark a run that its process left running."""

    def kept(self, run_id: str) -> JobRecord | None:
        """A job's or study's run; None where it is not here, or deleted."""

    def find(self, name: str) -> RunRecord | None:
        """A run of any kind by its id, or a sweep's parent run by the sweep's; None for none."""

    def again(self, reproduces: str) -> JobRecord | None:
        """The run with this tag `reproduces`, the last of them; None where there is none."""

    def history(self, run_id: str, key: str) -> list[float]:
        """A metric's values in the order of their steps."""

    def artifact(self, run_id: str, name: str) -> bytes:
        """A file that a run has logged. Raises UserError where there is none."""

    def start_sweep(
        self, sweep_id: str, overrides: Sequence[str], hydra_overrides: Sequence[str]
    ) -> Run:
        """A sweep's new parent run, which keeps what the sweep was started with."""

    def sweep(self, sweep_id: str) -> Run | None:
        """A sweep's parent run, running again; its jobs that never ended are marked KILLED."""

    def close_left(self, sweep_id: str, status: str) -> None:
        """End the runs of a sweep's jobs that their processes left running.

        status: KILLED; or FAILED, where the sweep itself was not stopped: then also for jobs whose
        last run another process has found and closed.
        """

    def last_begun(self, sweep_id: str) -> int:
        """The highest number among a sweep's jobs; -1 where none has begun."""

    def resumable(self, sweep_id: str | None) -> SweepRecord:
        """A sweep to go on with; the last one that is not finished where None is given.

        Its command is never None. Raises UserError where there is none, or it has no command.
        """

    def finished(self, sweep_id: str, tags: Mapping[str, object]) -> bool:
        """Whether a sweep has a finished job of this config. tags: of the job that asks."""

    def jobs(self, sweep_id: str) -> list[JobRecord]:
        """A sweep's jobs, one per config, in the order they were started; studies as StudyRecord.

        Where a job was run again, the run that finished stands for it, else the last one.
        """
