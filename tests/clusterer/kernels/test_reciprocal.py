"""Average linkage on a graph against SciPy's, where all are linked, and a slow one elsewhere."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import cdist, pdist

from facetrack.clusterer.kernels.conflicts import find_conflicts, no_conflicts
from facetrack.clusterer.kernels.reciprocal import merge_reciprocal
from facetrack.clusterer.shared import Distinct

Mask = NDArray[np.bool_]
Points = NDArray[np.float64]


def _number(labels: list[int]) -> list[int]:
    order = list(dict.fromkeys(labels))
    return [order.index(one) for one in labels]


def _in_rounds(squared: Points, linked: Mask, limit: float) -> list[int]:
    """All pairs of linked groups that are each other's nearest are merged, again and again.

    squared: (n, n) squared distances. linked: (n, n).
    """
    groups = [[i] for i in range(len(squared))]
    while True:
        apart = np.full((len(groups), len(groups)), np.inf)
        for i, j in product(range(len(groups)), repeat=2):
            if i != j and linked[np.ix_(groups[i], groups[j])].any():
                apart[i, j] = squared[np.ix_(groups[i], groups[j])].mean()
        apart[apart > limit] = np.inf
        nearest = [int(row.argmin()) if np.isfinite(row).any() else -1 for row in apart]
        pairs = [(i, j) for i, j in enumerate(nearest) if i < j and nearest[j] == i]
        if not pairs:
            break
        joined = [groups[i] + groups[j] for i, j in pairs]
        merged = {one for pair in pairs for one in pair}
        groups = sorted(joined + [one for i, one in enumerate(groups) if i not in merged], key=min)
    labels = [0] * len(squared)
    for number, group in enumerate(groups):
        for point in group:
            labels[point] = number
    return labels


def _near(points: Points, k: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Each point's k nearest, as starts and ends."""
    ends = np.argsort(cdist(points, points), axis=1)[:, 1 : k + 1].astype(np.int32)
    return np.arange(len(points) + 1) * ends.shape[1], ends.reshape(-1)


def _linked(starts: NDArray[np.int64], ends: NDArray[np.integer]) -> Mask:
    linked = np.zeros((len(starts) - 1, len(starts) - 1), bool)
    linked[np.repeat(np.arange(len(linked)), np.diff(starts)), ends] = True
    return linked | linked.T


def _merge(
    points: Points,
    starts: NDArray[np.int64],
    ends: NDArray[np.int32],
    eps: float,
    weights: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    weights = np.ones(len(points), np.int64) if weights is None else weights
    return merge_reciprocal(points, weights, starts, ends, eps, no_conflicts(len(points)))


@pytest.mark.parametrize("d", [1, 3, 6])
def test_where_all_are_linked(d: int) -> None:
    points = np.random.RandomState(d).normal(size=(120, d)) + 10
    starts, ends = _near(points, 119)
    tree = linkage(pdist(points, "sqeuclidean"), "average")
    for limit in np.quantile(tree[:, 2], [0.1, 0.4, 0.7, 0.95, 1]) * 1.000001:
        found = _merge(points, starts, ends, float(np.sqrt(limit)))
        assert found.tolist() == _number(fcluster(tree, limit, "distance").tolist())


@settings(max_examples=80, deadline=None)
@given(st.integers(2, 40), st.integers(1, 6), st.integers(0, 2**31), st.floats(0.05, 1.5))
def test_with_few_links(n: int, k: int, seed: int, eps: float) -> None:
    points = np.random.RandomState(seed).uniform(size=(n, 2))
    starts, ends = _near(points, k)
    found = _merge(points, starts, ends, eps)
    squared = cdist(points, points, "sqeuclidean")
    assert found.tolist() == _in_rounds(squared, _linked(starts, ends), eps * eps)


@settings(max_examples=80, deadline=None)
@given(st.integers(2, 30), st.integers(1, 5), st.integers(0, 2**31), st.floats(0.3, 1.5))
def test_with_links_at_random(n: int, k: int, seed: int, eps: float) -> None:
    # Near points without a link: a merge brings groups nearer to others than either was.
    random = np.random.RandomState(seed)
    points = random.uniform(size=(n, 2))
    ends = (np.arange(n)[:, None] + random.randint(1, n, (n, k))).reshape(-1) % n
    starts = np.arange(n + 1) * k
    found = _merge(points, starts, ends.astype(np.int32), eps)
    squared = cdist(points, points, "sqeuclidean")
    assert found.tolist() == _in_rounds(squared, _linked(starts, ends), eps * eps)


@settings(max_examples=80, deadline=None)
@given(st.integers(2, 30), st.integers(1, 8), st.integers(0, 2**31), st.floats(0.1, 1.5))
def test_photos(n: int, k: int, seed: int, eps: float) -> None:
    random = np.random.RandomState(seed)
    points = random.uniform(size=(n, 2))
    photos = random.randint(0, 4, n)
    same = Distinct(np.arange(n), np.arange(n), np.ones(n, np.int64))
    conflicts = find_conflicts(points, same, photos, eps / 2)
    starts, ends = _near(points, k)
    found = merge_reciprocal(points, same.counts, starts, ends, eps, conflicts)
    squared = cdist(points, points, "sqeuclidean")
    squared[np.equal.outer(photos, photos) & (squared > eps * eps / 4)] = np.inf
    assert found.tolist() == _in_rounds(squared, _linked(starts, ends), eps * eps)


def test_weights_are_copies() -> None:
    random = np.random.RandomState(0)
    points = random.uniform(size=(40, 2))
    weights = random.randint(1, 4, 40)
    starts, ends = _near(points, 5)
    found = _merge(points, starts, ends, 0.3, weights)
    inverse = np.repeat(np.arange(40), weights)
    squared = cdist(points[inverse], points[inverse], "sqeuclidean")
    linked = _linked(starts, ends)[np.ix_(inverse, inverse)]
    linked |= np.equal.outer(inverse, inverse)
    assert found[inverse].tolist() == _in_rounds(squared, linked, 0.09)
    assert found.tolist() != _merge(points, starts, ends, 0.3).tolist()


def test_ties_go_to_the_lowest() -> None:
    line = np.arange(5.0)[:, None]
    starts, ends = _near(line, 2)
    assert _merge(line, starts, ends, 1.0).tolist() == [0, 0, 1, 1, 2]
    short = _merge(line, starts, ends, 0.99)
    assert short.tolist() == [0, 1, 2, 3, 4]


def test_without_links_all_are_alone() -> None:
    starts, ends = np.zeros(4, np.int64), np.empty(0, np.int32)
    found = _merge(np.zeros((3, 2)), starts, ends, 1.0)
    assert found.tolist() == [0, 1, 2]
