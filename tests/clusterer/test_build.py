"""Clusterer configs become checked estimators."""

import numpy as np
import pytest
from omegaconf import OmegaConf

from facetrack.clusterer import MeanShift, for_resample
from facetrack.core.errors import UserError
from facetrack.tasks.context.estimators import build_estimator

DBSCAN = {"_target_": "facetrack.clusterer.DBSCAN", "eps": 0.3, "min_samples": 1}
KMEANS = {"_target_": "sklearn.cluster.KMeans", "n_clusters": "known"}


def test_the_distance_knob_is_the_bandwidth() -> None:
    node = {"_target_": "facetrack.clusterer.mean_shift", "eps": 0.4, "bandwidth": 0.4}
    estimator = build_estimator(OmegaConf.create(node))
    assert isinstance(estimator, MeanShift)
    assert estimator.get_params()["bandwidth"] == 0.4


@pytest.mark.parametrize("eps", [-0.1, 0, "0.1:1.2", "near", True, None, float("nan")])
def test_an_eps_that_is_no_distance_is_refused(eps: object) -> None:
    with pytest.raises(UserError, match=r"clusterer\.eps is a distance"):
        build_estimator(OmegaConf.create({**DBSCAN, "eps": eps}))


def test_the_estimators_own_rules_are_applied_before_any_work() -> None:
    with pytest.raises(UserError, match="min_samples"):
        build_estimator(OmegaConf.create({**DBSCAN, "min_samples": -3}))
    with pytest.raises(UserError, match="n_clusters"):
        build_estimator(OmegaConf.create({**KMEANS, "n_clusters": "many"}))


def test_known_is_the_resamples_k_and_random_state_its_seed() -> None:
    estimator = build_estimator(OmegaConf.create(KMEANS))
    fresh = for_resample(estimator, 7, 42)
    assert fresh.get_params()["n_clusters"] == 7
    assert fresh.get_params()["random_state"] == 42
    assert estimator.get_params()["n_clusters"] == "known"


def test_known_needs_labels() -> None:
    with pytest.raises(UserError, match=r"add n_clusters=NUMBER"):
        for_resample(build_estimator(OmegaConf.create(KMEANS)), None, 0)


def test_same_seed_same_labels() -> None:
    points = np.random.RandomState(0).normal(size=(60, 4))
    estimator = build_estimator(OmegaConf.create(KMEANS))
    first, second = (for_resample(estimator, 9, 5).fit_predict(points) for _ in range(2))
    np.testing.assert_array_equal(first, second)
