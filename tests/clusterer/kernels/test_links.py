"""Links of a neighbour graph, and conflicts among its points."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from made_graphs import conflicts_of, dense, random_links
from numpy.typing import NDArray

from facetrack.clusterer.kernels.conflicts import find_conflicts, no_conflicts, some, without
from facetrack.clusterer.kernels.graph import find_graph
from facetrack.clusterer.kernels.links import symmetrise, weigh
from facetrack.clusterer.shared import digest, distinct

Floats = NDArray[np.float64]


def test_mutual_neighbours_sum_and_at_the_radius_there_is_no_link() -> None:
    points = np.array([[0.0], [1.0], [4.0], [8.0]])
    graph = find_graph(points, 4.0, digest(points), 1)
    # 0 and 1 are each other's nearest; 1 is that of 2; 3 is at exactly the radius from 2.
    assert graph.ends.tolist() == [1, 0, 1, 2]
    expected = np.zeros((4, 4))
    expected[0, 1] = expected[1, 0] = 2 * (1 - 1 / 4)
    expected[1, 2] = expected[2, 1] = 1 - 3 / 4
    links = weigh(graph)
    np.testing.assert_array_equal(dense(links), expected)
    assert links.starts.tolist() == [0, 1, 3, 4, 4]
    assert links.starts.dtype == np.int64
    assert links.ends.dtype == np.int32


@settings(max_examples=50, deadline=None)
@given(
    arrays(np.float64, (12, 2), elements=st.floats(-2, 2), unique=True),
    st.floats(0.1, 4),
    st.integers(1, 12),
)
def test_links_have_both_ends_in_order(points: Floats, radius: float, k: int) -> None:
    graph = find_graph(points, radius, digest(points), k)
    expected = np.zeros((12, 12))
    row = np.repeat(np.arange(12), np.diff(graph.starts))
    expected[row, graph.ends] = 1 - graph.distances / radius
    links = weigh(graph)
    np.testing.assert_array_equal(dense(links), expected + expected.T)
    assert (links.weights > 0).all()
    for i in range(12):
        ends = links.ends[links.starts[i] : links.starts[i + 1]].tolist()
        assert ends == sorted(set(ends) - {i})


def test_links_told_at_one_end_and_at_both() -> None:
    links = symmetrise(np.array([0, 2, 3, 3]), np.array([2, 1, 0]), np.array([0.25, 0.5, 1.0]))
    assert dense(links).tolist() == [[0, 1.5, 0.25], [1.5, 0, 0], [0.25, 0, 0]]


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 2**31 - 1),
    st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=30),
    st.sets(st.integers(0, 14)),
)
def test_without_and_some(seed: int, pairs: list[tuple[int, int]], rows: set[int]) -> None:
    links = random_links(3, np.random.RandomState(seed), 15)
    n = len(links.starts) - 1
    conflicts = conflicts_of(n, [(one % n, other % n) for one, other in pairs])
    left = without(links, conflicts)
    np.testing.assert_array_equal(dense(left), np.where(dense(conflicts), 0, dense(links)))
    chosen = np.array(sorted(row for row in rows if row < n), np.int64)
    expected = dense(links)[np.ix_(chosen, chosen)]
    np.testing.assert_array_equal(dense(some(links, chosen)), expected)


@settings(max_examples=80, deadline=None)
@given(
    arrays(np.int64, (12, 1), elements=st.integers(0, 5)),
    arrays(np.int64, 12, elements=st.integers(0, 4)),
    st.sampled_from([0.5, 1.0, 2.0]),
)
def test_conflicts_are_pairs_of_a_photo_that_are_apart(
    points: NDArray[np.int64], photos: NDArray[np.int64], apart: float
) -> None:
    faces = points.astype(np.float64)
    same = distinct(faces, digest(faces))
    u = len(same.rows)
    expected = np.zeros((u, u))
    for i in range(12):
        for j in range(12):
            if photos[i] == photos[j] and abs(points[i] - points[j]) > apart:
                expected[same.inverse[i], same.inverse[j]] = 1
    found = find_conflicts(faces[same.rows], same, photos, apart)
    np.testing.assert_array_equal(dense(found) > 0, expected > 0)


def test_nobody_knows() -> None:
    points = np.arange(5.0)[:, None]
    found = find_conflicts(points, distinct(points, digest(points)), None, 0.5)
    np.testing.assert_array_equal(dense(found), dense(no_conflicts(5)))
    photos = np.arange(5)  # and a face per photo
    found = find_conflicts(points, distinct(points, digest(points)), photos, 0.5)
    assert len(found.ends) == 0
