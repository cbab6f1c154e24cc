"""Ratios fitted to labelled pairs, and judged on people they have not seen."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from facetrack.core.faces import Vectors
from facetrack.core.likelihood import (
    Ratios,
    check_ratios,
    estimate_prior_of,
    find_log_ratio,
    find_probability,
)
from facetrack.core.scale import Scale
from facetrack.evaluation.calibration import (
    count_by_sharpness,
    count_distances,
    find_calibration_error,
    fit_blurred_ratios,
    fit_ratios,
)

CONFIG = Path(__file__).resolve().parents[2] / "conf/embedder/dlib.yaml"
MIDDLES = (np.arange(2000) + 0.5) / 1000
AT = np.array([0.1, 0.2, 0.26, 0.32, 0.38, 0.44, 0.5, 0.6, 0.8])
Faces = tuple[Vectors, NDArray[np.int64]]


def test_pairs_are_counted_by_person_and_distance() -> None:
    angles = np.array([0, 0.1, 0.3, 2.0])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    same, different = count_distances(vectors, np.array([0, 0, 1, 1]))

    def place(a: float, b: float) -> int:
        return int(2 * np.sin(abs(a - b) / 2) * 1000)

    assert np.flatnonzero(same).tolist() == [place(0, 0.1), place(0.3, 2.0)]
    assert different.sum() == 4
    assert np.flatnonzero(different)[0] == place(0.1, 0.3)


def test_one_with_many_pictures_does_not_decide() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(102, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    same, _ = count_distances(vectors, np.append(np.zeros(100, np.int64), [1, 1]))
    assert same.sum() == pytest.approx(51)  # 50 for 4,950 pairs, and 1


def test_known_ratios_are_found_again() -> None:
    """Two normal densities with the same deviation: the log ratio is linear."""
    same = np.exp(-(((MIDDLES - 0.3) / 0.08) ** 2) / 2)
    different = np.exp(-(((MIDDLES - 0.6) / 0.08) ** 2) / 2)
    found = fit_ratios(same, different, np.array([0.3, 0.4, 0.5, 0.6]))
    # ((d - .6)² - (d - .3)²) / (2 · .08²) at d, in decimal logarithms
    expected = (0.45 - np.array([0.3, 0.4, 0.5, 0.6])) * 0.6 / (2 * 0.0064) / np.log(10)
    np.testing.assert_allclose([log for _, log in found], expected, rtol=0.05)


def test_pairs_are_counted_by_sharpness_too(lfw: Faces) -> None:
    vectors, people = lfw[0][:400], lfw[1][:400]
    sharpness = np.random.default_rng(0).choice([0.001, 0.01, 0.02, 0.04, 1.0], 400)
    kinds = np.array([0.01, 0.04])
    same, different = count_by_sharpness(vectors, people, sharpness, kinds)
    assert same.shape == (9, 2000)
    for found, expected in zip((same, different), count_distances(vectors, people), strict=True):
        # A distance at the edge of two bins may be in the other.
        np.testing.assert_allclose(found.sum(axis=0).cumsum(), expected.cumsum(), atol=3)
    assert np.flatnonzero(same.sum(axis=1)).tolist() == [0, 4, 8]
    few = sharpness >= 0.04  # pairs of two of them
    expected = count_distances(vectors[few], people[few])[1].sum()
    assert different[8].sum() == expected


def test_what_blurred_faces_say_is_found_again() -> None:
    """Two normal densities that come closer the less sharp pairs are."""
    kinds = np.array([0.01, 0.1])
    at = np.array([0.3, 0.4, 0.5, 0.6])
    slopes = []
    same, different = np.zeros((9, 2000)), np.zeros((9, 2000))
    for step in range(9):
        apart = 0.1 + 0.2 * step / 8
        same[step] = 50 * np.exp(-(((MIDDLES - 0.45 + apart / 2) / 0.08) ** 2) / 2)
        different[step] = 900 * np.exp(-(((MIDDLES - 0.45 - apart / 2) / 0.08) ** 2) / 2)
        slopes.append(apart / 0.0064 / np.log(10))
    sharp = tuple((float(one), float((0.45 - one) * slopes[8])) for one in at)
    head, *rows = fit_blurred_ratios(sharp, same, different, kinds)
    assert head == (0.0, 0.01, 0.1)
    np.testing.assert_allclose([row[1] for row in rows], (0.45 - at) * slopes[0], rtol=0.05)
    assert [(row[0], row[2]) for row in rows] == list(sharp)


def test_the_error_by_hand() -> None:
    # Two bins of equal mass: said .25 and .75, happened .5 and .5.
    said = np.array([0.2, 0.3, 0.7, 0.8])
    same = np.array([0.5, 0.5, 0.5, 0.5])
    assert find_calibration_error(said, same, 1 - same, n_bins=2) == pytest.approx(0.25)
    assert find_calibration_error(same, same, 1 - same, n_bins=2) == 0


def test_what_is_said_happens_to_people_who_were_not_seen(lfw: Faces) -> None:
    vectors, people = lfw
    first = np.isin(people, np.random.default_rng(0).permutation(people.max() + 1)[::2])
    ratios = fit_ratios(*count_distances(vectors[first], people[first]), AT)
    check_ratios(ratios, "ratios")
    same, different = count_distances(vectors[~first], people[~first])
    even = find_probability(ratios, MIDDLES, 0.5)
    assert find_calibration_error(even, same / same.sum(), different / different.sum()) < 0.01
    others, theirs = vectors[~first], people[~first]
    sizes = np.bincount(theirs)
    prior = (sizes * (sizes - 1)).sum() / (len(others) * (len(others) - 1))
    assert estimate_prior_of(ratios, others) == pytest.approx(prior, rel=0.2)
    folder = same.sum() / (same.sum() + different.sum())
    said = find_probability(ratios, MIDDLES, folder)
    assert find_calibration_error(said, same, different) < 0.001
    for low, high in ((0.05, 0.3), (0.3, 0.7), (0.7, 0.95)):
        some = (said > low) & (said < high)
        happened = same[some].sum() / (same + different)[some].sum()
        weight = (same + different)[some]
        assert happened == pytest.approx((said[some] * weight).sum() / weight.sum(), abs=0.15)


def test_what_ships_is_what_is_fitted(lfw: Faces) -> None:
    shipped = Scale.read(yaml.safe_load(CONFIG.read_text())).likelihood
    assert shipped is not None
    fitted: Ratios = fit_ratios(*count_distances(*lfw), AT)
    logs = find_log_ratio(fitted, AT)
    np.testing.assert_allclose(find_log_ratio(shipped, AT), logs, atol=0.02)
