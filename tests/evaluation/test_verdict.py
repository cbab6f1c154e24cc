"""Which of two groupings is better, and when nobody can tell."""

import numpy as np
import pytest
from scipy.stats import binomtest

from facetrack.evaluation.expected import PerFace
from facetrack.evaluation.verdict import (
    Verdict,
    choose_units,
    compare_impossible,
    judge_by_labels,
    judge_without,
    refuse_few,
    weigh,
)

N = 60
UNITS = np.repeat(np.arange(N // 3), 3)


def _faces(level: float, seed: int = 0) -> PerFace:
    noise = np.random.RandomState(seed).normal(0, 0.03, N)
    return PerFace(np.full(N, 0.9), level + noise)


def test_labels_pick_the_better_one_with_an_interval() -> None:
    verdict = judge_by_labels(_faces(0.5), _faces(0.8), UNITS)
    assert (verdict.picked, verdict.leader, verdict.sure, verdict.why) == (1, 1, 1.0, "")
    assert verdict.difference == pytest.approx(_faces(0.5).f - _faces(0.8).f)
    assert verdict.low < verdict.difference < verdict.high < 0
    other = judge_by_labels(_faces(0.8), _faces(0.5), UNITS)
    assert (other.picked, other.difference) == (0, -verdict.difference)


def test_the_interval_is_that_of_people_not_of_faces() -> None:
    """The standard error of a mean over 20 people, whose faces are the same three times."""
    gains = np.repeat(np.random.RandomState(3).normal(0.1, 0.1, N // 3), 3)
    first, second = PerFace(np.ones(N), 0.5 + gains), PerFace(np.ones(N), np.full(N, 0.5))
    by_people = judge_by_labels(first, second, UNITS)
    by_faces = judge_by_labels(first, second, np.arange(N))
    ratio = (by_people.high - by_people.low) / (by_faces.high - by_faces.low)
    assert ratio == pytest.approx(np.sqrt(3), rel=0.1)
    # dF/dr = 2 / (1 + r)² for a precision of 1.
    slope = 2 / (1 + 0.5 + gains.mean()) ** 2
    width = 2 * 1.96 * slope * gains[::3].std() / np.sqrt(N // 3)
    assert by_people.high - by_people.low == pytest.approx(width, rel=0.1)


def test_equal_ones_cannot_be_told_apart() -> None:
    verdict = judge_by_labels(_faces(0.7), _faces(0.7), UNITS)
    assert (verdict.picked, verdict.difference, verdict.why) == (None, 0, "it may be chance")
    close = judge_by_labels(_faces(0.7, 1), _faces(0.701, 2), UNITS)
    assert close.picked is None
    assert close.low < 0 < close.high


def test_without_labels_both_differences_have_to_agree() -> None:
    high, low = _faces(0.8), _faces(0.5)
    agreed = judge_without([[high, low], [high, low]], UNITS)
    assert agreed.picked == 0
    # The second likes its own groups better, but not as much as the first likes its own.
    assert judge_without([[high, low], [_faces(0.55), _faces(0.6)]], UNITS).picked == 0
    # It likes them so much better that both together are against the first.
    torn = judge_without([[high, _faces(0.79)], [_faces(0.3), _faces(0.7)]], UNITS)
    assert torn.difference == pytest.approx(_faces(0.8).f - _faces(0.7).f)
    assert torn.picked is None
    assert torn.why == "each one's distances speak for its own groups"
    assert judge_without([[high, high], [high, high]], UNITS).why == "it may be chance"


def test_what_speaks_against_it_keeps_the_leader_from_being_picked() -> None:
    verdict = Verdict(0.1, 0.05, 0.15, 1.0, 0)
    assert weigh(verdict, holds=True, against=0.5) == verdict
    assert weigh(verdict, holds=False, against=0.5).picked is None
    assert "too alike" in weigh(verdict, holds=False, against=0.5).why
    refused = weigh(verdict, holds=True, against=0.01)
    assert (refused.picked, refused.why) == (None, "impossible pairs speak against it")
    chance = Verdict(0.1, -0.05, 0.15, 0.8, None, "it may be chance")
    assert weigh(chance, holds=False, against=0.0) == chance


@pytest.mark.parametrize(("leader", "other"), [(0, 0), (3, 0), (9, 2), (40, 40), (700, 600)])
def test_impossible_pairs_are_compared_by_mcnemar(leader: int, other: int) -> None:
    expected = 1.0
    if leader + other:
        expected = binomtest(leader, leader + other, 0.5, alternative="greater").pvalue
    assert compare_impossible(leader, other) == pytest.approx(expected)


def test_few_people_are_no_witnesses() -> None:
    verdict = Verdict(0.1, 0.05, 0.15, 1.0, 0)
    assert refuse_few(verdict, np.arange(5)) == verdict
    assert refuse_few(verdict, np.repeat(np.arange(4), 9)).picked is None


def test_the_finer_grouping_is_drawn_from() -> None:
    one, many = np.zeros(6, np.int64), np.arange(6)
    assert choose_units(one, many) is many
    assert choose_units(many, one) is many
