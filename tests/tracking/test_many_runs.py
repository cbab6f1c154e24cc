"""What is read of a store does not grow with its sweeps: rows are counted, not seconds."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from facetrack.tracking import keys
from facetrack.tracking.store import MlflowStore


@pytest.fixture
def count_read(
    tracking: MlflowStore, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[], object]], int]:
    """How many runs MLflow's searches give within."""
    client = tracking.experiment.client
    search, read = client.search_runs, list[int]()

    def count(*given: Any, **named: Any) -> Any:
        found = search(*given, **named)
        read.append(len(found))
        return found

    def counted(work: Callable[[], object]) -> int:
        read.clear()
        work()
        return sum(read)

    monkeypatch.setattr(client, "search_runs", count)
    return counted


def _number(tracking: MlflowStore, sweep_id: str) -> int:
    found = tracking.resumable(sweep_id)
    return found.number


def test_a_sweeps_number_is_found_without_reading_all(
    tracking: MlflowStore, count_read: Callable[[Callable[[], object]], int]
) -> None:
    def start(number: int) -> None:
        tracking.start_sweep(f"s{number}", ["seed=1"], []).end("FINISHED")

    read = [count_read(partial(start, number)) for number in range(1, 13)]
    assert [_number(tracking, f"s{number}") for number in range(1, 13)] == list(range(1, 13))
    assert read == [0, *[1] * 11]


def test_a_resumed_sweep_is_found_without_reading_those_that_are_done(
    tracking: MlflowStore, count_read: Callable[[Callable[[], object]], int]
) -> None:
    for number in range(5):
        tracking.start_sweep(f"s{number}", ["seed=1"], []).end("FINISHED")
    tracking.start_sweep("left", ["seed=2"], []).end("KILLED")
    tracking.start_sweep("done", ["seed=3"], []).end("FINISHED")
    assert count_read(lambda: tracking.resumable(None)) == 1
    assert tracking.resumable(None).sweep_id == "left"
    assert count_read(lambda: tracking.resumable("s3")) == 1


def test_the_parent_of_a_sweeps_jobs_is_searched_for_once(
    tracking: MlflowStore, count_read: Callable[[Callable[[], object]], int]
) -> None:
    parent = tracking.start_sweep("s", ["seed=1"], []).run_id
    tags = {keys.KIND: "job", keys.SWEEP: "s"}
    assert count_read(lambda: tracking.start("first", tags)) == 1
    assert count_read(lambda: tracking.start("second", tags)) == 0
    client = MlflowStore(None, "faces").experiment.client
    jobs = client.search_runs([tracking.experiment.id], f"tags.{keys.KIND} = 'job'")
    assert [job.data.tags[keys.PARENT] for job in jobs] == [parent, parent]
    # A parent that was deleted meanwhile is nobody's.
    client.delete_run(parent)
    third = tracking.start("third", tags)
    assert keys.PARENT not in client.get_run(third.run_id).data.tags


def test_what_has_finished_of_a_sweep_that_this_process_began_is_known(
    tracking: MlflowStore, count_read: Callable[[Callable[[], object]], int]
) -> None:
    tracking.start_sweep("s", ["seed=1,2,3"], [])
    job = {keys.KIND: "job", keys.SWEEP: "s", keys.FINGERPRINT: "1"}
    others = [
        job | {keys.FINGERPRINT: "2"},
        job | {keys.FINGERPRINT: "3"},
        job | {keys.SOURCES[0]: "elsewhere"},
        job | {keys.SWEEP: "t"},
    ]
    with tracking.run("first", job):
        pass
    with pytest.raises(OSError, match="full"), tracking.run("second", others[0]):
        raise OSError("full")
    for asked in (0, 1):  # as begun, and as taken up again
        assert count_read(lambda: tracking.finished("s", job)) == asked
        assert tracking.finished("s", job)
        assert not any(tracking.finished(str(one[keys.SWEEP]), one) for one in others)
        tracking.sweep("s")
