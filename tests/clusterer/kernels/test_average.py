"""Average linkage's merges against SciPy's, and against a slow, obvious implementation."""

import numpy as np
import pytest
from conftest import SHARED
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from reference import average_linkage
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist
from threadpoolctl import threadpool_limits

from facetrack.clusterer.kernels import average
from facetrack.clusterer.kernels.average import Dendrogram, build_dendrogram, measure
from facetrack.clusterer.kernels.conflicts import find_conflicts, no_conflicts
from facetrack.clusterer.shared import Distinct
from facetrack.core.faces import Vectors, scale_to_unit

Points = NDArray[np.floating]


def by_scipy(points: Points, eps: float) -> list[int]:
    """SciPy's labels, numbered by their first point."""
    labels = fcluster(
        linkage(pdist(points.astype(np.float64)), "average"), eps, "distance"
    ).tolist()
    order = list(dict.fromkeys(labels))
    return [order.index(one) for one in labels]


def _build(points: Points, photos: list[int] | None = None, apart: float = 0.0) -> Dendrogram:
    own, ones = np.arange(len(points)), np.ones(len(points), np.int64)
    conflicts = no_conflicts(len(points))
    if photos is not None:
        same = Distinct(own, own, ones)
        conflicts = find_conflicts(points, same, np.array(photos), apart)
    return build_dendrogram(points, ones, own, conflicts)


def _equal(points: Points, radii: list[float]) -> None:
    tree = _build(points)
    merges = linkage(pdist(points.astype(np.float64)), "average")
    np.testing.assert_allclose(tree.heights, merges[:, 2], rtol=1e-11, atol=1e-12)
    for eps in radii:
        assert tree.labels(eps).tolist() == by_scipy(points, eps)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "d"), [(2, 3), (3, 1), (300, 2), (200, 128)])
def test_random_points(n: int, d: int, dtype: type) -> None:
    points: Points = np.random.RandomState(n).normal(size=(n, d)).astype(dtype)
    heights = linkage(pdist(points.astype(np.float64)), "average")[:, 2]
    _equal(points, [0.9 * heights[0], *np.quantile(heights, [0.1, 0.5, 0.9]), 2 * heights[-1]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "d"), [(40, 1), (41, 5), (2, 6), (1, 3), (40, 128), (515, 7)])
def test_distances_are_sums_in_order_to_the_last_bit(n: int, d: int, dtype: type) -> None:
    points: Points = np.random.RandomState(0).normal(size=(n, d)).astype(dtype)
    first, second = np.triu_indices(len(points), 1)
    squared = np.zeros(len(first))
    for column in points.astype(np.float64).T:
        squared += (column[first] - column[second]) ** 2
    np.testing.assert_array_equal(measure(points), np.sqrt(squared))


@pytest.mark.parametrize("columns", [1, 7, 99, 100, 101])
def test_in_blocks(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.RandomState(0).normal(size=(100, 5))
    whole = measure(points)
    monkeypatch.setattr(average, "_COLUMNS", columns)
    np.testing.assert_array_equal(measure(points), whole)


def test_small_distances_far_from_the_origin() -> None:
    random = np.random.RandomState(0)
    points = 1e6 + np.repeat(random.normal(size=(20, 128)), 3, axis=0)
    points += 1e-7 * random.normal(size=points.shape)
    np.testing.assert_allclose(measure(points), pdist(points), rtol=1e-12)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(2, 24).flatmap(
        lambda n: arrays(np.float64, (n, 2), elements=st.integers(-3, 3), unique=False)
    ),
    st.sampled_from([0.5, 1.0, 1.5, 2.0, 2.5, 3.0]),
)
def test_ties(points: Points, eps: float) -> None:
    # Whole numbers: most distances tie, and many means are the radius.
    assert _build(points / 2).labels(eps).tolist() == by_scipy(points / 2, eps)


def test_a_grid() -> None:
    points = np.stack(np.meshgrid(np.arange(15), np.arange(14)), axis=-1).reshape(-1, 2) + 1000.0
    points = np.random.RandomState(1).permutation(points)
    _equal(points, [0.5, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0])


def test_lfw(lfw: tuple[Vectors, NDArray[np.int64]]) -> None:
    _equal(lfw[0][:2000], [0.2, 0.3, 0.35, 0.39, 0.45, 0.6])


def test_threads_change_nothing() -> None:
    points = np.random.RandomState(0).normal(size=(1100, 128))  # enough for them to be used
    found = []
    for threads in (1, 2, 3):
        with threadpool_limits(threads):
            found.append(_build(points))
    for one in found[1:]:
        np.testing.assert_array_equal(one.merges, found[0].merges)
        np.testing.assert_array_equal(one.heights, found[0].heights)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 16).flatmap(
        lambda n: st.tuples(st.just(n), st.lists(st.integers(0, 4), min_size=n, max_size=n))
    ),
    st.integers(0, 2**31),
    st.sampled_from([0.3, 0.6, 1.0, 1.5]),
)
def test_infinitely_far_apart(drawn: tuple[int, list[int]], seed: int, eps: float) -> None:
    n, photos = drawn
    points = np.random.RandomState(seed).uniform(size=(n, 2))
    tree = _build(points, photos, eps / 2)
    conflict = np.equal.outer(photos, photos)
    assert tree.labels(eps).tolist() == average_linkage(points.tolist(), eps, conflict.tolist())
    assert np.isfinite(tree.heights).all()


def test_where_all_are_apart_nothing_is_merged() -> None:
    points = np.arange(4.0)[:, None]
    tree = _build(points, [0, 0, 0, 0], 0.5)
    assert tree.merges.shape == (2, 0)
    assert tree.labels(1e9).tolist() == [0, 1, 2, 3]


def test_all_of_lfws_people() -> None:
    path = SHARED / "data/lfw_dlib_embeddings.npz"
    if not path.exists():
        pytest.skip("no stored embeddings here")
    with np.load(path) as stored:
        vectors = scale_to_unit(stored["embeddings"])
    labels = _build(vectors).labels(0.39)
    assert int(labels.max()) + 1 == 945  # SciPy's; its ARI is .980
