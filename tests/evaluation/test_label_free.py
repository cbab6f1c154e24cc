"""The measure that chooses a radius without labels."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.metrics import silhouette_samples

from facetrack.clusterer import DBSCAN, MeanShift
from facetrack.core.faces import Vectors
from facetrack.evaluation import label_free
from facetrack.evaluation.label_free import separation
from facetrack.evaluation.metrics import scores

Faces = tuple[Vectors, NDArray[np.int64]]


def _reference(vectors: Vectors, labels: NDArray[np.int64], least: int) -> list[float]:
    """Silhouettes, other clusters having `least` faces or more, b at most the mean of all."""
    distances = cdist(vectors.astype(np.float64), vectors.astype(np.float64))
    sizes = np.bincount(labels)
    found = []
    for face, own in enumerate(labels):
        means = [
            distances[face, labels == other].mean()
            for other in np.flatnonzero(sizes >= least)
            if other != own
        ]
        b = min([*means, distances[face].sum() / (len(labels) - 1)])
        a = distances[face, labels == own].sum() / max(sizes[own] - 1, 1)
        found.append(0 if sizes[own] == 1 else (b - a) / max(a, b))
    return found


def test_it_is_two_silhouettes_weighed(lfw: Faces, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = lfw[0][:500]
    labels = DBSCAN(0.33, min_samples=1).fit_predict(vectors)
    weights = np.sqrt(np.bincount(labels)[labels])
    expected = 0.0
    for least, share in ((1, 2 / 3), (2, 1 / 3)):
        silhouettes = np.array(_reference(vectors, labels, least))
        assert least > 1 or (silhouettes < 0).any()
        harsh = np.where(silhouettes < 0, 5 * silhouettes, silhouettes)
        expected += share * (weights @ harsh / weights.sum())
    assert separation(vectors, labels) == pytest.approx(expected, abs=1e-4)
    monkeypatch.setattr(label_free, "_BLOCK", 7000)  # several blocks, the last one short
    assert separation(vectors, labels) == pytest.approx(expected, abs=1e-4)


def test_the_reference_is_scikit_learns_silhouette(lfw: Faces) -> None:
    # Where all clusters count and none is as far as faces are on the average.
    vectors = lfw[0][:300]
    labels = DBSCAN(0.33, min_samples=1).fit_predict(vectors)
    ours, theirs = np.array(_reference(vectors, labels, 1)), silhouette_samples(vectors, labels)
    assert (np.abs(ours - theirs) < 1e-6).mean() > 0.9


def test_one_group_and_an_outlier_is_not_well_apart() -> None:
    rng = np.random.default_rng(0)
    faces = rng.normal(size=(60, 8)).astype(np.float32)
    faces[:30, 0] += 9  # two people
    faces[59] = 100  # and something that is no face
    one = np.zeros(60, dtype=np.int64)
    one[59] = 1
    two = one.copy()
    two[:30] = 2
    assert separation(faces, two) > separation(faces, one) + 0.1


def test_of_many_faces_a_sample_tells_as_much(lfw: Faces, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = lfw[0][:4000]
    radii = (0.22, 0.28, 0.34, 0.42)
    labels = [DBSCAN(radius, min_samples=1).fit_predict(vectors) for radius in radii]
    whole = [separation(vectors, one) for one in labels]
    monkeypatch.setattr(label_free, "_MOST", 1500)
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
    assert separation(vectors, labels) <= -5


@pytest.mark.parametrize(
    ("name", "method"),
    [
        pytest.param("lfw", "dbscan", marks=pytest.mark.long),
        pytest.param("lfw", "meanshift", marks=pytest.mark.long),
        ("half_orl", "dbscan"),
        ("half_orl", "meanshift"),
    ],
)
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
