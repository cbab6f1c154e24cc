"""A sweep from its announcement to its exit status."""

import contextvars
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from facetrack.core.errors import UserError
from facetrack.tasks.sweep import session
from facetrack.tasks.sweep.failure import Failure
from facetrack.tasks.sweep.open_sweep import Command, EndedSweep, OpenSession, open_session
from facetrack.tracking.store import MlflowStore

JOBS = [["clusterer=dbscan", "clusterer.eps=0.1"], ["clusterer=dbscan", "clusterer.eps=0.2"]]
MISTAKE, DEFECT = Failure("eps=0.1: no such folder", mistake=True), Failure("eps=0.2: 1/0")


@pytest.fixture
def store(home: Path, tmp_path: Path, new_mlflow: Path) -> MlflowStore:
    del home
    (tmp_path / "mlflow.db").write_bytes(new_mlflow.read_bytes())
    return MlflowStore(f"sqlite:///{tmp_path}/mlflow.db", "facetrack")


@pytest.fixture
def summed_up() -> list[EndedSweep]:
    return []


@pytest.fixture
def sweep(store: MlflowStore, tmp_path: Path, summed_up: list[EndedSweep]) -> OpenSession:
    return _open(store, tmp_path, summed_up.append)


def _open(store: MlflowStore, folder: Path, summarise: Callable[[EndedSweep], None]) -> OpenSession:
    return open_session("s1", folder, lambda: store, Command(["a=1,2"], []), summarise)


def _job(store: MlflowStore, number: int, status: str) -> None:
    tags = {"kind": "job", "sweep": "s1", "job": number}
    store.start(f"job {number}", tags).end(status)


@pytest.mark.parametrize("kind", ["none", "open"])
def test_either_takes_all_that_happens(
    kind: str, sweep: OpenSession, capsys: pytest.CaptureFixture[str]
) -> None:
    """What stands for no sweep is asked and told the same."""
    one: session.Session = sweep if kind == "open" else session.NoSession()
    one.announce(JOBS, {"clusterer.eps": ["kmeans"]})
    one.job_ended()
    capsys.readouterr()
    one.job_ended("  eps=0.1: ARI 1")
    assert capsys.readouterr().out == "  eps=0.1: ARI 1\n"
    one.take_return(None)
    assert one.last_begun() == -1
    one.end_lost_runs()
    assert one.close("FINISHED") == 0
    assert one.resume_command == ""
    assert one.close("KILLED") == 0


def test_it_says_what_is_going_to_run(
    sweep: OpenSession, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep.announce(JOBS, {"clusterer.eps": ["kmeans", "hdbscan"]})
    assert capsys.readouterr().out.splitlines() == [
        "2 jobs; their runs and a summary go to MLflow as sweep s1",
        "  clusterer.eps has no meaning for kmeans, hdbscan, which run without it",
    ]
    assert sweep.resume_command == "python -m facetrack resume=s1"


@pytest.mark.parametrize(
    ("returns", "status", "told"),
    [
        ([None, None], 0, "2 of 2 jobs finished"),
        ([MISTAKE, None], 2, "1 of 2 jobs finished"),
        ([MISTAKE, DEFECT], 1, "0 of 2 jobs finished"),
    ],
)
def test_the_exit_status_is_what_the_jobs_make_it(
    returns: Sequence[object],
    status: int,
    told: str,
    sweep: OpenSession,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sweep.announce(JOBS, {})
    for one in returns:
        sweep.take_return(one)
    assert sweep.close("FINISHED") == status
    assert told in capsys.readouterr().out


def test_what_has_come_of_its_jobs_is_summed_up_once(
    sweep: OpenSession, store: MlflowStore, summed_up: list[EndedSweep], tmp_path: Path
) -> None:
    sweep.announce(JOBS, {})
    _job(store, 0, "FINISHED")
    _job(store, 1, "RUNNING")
    assert sweep.last_begun() == 1
    sweep.close("KILLED")
    sweep.close("FINISHED")
    (ended,) = summed_up
    assert ended.swept == ["clusterer.eps"]
    assert ended.folder == tmp_path
    assert ended.stopped
    assert len(ended.jobs) == 2
    assert _statuses(store) == {"FINISHED", "KILLED"}


def test_runs_of_lost_processes_are_ended(sweep: OpenSession, store: MlflowStore) -> None:
    _job(store, 0, "RUNNING")
    sweep.end_lost_runs()
    assert _statuses(store) == {"FAILED"}


def test_one_process_runs_a_sweep_at_a_time(
    sweep: OpenSession, store: MlflowStore, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="sweep s1 is running in another process"):
        _open(store, tmp_path, lambda ended: None)
    sweep.close("FINISHED")
    _open(store, tmp_path, lambda ended: None).close("FINISHED")


def test_a_summary_that_fails_ends_the_sweep_and_lets_go_of_it(
    store: MlflowStore, tmp_path: Path
) -> None:
    def fail(ended: EndedSweep) -> None:
        raise OSError("no space left on device")

    sweep = _open(store, tmp_path, fail)
    _job(store, 0, "FINISHED")
    with pytest.raises(OSError, match="no space"):
        sweep.close("FINISHED")
    assert sweep.close("FAILED") == 0  # nothing is left to close
    _open(store, tmp_path, lambda ended: None).close("FINISHED")


def test_a_command_has_the_session_that_it_began_and_no_other() -> None:
    mine = session.NoSession()

    def command() -> Any:
        session.begin(mine)
        return session.current()

    before = session.current()
    assert contextvars.Context().run(command) is mine
    assert session.current() is before


def _statuses(store: MlflowStore) -> set[str]:
    return {str(job.status) for job in store.jobs("s1")}
