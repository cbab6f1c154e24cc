"""Agglomerative clustering gives what scikit-learn's gives; Ward's tree is SciPy's."""

import numpy as np
import pytest
from numpy.typing import NDArray
from reference import same_groups
from scipy.cluster import hierarchy
from sklearn import cluster

from facetrack.clusterer import AgglomerativeClustering
from facetrack.clusterer.kernels.average import build_ward
from facetrack.core.faces import Vectors
from facetrack.evaluation.metrics import scores
from facetrack.evaluation.resampling import Bootstrap

Faces = tuple[Vectors, NDArray[np.int64]]
RESULTS = ("labels_", "children_", "n_leaves_", "n_clusters_", "n_connected_components_")


def _equal(points: NDArray[np.floating], clusters: int | None, **settings: object) -> None:
    expected = cluster.AgglomerativeClustering(clusters, **settings).fit(points)
    found = AgglomerativeClustering(clusters, **settings).fit(points)
    for name in RESULTS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "d"), [(2, 3), (3, 1), (61, 5), (300, 2), (200, 128)])
def test_distinct_points(n: int, d: int, dtype: type) -> None:
    points: NDArray[np.floating] = np.random.RandomState(n).normal(size=(n, d)).astype(dtype)
    for clusters in {1, 2, n // 3 + 1, n - 1, n}:
        _equal(points, clusters)


def test_faces(lfw: Faces) -> None:
    vectors, people = lfw[0][:700], lfw[1][:700]
    _equal(vectors, len(np.unique(people)))


def test_heights_are_scipys(lfw: Faces) -> None:
    drawn = Bootstrap().draw(300, 0, "lfw", 0)
    points = lfw[0][:300][drawn]
    rows, counts = np.unique(drawn, return_index=True, return_counts=True)[1:]
    tree = build_ward(points[rows], counts, np.arange(len(rows)))
    expected = hierarchy.ward(points)[:, 2]
    np.testing.assert_allclose(expected[: len(points) - len(rows)], 0, atol=0)
    np.testing.assert_allclose(tree.heights, expected[len(points) - len(rows) :], rtol=1e-12)


@pytest.mark.parametrize("number", range(3))
def test_copies_are_together_and_weigh_as_many(lfw: Faces, number: int) -> None:
    drawn = Bootstrap().draw(700, 0, "lfw", number)
    points, people = lfw[0][:700][drawn], lfw[1][:700][drawn]
    for clusters in (2, 40, len(np.unique(people))):
        expected = cluster.AgglomerativeClustering(clusters).fit_predict(points)
        found = AgglomerativeClustering(clusters).fit_predict(points)
        assert same_groups(found, expected)
        assert scores(people, found) == scores(people, expected)


@pytest.mark.parametrize("clusters", [1, 3, 4, 6, 12])
def test_more_clusters_than_there_are_distinct_points(clusters: int) -> None:
    points = np.random.RandomState(0).normal(size=(4, 3)).repeat(3, axis=0)
    labels = AgglomerativeClustering(clusters).fit_predict(points)
    assert len(set(labels)) == clusters
    if clusters <= 4:
        assert (labels.reshape(4, 3) == labels[::3, None]).all()


@pytest.mark.parametrize(
    "settings",
    [
        {"linkage": "complete"},
        {"linkage": "average", "metric": "cosine"},
        {"linkage": "single"},
        {"metric": "l2"},
        {"connectivity": np.ones((40, 40))},
        {"compute_full_tree": True},
    ],
    ids=str,
)
def test_what_is_left_to_scikit_learn(settings: dict[str, object]) -> None:
    points = np.random.RandomState(0).normal(size=(40, 3))
    _equal(points, 5, **settings)


def test_by_distance() -> None:
    points = np.random.RandomState(0).normal(size=(40, 3))
    _equal(points, None, distance_threshold=1.5)
    found = AgglomerativeClustering(4, compute_distances=True).fit(points)
    expected = cluster.AgglomerativeClustering(4, compute_distances=True).fit(points)
    np.testing.assert_array_equal(found.distances_, expected.distances_)


def test_refusals() -> None:
    with pytest.raises(ValueError, match="more clusters than samples"):
        AgglomerativeClustering(4).fit(np.eye(3))
    with pytest.raises(ValueError, match="minimum of 2"):
        AgglomerativeClustering(1).fit(np.ones((1, 3)))
    with pytest.raises(ValueError, match="n_clusters"):
        AgglomerativeClustering(0).fit(np.eye(3))
    with pytest.raises(ValueError, match="Exactly one of"):
        AgglomerativeClustering(None).fit(np.eye(3))
