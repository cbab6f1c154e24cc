"""DBSCAN's labels are scikit-learn's, numbers and all."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import dbscan, same_groups
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from sklearn.base import clone
from sklearn.cluster import DBSCAN as ScikitLearns
from two_ways import fit_both_ways

from facetrack.clusterer import DBSCAN, shared
from facetrack.clusterer import dbscan as dbscan_module
from facetrack.clusterer.kernels import bounds, joining, tree
from facetrack.core.faces import Vectors
from facetrack.evaluation.resampling import Bootstrap

Faces = tuple[Vectors, NDArray[np.int64]]

GRID = [*np.round(np.arange(0.1, 1.3, 0.1), 1), 0.24, 0.26, 0.28, 0.32, 0.34]


def _equal(points: Any, eps: float, min_samples: int) -> None:
    expected = ScikitLearns(eps=eps, min_samples=min_samples).fit(points)
    found = fit_both_ways(points, eps, min_samples)
    np.testing.assert_array_equal(found.labels_, expected.labels_)
    np.testing.assert_array_equal(found.core_sample_indices_, expected.core_sample_indices_)


@pytest.mark.parametrize(
    ("dtype", "min_samples"),
    [
        *[(np.float32, 1), (np.float32, 5), (np.float64, 2)],
        pytest.param(np.float32, 2, marks=pytest.mark.long),
        pytest.param(np.float64, 1, marks=pytest.mark.long),
        pytest.param(np.float64, 5, marks=pytest.mark.long),
    ],
)
def test_lfw(lfw: Faces, min_samples: int, dtype: type) -> None:
    vectors: Vectors = lfw[0][:2000].astype(dtype)
    drawn = Bootstrap().draw(len(vectors), 0, f"lfw {np.dtype(dtype)}", min_samples)
    for eps in GRID:
        _equal(vectors[drawn], eps, min_samples)


@pytest.mark.parametrize(
    "eps", [0.3, *[pytest.param(e, marks=pytest.mark.long) for e in (0.24, 0.28, 0.34)]]
)
def test_all_of_lfw(lfw: Faces, eps: float) -> None:
    drawn = Bootstrap().draw(len(lfw[0]), 0, "lfw", 0)
    _equal(lfw[0][drawn], eps, 1)


@pytest.mark.parametrize("min_samples", [1, 3])
def test_orl(half_orl: Faces, min_samples: int) -> None:
    for resample in range(3):
        drawn = Bootstrap().draw(len(half_orl[0]), 0, "orl", resample)
        for eps in GRID:
            _equal(half_orl[0][drawn], eps, min_samples)


LINE = np.array([[0.0], [1], [2], [4], [5], [9], [9], [9.5]])


@pytest.mark.parametrize("min_samples", [1, 2, 3, 4, 9])
@pytest.mark.parametrize("eps", [0.25, 0.5, 1.0, 2.0, 4.0, 100.0])
def test_the_radius_is_inclusive_and_duplicates_count(eps: float, min_samples: int) -> None:
    _equal(LINE, eps, min_samples)
    assert DBSCAN(1.0, 1).fit_predict(LINE).tolist() == [0, 0, 0, 1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    "points",
    [
        np.array([[1.0, 2, 3]]),
        np.ones((7, 3)),
        np.concatenate([np.zeros((5, 2)), np.full((5, 2), 1e6)]),
        np.random.RandomState(0).normal(size=(5, 40)),
        np.random.RandomState(0).normal(size=(40, 6))[::2, ::3],
        np.asfortranarray(np.random.RandomState(0).normal(size=(30, 3)).astype(np.float32)),
        np.random.RandomState(0).normal(size=(30, 3)) + 1e5,
    ],
    ids=["one", "equal", "far", "n < d", "strided", "fortran float32", "far from 0"],
)
@pytest.mark.parametrize("min_samples", [1, 2])
def test_made_cases(points: np.ndarray, min_samples: int) -> None:
    for eps in (1e-3, 0.5, 1.0, 3.0, 1e9):
        _equal(points, eps, min_samples)


points_on_a_grid = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=14
)


@settings(max_examples=150, deadline=None)
@given(points_on_a_grid, st.sampled_from([0.5, 1.0, 1.5, 2.0, 2.5, 5.0]), st.integers(1, 5))
def test_ties_at_the_radius(points: list[tuple[int, int]], eps: float, min_samples: int) -> None:
    # Halves, and 1.5² + 2² = 2.5²: exact in floating point, with many pairs just at the radius.
    halves = np.array(points) / 2
    found = DBSCAN(eps, min_samples).fit_predict(halves)
    assert found.tolist() == dbscan([tuple(one) for one in halves], eps, min_samples)
    _equal(halves, eps, min_samples)


@pytest.mark.parametrize("neighbors", ["exact", "faiss"])
def test_points_that_become_core_late(monkeypatch: pytest.MonkeyPatch, neighbors: str) -> None:
    if neighbors == "faiss":
        pytest.importorskip("faiss", reason="faiss is not installed: the extra facetrack[faiss]")
    # Tiles of a few pairs: most pairs wait for a point that is not known to be core yet.
    monkeypatch.setattr(bounds, "HEIGHT", 8)
    monkeypatch.setattr(joining, "HEIGHT", 8)
    monkeypatch.setattr(joining, "_FIRST", 2)
    monkeypatch.setattr(bounds, "WIDTH", 16)
    random = np.random.RandomState(0)
    for seed in range(12):
        points = random.randint(0, 9, (90, 2)) / 2
        for eps, min_samples in product((0.5, 1.0, 1.5), (1, 2, 4, 7, 13)):
            shared.cache.clear()
            expected = ScikitLearns(eps=eps, min_samples=min_samples).fit(points)
            found = DBSCAN(eps, min_samples, neighbors).fit(points)
            np.testing.assert_array_equal(found.labels_, expected.labels_, str(seed))
            np.testing.assert_array_equal(found.core_sample_indices_, expected.core_sample_indices_)


@settings(max_examples=60, deadline=None)
@given(points_on_a_grid, st.sampled_from([0.5, 1.0, 1.5, 2.5]), st.integers(1, 3))
def test_ties_at_a_later_radius(
    points: list[tuple[int, int]], eps: float, min_samples: int
) -> None:
    # By the tree, whose certain components are the answer where no tie is near the radius.
    halves = np.array(points) / 2
    DBSCAN(9.0, min_samples).fit(halves)
    for radius in (eps, eps + 0.2):
        found = DBSCAN(radius, min_samples).fit_predict(halves)
        assert found.tolist() == dbscan([tuple(one) for one in halves], radius, min_samples)


def test_the_tree_is_for_a_second_radius(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    grow = tree.spanning_tree

    def watched(points: Any, *rest: Any) -> Any:
        made.append(rest)
        return grow(points, *rest)

    monkeypatch.setattr(dbscan_module, "spanning_tree", watched)
    shared.cache.clear()
    for eps, expected in ((1.0, 0), (1.0, 0), (2.0, 1), (4.0, 1), (1.0, 1)):
        assert (
            DBSCAN(eps).fit_predict(LINE).tolist()
            == ScikitLearns(eps=eps, min_samples=1).fit_predict(LINE).tolist()
        )
        assert len(made) == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("min_samples", [1, 2, 7, 40, 61, 200])
def test_core_distances(dtype: type[np.float32] | type[np.float64], min_samples: int) -> None:
    random = np.random.RandomState(min_samples)
    points: NDArray[np.floating] = random.randint(0, 5, (60, 3)).astype(dtype)
    weights = random.randint(1, 4, 60)
    found = tree.spanning_tree(points, weights, min_samples, dtype).core
    for point, core in zip(points, found, strict=True):
        squared = np.repeat(((points - point) ** 2).sum(axis=1), weights)
        expected = np.sort(squared)[min_samples - 1] if min_samples <= len(squared) else np.inf
        assert core == (0 if min_samples == 1 else pytest.approx(expected, abs=1e-4))


def test_the_shared_tree_does_not_show(lfw: Faces) -> None:
    vectors = lfw[0][:300]
    warm = [DBSCAN(eps, 2).fit_predict(vectors) for eps in (0.2, 0.3, 0.4)]
    cold = []
    for eps in (0.4, 0.3, 0.2):
        shared.cache.clear()
        cold.append(DBSCAN(eps, 2).fit_predict(vectors))
    for one, other in zip(warm, reversed(cold), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_input_is_not_changed() -> None:
    points = np.random.RandomState(0).normal(size=(50, 3))
    before = points.copy()
    DBSCAN(0.5, 3).fit(points)
    np.testing.assert_array_equal(points, before)


def test_scikit_learns_interface() -> None:
    estimator = DBSCAN(eps=0.3, min_samples=2)
    assert clone(estimator).get_params() == {"eps": 0.3, "min_samples": 2, "neighbors": "exact"}
    for name, wrong in (("eps", 0.0), ("eps", "x"), ("min_samples", 0), ("neighbors", "all")):
        with pytest.raises(ValueError, match=name):
            DBSCAN(0.3).set_params(**{name: wrong}).fit(LINE)
    with pytest.raises(ValueError, match="NaN"):
        DBSCAN(0.3).fit([[0.0], [float("nan")]])


@pytest.mark.parametrize("min_samples", [1, 4])
def test_by_parts_as_whole(lfw: Faces, monkeypatch: pytest.MonkeyPatch, min_samples: int) -> None:
    vectors = lfw[0][:700]
    whole = [DBSCAN(eps, min_samples).fit_predict(vectors) for eps in GRID]
    shared.cache.clear()
    sizes = []
    reaches = tree._reaches

    def watched(points: Any, *rest: Any) -> Any:
        sizes.append(len(points))
        return reaches(points, *rest)

    monkeypatch.setattr(tree, "_reaches", watched)
    built = tree.spanning_tree(vectors, np.ones(700, int), min_samples, np.float32, 4 * 200 * 200)
    assert max(sizes) <= 200
    assert len(sizes) > 20
    for eps, labels in zip(GRID, whole, strict=True):
        parts = built.components(float(eps) ** 2)
        if min_samples == 1:
            assert len(np.unique(parts)) == len(np.unique(labels))
        core = (labels >= 0) & (built.core <= float(eps) ** 2)
        assert same_groups(parts[core].tolist(), labels[core].tolist())


@pytest.mark.parametrize("min_samples", [1, 3])
def test_the_pieces_of_a_path_are_those_of_any_graph(min_samples: int) -> None:
    random = np.random.RandomState(0)
    points = np.round(random.normal(size=(80, 3)), 1).astype(np.float32)
    points = np.unique(points, axis=0)
    ones = np.ones(len(points), int)
    for some in (points, points[:1], points[:2]):
        built = tree.spanning_tree(some, ones[: len(some)], min_samples, np.float32)
        assert built._is_path
        for limit in [-1.0, 0.0, *built.reach.tolist(), np.inf]:
            graph = tree.components(built.ends[:, built.reach <= limit], len(some))
            assert same_groups(built.components(limit).tolist(), graph.tolist())


@pytest.mark.parametrize("n", [1, 2, 9, 300])
def test_components_are_scipys(n: int) -> None:
    random = np.random.RandomState(n)
    way = random.permutation(n)
    graphs = [random.randint(0, n, (2, m)) for m in (0, 1, n // 2, n, 2 * n)]
    for ends in (*graphs, np.stack([way[:-1], way[1:]])):
        graph = csr_array((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(n, n))
        found = tree.components(ends, n)
        expected = connected_components(graph, directed=False)[1]
        assert same_groups(found.tolist(), expected.tolist())
        assert found.tolist() == found[found].tolist()


def test_components_of_a_large_star() -> None:
    n = 100_000  # a round for each of its ends would take an hour
    star = np.stack([np.full(n - 1, n - 1), np.arange(n - 1)])
    assert not tree.components(star, n).any()


def test_parameters_are_those_that_scikit_learn_reads() -> None:
    anew = DBSCAN._get_param_names.__wrapped__  # what is kept
    assert DBSCAN._get_param_names() == anew(DBSCAN) == ["eps", "min_samples", "neighbors"]
    assert clone(DBSCAN(0.3)).get_params() == {"eps": 0.3, "min_samples": 1, "neighbors": "exact"}
