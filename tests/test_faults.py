"""A little of the campaign that `make faults` runs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from faults.clock import clock
from faults.kills import CAMPAIGNS
from faults.limits import file_sizes, full_disks
from faults.mutations import NUMBERS, campaign
from faults.read_only import read_only
from faults.tally import Tally
from faults.together import together


@pytest.mark.parametrize("what", CAMPAIGNS)
def test_killed_at_a_random_moment_it_goes_on(what: str, warm_home: Path, tmp_path: Path) -> None:
    outcome = CAMPAIGNS[what](tmp_path, warm_home, 1, 7)
    assert outcome.kills == 1
    assert (outcome.lost, outcome.wrong, outcome.stuck, outcome.orphans) == (0, 0, 0, 0), (
        outcome.notes
    )


@pytest.mark.parametrize("what", NUMBERS)
def test_damaged_and_hostile_files_are_read_or_refused(what: str, tmp_path: Path) -> None:
    found = campaign(what, 60, 11, tmp_path)
    assert found.files == 60
    assert (found.crashes, found.hangs, found.outside) == (0, 0, 0), found.notes
    assert found.refused > 0
    assert found.read > 0
    assert found.megabytes < 2000


@pytest.mark.parametrize(
    ("run", "rounds"),
    [(together, 1), (file_sizes, 1), (full_disks, 1), (read_only, 2), (clock, 1)],
)
def test_other_trouble_is_survived_or_told(
    run: Callable[[Path, Path, int, int], Tally], rounds: int, warm_home: Path, tmp_path: Path
) -> None:
    tally = run(tmp_path, warm_home, rounds, 3)
    if tally.skipped:
        pytest.skip(tally.skipped)
    assert tally.rounds == rounds
    assert not tally.wrong, tally.notes
