"""Errors by group: by hand, beside a bootstrap over people, and how often intervals cover."""

import numpy as np
import pytest

from facetrack.evaluation.by_group import (
    estimate_difference,
    estimate_mean,
    find_gaps,
    score_faces,
    score_groups,
)
from facetrack.evaluation.metrics import scores


def test_faces_are_scored_as_by_hand() -> None:
    #           Ada         Bo      Cy
    people = np.array([0, 0, 0, 1, 1, 2])
    groups = np.array([0, 0, 1, 1, 2, -1])
    found = score_faces(people, groups)
    assert found["precision"].tolist() == [1, 1, 0.5, 0.5, 1, 1]
    assert found["recall"] == pytest.approx([2 / 3, 2 / 3, 1 / 3, 0.5, 0.5, 1])
    # Ada's third face is apart from most of hers; Bo's two parts, and the two in the middle group,
    # are equally large.
    assert found["split"].tolist() == [0, 0, 1, 0.5, 0.5, 0]
    assert found["merged"].tolist() == [0, 0, 0.5, 0.5, 0, 0]
    whole = scores(people, groups)
    assert found["precision"].mean() == pytest.approx(whole["bcubed_precision"])
    assert found["recall"].mean() == pytest.approx(whole["bcubed_recall"])


def test_groups_and_the_largest_gap() -> None:
    people = np.repeat(np.arange(4), 3)
    groups = np.array([0, 0, 4, 1, 1, 5, 2, 2, 6, 3, 3, 7])  # each third face is alone
    values = ["no", "", "yes"] * 3 + ["no", "yes", "rarely"]
    faces = score_faces(people, groups)
    found = {one.value: one for one in score_groups(faces, people, "glasses", values)}
    assert [(one.faces, one.people) for one in found.values()] == [(3, 3), (4, 4), (1, 1), (4, 4)]
    assert list(found) == ["", "no", "rarely", "yes"]
    assert found["no"].scores["split"].value == 0
    assert found["yes"].scores["split"].value == 0.75
    # Of one person nothing is known.
    assert (found["rarely"].scores["split"].low, found["rarely"].scores["split"].high) == (0, 1)
    gaps = {one.score: one for one in find_gaps(faces, people, "glasses", values)}
    assert (gaps["split"].worse, gaps["split"].better) == ("yes", "no")
    assert gaps["split"].difference.value == 0.75
    assert (gaps["recall"].worse, gaps["recall"].better) == ("yes", "no")
    assert find_gaps(faces, people, "glasses", [""] * 12) == []


def _make(rng: np.random.RandomState, n: int) -> tuple[np.ndarray, np.ndarray]:
    """People with a rate of their own and up to six faces each; true mean over faces 2 / 7."""
    sizes = rng.randint(1, 7, n)
    people = np.repeat(np.arange(n), sizes)
    rates = rng.beta(0.4, 1.0, n)
    return people, (rng.uniform(size=len(people)) < rates[people]).astype(float)


def test_the_interval_is_that_of_a_bootstrap_over_people() -> None:
    rng = np.random.RandomState(0)
    people, values = _make(rng, 300)
    inside = np.ones(len(people), bool)
    found = estimate_mean(values, people, inside)
    sums, sizes = np.bincount(people, values), np.bincount(people)
    draws = rng.randint(0, 300, (4000, 300))
    means = sums[draws].sum(axis=1) / sizes[draws].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    assert found.low == pytest.approx(low, abs=0.006)
    assert found.high == pytest.approx(high, abs=0.006)
    # Faces taken for independent would make it much narrower.
    naive = 1.96 * values.std() / np.sqrt(len(values))
    assert (found.high - found.low) / 2 > 1.4 * naive


def test_intervals_cover() -> None:
    rng = np.random.RandomState(1)
    covered = pairs = 0
    for _ in range(400):
        people, values = _make(rng, 40)
        found = estimate_mean(values, people, np.ones(len(people), bool))
        covered += found.low <= 2 / 7 <= found.high
        half = rng.uniform(size=len(people)) < 0.5
        gap = estimate_difference(values, people, (half, ~half))
        pairs += gap.low <= 0 <= gap.high
    assert 0.92 <= covered / 400 <= 0.98
    assert 0.92 <= pairs / 400 <= 0.98


def test_no_mistake_among_few_people_is_not_none() -> None:
    people = np.arange(10)
    found = estimate_mean(np.ones(10), people, np.ones(10, bool))
    assert found.value == found.high == 1
    assert found.low == pytest.approx(0.025**0.1)  # Clopper and Pearson's, of ten
    first = people < 5
    gap = estimate_difference(np.ones(10), people, (first, ~first))
    assert gap.value == 0
    assert gap.low == pytest.approx(-(1 - 0.025**0.2))
