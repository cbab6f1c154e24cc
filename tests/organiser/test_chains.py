"""Chains of closest ties, against all ways between two faces."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

from facetrack.core.errors import UserError
from facetrack.organiser import chains
from facetrack.organiser.chains import find_chain


@given(st.integers(2, 12), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_no_way_has_a_shorter_longest_tie(n: int, seed: int) -> None:
    vectors = np.random.RandomState(seed).rand(n, 3).astype(np.float32)
    away = cdist(vectors.astype(np.float64), vectors.astype(np.float64))
    best = away.copy()
    for middle in range(n):  # Floyd and Warshall, of the longest tie instead of the sum
        best = np.minimum(best, np.maximum(best[:, middle, None], best[middle]))
    first, second = 0, n - 1
    chain = find_chain(vectors, first, second)
    assert (chain.faces[0], chain.faces[-1]) == (first, second)
    steps = list(zip(chain.faces, chain.faces[1:], strict=False))
    assert np.allclose(chain.ties, [away[step] for step in steps])
    assert max(chain.ties) == pytest.approx(best[first, second])
    assert chain.ties[chain.weakest] == max(chain.ties)


def test_a_cut_parts_what_only_the_weakest_tie_holds_together() -> None:
    # Two bunches, and a bridge between them that is longer than any tie within.
    bunches = np.array([[0, 0], [0.1, 0], [0.2, 0], [1.0, 0], [1.1, 0]], np.float32)
    chain = find_chain(bunches, 0, 4)
    assert chain.faces == [0, 1, 2, 3, 4]
    assert chain.weakest == 2
    assert chain.side == [3, 4]
    assert find_chain(bunches, 4, 0).side == [3, 4]
    near = cdist(bunches, bunches) < 0.5
    count, labels = connected_components(near)
    assert count == 2
    assert set(np.flatnonzero(labels == labels[4])) == set(chain.side)


def test_equal_faces_are_tied() -> None:
    vectors = np.zeros((4, 2), np.float32)
    chain = find_chain(vectors, 1, 3)
    assert max(chain.ties) < 1e-9
    assert 1 <= len(chain.side) <= 2


def test_too_many_faces_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains, "_MOST", 3)
    with pytest.raises(UserError, match="4 faces are too many"):
        find_chain(np.zeros((4, 2), np.float32), 0, 1)
