"""Spectral clustering: the same embedding as scikit-learn's, and as good a k-means."""

import numpy as np
import pytest
from numpy.typing import NDArray
from reference import same_groups
from scipy.linalg import eigh
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.cluster import SpectralClustering as ScikitLearns
from sklearn.manifold import spectral_embedding
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.pairwise import rbf_kernel
from threadpoolctl import threadpool_limits

from facetrack.clusterer import SpectralClustering, spectral
from facetrack.clusterer.kernels import kmeans
from facetrack.clusterer.shared import digest, distinct
from facetrack.core.faces import Vectors
from facetrack.evaluation.resampling import Bootstrap

Faces = tuple[Vectors, NDArray[np.int64]]


def _gram(points: np.ndarray, k: int, gamma: float = 1.0) -> np.ndarray:
    """Inner products of the embedding of all points, duplicates spelled out."""
    same = distinct(points, digest(points))
    affinity = spectral._Affinity(points[same.rows], same.counts, gamma)
    maps = affinity.embedding(k, np.random.RandomState(0))
    embedding = maps.rows[maps.row_of_each(same)]
    return np.asarray(embedding @ embedding.T, dtype=np.float64)


def _scikit_learns_gram(points: np.ndarray, k: int, gamma: float = 1.0) -> np.ndarray:
    maps = spectral_embedding(
        rbf_kernel(points.astype(np.float64), gamma=gamma),
        n_components=k + 1,
        random_state=0,
        drop_first=False,
    )
    # The first is the same for all points: it has no part in any distance.
    assert np.ptp(maps[:, 0]) < 1e-6 * np.abs(maps[0, 0])
    return np.asarray(maps[:, 1:] @ maps[:, 1:].T)


@pytest.mark.parametrize("k", [2, 20, 120])
def test_the_embedding_is_scikit_learns(lfw: Faces, k: int) -> None:
    drawn = Bootstrap().draw(500, 0, "lfw", 0)
    points = lfw[0][:500][drawn].astype(np.float64)
    assert len(np.unique(drawn)) < len(drawn)
    # Products of embeddings, because an eigenvector's sign is anybody's choice.
    expected = _scikit_learns_gram(points, k)
    np.testing.assert_allclose(_gram(points, k), expected, atol=1e-6 * np.abs(expected).max())


def test_copies_that_an_eigenvector_tells_apart(lfw: Faces) -> None:
    drawn = Bootstrap().draw(300, 0, "lfw", 0)
    points = lfw[0][:300][drawn].astype(np.float64)
    same = distinct(points, digest(points))
    affinity = spectral._Affinity(points[same.rows], same.counts, 1.0)
    # The plain way: every eigenvector of the matrix over all points.
    kernel = rbf_kernel(points, gamma=1.0)
    np.fill_diagonal(kernel, 0)
    root = np.sqrt(kernel.sum(0))
    values, vectors = np.linalg.eigh(kernel / root / root[:, None])
    values, vectors = values[::-1], vectors[:, ::-1]
    gaps = -np.diff(values)
    tried = []
    for k in range(60, 239):
        maps = affinity.embedding(k, np.random.RandomState(0))
        # Where the k-th and the next are equal, which of them is taken is anybody's choice.
        if gaps[k] < 1e-9 or not maps.split.any():
            continue
        tried.append(maps.split.sum())
        expected = vectors[:, 1 : k + 1] / root[:, None]
        found = maps.rows[maps.row_of_each(same)]
        np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=1e-9)
        assert maps.weights.sum() == len(points)
    assert len(tried) > 20
    assert max(tried) > 10


@pytest.mark.parametrize("way", ["float32", "operator"])
def test_other_ways_to_the_same_embedding(
    lfw: Faces, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    points = lfw[0][:400].astype(np.float64)
    expected = _gram(points, 60)
    if way == "float32":
        monkeypatch.setattr(spectral, "_SMALL", 0)
    else:
        monkeypatch.setattr(spectral, "MATRIX_BYTES", 1000)
    found = _gram(points, 60)
    np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(expected).max())


@pytest.mark.parametrize("few", [True, False])
def test_groups_that_are_there_are_found(few: bool) -> None:
    random = np.random.RandomState(0)
    people = np.repeat(np.arange(6), 60 if few else 8)
    points = 4 * random.normal(size=(6, 5))[people] + 0.2 * random.normal(size=(len(people), 5))
    points = points[random.randint(0, len(points), len(points))]
    expected = ScikitLearns(6, gamma=0.1, random_state=0).fit_predict(points)
    found = SpectralClustering(6, gamma=0.1, random_state=0).fit_predict(points)
    assert len(set(found)) == 6
    assert same_groups(found, expected)


def test_lfw_scores_like_scikit_learn(lfw: Faces) -> None:
    vectors, people = (one[:700] for one in lfw)
    mine: list[float] = []
    theirs: list[float] = []
    for i in range(8):
        drawn = Bootstrap().draw(700, 0, "lfw", i)
        k = len(np.unique(people[drawn]))
        for found, kind in ((mine, SpectralClustering), (theirs, ScikitLearns)):
            with threadpool_limits(1):  # so few faces: threads only wait for each other
                labels = kind(k, gamma=1.0, random_state=i).fit_predict(vectors[drawn])
            found.append(adjusted_rand_score(people[drawn], labels))
    difference = np.mean(mine) - np.mean(theirs)
    error = np.sqrt((np.var(mine, ddof=1) + np.var(theirs, ddof=1)) / 8)
    assert abs(difference) <= 2 * error
    assert np.mean(theirs) > 0.05


def test_the_labels_of_a_whole_decomposition(lfw: Faces, monkeypatch: pytest.MonkeyPatch) -> None:
    def find_among_all(matrix: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        values, vectors = eigh(matrix, driver="evd")
        return values[-k:], vectors[:, -k:]

    monkeypatch.setattr(spectral, "_SMALL", 0)
    vectors = lfw[0][:700]
    with threadpool_limits(1):
        found = SpectralClustering(150, n_init=2, random_state=1).fit_predict(vectors)
        monkeypatch.setattr(spectral, "find_greatest", find_among_all)
        expected = SpectralClustering(150, n_init=2, random_state=1).fit_predict(vectors)
    np.testing.assert_array_equal(found, expected)


def test_lloyd_from_the_same_start_ends_the_same() -> None:
    random = np.random.RandomState(0)
    points = random.normal(size=(300, 12))
    weights = random.randint(1, 4, 300)
    seeds = random.choice(300, 25, replace=False)
    gram = points @ points.T
    labels, inertia = kmeans._lloyd(gram, gram.diagonal(), weights, seeds, 0.0)
    expected = KMeans(25, init=points[seeds], n_init=1, tol=0).fit(points, sample_weight=weights)
    np.testing.assert_array_equal(labels, expected.labels_)
    assert inertia == pytest.approx(expected.inertia_, rel=1e-9)


def test_starts_are_as_good_as_scikit_learns() -> None:
    random = np.random.RandomState(0)
    points = random.normal(size=(400, 10)) + 6 * random.normal(size=(40, 10)).repeat(10, axis=0)
    gram = points @ points.T
    ones = np.ones(400, int)

    def inertia(labels: np.ndarray) -> float:
        return float(
            sum(((points[labels == k] - points[labels == k].mean(0)) ** 2).sum() for k in range(40))
        )

    mine = [
        inertia(kmeans.gram_kmeans(gram, ones, 40, 10, 1, np.random.RandomState(i)))
        for i in range(20)
    ]
    theirs = [KMeans(40, n_init=1, random_state=i).fit(points).inertia_ for i in range(20)]
    error = np.sqrt((np.var(mine, ddof=1) + np.var(theirs, ddof=1)) / 20)
    assert abs(np.mean(mine) - np.mean(theirs)) <= 2.5 * error


def test_a_centre_nobody_chooses_gets_a_point() -> None:
    points = np.array([[0.0], [0.1], [0.2], [5.0], [9.0]])
    gram = points @ points.T
    # Two starts at one place: the second one's centre is nobody's nearest.
    labels, _ = kmeans._lloyd(gram, gram.diagonal(), np.ones(5, int), np.array([0, 0, 3]), 0.0)
    assert set(labels) == {0, 1, 2}


@pytest.mark.parametrize("k", [1, 3, 4, 6, 9, 12])
def test_more_clusters_than_there_are_distinct_points(k: int) -> None:
    points = np.random.RandomState(0).normal(size=(4, 3)).repeat(3, axis=0)
    labels = SpectralClustering(k, random_state=0).fit_predict(points)
    assert len(set(labels)) <= k
    if k <= 4:
        assert len(set(labels)) == k
        assert (labels.reshape(4, 3) == labels[::3, None]).all()


def test_an_isolated_point_is_no_crash() -> None:
    points = np.concatenate([np.random.RandomState(0).normal(size=(20, 2)), [[1e4, 1e4]]])
    labels = SpectralClustering(2, random_state=0).fit_predict(points)
    assert len(labels) == 21


def test_same_seed_same_labels(lfw: Faces) -> None:
    vectors = lfw[0][:400]
    first, second = (SpectralClustering(50, random_state=3).fit_predict(vectors) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_scikit_learns_interface() -> None:
    estimator = clone(SpectralClustering(7, gamma=2.0, random_state=1))
    assert estimator.get_params() == {
        "n_clusters": 7,
        "gamma": 2.0,
        "n_init": 10,
        "random_state": 1,
    }
    with pytest.raises(ValueError, match="n_samples=3 should be >= n_clusters=7"):
        estimator.fit(np.eye(3))
    with pytest.raises(ValueError, match="n_clusters"):
        SpectralClustering(0).fit(np.eye(3))
