"""A distance becomes a probability, with a prior that is found without labels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from facetrack.core.errors import UserError
from facetrack.core.likelihood import (
    Odds,
    check_ratios,
    estimate_prior,
    estimate_prior_of,
    find_column,
    find_log_ratio,
    find_pair_sharpness,
    find_probability,
    interpolate,
    measure_pairs,
)

RATIOS = ((0.2, 4.0), (0.4, 0.0), (0.6, -1.0))


def test_the_logarithm_is_linear_between_and_beyond() -> None:
    distances = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.0, 9.0])
    expected = [6.0, 4.0, 2.0, 0.0, -0.5, -1.0, -1.5, 6.0, -6.0]  # never more than 6
    np.testing.assert_allclose(find_log_ratio(RATIOS, distances), expected)


def test_less_sharp_faces_say_less() -> None:
    table = ((0, 0.01, 0.1), (0.2, 1.0, 4.0), (0.4, 0.0, 0.0))
    check_ratios(table, "table")
    sharpness = np.array([0.001, 0.01, 0.01 * 10**0.5, 0.1, 1.0, np.nan])
    distances = np.full(6, 0.2)
    # Half-way between the two in logarithms; unknown counts as sharp.
    expected = [1.0, 1.0, 2.5, 4.0, 4.0, 4.0]
    np.testing.assert_allclose(find_log_ratio(table, distances, sharpness), expected)
    np.testing.assert_allclose(find_log_ratio(table, distances), np.full(6, 4.0))
    assert Odds(table, 0.5).find(0.3, 0.01) == pytest.approx(10**0.5 / (10**0.5 + 1))
    assert Odds(table, 0.5).find(0.3) == pytest.approx(100 / 101)
    assert find_pair_sharpness(np.array([0.2, np.nan]), np.array([0.1, 0.3])).tolist() == [0.1, 0.3]


def test_in_parts_the_ratios_and_the_prior_are_what_they_are_at_once() -> None:
    table = ((0, 0.01, 0.03, 0.1), (0.6, 1.0, 2.0, 4.0), (1.2, 0.1, 0.0, -0.1), (1.5, -1, -1.5, -2))
    random = np.random.default_rng(0)
    vectors = random.normal(size=(600, 8)).astype(np.float32)
    vectors[300:] = vectors[:300] + 0.3 * vectors[300:]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    sharpness = random.choice(
        np.array([np.nan, 0.001, 0.01, 0.02, 0.05, 0.1, 0.4], np.float32), 600
    )
    first, second = np.triu_indices(600, 1)
    points = vectors.astype(np.float64)
    squares = (points**2).sum(axis=1)
    apart = squares[:, None] + squares - 2 * points @ points.T
    distances = np.sqrt(np.maximum(apart[first, second], 0))
    np.testing.assert_array_equal(measure_pairs(vectors), distances)

    blur = find_pair_sharpness(sharpness[first], sharpness[second])
    kinds, at, logs = np.array(table[0][1:]), np.array(table)[1:, 0], np.array(table)[1:, 1:]
    column = find_column(kinds, blur)
    log_ratio = sum(
        np.maximum(1 - np.abs(column - one), 0) * interpolate(distances, at, logs[:, one])
        for one in range(3)
    )
    log_ratio = np.clip(log_ratio, -6, 6)
    np.testing.assert_array_equal(find_log_ratio(table, distances, blur), log_ratio)

    prior = estimate_prior_of(table, vectors, sharpness)
    ratio = 10.0**log_ratio
    slopes = [
        ((ratio - 1) / (one * ratio + 1 - one)).sum() for one in (0.9998 * prior, 1.0002 * prior)
    ]
    assert slopes[0] > 0 > slopes[1]
    assert 0.001 < prior < 0.1


def test_blurred_faces_that_look_alike_do_not_raise_the_prior() -> None:
    table = ((0, 0.01, 0.1), (0.2, 0.1, 4.0), (0.4, -0.1, 0.0), (0.9, -0.2, -3.0))
    random = np.random.default_rng(0)
    vectors = random.normal(size=(60, 9))
    vectors[30:] = vectors[30] + 0.01 * vectors[30:]  # of 30 people, all blurred
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    sharpness = np.repeat([0.1, 0.01], 30).astype(np.float32)
    blurred, alike = Odds.of(table, vectors, sharpness), Odds.of(table, vectors)
    assert blurred is not None
    assert alike is not None
    assert blurred.prior < alike.prior / 5


def test_bayes_by_hand() -> None:
    # A ratio of 100 and a pair in 101: even odds, 1 : 1.
    assert find_probability(RATIOS, np.array(0.3), 1 / 101) == pytest.approx(0.5)
    assert find_probability(RATIOS, np.array(0.4), 0.25) == pytest.approx(0.25)
    assert find_probability(RATIOS, np.array(0.3), 0.0) == 0
    assert find_probability(RATIOS, np.array(0.5), 1.0) == pytest.approx(1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.1, 0.9), min_size=2, max_size=40))
def test_the_prior_is_the_likeliest(found: list[float]) -> None:
    distances = np.array(found)
    ratio = 10 ** find_log_ratio(RATIOS, distances)
    prior = estimate_prior(RATIOS, distances)

    def lose(value: float) -> float:
        return -float(np.log(value * ratio + 1 - value).sum())

    best = minimize_scalar(lose, bounds=(0, 1), method="bounded", options={"xatol": 1e-10})
    assert lose(min(max(prior, 1e-15), 1 - 1e-15)) <= best.fun + 1e-6


@pytest.mark.parametrize("prior", [0.002, 0.05, 0.5, 0.95])
def test_the_prior_of_a_mixture_is_found(prior: float) -> None:
    """Distances are drawn from two normal densities, whose log ratio is known and linear."""
    random = np.random.default_rng(0)
    n = 400_000
    same = random.random(n) < prior
    distances = np.where(same, random.normal(0.9, 0.1, n), random.normal(1.4, 0.1, n))
    # ((d - 1.4)² - (d - 0.9)²) / (2 · 0.1²) = (1.15 - d) · 50, in decimal logarithms.
    slope = 50 / np.log(10)
    ratios = ((1.05, 0.1 * slope), (1.25, -0.1 * slope))
    assert estimate_prior(ratios, distances) == pytest.approx(same.mean(), rel=0.05)
    said = find_probability(ratios, distances, same.mean())
    unsure = (said > 0.3) & (said < 0.7)
    assert same[unsure].mean() == pytest.approx(said[unsure].mean(), abs=0.1)  # some 50 pairs


def test_the_ends_of_the_prior() -> None:
    assert estimate_prior(RATIOS, np.full(5, 0.1)) == 1
    assert estimate_prior(RATIOS, np.full(5, 0.9)) == 0
    assert estimate_prior_of(RATIOS, np.ones((1, 3), np.float32)) == 0.5


def test_odds_are_told() -> None:
    odds = Odds(RATIOS, 1 / 101)
    assert odds.tell(0.3) == "50 % one person"
    assert odds.tell(0.05) == "over 99 % one person"
    assert odds.tell(0.9) == "under 1 % one person"


def test_there_are_no_odds_where_nobody_measured_them() -> None:
    unit = np.eye(3, dtype=np.float32)
    assert Odds.of(None, unit) is None
    assert Odds.of(RATIOS, 3 * unit) is None  # not of the length they were measured at
    assert Odds.of(RATIOS, unit[:0]) is None
    assert Odds.of(RATIOS, unit) == Odds(RATIOS, 0.0)


NO_TABLES: list[object] = [
    *(3, "x", [], [[]], [[1], [2]], [[0.1, 2]], [[0.1, 2], [0.2, 3]], [[0.2, 2], [0.1, 1]]),
    [[0, np.inf], [1, 0]],
    [[0.1, 2], [0.2, 1, 0]],
    [[0, 0.1, 0.2], [0.3, 1, 1]],  # a row of distances
    [[1, 0.1, 0.2], [0.3, 1, 1], [0.4, 0, 0]],
    [[0, 0.2, 0.1], [0.3, 1, 1], [0.4, 0, 0]],
    [[0, 0.1, 0.2], [0.3, 1, 1], [0.4, 0, 1]],
]


@pytest.mark.parametrize("value", NO_TABLES)
def test_ratios_that_cannot_be_are_refused(value: object) -> None:
    with pytest.raises(UserError, match=r"embedder.likelihood is a list of pairs, a distance and"):
        check_ratios(value, "embedder.likelihood")
