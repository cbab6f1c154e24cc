"""The neighbour graph is exact: against scikit-learn in float64, and every pair by itself."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from facetrack.clusterer import ChineseWhispers, Infomap
from facetrack.clusterer.kernels import approximate, graph
from facetrack.clusterer.kernels.graph import Graph, find_graph, trim
from facetrack.clusterer.shared import cache, digest
from facetrack.core.faces import Vectors

Floats = NDArray[np.floating]


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


def _find(points: Floats, radius: float, k: int = 5, neighbors: str = "exact") -> Graph:
    return trim(find_graph(points, radius, digest(points), k, neighbors), k)


def _slow(points: Floats, radius: float, k: int) -> list[list[tuple[int, float]]]:
    """Each point's neighbours and their distances, one pair after the other."""
    found: list[list[tuple[int, float]]] = []
    for point in points.astype(np.float64):
        apart = []
        for other in points.astype(np.float64):
            square = 0.0
            for one, two in zip(point, other, strict=True):
                square += (one - two) * (one - two)  # a power is rounded otherwise
            apart.append(float(np.sqrt(square)))
        own = len(found)
        near = sorted((far, i) for i, far in enumerate(apart) if i != own and far <= radius)
        found.append([(i, far) for far, i in near[:k]])
    return found


def _lists(found: Graph) -> list[list[tuple[int, float]]]:
    bounds = zip(found.starts[:-1], found.starts[1:], strict=True)
    ends, distances = found.ends.tolist(), found.distances.tolist()
    return [list(zip(ends[low:high], distances[low:high], strict=True)) for low, high in bounds]


def _assert_equal(one: Graph, other: Graph) -> None:
    np.testing.assert_array_equal(one.starts, other.starts)
    np.testing.assert_array_equal(one.ends, other.ends)
    np.testing.assert_array_equal(one.distances, other.distances)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [1, 7, 80])
def test_the_neighbours_are_scikit_learns(dtype: type, k: int) -> None:
    points: Floats = np.random.RandomState(0).normal(size=(400, 16)).astype(dtype)
    theirs = NearestNeighbors(n_neighbors=k + 1, algorithm="kd_tree")
    distances, ends = theirs.fit(points.astype(np.float64)).kneighbors()[:2]
    for radius in (3.0, 4.5, 100.0):
        found = _find(points, radius, k)
        near = distances[:, :k] <= radius
        np.testing.assert_array_equal(np.diff(found.starts), near.sum(axis=1))
        np.testing.assert_array_equal(found.ends, ends[:, :k][near])
        np.testing.assert_allclose(found.distances, distances[:, :k][near], rtol=1e-13)


def test_the_neighbours_of_faces(lfw: tuple[Vectors, NDArray[np.int64]]) -> None:
    points = lfw[0][:1500]
    theirs = NearestNeighbors(n_neighbors=80, algorithm="brute").fit(points.astype(np.float64))
    distances, ends = theirs.kneighbors()
    found = _find(points, 0.5, 80)
    near = distances <= 0.5
    np.testing.assert_array_equal(np.diff(found.starts), near.sum(axis=1))
    np.testing.assert_allclose(found.distances, distances[near], atol=1e-7)
    assert np.count_nonzero(found.ends != ends[near]) < 10  # theirs round more


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.int64, st.tuples(st.integers(1, 20), st.just(2)), elements=st.integers(-3, 3)),
    st.integers(1, 25),
    st.sampled_from([1, 2, 3, 4, 5, 8, 9, 10, 13, 50]),
    st.sampled_from([np.float32, np.float64]),
)
def test_ties_on_a_grid(points: Any, k: int, squared: int, dtype: type) -> None:
    # The radius is a distance of the grid, which is within, be it a root that is rounded down.
    found = _find(points.astype(dtype), float(np.sqrt(squared)), k)
    assert _lists(found) == _slow(points, float(np.sqrt(squared)), k)


@pytest.mark.parametrize("offset", [0.0, 100.0, 1e4])
@pytest.mark.parametrize("spread", [1e-7, 1e-5, 1.0])
def test_copies_within_rounding_and_far_from_the_origin(offset: float, spread: float) -> None:
    random = np.random.RandomState(1)
    faces = random.normal(size=(12, 6))
    copies = np.repeat(faces, 6, axis=0) + spread * random.normal(size=(72, 6)) + offset
    for points in (copies.astype(np.float32), copies):
        for radius in (2 * spread, 1.0, 30.0):
            assert _lists(_find(points, radius, 4)) == _slow(points, radius, 4)


def test_two_groups_far_from_each_other() -> None:
    # Rounding of squares then is larger than the distances within them.
    near = np.random.RandomState(0).normal(size=(30, 3))
    points = np.concatenate([near, near + 1e6]).astype(np.float32)
    assert _lists(_find(points, 2.0, 6)) == _slow(points, 2.0, 6)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_points(n: int) -> None:
    points = np.arange(float(n))[:, None]
    for radius in (0.5, 1.0, 9.0):
        for k in (1, 2, 80):
            assert _lists(_find(points, radius, k)) == _slow(points, radius, k)


def test_more_neighbours_than_points() -> None:
    points = np.random.RandomState(0).normal(size=(30, 3))
    found = _find(points, 1e9, 500)
    assert np.diff(found.starts).tolist() == [29] * 30
    _assert_equal(found, _find(points, 1e9, 29))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bounds_change_nothing(monkeypatch: pytest.MonkeyPatch, dtype: type) -> None:
    monkeypatch.setattr(graph, "_ANY_RADIUS", 0)
    random = np.random.RandomState(0)
    people = random.normal(size=(60, 40))
    points: Floats = people[random.randint(0, 60, 1500)] + 0.4 * random.normal(size=(1500, 40))
    points = points.astype(dtype)
    for radius, k, most in ((3.0, 80, 19), (4.0, 10, 10), (20.0, 7, 7)):
        cache.clear()
        found = _find(points, radius, k)
        with monkeypatch.context() as patch:
            patch.setattr(graph, "_MOST_PAIRS", -1)  # as where most pairs are near
            cache.clear()
            _assert_equal(_find(points, radius, k), found)
        assert np.diff(found.starts).max() == most


def test_a_sample_that_misleads_costs_no_neighbour(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.RandomState(0).normal(size=(300, 3))
    expected = _find(points, 0.5)
    monkeypatch.setattr(graph, "_ANY_RADIUS", 0)
    monkeypatch.setattr(graph, "_MOST_PAIRS", 1)
    monkeypatch.setattr(graph, "_count_near", lambda *_: 0.0)
    cache.clear()
    _assert_equal(_find(points, 0.5), expected)


def test_threads_and_block_size_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.RandomState(0).normal(size=(700, 32)).astype(np.float32)
    expected = _find(points, 7.0, 20)
    for threads in (1, 2):
        for size in (1, 100_000, 2**30):
            monkeypatch.setattr(graph, "_BLOCK_BYTES", size)
            cache.clear()
            with threadpool_limits(threads):
                _assert_equal(_find(points, 7.0, 20), expected)


@settings(max_examples=30, deadline=None)
@given(
    arrays(np.int64, (15, 2), elements=st.integers(-3, 3)),
    st.sampled_from([1, 2, 3, 5, 8, 10, 13, 18, 50]),
    st.integers(1, 20),
)
def test_with_a_radius_or_cut_to_it(points: Any, squared: int, k: int) -> None:
    radius, points = float(np.sqrt(squared)), points.astype(np.float64)
    cut = _find(points, radius, k)
    _assert_equal(_find(points, 100.0, k).within(radius), cut)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph, "_ANY_RADIUS", 0)  # as for many points
        _assert_equal(_find(points, radius, k), cut)


@pytest.mark.parametrize("reached", [0, 20_000])
def test_a_distance_whose_square_is_beyond_that_of_the_radius(
    monkeypatch: pytest.MonkeyPatch, reached: int
) -> None:
    monkeypatch.setattr(graph, "_ANY_RADIUS", reached)
    radius = float(np.sqrt(13))
    assert radius * radius < 13
    points = np.array([[0.0, 0], [2, 3]])
    assert _lists(_find(points, radius)) == [[(1, radius)], [(0, radius)]]


def test_a_graph_is_made_once_for_many_radii(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    find = graph._find_all

    def count(*given: Any) -> Graph:
        made.append(given)
        return find(*given)

    monkeypatch.setattr(graph, "_find_all", count)
    points = np.random.RandomState(0).normal(size=(200, 3))
    radii = (0.3, 0.5, 0.3, 0.7)
    kept = []
    for radius in radii:
        kept.append(_find(points, radius, graph.K))
        Infomap(radius).fit(points)
        ChineseWhispers(radius).fit(points)
    assert len(made) == 1
    for radius, expected in zip(radii, kept, strict=True):
        cache.clear()
        _assert_equal(_find(points, radius, graph.K), expected)
    assert len(made) == 5


def test_other_points_have_another_graph() -> None:
    points = np.random.RandomState(0).normal(size=(50, 3))
    assert _lists(_find(points, 1.0)) != _lists(_find(points + points, 1.0))
    assert _lists(_find(points, 1.0)) == _slow(points, 1.0, 5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_faiss_that_searches_all(dtype: type) -> None:
    pytest.importorskip("faiss", reason="faiss is not installed: the extra facetrack[faiss]")
    points: Floats = np.random.RandomState(0).normal(size=(600, 16)).astype(dtype)
    for radius in (3.0, 5.0):
        found = _find(points, radius, 10, "faiss")
        _assert_equal(found, _find(points, radius, 10))
        assert found.recall == 1.0
    assert _find(points, 5.0, 10).recall is None


def test_faiss_and_ties() -> None:
    pytest.importorskip("faiss", reason="faiss is not installed: the extra facetrack[faiss]")
    # Each has fewer neighbours within the radius than it may have: none is left out.
    # The centre is no round number: in float32 equal distances differ.
    points = np.stack(np.divmod(np.arange(53.0), 7), axis=1)
    found = _find(points, 1.5, 8, "faiss")
    assert _lists(found) == _slow(points, 1.5, 8)


def test_faiss_that_misses_some_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("faiss", reason="faiss is not installed: the extra facetrack[faiss]")
    monkeypatch.setattr(approximate, "_PROBES_NEAREST", 1)
    points = np.random.RandomState(0).normal(size=(900, 8))
    found, exact = _find(points, 2.0, 10, "faiss"), _find(points, 2.0, 10)
    there = {(i, end) for i, near in enumerate(_lists(exact)) for end, _ in near}
    given = {(i, end) for i, near in enumerate(_lists(found)) for end, _ in near}
    assert found.recall == len(there & given) / len(there)  # of 900, all are in the sample
    assert 0.1 < found.recall < 0.9
    assert Infomap(2.0, neighbors="faiss").fit(points).neighbors_recall_ is not None


def test_auto_takes_faiss_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("faiss", reason="faiss is not installed: the extra facetrack[faiss]")
    points = np.random.RandomState(0).normal(size=(60, 2))
    assert _find(points, 1.0, 5, "auto").recall is None
    monkeypatch.setattr(graph, "_TOO_MANY", 50)
    assert _find(points, 1.0, 5, "auto").recall == 1.0
    monkeypatch.setattr(approximate, "is_there", lambda: False)
    assert _find(points, 1.0, 5, "auto").recall is None


def test_faiss_is_asked_for_more_than_are_needed() -> None:
    pytest.importorskip("faiss", reason="faiss is not installed: the extra facetrack[faiss]")
    points = np.random.RandomState(0).normal(size=(600, 8))
    found = find_graph(points, 9.0, digest(points), 10, "faiss")
    assert set(np.diff(found.starts).tolist()) == {graph.count_asked(found, 10)} == {20}
    trimmed, exact = trim(found, 10), find_graph(points, 9.0, digest(points), 10)
    np.testing.assert_array_equal(trimmed.starts, exact.starts)
    np.testing.assert_array_equal(trimmed.ends, exact.ends)
    assert trim(exact, 10) is exact
