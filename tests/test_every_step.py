"""A few of the steps before which `make faults` kills commands, and the tool that does it."""

import json
import signal
from pathlib import Path

import pytest

from faults.every_step import CAMPAIGNS, KINDS
from faults.kills import CAMPAIGNS as KILLS
from faults.kills import Outcome
from faults.mutations import NUMBERS as FILES
from faults.mutations import Readings
from faults.report import TROUBLE, report
from faults.scene import Scene
from faults.steps import spread
from faults.tally import Tally

_STEPS = 3
# What the others of sidecars do as well, and organiser/test_killed_then_edited.py.
_LONG = ("renamed-at-every-step", "removed-at-every-step", "corrected-at-every-step")


@pytest.mark.parametrize(
    "what",
    [pytest.param(one, marks=pytest.mark.long) if one in _LONG else one for one in CAMPAIGNS],
)
def test_killed_at_a_step_it_goes_on(what: str, warm_home: Path, tmp_path: Path) -> None:
    tally = CAMPAIGNS[what](tmp_path, warm_home, _STEPS, 0)
    assert tally.rounds >= _STEPS
    assert not tally.wrong, tally.notes


def test_a_command_is_killed_before_the_step_it_is_told(warm_home: Path, tmp_path: Path) -> None:
    scene = Scene(tmp_path, warm_home)
    live = scene.live
    whole = scene.run(*scene.command)
    assert whole.steps > 30  # several for each copy alone
    files = everything(live.root)
    scene.keep()
    forget = ("task=forget", "person=person-001", f"task.out={scene.out}", "tracking=none")
    steps = scene.run(*forget).steps
    done = everything(live.root)
    for at, left in ((1, files), (steps, done), (steps + 1, done)):
        scene.put_back()
        killed = live.run(*forget, at=at)
        status = -signal.SIGKILL if at <= steps else 0
        assert (killed.status, killed.steps) == (status, min(at, steps))
        assert everything(live.root) == left


def everything(folder: Path) -> dict[str, bytes]:
    """The content of all files that have any, but for the store, which is SQLite's matter."""
    return {
        str(path.relative_to(folder)): content
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "sqlite" not in path.name and (content := path.read_bytes())
    }


def test_the_report_has_a_table_of_them() -> None:
    tally = Tally("a first run", rounds=3)
    tally.expect(False, "lost", "a photo")
    results = {name: vars(Readings(name)) for name in FILES}
    results |= {name: vars(Outcome(name)) for name in KILLS}
    results |= {name: vars(Tally(name)) for name in TROUBLE}
    results |= {name: vars(Tally(f"of {name}", rounds=7)) for name in CAMPAIGNS}
    results[next(iter(CAMPAIGNS))] = vars(tally)
    text = report(json.loads(json.dumps(results)), "abc1234", 9)
    assert f"| killed at every step | kills | {' | '.join(KINDS)} |" in text
    assert "| a first run | 3 | 1 | 0 | 0 | 0 | 0 |" in text
    assert text.count("| 7 | 0 | 0 | 0 | 0 | 0 |") == len(CAMPAIGNS) - 1
    assert "- a first run, round 3: lost: a photo" in text


def test_some_of_the_steps_are_spread_over_all() -> None:
    assert spread(3, 0) == [1, 2, 3]
    assert spread(3, 5) == [1, 2, 3]
    assert spread(101, 5) == [1, 26, 51, 76, 101]
    assert spread(9, 1) == [1]
