"""Verification against closed forms, scikit-learn's ROC and every threshold that there is."""

import math
from pathlib import Path

import numpy as np
import pytest
from conftest import SHARED
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, roc_curve

from facetrack.dataset.lfw_pairs import read_pairs
from facetrack.evaluation.pairs import Pairs
from facetrack.evaluation.verification import (
    Roc,
    choose_threshold,
    estimate_error,
    measure_distances,
    trace_roc,
    verify,
)

INF = math.inf
LFW = SHARED / "data/lfw_all_mobilefacenet_embeddings.npz"
LFW_PAIRS = SHARED / "data/lfw_pairs.txt"


def _draw(seed: int, n: int = 60) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Distances with ties and missing faces among them, and which pairs are of one person."""
    rng = np.random.default_rng(seed)
    same = np.arange(n) % 3 > 0
    distances = np.round(rng.normal(np.where(same, 0.4, 0.8), 0.25).clip(0), 1)
    distances[rng.random(n) < 0.1] = INF
    return distances, same


def _pairs(same: NDArray[np.bool_], folds: NDArray[np.int64]) -> Pairs:
    nobody = np.zeros(len(same), dtype=np.int64)
    return Pairs(nobody, nobody, same, folds)


def test_a_threshold_is_half_way_to_the_next_distance() -> None:
    same = np.array([True, True, False, False])
    assert choose_threshold(np.array([0.25, 0.5, 0.75, 1.0]), same) == 0.625
    assert choose_threshold(np.array([0.25, 0.5, 0.5, 1.0]), same) == 0.375
    # Equally good ones: 0.375, where one is rejected wrongly, and 0.875, where one is accepted so.
    distances = np.array([0.25, 0.75, 0.5, 1.0])
    assert choose_threshold(distances, same) == 0.375
    assert choose_threshold(np.array([0.25, INF, INF, 1.0]), same) == 0.625


def test_a_threshold_may_accept_nothing_or_everything() -> None:
    distances = np.array([0.5, 0.75])
    assert choose_threshold(distances, np.array([True, True])) == 0.75
    nothing = choose_threshold(distances, np.array([False, False]))
    assert 0.499 < nothing < 0.5
    assert choose_threshold(np.array([INF]), np.array([True])) == -INF


def test_a_threshold_between_neighbours_is_the_nearer_one() -> None:
    """Half-way is rounded, to the one or to the other."""
    for low in (0.5, float(np.nextafter(0.5, 1))):
        neighbours = np.array([low, np.nextafter(low, 1)])
        assert choose_threshold(neighbours, np.array([True, False])) == low


def test_a_distance_at_the_threshold_is_accepted() -> None:
    same = np.array([True, True, True, False])
    found = verify(_pairs(same, np.array([0, 0, 1, 1])), np.array([0.25, 0.5, 0.5, 0.75]))
    assert found.thresholds.tolist() == [0.625, 0.5]
    assert found.accepted.tolist() == [True, True, True, False]


@pytest.mark.parametrize("seed", range(20))
def test_no_other_threshold_is_right_more_often(seed: int) -> None:
    distances, same = _draw(seed)
    found = choose_threshold(distances, same)
    scores = {
        at: accuracy_score(same, distances <= at)
        for at in np.arange(-0.05, 2, 0.05)  # on and between all of them
    }
    best = max(scores.values())
    assert accuracy_score(same, distances <= found) == best
    first = min(at for at, score in scores.items() if score == best)
    assert accuracy_score(distances <= found, distances <= first) == 1.0  # the least of equals


@pytest.mark.parametrize("seed", range(20))
def test_the_curve_is_scikit_learns(seed: int) -> None:
    distances, same = _draw(seed)
    roc = trace_roc(distances, same)
    # The last step of the reference would be to accept what is missing.
    scores = -np.where(np.isinf(distances), 1e6, distances)
    far, tar, thresholds = roc_curve(same, scores, drop_intermediate=False)
    assert roc.far == pytest.approx(far[:-1])
    assert roc.tar == pytest.approx(tar[:-1])
    assert roc.distances == pytest.approx(-thresholds[:-1])
    for wanted in (0.0, 0.001, 0.05, 0.1, 0.5, 1.0):
        best = roc.find_best(wanted)
        assert best.tar == tar[:-1][far[:-1] <= wanted].max()
        assert best.far <= wanted
        if best.tar:
            accepted = distances <= best.distance
            assert accepted[same].mean() == pytest.approx(best.tar)
            assert accepted[~same].mean() == pytest.approx(best.far)


@pytest.mark.parametrize("seed", range(5))
def test_all_points_follow_from_the_corners(seed: int) -> None:
    roc = trace_roc(*_draw(seed))
    corners = roc.corners
    assert len(corners.far) < len(roc.far)
    for far in np.linspace(0, 1, 101):
        assert corners.find_best(float(far)) == roc.find_best(float(far))
    assert corners.far[-1] == roc.far[-1]
    assert (np.diff(corners.far) > 0).all()


def test_a_rate_is_the_greatest_that_is_reached_and_none_in_between() -> None:
    same = np.repeat([True, False], [4, 100])
    distances = np.concatenate([[0.1, 0.3, 0.5, INF], [0.2, 0.4], np.full(98, 0.9)])
    roc = trace_roc(distances, same)
    assert [roc.find_best(far).tar for far in (0.0, 0.009, 0.01, 0.02, 1.0)] == [
        *(0.25, 0.25),
        *(0.5, 0.75, 0.75),  # the one without a face is never accepted
    ]
    assert roc.find_best(0.01).distance == 0.3
    assert roc.find_best(0.01).far == 0.01


def test_each_fold_is_judged_by_the_threshold_of_the_others() -> None:
    # In fold 1 one person's pictures are further apart than two people's are in the others.
    same = np.tile([True, True, False, False], 3)
    folds = np.repeat([0, 1, 2], 4)
    distances = np.array([0.1, 0.2, 0.8, 0.9, 0.7, 0.8, 1.4, 1.6, 0.2, 0.2, 0.6, INF])
    found = verify(_pairs(same, folds), distances)
    # Without fold 0 only 0.6 is wrong at 1.1; without fold 2 one is wrong at 0.75 as well as 0.85.
    assert found.thresholds == pytest.approx([1.1, 0.4, 0.75])
    assert found.accuracies == pytest.approx([0.5, 0.5, 0.75])
    assert found.accuracy == 7 / 12
    assert found.standard_error == pytest.approx(np.std([0.5, 0.5, 0.75], ddof=1) / math.sqrt(3))
    assert found.accepted.tolist() == [*[True] * 4, *[False] * 4, *[True] * 3, False]
    assert found.missing.tolist() == [False] * 11 + [True]


def test_the_standard_error_of_folds_of_any_size() -> None:
    right, sizes = np.array([9, 8, 10, 7]), np.array([10, 10, 10, 10])
    assert estimate_error(right, sizes) == pytest.approx(np.std(right / 10, ddof=1) / 2)
    assert estimate_error(np.array([5, 10, 20]), np.array([5, 10, 20])) == 0.0
    # A ratio's, by hand: gaps 2 - 0.6 · 4 and 7 - 0.6 · 11 over 15 pairs, twice their squares.
    right, sizes = np.array([2, 7]), np.array([4, 11])
    assert estimate_error(right, sizes) == pytest.approx(math.sqrt(2 * 2 * (0.4 / 15) ** 2))


def test_distances_are_euclidean_and_without_a_face_infinite() -> None:
    vectors = np.array([[0, 0], [3, 4], [1, 0]], dtype=np.float32)
    first, second = np.array([0, 0, -1, 2]), np.array([1, 2, 1, -1])
    assert measure_distances(vectors, first, second).tolist() == [5.0, 1.0, INF, INF]


def test_a_curve_without_a_false_accept_has_one_corner() -> None:
    roc = trace_roc(np.array([0.1, 0.2, INF]), np.array([True, True, False]))
    corners = roc.corners
    assert isinstance(corners, Roc)
    assert (corners.far.tolist(), corners.tar.tolist()) == ([0.0], [1.0])


def test_lfw_with_vectors_of_mobilefacenet(tmp_path: Path) -> None:
    if not (LFW.exists() and LFW_PAIRS.exists()):
        pytest.skip("no stored vectors or pairs of LFW here")
    with np.load(LFW) as stored:
        vectors = stored["embeddings"].astype(np.float32)
        row = {name.rpartition("/")[2][:-4]: at for at, name in enumerate(stored["pictures"])}
    named = read_pairs(LFW_PAIRS)
    first, second = (
        [row.get(name, -1) for name in names]
        for names in zip(*((pair.first, pair.second) for pair in named), strict=True)
    )
    same, folds = np.array([one.same for one in named]), np.array([one.fold for one in named])
    distances = measure_distances(vectors, np.array(first), np.array(second))
    found = verify(_pairs(same, folds), distances)
    # By another way: every distance tried on the other folds, with missing ones as very far.
    far = np.where(np.isinf(distances), 9.0, distances)
    grid = np.arange(0.9, 1.4, 0.001)
    by_grid = []
    for fold in range(10):
        train = folds != fold
        right = [((far[train] <= at) == same[train]).mean() for at in grid]
        at = grid[int(np.argmax(right))]
        by_grid.append(((far[~train] <= at) == same[~train]).mean())
    assert found.accuracy == pytest.approx(np.mean(by_grid), abs=0.001)
    assert found.standard_error == pytest.approx(np.std(by_grid, ddof=1) / 10**0.5, abs=3e-4)
    assert round(found.accuracy, 4) == 0.9925
    assert [round(found.roc.find_best(one).tar, 4) for one in (0.01, 0.001)] == [0.9927, 0.9843]
    assert int(found.missing.sum()) == 1
