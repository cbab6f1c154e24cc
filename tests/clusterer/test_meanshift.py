"""Mean-shift's labels are scikit-learn's."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import mean_shift, same_groups
from sklearn.base import clone
from sklearn.cluster import MeanShift as ScikitLearns
from threadpoolctl import threadpool_limits

from facetrack.clusterer import MeanShift, meanshift
from facetrack.clusterer.kernels.distances import Points
from facetrack.clusterer.kernels.nearby import find_nearby
from facetrack.clusterer.shared import digest
from facetrack.core.faces import Vectors
from facetrack.evaluation.resampling import Bootstrap

Faces = tuple[Vectors, NDArray[np.int64]]

GRID = [*np.round(np.arange(0.1, 1.3, 0.1), 1), 0.25, 0.35]


def _equal(points: np.ndarray, bandwidth: float, max_iter: int = 300) -> None:
    # Equal seeds end alike, and scikit-learn climbs from each by itself: it gets each once.
    seeds = np.unique(points, axis=0)
    with threadpool_limits(1):  # many small products: threads only wait for each other
        expected = ScikitLearns(bandwidth=bandwidth, seeds=seeds, max_iter=max_iter).fit(points)
    found = MeanShift(bandwidth, max_iter).fit(points)
    assert same_groups(found.labels_.tolist(), expected.labels_.tolist())
    assert found.n_iter_ == expected.n_iter_
    centres = expected.cluster_centers_
    assert found.cluster_centers_.shape == centres.shape
    # The ranking is scikit-learn's too; only where two are equally strong may rounding swap them.
    np.testing.assert_allclose(
        np.sort(found.cluster_centers_, axis=0), np.sort(centres, axis=0), rtol=1e-6, atol=2e-6
    )


@pytest.mark.parametrize("dtype", [np.float32, pytest.param(np.float64, marks=pytest.mark.long)])
def test_lfw(lfw: Faces, dtype: type) -> None:
    vectors: Vectors = lfw[0][:400].astype(dtype)
    for resample, bandwidth in enumerate(GRID[:: 2 if dtype is np.float32 else 1]):
        _equal(vectors[Bootstrap().draw(len(vectors), 0, "lfw", resample)], bandwidth)


def test_more_faces_than_are_looked_at_together(lfw: Faces) -> None:
    vectors = lfw[0][:2800]
    points = vectors[Bootstrap().draw(len(vectors), 0, "lfw", 3)]
    distinct = np.unique(points, axis=0)
    assert sum(1 for _ in Points(distinct).near(distinct, 0.3)) > 2
    _equal(points, 0.3)


def test_the_first_step_from_kept_pairs_is_the_one_from_products(lfw: Faces) -> None:
    points = np.unique(lfw[0][:900], axis=0)
    weights = np.random.RandomState(0).randint(1, 4, len(points))
    kernel = meanshift._Kernel(points, weights, digest(points))
    for bandwidth in (0.05, 0.25, 0.35):
        assert bandwidth < find_nearby(points).radius
        begun, stepped = kernel.begin(bandwidth), kernel.step(points, bandwidth)
        np.testing.assert_array_equal(begun.keys, stepped.keys)
        np.testing.assert_array_equal(begun.intensity, stepped.intensity)
        np.testing.assert_allclose(begun.means, stepped.means, rtol=1e-13, atol=1e-15)


def test_orl(half_orl: Faces) -> None:
    for resample, bandwidth in enumerate(GRID):
        _equal(half_orl[0][Bootstrap().draw(len(half_orl[0]), 0, "orl", resample)], bandwidth)


BLOBS = np.random.RandomState(0).normal(size=(80, 3)) + np.repeat([[0], [4], [8], [40]], 20, axis=0)


@pytest.mark.parametrize(
    "points",
    [
        np.array([[1.0, 2, 3]]),
        np.ones((7, 3)),
        np.repeat(BLOBS[:20], 3, axis=0),
        np.concatenate([BLOBS[:20], BLOBS[:20] + 1e4]),
        np.random.RandomState(1).normal(size=(5, 40)),
        BLOBS[::2, ::2],
        np.asfortranarray(BLOBS.astype(np.float32)),
    ],
    ids=["one", "equal", "duplicates", "two far groups", "n < d", "strided", "fortran float32"],
)
def test_made_cases(points: np.ndarray) -> None:
    # From a bandwidth in which nothing moves to one in which all merge.
    for bandwidth in (1e-6, 0.3, 1.1, 2.7, 9.1, 1e7):
        _equal(points, bandwidth)


@pytest.mark.parametrize("max_iter", [0, 1, 2, 3])
def test_a_bound_on_the_steps(max_iter: int) -> None:
    for bandwidth in (0.7, 1.3, 2.1):
        _equal(BLOBS, bandwidth, max_iter)


def test_a_tie_at_the_radius_counts_as_inside() -> None:
    points = np.array([[0.0], [2.0], [7.0]])
    assert same_groups(MeanShift(2.0).fit_predict(points), [0, 0, 1])
    _equal(points, 2.0)


def test_equally_strong_means_are_ranked_by_their_coordinates() -> None:
    # Four single points with equal first coordinates: the second decides, as in scikit-learn.
    points = np.array([[1.0, 3], [1, 9], [1, -3], [1, 6]])
    found = MeanShift(0.5).fit(points)
    np.testing.assert_array_equal(
        found.cluster_centers_, ScikitLearns(bandwidth=0.5).fit(points).cluster_centers_
    )
    np.testing.assert_array_equal(found.cluster_centers_[:, 1], [9, 6, 3, -3])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 25), st.floats(0.2, 3.0))
def test_small_sets(seed: int, n: int, bandwidth: float) -> None:
    random = np.random.RandomState(seed)
    points = random.normal(size=(n, 2))[random.randint(0, n, n)]
    found = MeanShift(bandwidth).fit_predict(points)
    expected = mean_shift([tuple(one) for one in points], bandwidth)
    assert same_groups(found, expected)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.floats(0.1, 2.0))
def test_points_that_are_alone(seed: int, n: int, bandwidth: float) -> None:
    random = np.random.RandomState(seed)
    # Multiples of 1/8: distances that are equal, and equal to the bandwidth, too.
    points = np.round(random.normal(size=(n, 2)) * 8)[random.randint(0, n, n)] / 8
    for radius in (bandwidth, np.round(bandwidth * 8) / 8):
        # Of float64 points none is taken for alone before the end.
        found = MeanShift(radius or 1).fit(points.astype(np.float32))
        expected = MeanShift(radius or 1).fit(points)
        np.testing.assert_array_equal(found.labels_, expected.labels_)
        np.testing.assert_array_equal(found.cluster_centers_, expected.cluster_centers_)


FAR = [(100.0 * i, 50) for i in range(1, 12)]


@pytest.mark.parametrize(
    ("points", "max_iter"),
    [
        ([(i, 0) for i in range(7)], 300),  # those between two others stay, and are not alone
        ([(0, 0)] * 5 + [(1.3, 0), (0.75, 0.7), (0.75, -0.7), *FAR], 300),
        # A mean is stopped close to one that is alone, and better.
        ([(0, 0)] * 5 + [(1.3, 0), (0.75, 0.7), (0.75, -0.7), *FAR], 0),
    ],
)
def test_close_to_what_is_alone_or_seems_so(points: list[Any], max_iter: int) -> None:
    given = np.array(points, np.float32)
    found = MeanShift(1.0, max_iter).fit(given)
    expected = MeanShift(1.0, max_iter).fit(given.astype(np.float64))
    np.testing.assert_array_equal(found.labels_, expected.labels_)
    np.testing.assert_array_equal(found.cluster_centers_, expected.cluster_centers_)
    _equal(given.astype(np.float64), 1.0, max_iter)


def test_most_faces_alone(lfw: Faces) -> None:
    points = lfw[0][:500][Bootstrap().draw(500, 0, "lfw", 1)]
    for bandwidth in (0.05, 0.15, 0.22, 0.28):
        found = MeanShift(bandwidth).fit(points)
        expected = MeanShift(bandwidth).fit(points.astype(np.float64))
        np.testing.assert_array_equal(found.labels_, expected.labels_)
        np.testing.assert_array_equal(found.cluster_centers_, expected.cluster_centers_)
        assert len(found.cluster_centers_) > 20


def test_the_input_is_not_changed() -> None:
    points = BLOBS.copy()
    MeanShift(1.0).fit(points)
    np.testing.assert_array_equal(points, BLOBS)


def test_scikit_learns_interface() -> None:
    assert clone(MeanShift(bandwidth=0.3)).get_params() == {"bandwidth": 0.3, "max_iter": 300}
    for name, wrong in (("bandwidth", 0.0), ("max_iter", -1)):
        with pytest.raises(ValueError, match=name):
            MeanShift(0.3).set_params(**{name: wrong}).fit(BLOBS)


@pytest.mark.parametrize("bandwidth", [0.1, 0.8, 1.5, 6.0])
def test_compiled_or_not_they_are_the_same_to_the_last_digit(
    monkeypatch: pytest.MonkeyPatch, bandwidth: float
) -> None:
    random = np.random.RandomState(0)
    points = random.normal(size=(60, 8)).astype(np.float32)
    points[40:] = points[:20] + random.normal(size=(20, 8)) * 0.05
    few = MeanShift(bandwidth).fit(points)
    monkeypatch.setattr(meanshift, "_FEW", 0)
    compiled = MeanShift(bandwidth).fit(points)
    np.testing.assert_array_equal(few.labels_, compiled.labels_)
    np.testing.assert_array_equal(few.cluster_centers_, compiled.cluster_centers_)
