"""k-means gives what scikit-learn's gives, to the bit."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import cluster
from threadpoolctl import threadpool_limits

from facetrack.clusterer import KMeans
from facetrack.clusterer.kernels import plus_plus
from facetrack.clusterer.kernels.plus_plus import PlusPlus
from facetrack.core.faces import Vectors
from facetrack.evaluation.resampling import Bootstrap

Faces = tuple[Vectors, NDArray[np.int64]]
RESULTS = ("labels_", "cluster_centers_", "inertia_", "n_iter_")

pytestmark = pytest.mark.filterwarnings("ignore:Number of distinct clusters")


def _equal(points: NDArray[np.floating], clusters: int, **settings: object) -> None:
    given = np.array(points)  # with copy_x=False it is changed
    expected = cluster.KMeans(clusters, random_state=3, **settings).fit(given.copy())
    found = KMeans(clusters, random_state=3, **settings).fit(given.copy())
    for name in RESULTS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)
    np.testing.assert_array_equal(found.predict(given), expected.predict(given))


def _measured(
    points: Vectors, clusters: int, seed: int, matrix_bytes: int = 2**30
) -> tuple[NDArray[np.int64] | None, NDArray[np.int64]]:
    """What is chosen with all distances at hand, and by scikit-learn."""
    _, expected = cluster.kmeans_plusplus(points, clusters, random_state=seed)
    matrix = plus_plus._measure_all(plus_plus._convert(points), clusters, len(points), matrix_bytes)
    assert matrix is not None
    return matrix.draw(clusters, np.random.RandomState(seed)), expected


@pytest.mark.parametrize("threads", [1, 2])
def test_ten_starts_on_lfw(lfw: Faces, threads: int) -> None:
    vectors, people = lfw[0][:700], lfw[1][:700]
    drawn = Bootstrap().draw(700, 0, "lfw", 1)
    with threadpool_limits(threads):
        _equal(vectors[drawn], len(np.unique(people[drawn])), n_init=10)


def test_hundreds_of_clusters_among_thousands(lfw: Faces) -> None:
    vectors = lfw[0][:2600]
    points = vectors[Bootstrap().draw(2600, 0, "lfw", 2)]
    points = points - points.mean(axis=0)
    with threadpool_limits(1):
        for seed in range(3):
            found, expected = _measured(points, 300, seed)
            assert found is not None
            np.testing.assert_array_equal(found, expected)


def test_what_may_be_rounded_otherwise_is_measured_again(
    lfw: Faces, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = lfw[0][:400][Bootstrap().draw(400, 0, "lfw", 0)]
    again = []
    measure = plus_plus._Products.measure

    def spoil(self: plus_plus._Products, rows: object, columns: slice) -> NDArray[np.float64]:
        """As large products that are rounded otherwise, by no more than they may be."""
        apart = measure(self, rows, columns)  # type: ignore[arg-type]
        if len(apart) > 10:
            return apart + np.random.RandomState(0).uniform(-1, 1, apart.shape) * self.doubt
        again.append(apart)
        return apart

    monkeypatch.setattr(plus_plus._Products, "measure", spoil)
    # Doubt that is real: so much of every distance would be in the float32, too.
    monkeypatch.setattr(plus_plus._Products, "doubt", 1e-12)
    for seed in range(5):
        found, expected = _measured(points, 50, seed)
        assert found is not None
        np.testing.assert_array_equal(found, expected)
    assert again


def test_a_start_that_hangs_on_a_rounding_error_is_left_to_products() -> None:
    # Fewer distinct points than clusters: at the end nothing but rounding errors is left.
    points = np.random.RandomState(0).normal(size=(6, 3)).astype(np.float32).repeat(4, axis=0)
    found, _ = _measured(points, 9, 0)
    assert found is None
    _equal(points, 9, n_init=4)


def test_one_random_state_after_another_start() -> None:
    points = np.random.RandomState(1).normal(size=(60, 4)).astype(np.float32)
    mine, theirs = np.random.RandomState(5), np.random.RandomState(5)
    starts = PlusPlus()
    for _ in range(3):
        expected, _ = cluster.kmeans_plusplus(points, 20, random_state=theirs)
        np.testing.assert_array_equal(starts(points, 20, mine), expected)
    assert mine.randint(2**31) == theirs.randint(2**31)


def test_no_larger_matrix_than_allowed(lfw: Faces) -> None:
    points = lfw[0][:1500]
    small = PlusPlus(matrix_bytes=1000)
    for seed in range(2):
        expected, _ = cluster.kmeans_plusplus(points, 40, random_state=seed)
        np.testing.assert_array_equal(small(points, 40, np.random.RandomState(seed)), expected)


@pytest.mark.parametrize(("n_init", "measured"), [(1, False), (10, True)])
def test_all_distances_where_so_many_starts_ask_for_them(
    lfw: Faces, n_init: int, measured: bool
) -> None:
    points = lfw[0][:600]
    starts = PlusPlus(n_init)
    for seed in range(3):
        expected, _ = cluster.kmeans_plusplus(points, 40, random_state=seed)
        found = starts(points, 40, np.random.RandomState(seed))
        np.testing.assert_array_equal(found, expected)
    assert starts._ways is not None
    assert (starts._ways[1] is not None) is measured


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"n_init": "auto"},
        {"n_init": 3, "max_iter": 1},
        {"n_init": 2, "algorithm": "elkan"},
        {"n_init": 2, "init": "random"},
        {"n_init": 2, "copy_x": False},
    ],
    ids=str,
)
def test_every_setting(settings: dict[str, object]) -> None:
    random = np.random.RandomState(0)
    points = random.normal(size=(150, 6)) + 4 * random.normal(size=(15, 6)).repeat(10, axis=0)
    for dtype in (np.float32, np.float64):
        _equal(points.astype(dtype), 15, **settings)


@pytest.mark.parametrize("scale", [1e-25, 1e-6, 1e6, 1e18])
def test_coordinates_of_any_size(scale: float) -> None:
    points = (np.random.RandomState(0).normal(size=(80, 3)) * scale).astype(np.float32)
    with np.errstate(all="ignore"):
        _equal(points, 7, n_init=2)


def test_weights_and_lists_are_scikit_learns() -> None:
    points = np.random.RandomState(0).normal(size=(40, 2)).astype(np.float32)
    weights = np.arange(1.0, 41)
    expected = cluster.KMeans(4, n_init=2, random_state=0).fit(points, sample_weight=weights)
    found = KMeans(4, n_init=2, random_state=0).fit(points, sample_weight=weights)
    np.testing.assert_array_equal(found.labels_, expected.labels_)
    found = KMeans(4, n_init=2, random_state=0).fit(points.tolist())
    expected = cluster.KMeans(4, n_init=2, random_state=0).fit(points.tolist())
    np.testing.assert_array_equal(found.labels_, expected.labels_)
