"""Studies in a journal file, which any process of any machine may leave in any state."""

from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from facetrack.core.errors import UserError
from facetrack.system.processes import mine
from facetrack.tasks.tune import study
from facetrack.tasks.tune.living import Watch, alive
from facetrack.tasks.tune.space import Range


def _plan(path: Path) -> study.Plan:
    ranges = [Range("eps", 0.1, 0.6, False)]
    return study.Plan("s", str(path), ranges, ["ari"], "tpe", "none", 9, None)


@pytest.fixture
def path(tmp_path: Path, home: Path) -> Path:
    return tmp_path / "studies.log"


def _finish(opened: optuna.Study, value: float) -> None:
    trial = opened.ask()
    trial.suggest_float("eps", 0.1, 0.6)
    opened.tell(trial, value)


def test_half_a_last_line_is_set_aside_and_told(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _finish(study.open_study(_plan(path)), 0.5)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"op_code":4,"worker')
    opened = study.open_study(_plan(path))
    assert [one.value for one in opened.trials] == [0.5]
    assert path.read_bytes().startswith(whole)
    assert path.read_bytes().endswith(b"\n")
    aside = path.with_name("studies.log.torn")
    assert aside.read_bytes() == b'{"op_code":4,"worker\n'
    assert "its last 20 bytes are in studies.log.torn now" in capsys.readouterr().out

    # And while a process has it open: what it writes next begins a line of its own.
    path.write_bytes(path.read_bytes() + b'{"op')
    _finish(opened, 0.7)
    assert [one.value for one in study.open_study(_plan(path)).trials] == [0.5, 0.7]
    assert aside.read_bytes().splitlines() == [b'{"op_code":4,"worker', b'{"op']


@pytest.mark.parametrize("content", [b"notes of mine", b"\x89PNG\r\n", b"{}\n", b'{"op_codes'])
def test_a_file_that_is_no_journal_stays_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(UserError, match="is no journal of a study: name another"):
        study.open_study(_plan(path))
    assert path.read_bytes() == content
    assert [one.name for one in path.parent.iterdir() if one.is_file()] == [path.name]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"op_code":4,"wor{"op_code":4}\n', "line 5 is damaged"),
        (b'{"op_code":99,"worker_id":"x"}\n', "an operation that this Optuna does not know"),
        (b'{"op_code":4}\n', "does not fit those before"),
        (b"[]\n", "does not fit those before"),
    ],
)
def test_a_damaged_journal_is_refused_in_a_sentence(path: Path, line: bytes, told: str) -> None:
    _finish(study.open_study(_plan(path)), 0.5)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:4], line, *lines[4:]]))
    with pytest.raises(UserError, match=told) as caught:
        study.open_study(_plan(path))
    assert "\n" not in str(caught.value)


class Clock:
    """Seconds as a test sets them."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _watched(opened: optuna.Study) -> tuple[Watch, Clock, list[str]]:
    clock, told = Clock(), list[str]()
    return Watch(opened, told.append, clock), clock, told


def _states(opened: optuna.Study) -> list[TrialState]:
    return [one.state for one in opened.trials]


def test_a_worker_of_another_machine_is_waited_for_as_long_as_it_gives_signs(path: Path) -> None:
    opened = study.open_study(_plan(path))
    trial = opened.ask()
    trial.set_user_attr("worker", "elsewhere 0 4242 1")
    watch, clock, told = _watched(opened)
    for beat in range(6):
        trial.set_user_attr("seen", beat)
        watch.look()
        clock.now += 20
    assert _states(opened) == [TrialState.RUNNING]
    assert told == [
        "  waiting for trial 0 of process 4242 on elsewhere, dead if it gives no sign for 30 s"
    ]
    clock.now += 11  # 31 since the last sign was seen
    watch.look()
    assert _states(opened) == [TrialState.FAIL]


def test_a_worker_of_the_version_before_is_waited_for_an_hour(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from facetrack.tasks.tune import living

    opened = study.open_study(_plan(path))
    opened.ask().set_user_attr("worker", "elsewhere 0 4242 1")
    watch, clock, _ = _watched(opened)
    watch.look()
    clock.now += 1000
    watch.look()
    assert _states(opened) == [TrialState.RUNNING]
    monkeypatch.setattr(living, "_LONGEST_SECONDS", -1)  # an hour has gone
    watch.look()
    assert _states(opened) == [TrialState.FAIL]


def test_a_process_of_this_machine_that_runs_is_waited_for(path: Path) -> None:
    opened = study.open_study(_plan(path))
    trial = opened.ask()
    with alive(trial):
        watch, clock, told = _watched(opened)
        watch.look()
        clock.now += 1000
        watch.look()
    assert _states(opened) == [TrialState.RUNNING]
    assert told == [f"  waiting for trial 0 of process {mine().split(' ')[2]} of this machine"]


def test_a_trial_gives_signs_while_it_runs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from facetrack.tasks.tune import living

    monkeypatch.setattr(living, "HEARTBEAT_SECONDS", 0)
    opened = study.open_study(_plan(path))
    trial = opened.ask()

    def seen() -> Any:
        return opened.trials[0].user_attrs["seen"]

    with alive(trial):
        while seen() < 2:
            pass
    last = seen()
    assert opened.trials[0].user_attrs["worker"] == mine()
    assert seen() == last
