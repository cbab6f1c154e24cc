"""A little of the campaign that `make faults` runs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from faults.__main__ import as_kept
from faults.clock import clock
from faults.every_step import CAMPAIGNS as STEPS
from faults.kills import CAMPAIGNS as KILLS
from faults.kills import Outcome
from faults.limits import file_sizes, full_disks
from faults.mutations import NUMBERS as FILES
from faults.mutations import Readings, campaign
from faults.read_only import read_only
from faults.report import TROUBLE, report
from faults.server import server_stopped
from faults.tally import Tally
from faults.together import together


# Sweeps, studies and organising are killed in the tests of each as well.
@pytest.mark.parametrize(
    "what",
    [pytest.param(what, marks=() if what == "embedding" else pytest.mark.long) for what in KILLS],
)
def test_killed_at_a_random_moment_it_goes_on(what: str, warm_home: Path, tmp_path: Path) -> None:
    outcome = KILLS[what](tmp_path, warm_home, 1, 7)
    assert outcome.kills == 1
    assert (outcome.lost, outcome.wrong, outcome.stuck, outcome.orphans) == (0, 0, 0, 0), (
        outcome.notes
    )


@pytest.mark.parametrize("what", FILES)
def test_damaged_and_hostile_files_are_read_or_refused(what: str, tmp_path: Path) -> None:
    found = campaign(what, 60, 11, tmp_path)
    assert found.files == 60
    assert (found.crashes, found.hangs, found.outside) == (0, 0, 0), found.notes
    assert found.refused > 0
    assert found.read > 0
    assert found.megabytes < 2000


@pytest.mark.parametrize(
    ("run", "rounds"),
    [
        *[(together, 1), (file_sizes, 1), (read_only, 2)],
        # No room: tests/system/test_full_disk.py, too. A clock that is set: tune/test_search.py.
        pytest.param(full_disks, 1, marks=pytest.mark.long),
        pytest.param(clock, 1, marks=pytest.mark.long),
        pytest.param(server_stopped, 2, marks=pytest.mark.long),
    ],
)
def test_other_trouble_is_survived_or_told(
    run: Callable[[Path, Path, int, int], Tally], rounds: int, warm_home: Path, tmp_path: Path
) -> None:
    tally = run(tmp_path, warm_home, rounds, 3)
    if tally.skipped:
        pytest.skip(tally.skipped)
    assert tally.rounds == rounds
    assert not tally.wrong, tally.notes


def test_the_report_counts_and_tells_what_was_wrong() -> None:
    results = {}
    for name in FILES:
        results[name] = vars(Readings(name, read=3, refused=4, crashes=1))
    for name in KILLS:
        results[name] = vars(Outcome(name, kills=5, lost=2))
    for name in TROUBLE:
        results[name] = vars(Tally(name, rounds=6))
    tally = Tally("the clock set back", rounds=7)
    tally.expect(False, "negative seconds", "it took -3600 s")
    results["clock"] = vars(tally)
    results["full-disks"] = vars(Tally("a full disk", skipped="only root may"))
    # As it is kept between campaigns.
    text = report(json.loads(json.dumps(results)), "abc1234", 9)
    assert "commit abc1234, seed 9" in text
    assert "| pictures | 8 | 3 | 4 | 1 | 0 | 0 | 0 |" in text
    assert "| sweep | 5 | 0 | 2 | 0 | 0 | 0 |" in text
    assert "| the clock set back | 7 | failed 0, wrong 0, lost 0, left RUNNING 0, negative" in text
    assert "negative seconds 1" in text
    assert "it took -3600 s" in text
    assert "| a full disk | 0 | not tried: only root may |" in text


def test_every_campaign_has_a_row_in_what_is_published() -> None:
    text = (Path(__file__).parents[1] / "RELIABILITY.md").read_text(encoding="utf-8")
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("| ")]
    rows = {table[0].split(" |")[0].removeprefix("| "): len(table) - 2 for table in tables}
    assert rows == {
        "killed": len(KILLS),
        "killed at every step": len(STEPS),
        "files": len(FILES),
        "trouble": len(TROUBLE),
    }


def test_a_note_keeps_both_its_ends_and_names_no_temporary_folder() -> None:
    tally = Tally("a full disk")
    tally.expect(False, "wrong", f"['values']: {'x' * 1000} in /tmp/abc/full-disks/3/mlflow.db")
    (note,) = json.loads(as_kept(tally, "/tmp/abc"))["notes"]
    assert note.startswith("a full disk, round 0: wrong: ['values']: x")
    assert note.endswith("x in …/full-disks/3/mlflow.db")
    assert len(note) < 700
