"""HDBSCAN on distinct points: scikit-learn's labels of those, and the same for their copies."""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.cluster import HDBSCAN as ScikitLearns

from facetrack.clusterer import HDBSCAN
from facetrack.core.faces import Vectors
from facetrack.evaluation.metrics import scores
from facetrack.evaluation.resampling import Bootstrap, draw_people

Faces = tuple[Vectors, NDArray[np.int64]]


def _blobs(seed: int = 0) -> NDArray[np.float64]:
    """40 distinct points about five middles, and three far from all of them."""
    rng = np.random.default_rng(seed)
    middles = rng.normal(size=(5, 6)) * 4
    return np.concatenate(
        [middles[np.arange(40) % 5] + rng.normal(size=(40, 6)) * 0.3, 99 * np.eye(6)[:3]]
    )


@pytest.mark.parametrize("method", ["eom", "leaf"])
@pytest.mark.parametrize("min_samples", [None, 1, 4])
def test_copies_have_the_label_of_their_point(min_samples: int | None, method: str) -> None:
    points = _blobs()
    drawn = np.concatenate([np.arange(len(points)), Bootstrap(1).draw(len(points), 0, "blobs", 0)])
    settings = {"min_samples": min_samples, "cluster_selection_method": method}
    found = HDBSCAN(3, store_centers="both", **settings).fit(points[drawn])
    expected = ScikitLearns(3, copy=True, store_centers="both", **settings).fit(points)
    np.testing.assert_array_equal(found.labels_, expected.labels_[drawn])
    np.testing.assert_array_equal(found.probabilities_, expected.probabilities_[drawn])
    np.testing.assert_array_equal(found.centroids_, expected.centroids_)
    np.testing.assert_array_equal(found.medoids_, expected.medoids_)
    np.testing.assert_array_equal(
        found.dbscan_clustering(1.0, 3), expected.dbscan_clustering(1.0, 3)[drawn]
    )
    assert (found.labels_[drawn >= 40] == -1).all()  # noise stays noise


def test_without_copies_it_is_scikit_learns(lfw: Faces) -> None:
    vectors = lfw[0][:600]
    expected = ScikitLearns(2, copy=True).fit(vectors)
    found = HDBSCAN(2).fit(vectors)
    np.testing.assert_array_equal(found.labels_, expected.labels_)
    np.testing.assert_array_equal(found.probabilities_, expected.probabilities_)


def test_a_bootstrap_of_lfw_finds_people_not_copies(lfw: Faces) -> None:
    vectors, people = lfw
    of_80 = np.flatnonzero(np.isin(people, draw_people(80, int(people.max()) + 1, 0, "lfw")))
    drawn = of_80[Bootstrap().draw(len(of_80), 0, "lfw", 0)]
    before = ScikitLearns(2, copy=True).fit_predict(vectors[drawn])
    assert scores(people[drawn], before)["ari"] < 0.4
    assert scores(people[drawn], HDBSCAN(2).fit_predict(vectors[drawn]))["ari"] > 0.95


def test_equal_numbers_with_other_bytes_are_copies() -> None:
    points = _blobs()
    points[:, 0] = 0
    twice = np.concatenate([points, points])
    twice[43:, 0] = -0.0
    expected = ScikitLearns(3, copy=True).fit_predict(points)
    np.testing.assert_array_equal(HDBSCAN(3).fit_predict(twice), np.tile(expected, 2))


def test_too_few_distinct_points_are_noise() -> None:
    points = np.repeat([[0.0, 1], [1, 0]], 3, axis=0)
    found = HDBSCAN(3).fit(points)
    assert found.labels_.tolist() == [-1] * 6
    assert found.probabilities_.tolist() == [0] * 6
    assert found.dbscan_clustering(9.0).tolist() == [-1] * 6
    assert HDBSCAN(2, min_samples=1).fit_predict(points[:3]).tolist() == [-1] * 3
    with pytest.raises(
        ValueError, match=r"min_samples \(7\) must be at most the number of samples"
    ):
        HDBSCAN(7).fit(points)
    with pytest.raises(ValueError, match="requires more than one sample"):
        HDBSCAN(2).fit(points[:1])


def test_what_is_no_list_of_points_is_scikit_learns() -> None:
    points = np.tile(_blobs(), (2, 1))
    distances = cdist(points, points)
    expected = ScikitLearns(3, metric="precomputed", copy=True).fit(distances)
    found = HDBSCAN(3, metric="precomputed", copy=True).fit(distances)
    np.testing.assert_array_equal(found.labels_, expected.labels_)
    cut = found.dbscan_clustering(1.0)
    np.testing.assert_array_equal(cut, expected.dbscan_clustering(1.0))
    rows = sparse.csr_matrix(points)
    np.testing.assert_array_equal(
        HDBSCAN(3, copy=True).fit_predict(rows), ScikitLearns(3, copy=True).fit_predict(rows)
    )


def test_missing_and_infinite_points_keep_scikit_learns_labels() -> None:
    points = np.tile(_blobs(), (2, 1))
    points[[3, 46]] = np.nan
    points[[5, 48]] = np.inf
    found = HDBSCAN(3).fit(points)
    expected = ScikitLearns(3, copy=True).fit(points[:43])
    np.testing.assert_array_equal(found.labels_, np.tile(expected.labels_, 2))


def test_names_of_columns_are_kept_and_points_are_not_changed() -> None:
    points = np.tile(_blobs(), (2, 1))
    table = pd.DataFrame(points, columns=list("abcdef"))
    found = HDBSCAN(3, copy=False).fit(table)
    assert found.feature_names_in_.tolist() == list("abcdef")
    np.testing.assert_array_equal(table, points)
