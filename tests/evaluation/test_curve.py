"""Scores at every radius, and the best of them, against clusterings one by one."""

from itertools import pairwise

import numpy as np
import pytest
from made_faces import embeddings_of
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.base import BaseEstimator
from sklearn.cluster import DBSCAN as SklearnDBSCAN

from facetrack.clusterer import DBSCAN, AverageLinkage, Infomap
from facetrack.clusterer.growth import can_grow
from facetrack.evaluation import metrics
from facetrack.evaluation.curve import SCORES, Curve, Steps, trace, trace_resamples
from facetrack.evaluation.experiment import Experiment
from facetrack.evaluation.resampling import Bootstrap, Subsample

Faces = tuple[NDArray[np.float64], NDArray[np.int64]]


def _made(seed: int, n: int = 60) -> Faces:
    """Faces about their people, many of them twice, some as two people."""
    rng = np.random.default_rng(seed)
    people = rng.integers(0, 8, n)
    points = rng.normal(size=(8, 5))[people] + rng.normal(size=(n, 5)) / 2
    return points[rng.integers(0, n, n)], people


@pytest.mark.parametrize("seeds", [(0, 1), pytest.param((2, 3), marks=pytest.mark.long)])
@pytest.mark.parametrize("min_samples", [1, 2, 3, 5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_are_those_of_scikit_learns_labels(
    min_samples: int, dtype: type, seeds: tuple[int, ...]
) -> None:
    for seed in seeds:
        points, people = _made(seed)
        points = points.astype(dtype)
        steps = {
            score: trace(DBSCAN(1.0, min_samples=min_samples), points, people, score)
            for score in SCORES
        }
        for radius in np.random.default_rng(seed).uniform(0.01, 4, 40):
            found = SklearnDBSCAN(eps=radius, min_samples=min_samples)
            expected = metrics.scores(people, found.fit_predict(points.astype(np.float64)))
            for score in SCORES:
                assert steps[score].at(radius) == pytest.approx(expected[score], abs=1e-12)


def test_a_point_that_is_not_core_moves_to_what_joins_with_an_earlier_cluster() -> None:
    # Three groups; a face between the last two, whose last one joins the first at 1.05.
    corner = np.array([[0, 0], [0, 0.1], [0.05, 0.1], [-0.05, 0.1]])
    first, last = corner + np.array([0, 1.095]), corner[:, ::-1] * np.array([-1, 1])
    middle = corner[:, ::-1] + np.array([2, 0])
    points = np.concatenate([first, middle, last, [[1.0, 0.0]]])
    people = np.array([0, 0, 1, 1, 2, 2, 2, 3, 3, 0, 0, 1, 0])
    steps = trace(DBSCAN(1.0, min_samples=4), points, people, "ari")
    moved = []
    for radius in (1.02, 1.07, 1.12):
        labels = SklearnDBSCAN(eps=radius, min_samples=4).fit_predict(points)
        assert steps.at(radius) == pytest.approx(metrics.scores(people, labels)["ari"], abs=1e-12)
        moved.append(labels[-1] == labels[4])
    assert moved == [True, False, True]


def test_scores_are_those_of_scipys_average_linkage() -> None:
    for seed in range(4):
        points, people = _made(seed)
        steps = {score: trace(AverageLinkage(1.0), points, people, score) for score in SCORES}
        tree = linkage(points, "average")
        for radius in np.random.default_rng(seed).uniform(0.01, 4, 40):
            expected = metrics.scores(people, fcluster(tree, radius, "distance"))
            for score in SCORES:
                assert steps[score].at(radius) == pytest.approx(expected[score], abs=1e-12)


@pytest.mark.parametrize(
    "estimator", [DBSCAN(1.0), DBSCAN(1.0, min_samples=3), AverageLinkage(1.0)]
)
def test_nothing_happens_between_two_radii(estimator: BaseEstimator) -> None:
    points, people = _made(9)
    steps = trace(estimator, points, people, "ari")
    assert len(steps.radii) > 20
    for (low, high), value in zip(pairwise(steps.radii[1:]), steps.values[1:], strict=False):
        if high - low < 1e-9:
            continue  # by rounding alone
        for share in (1e-6, 0.5, 1 - 1e-6):
            at = low + share * (high - low)
            labels = estimator.set_params(eps=at).fit_predict(points)
            assert metrics.scores(people, labels)["ari"] == pytest.approx(value, abs=1e-12)


def test_points_of_any_size_and_equal_ones() -> None:
    points, people = _made(1)
    usual = trace(DBSCAN(1.0), points, people, "ari")
    for factor in (2.0**300, 2.0**-300):
        scaled = trace(DBSCAN(1.0), points * factor, people, "ari")
        assert scaled.radii == pytest.approx(usual.radii * factor)
        assert scaled.values == pytest.approx(usual.values)
    one = trace(DBSCAN(1.0), np.ones((5, 2)), np.array([0, 0, 1, 1, 1]), "ari")
    assert (one.radii.tolist(), one.values.tolist()) == ([0.0], [0.0])


def test_the_curve_is_that_of_the_resamples_scored_one_by_one(lfw: Faces) -> None:
    vectors, people = lfw[0][:600], lfw[1][:600]
    for sampling in (Bootstrap(), Subsample()):
        for estimator in (DBSCAN(0.3), AverageLinkage(0.3)):
            experiment = Experiment(
                embeddings_of(vectors, people), estimator, sampling, "some", 7, 5
            )
            curve = Curve(list(trace_resamples(experiment, "ari")), 0.1, 0.6)
            radii = np.linspace(0.1, 0.6, 11)
            for radius, values in zip(radii, curve.at(radii).T, strict=True):
                scored = experiment.with_settings({"eps": radius}).score_resamples()
                assert values == pytest.approx([one["ari"] for one in scored], abs=1e-12)


def test_the_best_radius_is_that_of_a_search_among_all_that_differ() -> None:
    for seed in range(3):
        points, people = _made(seed, 50)
        experiment = Experiment(
            embeddings_of(points, people), DBSCAN(1.0), Subsample(), "made", seed, 7
        )
        curve = Curve(list(trace_resamples(experiment, "ari")), 0.2, 3.0)
        best = curve.best()
        changes = np.unique(np.concatenate([[0.2], *(one.radii for one in curve.steps), [3.0]]))
        changes = changes[(changes >= 0.2) & (changes <= 3.0)]
        found = {}
        for low, high in pairwise(changes.tolist()):
            if high - low < 1e-9:
                continue  # by rounding alone
            tried = experiment.with_settings({"eps": (low + high) / 2})
            found[low, high] = [one["ari"] for one in tried.score_resamples(information=False)]
        means = {ends: np.mean(values) for ends, values in found.items()}
        assert best.mean == pytest.approx(max(means.values()))
        assert (0.2 <= best.low < best.radius < best.high <= 3.0) is True
        # All between `low` and `high` are as good, and no wider stretch is.
        for (low, high), mean in means.items():
            if best.low <= low and high <= best.high:
                assert mean == pytest.approx(best.mean)
        ((_, at),) = [(e, v) for e, v in found.items() if e[0] <= best.radius < e[1]]
        within = {
            ends: (d := np.array(at) - values).mean() <= d.std(ddof=1) / np.sqrt(len(d)) + 1e-9
            for ends, values in found.items()
        }
        inside = [
            fine for (low, high), fine in within.items() if best.within[0] <= low < best.within[1]
        ]
        assert all(inside)
        low, high = best.nearly
        near = {ends: mean for ends, mean in means.items() if low <= ends[0] < high}
        assert min(near.values()) >= best.mean - 0.01
        low, high = best.within
        beyond = [ends for ends in within if ends[0] == best.within[1] or ends[1] == best.within[0]]
        assert not any(within[ends] for ends in beyond)


def test_of_equal_stretches_the_middle_of_the_widest_is_taken() -> None:
    steps = Steps(np.array([0.0, 1.0, 1.5, 2.0, 4.0, 4.0 + 1e-13]), np.array([0, 1, 0, 1, 2, 0.5]))
    best = Curve([steps], 0.5, 6.0).best()  # what rounding alone tells apart is no optimum
    assert (best.radius, best.low, best.high) == pytest.approx((3.0, 2.0, 4.0))
    assert best.mean == 1.0
    assert best.within == best.nearly == pytest.approx((2.0, 4.0))
    assert Curve([steps], 0.5, 1.2).best().radius == pytest.approx(1.1)
    flat = Curve([Steps(np.zeros(1), np.ones(1))], 0.5, 1.5).best()
    assert (flat.radius, flat.within) == (1.0, (0.5, 1.5))


def test_who_can_grow() -> None:
    class Mine(DBSCAN):
        """Whatever this does, it is not asked."""

    assert can_grow(DBSCAN(0.3, min_samples=4), 10**6)
    assert can_grow(AverageLinkage(0.3), 20_000)
    assert not can_grow(AverageLinkage(0.3), 20_001)
    for estimator in (Mine(0.3), Infomap(0.3), DBSCAN(0.3, neighbors="faiss")):
        assert not can_grow(estimator, 10)
