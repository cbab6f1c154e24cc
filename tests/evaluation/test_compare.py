"""The paired comparison against closed forms and scipy.stats."""

import math

import numpy as np
import pytest
import scipy.stats

from facetrack.evaluation import comparison
from facetrack.evaluation.comparison import compare_pairs


def test_difference_and_interval_are_the_closed_form() -> None:
    a = np.array([0.9, 0.8, 0.95, 0.85, 0.9])
    b = np.array([0.7, 0.75, 0.8, 0.7, 0.85])
    (one,) = compare_pairs({"b": b.tolist(), "a": a.tolist()})
    assert (one.better, one.worse) == ("a", "b")
    difference = a - b
    assert one.mean == pytest.approx(difference.mean())
    t = 2.7764451  # 4 degrees of freedom
    half = t * difference.std(ddof=1) / math.sqrt(5)
    assert one.here is not None
    assert (one.here.low, one.here.high) == pytest.approx((one.mean - half, one.mean + half))
    assert one.others is not None
    # Nadeau and Bengio's: 1/n and what is left out over what is drawn.
    half = t * difference.std(ddof=1) * math.sqrt(1 / 5 + 0.25)
    assert (one.others.low, one.others.high) == pytest.approx((one.mean - half, one.mean + half))
    assert not one.over_halves


def test_over_halves_of_the_people_the_deviation_is_the_standard_error() -> None:
    random = np.random.RandomState(0)
    a, b = random.uniform(size=(2, 30))
    (one,) = compare_pairs({"a": a.tolist(), "b": b.tolist()}, "halves")
    difference = (a - b) * (1 if one.better == "a" else -1)
    assert one.here is None
    assert one.others is not None
    assert one.over_halves
    t = scipy.stats.t(29, loc=0, scale=difference.std(ddof=1))
    low, high = one.mean + t.ppf(0.025), one.mean + t.ppf(0.975)
    assert (one.others.low, one.others.high) == pytest.approx((low, high))
    assert one.others.p == pytest.approx(2 * t.sf(one.mean))


def test_without_a_correction_it_would_be_the_paired_t(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = np.random.RandomState(1).normal(0.5, 0.1, size=(2, 30))
    monkeypatch.setattr(comparison, "_CORRECTION", 0.0)
    (one,) = compare_pairs({"a": a.tolist(), "b": b.tolist()})
    paired = scipy.stats.ttest_rel(a, b)
    low, high = sorted(abs(end) for end in paired.confidence_interval())
    assert one.others is not None
    assert one.others.p == pytest.approx(paired.pvalue)
    assert sorted((abs(one.others.low), abs(one.others.high))) == pytest.approx([low, high])
    assert one.here is not None
    assert (one.here.low, one.here.high) == pytest.approx((one.others.low, one.others.high))
    assert one.here.p == pytest.approx(scipy.stats.wilcoxon(a, b).pvalue)


def test_signed_rank_of_all_differences_of_one_sign_is_exact() -> None:
    # Every difference is positive and none ties: two of the 2^n signings are as extreme.
    scores = np.arange(1, 9) / 100
    (one,) = compare_pairs({"a": (0.5 + scores * 1.01**scores).tolist(), "b": [0.5] * 8})
    assert one.here is not None
    assert one.here.p == pytest.approx(2 / 2**8)
    assert one.here.shown


def test_equal_scores_are_no_difference() -> None:
    (one,) = compare_pairs({"a": [0.5, 0.6], "b": [0.5, 0.6]})
    for claim in (one.here, one.others):
        assert claim is not None
        assert (one.mean, claim.low, claim.high, claim.p) == (0, 0, 0, 1)
        assert not claim.shown


def test_the_same_difference_everywhere_is_shown() -> None:
    (one,) = compare_pairs({"a": [0.75, 0.5], "b": [0.5, 0.25]})
    assert one.others is not None
    assert (one.others.low, one.others.high, one.others.p) == (0.25, 0.25, 0)


def test_of_other_resamples_of_faces_nothing_is_said_for_other_people() -> None:
    (one,) = compare_pairs({"a": [0.75, 0.5], "b": [0.5, 0.25]}, "faces")
    assert one.here is not None
    assert one.others is None


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
    for claims in ([one.here for one in found], [one.others for one in found]):
        ps = sorted((claim.p, claim.p_holm) for claim in claims if claim is not None)
        assert len(ps) == 3
        least = 0.0
        for rank, (p, p_holm) in enumerate(ps):
            least = max(least, min(1, (3 - rank) * p))
            assert p_holm == pytest.approx(least)
        assert ps[0][1] == pytest.approx(3 * ps[0][0])


def test_one_resample_shows_nothing() -> None:
    (one,) = compare_pairs({"a": [0.9], "b": [0.1]})
    for claim in (one.here, one.others):
        assert claim is not None
        assert math.isnan(claim.p)
        assert not claim.shown


def test_other_numbers_of_resamples_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="same resamples"):
        compare_pairs({"a": [0.1, 0.2], "b": [0.1]})
