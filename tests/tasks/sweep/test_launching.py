"""Jobs whose processes are lost are launched again."""

from collections.abc import Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool

import pytest

from facetrack.tasks.sweep import launching
from facetrack.tasks.sweep.failure import Failure
from facetrack.tasks.sweep.session import NoSession

JOBS = [["eps=1"], ["eps=2"], ["eps=3"], ["eps=4"]]


class Begun(NoSession):
    """A sweep of which jobs up to a number have begun."""

    def __init__(self, last: int) -> None:
        self._last = last
        self.ended = 0

    def last_begun(self) -> int:
        return self._last

    def end_lost_runs(self) -> None:
        self.ended += 1


class Launcher:
    """Launches jobs; a process is lost as often as a job's number has it left, and all with it."""

    def __init__(self, losses: Mapping[int, int]) -> None:
        self._losses = dict(losses)
        self.launched: list[list[int]] = []

    def launch(self, jobs: Sequence[Sequence[str]], start: int) -> list[str]:
        numbers = list(range(start, start + len(jobs)))
        self.launched.append(numbers)
        for number in numbers:
            if self._losses.get(number, 0):
                self._losses[number] -= 1
                raise BrokenProcessPool
        return [job[0] for job in jobs]


def test_where_nothing_is_lost_all_are_launched_at_once() -> None:
    launcher, session = Launcher({}), Begun(3)
    assert _all(launcher, session) == ["eps=1", "eps=2", "eps=3", "eps=4"]
    assert launcher.launched == [[10, 11, 12, 13]]
    assert session.ended == 0


def test_those_that_had_begun_run_alone_and_the_others_together() -> None:
    launcher, session = Launcher({11: 1}), Begun(11)
    assert _all(launcher, session) == ["eps=1", "eps=2", "eps=3", "eps=4"]
    assert launcher.launched == [[10, 11, 12, 13], [10], [11], [12, 13]]
    assert session.ended == 1


def test_who_is_lost_again_has_failed(capsys: pytest.CaptureFixture[str]) -> None:
    launcher, session = Launcher({11: 2}), Begun(11)
    lost = "FAILED: eps=2: its worker process was lost, twice"
    assert _all(launcher, session) == ["eps=1", lost, "eps=3", "eps=4"]
    assert session.ended == 2
    assert capsys.readouterr().out.splitlines() == [
        "  a worker process was lost: the jobs that had begun are run again",
        f"  {lost}",
    ]


def test_where_none_is_known_to_have_begun_the_first_had() -> None:
    launcher = Launcher({10: 1})
    assert _all(launcher, Begun(-1)) == ["eps=1", "eps=2", "eps=3", "eps=4"]
    assert launcher.launched == [[10, 11, 12, 13], [10], [11, 12, 13]]


def test_jobs_with_the_same_choices_and_settings_are_of_a_kind() -> None:
    jobs = [
        *(["clusterer=dbscan", "clusterer.eps=1"], ["clusterer=dbscan", "clusterer.eps=2"]),
        *(["clusterer=kmeans"], ["clusterer=dbscan", "+clusterer.p=2"]),
    ]
    kinds = launching.one_of_each_kind(jobs, lambda key: key == "clusterer")
    assert kinds == [jobs[0], jobs[2], jobs[3]]


def _all(launcher: Launcher, session: Begun) -> list[str]:
    return launching.launch_all(launcher.launch, JOBS, 10, session, _told)


def _told(failure: Failure) -> str:
    return failure.line.strip()
