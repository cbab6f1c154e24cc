"""The measure that chooses a radius without labels."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import silhouette_samples

from facetrack import label_free
from facetrack.clusterer import DBSCAN, MeanShift
from facetrack.data import Vectors
from facetrack.label_free import separation
from facetrack.metrics import scores

Faces = tuple[Vectors, NDArray[np.int64]]


def test_it_is_scikit_learns_silhouette_weighed(
    lfw: Faces, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = lfw[0][:500]
    labels = DBSCAN(0.33, min_samples=1).fit_predict(vectors)
    silhouettes = silhouette_samples(vectors.astype(np.float64), labels)
    assert (silhouettes < 0).any()
    weights = np.sqrt(np.bincount(labels)[labels])
    harsh = np.where(silhouettes < 0, 7 * silhouettes, silhouettes)
    expected = weights @ harsh / weights.sum()
    assert separation(vectors, labels) == pytest.approx(expected, abs=1e-4)
    monkeypatch.setattr(label_free, "_BLOCK", 7000)  # several blocks, the last one short
    assert separation(vectors, labels) == pytest.approx(expected, abs=1e-4)


def test_of_many_faces_a_sample_tells_as_much(lfw: Faces, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = lfw[0]
    radii = (0.22, 0.28, 0.34, 0.42)
    labels = [DBSCAN(radius, min_samples=1).fit_predict(vectors) for radius in radii]
    whole = [separation(vectors, one) for one in labels]
    monkeypatch.setattr(label_free, "_MOST", 2000)
    sampled = [separation(vectors, one) for one in labels]
    assert sampled == pytest.approx(whole, abs=0.05)
    assert sampled != whole
    assert np.argmax(sampled) == np.argmax(whole)


def test_noise_is_faces_alone() -> None:
    vectors = np.random.RandomState(0).normal(size=(8, 3)).astype(np.float32)
    noisy = np.array([0, 0, 0, 1, 1, -1, -1, -1])
    alone = np.array([0, 0, 0, 1, 1, 2, 3, 4])
    assert separation(vectors, noisy) == separation(vectors, alone)


@pytest.mark.parametrize("labels", [np.zeros(6, int), np.arange(6), np.full(6, -1)])
def test_trivial_clusterings_are_the_worst(labels: NDArray[np.int64]) -> None:
    vectors = np.random.RandomState(0).normal(size=(6, 3)).astype(np.float32)
    assert separation(vectors, labels) <= -7


@pytest.mark.parametrize("method", ["dbscan", "meanshift"])
@pytest.mark.parametrize("name", ["lfw", "orl"])
def test_the_chosen_radius_costs_little(
    request: pytest.FixtureRequest, name: str, method: str
) -> None:
    vectors, people = request.getfixturevalue(name)
    chosen, true = [], []
    for radius in np.arange(0.08, 0.6, 0.03 if method == "meanshift" else 0.01):
        estimator = DBSCAN(radius, min_samples=1) if method == "dbscan" else MeanShift(radius)
        labels = estimator.fit_predict(vectors)
        chosen.append(separation(vectors, labels))
        true.append(scores(people, labels, information=False)["ari"])
    assert max(true) - true[int(np.argmax(chosen))] <= 0.05
    assert max(true) > 0.9
