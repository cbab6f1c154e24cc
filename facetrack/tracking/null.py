"""tracking=none: a job alone, whose results are on the screen or in a folder of the user's."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

from facetrack.core.artifacts import Artifact
from facetrack.core.errors import UserError
from facetrack.tracking.address import NOWHERE
from facetrack.tracking.protocols import Run
from facetrack.tracking.records import JobRecord, RunRecord, SweepRecord


class NullRun:
    """A run that is kept nowhere."""

    run_id = ""

    def params(
        self, values: Mapping[str, object], tags: Mapping[str, object] | None = None
    ) -> None:
        """Forget them."""

    def tags(self, values: Mapping[str, object]) -> None:
        """Forget them."""

    def tags_later(self, values: Mapping[str, object]) -> None:
        """Forget them."""

    def metrics(
        self, values: Mapping[str, float], series: Mapping[str, Sequence[float]] | None = None
    ) -> None:
        """Forget them."""

    def dataset(self, name: str, digest: str, profile: str) -> None:
        """Forget it."""

    def artifacts(
        self, files: Sequence[Artifact], tags: Mapping[str, object] | None = None
    ) -> None:
        """Forget them."""

    def expect(self, names: Sequence[str]) -> None:
        """There is nothing to mark."""

    def end(self, status: str) -> None:
        """There is nothing to close."""


class NullStore:
    """No store: nothing that is logged goes anywhere, and nothing is known of before."""

    uri = NOWHERE

    @contextlib.contextmanager
    def run(
        self, name: str, tags: Mapping[str, object], run_id: str | None = None
    ) -> Iterator[Run]:
        """A run that is kept nowhere."""
        del name, tags, run_id
        yield NullRun()

    def measuring(self, run: Run) -> AbstractContextManager[None]:
        """Nothing is kept."""
        del run
        return contextlib.nullcontext()

    def working(self, then: str) -> AbstractContextManager[None]:
        """Nothing can stop working."""
        del then
        return contextlib.nullcontext()

    def give_up(self, run: Run, error: BaseException | None = None) -> None:
        """There is nothing to close."""

    def open_line(self) -> str:
        """There is nothing to look at."""
        return "kept nowhere (tracking=none)"

    def where_line(self) -> str:
        """That nothing was kept."""
        return "Nothing of it was kept (tracking=none)"

    def has_run(self, run_id: str) -> bool:
        """No run is here."""
        del run_id
        return False

    def kill(self, run_id: str) -> None:
        """No run is here."""

    def kept(self, run_id: str) -> JobRecord | None:
        """No run is here."""
        del run_id
        return None

    def find(self, name: str) -> RunRecord | None:
        """No run is here."""
        del name
        return None

    def again(self, reproduces: str) -> JobRecord | None:
        """No run is here."""
        del reproduces
        return None

    def history(self, run_id: str, key: str) -> list[float]:
        """No values."""
        del run_id, key
        return []

    def artifact(self, run_id: str, name: str) -> bytes:
        """Raises UserError: there is none."""
        del run_id
        raise UserError(f"its run has no {name} (tracking=none)")

    def start_sweep(
        self, sweep_id: str, overrides: Sequence[str], hydra_overrides: Sequence[str]
    ) -> Run:
        """A parent run that is kept nowhere."""
        del sweep_id, overrides, hydra_overrides
        return NullRun()

    def sweep(self, sweep_id: str) -> Run | None:
        """No sweep is here."""
        del sweep_id
        return None

    def close_left(self, sweep_id: str, status: str) -> None:
        """There is nothing to close."""

    def last_begun(self, sweep_id: str) -> int:
        """No job has begun."""
        del sweep_id
        return -1

    def resumable(self, sweep_id: str | None) -> SweepRecord:
        """Raises UserError: there is none."""
        what = "no unfinished sweep" if sweep_id is None else f"no sweep {sweep_id}"
        raise UserError(
            f"there is {what} with tracking=none: resume with the tracking.uri=… that the sweep "
            "was started with"
        )

    def finished(self, sweep_id: str, tags: Mapping[str, object]) -> bool:
        """No job is here."""
        del sweep_id, tags
        return False

    def jobs(self, sweep_id: str) -> list[JobRecord]:
        """No job is here."""
        del sweep_id
        return []
