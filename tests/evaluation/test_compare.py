"""The paired comparison against closed forms."""

import math

import numpy as np
import pytest

from facetrack.evaluation.comparison import compare_pairs


def test_difference_and_interval_are_the_closed_form() -> None:
    a = np.array([0.9, 0.8, 0.95, 0.85, 0.9])
    b = np.array([0.7, 0.75, 0.8, 0.7, 0.85])
    (one,) = compare_pairs({"b": b.tolist(), "a": a.tolist()})
    assert (one.better, one.worse) == ("a", "b")
    difference = a - b
    assert one.mean == pytest.approx(difference.mean())
    half = 2.7764451 * difference.std(ddof=1) / math.sqrt(5)  # t, 4 degrees of freedom
    assert (one.low, one.high) == pytest.approx((one.mean - half, one.mean + half))


def test_signed_rank_of_all_differences_of_one_sign_is_exact() -> None:
    # Every difference is positive and none ties: two of the 2^n signings are as extreme.
    scores = np.arange(1, 9) / 100
    (one,) = compare_pairs({"a": (0.5 + scores * 1.01**scores).tolist(), "b": [0.5] * 8})
    assert one.p == pytest.approx(2 / 2**8)
    assert one.real


def test_equal_scores_are_no_difference() -> None:
    (one,) = compare_pairs({"a": [0.5, 0.6], "b": [0.5, 0.6]})
    assert (one.mean, one.low, one.high, one.p) == (0, 0, 0, 1)
    assert not one.real


def test_holm_multiplies_by_what_is_left_and_never_goes_down() -> None:
    random = np.random.RandomState(0)
    base = random.uniform(size=12)
    scores = {
        "a": base + 0.5 + 0.01 * random.uniform(size=12),
        "b": base + 0.03 * random.normal(size=12),
        "c": base,
    }
    found = compare_pairs({name: values.tolist() for name, values in scores.items()})
    assert [one.better for one in found][:2] == ["a", "a"]
    ps = sorted((one.p, one.p_holm) for one in found)
    least = 0.0
    for rank, (p, p_holm) in enumerate(ps):
        least = max(least, min(1, (3 - rank) * p))
        assert p_holm == pytest.approx(least)
    assert ps[0][1] == pytest.approx(3 * ps[0][0])


def test_one_resample_shows_nothing() -> None:
    (one,) = compare_pairs({"a": [0.9], "b": [0.1]})
    assert math.isnan(one.p)
    assert not one.real


def test_other_numbers_of_resamples_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="same resamples"):
        compare_pairs({"a": [0.1, 0.2], "b": [0.1]})
