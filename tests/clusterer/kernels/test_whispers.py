"""Chinese whispers against the rule as it is documented, one point after the other."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from made_graphs import cliques, conflicts_of, dense, links_of, random_links
from reference import whisper as slow

from facetrack.clusterer.kernels.conflicts import no_conflicts
from facetrack.clusterer.kernels.whispers import whisper


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 4),
    st.integers(0, 2**31 - 1),
    st.integers(2, 30),
    st.integers(1, 6),
    st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=20),
)
def test_the_rule(kind: int, seed: int, n: int, rounds: int, pairs: list[tuple[int, int]]) -> None:
    # Kinds 0 and 1 have equal weights: many ties.
    links = random_links(kind, np.random.RandomState(seed), n)
    n = len(links.starts) - 1
    pairs = [(one % n, other % n) for one, other in pairs if one % n != other % n]
    apart: list[set[int]] = [set() for _ in range(n)]
    for one, other in pairs:
        apart[one].add(other)
        apart[other].add(one)
    random = np.random.RandomState(seed)
    orders = [random.permutation(n).tolist() for _ in range(rounds)]
    labels = whisper(links, conflicts_of(n, pairs), seed, rounds)
    assert labels.tolist() == slow(dense(links).tolist(), apart, orders)
    assert all(labels[one] != labels[other] for one, other in pairs)


def test_cliques_have_a_label_each() -> None:
    links = links_of(cliques(4, 6, [(0, 6), (7, 13)]))
    labels = whisper(links, no_conflicts(24), 0, 100).reshape(4, 6)
    assert all(len(set(row)) == 1 for row in labels.tolist())
    assert len(np.unique(labels)) == 4


def test_it_ends_when_nothing_changes() -> None:
    links = links_of(cliques(3, 5, []))
    few, many = (whisper(links, no_conflicts(15), 0, rounds) for rounds in (10, 10**9))
    np.testing.assert_array_equal(few, many)
