"""Pairs that are known save the search for them, and change no neighbour in its last digit."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from facetrack.clusterer.kernels import graph
from facetrack.clusterer.kernels.graph import Graph, find_graph
from facetrack.clusterer.kernels.known import KnownPairs, Memory, remembering
from facetrack.clusterer.shared import cache, digest

RANDOM = np.random.RandomState(0)
PEOPLE = RANDOM.normal(size=(50, 40))
POINTS = (PEOPLE[RANDOM.randint(0, 50, 1300)] + 0.4 * RANDOM.normal(size=(1300, 40))).astype(
    np.float32
)
RADIUS = 4.0


@pytest.fixture(autouse=True)
def _as_for_many_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "_ANY_RADIUS", 0)


def find(points: NDArray[Any], radius: float = RADIUS, k: int = 10) -> Graph:
    cache.clear()
    return find_graph(points, radius, digest(points), k)


def learn(points: NDArray[Any], radius: float = RADIUS) -> KnownPairs:
    with remembering(memory := Memory()):
        find(points, radius)
    assert memory.now is not None
    return memory.now


def assert_equal(one: Graph, other: Graph) -> None:
    assert one.radius == other.radius
    np.testing.assert_array_equal(one.starts, other.starts)
    np.testing.assert_array_equal(one.ends, other.ends)
    assert one.distances.tobytes() == other.distances.tobytes()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("smaller", [1.0, 0.97])
def test_points_that_come_go_and_change_places(asked: list[int], seed: int, smaller: float) -> None:
    random = np.random.RandomState(seed)
    # Many have more than ten neighbours: where one is gone, the eleventh takes its place.
    before = learn(POINTS[:1200])
    points = POINTS[random.permutation(1300)[:1150]]
    expected = find(points, smaller * RADIUS)
    asked.clear()
    with remembering(memory := Memory(before)):
        assert_equal(find(points, smaller * RADIUS), expected)
    new = set(map(bytes, points)) - set(map(bytes, POINTS[:1200]))
    assert sum(asked) == len(new) > 50
    # And so the next time.
    assert memory.now is not None
    with remembering(Memory(memory.now)):
        assert_equal(find(points, 0.9 * smaller * RADIUS), find(points, 0.9 * smaller * RADIUS))


def test_nothing_is_looked_for_where_all_is_known(asked: list[int]) -> None:
    expected, before = find(POINTS), learn(POINTS)
    asked.clear()
    with remembering(memory := Memory(before)):
        assert_equal(find(POINTS), expected)
    assert asked == []
    assert memory.now is not None
    np.testing.assert_array_equal(memory.now.ends, before.ends)
    # It is what is known that is told.
    none = replace(before, ends=before.ends[:, :0])
    with remembering(Memory(none)):
        assert not len(find(POINTS).ends)


def test_a_larger_radius_and_other_points_are_looked_for_anew(asked: list[int]) -> None:
    before = learn(POINTS)
    changed = POINTS.view(np.uint32) ^ np.uint32(1)
    for points, radius in (
        (POINTS, 1.001 * RADIUS),
        (POINTS.astype(np.float64), RADIUS),
        (changed.view(np.float32), RADIUS),
    ):
        expected = find(points, radius)
        asked.clear()
        with remembering(Memory(before)):
            assert_equal(find(points, radius), expected)
        assert sum(asked) == len(POINTS)


def test_pairs_beyond_the_radius_are_let_go() -> None:
    before = learn(POINTS)
    with remembering(memory := Memory(before)):
        find(POINTS, 0.8 * RADIUS)
    fresh = learn(POINTS, 0.8 * RADIUS)
    assert memory.now is not None
    assert memory.now.ends.shape == fresh.ends.shape < before.ends.shape
    np.testing.assert_array_equal(memory.now.digests, fresh.digests)


def test_what_is_remembered_ends_where_it_was_asked_for() -> None:
    before = learn(POINTS)
    with remembering(Memory(replace(before, ends=before.ends[:, :0]))):
        pass
    assert len(find(POINTS).ends)
