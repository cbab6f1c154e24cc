"""A little of the campaign that `make faults` runs."""

from pathlib import Path

import pytest

from faults.kills import CAMPAIGNS
from faults.mutations import NUMBERS, campaign


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
