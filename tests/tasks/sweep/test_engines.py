"""A piece of work whose worker is lost is run once more, and nothing is left running."""

from collections.abc import Callable, Sequence

import pytest

from facetrack.tasks.sweep import engines

submitit = pytest.importorskip("submitit")


class Job:
    """A job of Slurm's that is done, lost, or failed by a defect."""

    def __init__(self, result: object) -> None:
        self._result = result
        self.cancelled = False

    def done(self) -> bool:
        return True

    def result(self) -> object:
        if isinstance(self._result, Exception):
            raise self._result
        return self._result

    def cancel(self) -> None:
        self.cancelled = True


class Executor:
    """Gives a piece's results, one per time that it is run."""

    def __init__(self, results: dict[str, list[object]]) -> None:
        self._results = results
        self.jobs: list[Job] = []

    def submit(self, work: Callable[[str], object], piece: str) -> Job:
        del work
        self.jobs.append(Job(self._results[piece].pop(0)))
        return self.jobs[-1]

    def map_array(self, work: Callable[[str], object], pieces: Sequence[str]) -> list[Job]:
        return [self.submit(work, piece) for piece in pieces]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_LOOK_EVERY_SECONDS", 0.0)


def test_a_lost_piece_is_run_once_more() -> None:
    lost = submitit.core.utils.UncompletedJobError("gone")
    executor = Executor({"a": ["A"], "b": [lost, "B"], "c": [lost, lost]})
    ended = list(engines.run_on_slurm(str, ["a", "b", "c"], executor))
    assert ended == [("a", "A"), ("b", "B"), ("c", None)]
    assert len(executor.jobs) == 5


def test_a_defect_is_raised_and_the_others_are_cancelled() -> None:
    defect = submitit.core.utils.FailedJobError("1/0")
    executor = Executor({"a": [defect], "b": [2]})
    with pytest.raises(submitit.core.utils.FailedJobError):
        list(engines.run_on_slurm(str, ["a", "b"], executor))
    assert [job.cancelled for job in executor.jobs] == [False, True]


def test_who_asks_for_no_more_results_leaves_nothing_running() -> None:
    executor = Executor({"a": ["A"], "b": ["B"]})
    results = engines.run_on_slurm(str, ["a", "b"], executor)
    assert next(results) == ("a", "A")
    results.close()
    assert executor.jobs[1].cancelled
