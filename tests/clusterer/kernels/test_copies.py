"""Near copies stand for a point, and the people they show are found whole."""

from typing import Any

import numpy as np
import pytest
from conftest import SHARED
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.metrics import adjusted_rand_score

from facetrack.clusterer import ChineseWhispers, Infomap, graph_estimator
from facetrack.clusterer.kernels import copies, graph
from facetrack.clusterer.kernels.conflicts import contract, find_conflicts, no_conflicts
from facetrack.clusterer.kernels.links import Links
from facetrack.clusterer.shared import cache, digest, distinct
from facetrack.core.faces import scale_to_unit

RADIUS = 1.0


def _slow(points: NDArray[Any], conflicts: set[tuple[int, int]], apart: float) -> list[int]:
    """As the module says it."""
    distances = cdist(points, points)
    faces: list[int] = []
    for point in range(len(points)):
        by_distance = sorted(range(point), key=lambda other: (distances[point, other], other))
        for other in by_distance:
            members = [one for one in range(point) if faces[one] == other]
            near = distances[point, other] <= apart
            free = not any((one, point) in conflicts for one in members)
            if faces[other] == other and near and free:
                faces.append(other)
                break
        else:
            faces.append(point)
    return faces


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.integers(0, 10**6), st.booleans())
def test_as_the_slow_rule_says(n: int, seed: int, on_photos: bool) -> None:
    random = np.random.default_rng(seed)
    points = random.random((n, 2)) * 3
    photos = random.integers(0, max(2, n // 3), n) if on_photos else None
    found = graph.find_graph(points, RADIUS, digest(points))
    conflicts = find_conflicts(points, distinct(points, digest(points)), photos, 0.5)
    pairs = {
        (row, int(other))
        for row in range(n)
        for other in conflicts.ends[conflicts.starts[row] : conflicts.starts[row + 1]]
    }
    kept = copies.find_copies(found, conflicts, 0.5)
    assert kept.rows[kept.inverse].tolist() == _slow(points, pairs, 0.5)


def test_a_graph_without_copies_is_that_of_the_others() -> None:
    points = np.random.default_rng(3).random((200, 2)) * 8
    found = graph.find_graph(points, RADIUS, digest(points))
    kept = copies.find_copies(found, no_conflicts(200), 0.5)
    assert 50 < len(kept.rows) < 150
    left = copies.without_copies(found, kept)
    anew = graph.find_graph(points[kept.rows], RADIUS, b"others")
    assert len(copies.find_crowded(found, kept, graph.K)) == 0
    np.testing.assert_array_equal(left.starts, anew.starts)
    np.testing.assert_array_equal(left.ends, anew.ends)
    np.testing.assert_array_equal(left.distances, anew.distances)


def test_a_list_that_copies_fill_is_crowded() -> None:
    random = np.random.default_rng(0)
    few, many = (
        np.concatenate([random.normal(size=(80, 2)), random.normal(size=(n, 2)) * 1e-6])
        for n in (9, 15)
    )
    for points, crowded in ((few, False), (many, True)):
        found = graph.find_graph(points, 10.0, digest(points))
        kept = copies.find_copies(found, no_conflicts(len(points)), 1e-3)
        assert (len(copies.find_crowded(found, kept, graph.K)) > 0) == crowded


def test_conflicts_are_of_those_who_stand_for_others() -> None:
    links = Links(
        np.array([0, 2, 3, 4, 4]), np.array([1, 2, 0, 0], np.int32), np.ones(4)
    )  # 0 - 1, 0 - 2
    joined = contract(links, np.array([0, 0, 1, 1]), 2)
    assert (joined.starts.tolist(), joined.ends.tolist()) == ([0, 1, 2], [1, 0])


def _bursts(n_people: int, n_photos: int, n_copies: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Faces of people, some photos of each, with copies of each photo beside it."""
    random = np.random.default_rng(5)
    middles = random.normal(size=(n_people, 64))
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    photos = np.repeat(middles, n_photos, axis=0)
    photos = photos + random.normal(size=photos.shape) * 0.07  # about 0.8 from each other
    faces = np.repeat(photos, n_copies, axis=0)
    faces = faces + random.normal(size=faces.shape) * 0.02  # about 0.23
    return faces, np.repeat(np.arange(n_people), n_photos * n_copies)


@pytest.mark.parametrize("method", [Infomap, ChineseWhispers])
@pytest.mark.parametrize(("n_photos", "n_copies"), [(6, 5), (25, 8)])
def test_a_person_of_many_bursts_is_one_group(method: Any, n_photos: int, n_copies: int) -> None:
    faces, people = _bursts(12, n_photos, n_copies)
    assert adjusted_rand_score(people, method(1.0).fit_predict(faces)) == 1.0


def test_without_that_bursts_are_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    faces, people = _bursts(12, 25, 8)
    monkeypatch.setattr(graph_estimator, "AS_GOOD_AS_EQUAL", 1e-6)
    assert adjusted_rand_score(people, Infomap(1.0).fit_predict(faces)) < 1


@pytest.mark.parametrize("by_bounds", [False, True])
def test_lists_that_are_made_anew_are_as_in_a_graph_of_the_others(
    monkeypatch: pytest.MonkeyPatch, by_bounds: bool
) -> None:
    if by_bounds:  # then all pairs are known
        monkeypatch.setattr(graph, "_ANY_RADIUS", 0)
    cache.clear()
    random = np.random.default_rng(0)
    points = np.concatenate([random.normal(size=(300, 2)) * 4, random.normal(size=(60, 2)) * 1e-6])
    found = graph.find_graph(points, 4.0, digest(points))
    kept = copies.find_copies(found, no_conflicts(len(points)), 1e-3)
    crowded = copies.find_crowded(found, kept, graph.K)
    assert 0 < len(crowded) < len(kept.rows)
    left = copies.without_copies(found, kept)
    assert (left.pairs is not None) == by_bounds
    again = graph.ask_again(points[kept.rows], left, crowded)
    whole = graph.find_graph(points[kept.rows], 4.0, b"the others")
    for row in range(len(kept.rows)):
        expected = whole if row in crowded else left
        some = slice(again.starts[row], again.starts[row + 1])
        same = slice(expected.starts[row], expected.starts[row + 1])
        np.testing.assert_array_equal(again.ends[some], expected.ends[same])
        np.testing.assert_array_equal(again.distances[some], expected.distances[same])


def test_a_person_of_hundreds_of_pictures_is_not_torn_where_some_are_copies() -> None:
    """With lists of 40 for some and of 80 for others this was .43."""
    path = SHARED / "data/lfw_mobilefacenet_embeddings.npz"
    if not path.is_file():
        pytest.skip("no shared embeddings here")
    with np.load(path) as opened:
        faces, people = scale_to_unit(opened["embeddings"]), opened["labels"]
    _, numbers, counts = np.unique(people, return_inverse=True, return_counts=True)
    some = np.isin(counts[numbers], (121, 144, 530))
    assert np.count_nonzero(some) == 795
    assert adjusted_rand_score(people[some], Infomap(1.026).fit_predict(faces[some])) > 0.99
