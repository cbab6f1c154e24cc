"""The codelength is the papers', and the search finds about as short a code as their authors'."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_graphs import cliques, conflicts_of, dense, fifty, links_of, random_links
from numpy.typing import NDArray
from reference import codelength, same_groups
from sklearn.metrics import adjusted_rand_score

from facetrack.clusterer import Infomap
from facetrack.clusterer.kernels.conflicts import no_conflicts
from facetrack.clusterer.kernels.copies import find_copies, without_copies
from facetrack.clusterer.kernels.graph import find_graph
from facetrack.clusterer.kernels.links import Links, weigh
from facetrack.clusterer.kernels.map_equation import (
    Found,
    find_modules,
    join_nodes,
    make_network,
    measure,
)
from facetrack.core.faces import Vectors

_TOLERANCE = 1e-10


def _find(links: Links, trials: int = 5) -> Found:
    return find_modules(links, no_conflicts(len(links.starts) - 1), 0, trials)


def _measure(links: Links, modules: Any) -> float:
    network = make_network(links, no_conflicts(len(links.starts) - 1))
    return measure(network, np.asarray(modules, np.int64))


def _f(share: float) -> float:
    return share * math.log2(share) if share else 0.0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 4), st.integers(0, 2**31), st.integers(2, 30), st.integers(1, 30))
def test_the_codelength_is_the_papers(kind: int, seed: int, n: int, count: int) -> None:
    random = np.random.RandomState(seed)
    links = random_links(kind, random, n)
    modules = random.randint(count, size=len(links.starts) - 1)
    expected = codelength(dense(links).tolist(), modules.tolist())
    assert _measure(links, modules) == pytest.approx(expected, abs=_TOLERANCE)
    found = _find(links, 1)
    expected = codelength(dense(links).tolist(), found.modules.tolist())
    assert found.codelength == pytest.approx(expected, abs=_TOLERANCE)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 4), st.integers(0, 2**31), st.integers(2, 40))
def test_modules_as_nodes_have_the_same_codelength(kind: int, seed: int, n: int) -> None:
    # But for the nodes' own share, which is the same whatever the modules.
    random = np.random.RandomState(seed)
    network = make_network(links := random_links(kind, random, n), no_conflicts(n))
    modules = np.unique(random.randint(n, size=len(links.starts) - 1), return_inverse=True)[1]
    count = int(modules.max()) + 1
    larger = random.randint(3, size=count)
    small = join_nodes(network, modules)
    assert small.flow.sum() == pytest.approx(1)
    expected = measure(network, larger[modules], 0.0)
    assert measure(small, larger, 0.0) == pytest.approx(expected, abs=_TOLERANCE)


def test_the_codelength_of_lfw(lfw: tuple[Vectors, NDArray[np.int64]]) -> None:
    points = lfw[0][:400]
    graph = find_graph(points, 0.34, b"400 of LFW")
    kept = find_copies(graph, no_conflicts(400), 0.17)
    links = weigh(without_copies(graph, kept))
    clusterer = Infomap(0.34).fit(points)
    expected = codelength(dense(links).tolist(), clusterer.labels_[kept.rows].tolist())
    assert clusterer.codelength_ == pytest.approx(expected, abs=_TOLERANCE)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_all_of_lfw(lfw: tuple[Vectors, NDArray[np.int64]], seed: int) -> None:
    points, people = lfw
    clusterer = Infomap(0.34, random_state=seed).fit(points)
    assert clusterer.codelength_ == pytest.approx(6.6001, abs=2e-4)
    assert adjusted_rand_score(people, clusterer.labels_) > 0.989
    assert 1110 <= clusterer.labels_.max() + 1 <= 1120


def test_one_module_costs_the_entropy_of_its_nodes() -> None:
    # A star of four: the centre has half of the ends of links, the others a sixth each.
    weights = np.zeros((4, 4))
    weights[0, 1:] = weights[1:, 0] = 2.5
    expected = -_f(1 / 2) - 3 * _f(1 / 6)
    links = links_of(weights)
    assert _measure(links, [0, 0, 0, 0]) == pytest.approx(expected, abs=_TOLERANCE)
    assert _find(links).codelength == pytest.approx(expected, abs=_TOLERANCE)
    assert _find(links).modules.tolist() == [0, 0, 0, 0]


def test_two_halves_that_never_meet() -> None:
    # Ten nodes of a tenth each. In two modules nothing is left: a fifth of the walk's half each.
    links = links_of(cliques(2, 5, []))
    assert _measure(links, [0] * 10) == pytest.approx(math.log2(10), abs=_TOLERANCE)
    found = _find(links)
    assert found.modules.tolist() == [0] * 5 + [1] * 5
    assert found.codelength == pytest.approx(math.log2(5), abs=_TOLERANCE)


def test_two_cliques_and_a_link() -> None:
    # Two of five have 10 links each and one between: 42 ends, 21 per clique, 5 at the joined nodes.
    links = links_of(cliques(2, 5, [(4, 5)]))
    found = _find(links)
    assert found.modules.tolist() == [0] * 5 + [1] * 5
    index = 2 / 42  # steps that enter a module, each of the two as often
    nodes = [4 / 42] * 4 + [5 / 42, 1 / 42]  # and leaving it
    inner = -sum(share / (22 / 42) * math.log2(share / (22 / 42)) for share in nodes)
    expected = index * 1 + 2 * (22 / 42) * inner
    assert found.codelength == pytest.approx(expected, abs=_TOLERANCE)


def test_a_ring_of_cliques() -> None:
    # Thirty of five: modularity joins pairs of them, the map equation does not.
    count, size = 30, 5
    joints = [(i * size, ((i + 1) % count) * size + 1) for i in range(count)]
    links = links_of(cliques(count, size, joints))
    found = _find(links)
    assert found.modules.tolist() == np.repeat(np.arange(count), size).tolist()
    ends = count * (size * (size - 1) + 2)
    leaving, held = 2 / ends, 1 / count
    nodes = count * ((size - 2) * _f((size - 1) / ends) + 2 * _f(size / ends))
    expected = _f(count * leaving) - 2 * count * _f(leaving) - nodes + count * _f(leaving + held)
    assert found.codelength == pytest.approx(expected, abs=_TOLERANCE)
    pairs = _measure(links, np.repeat(np.arange(count // 2), 2 * size))
    assert pairs > found.codelength


def test_a_weak_link_between_two_alone_joins_them() -> None:
    found = _find(links_of(np.array([[0, 1e-9], [1e-9, 0]])))
    assert found.modules.tolist() == [0, 0]
    assert found.codelength == pytest.approx(1, abs=_TOLERANCE)


def test_no_nodes() -> None:
    found = _find(links_of(np.zeros((0, 0))))
    assert found.modules.tolist() == []
    assert found.codelength == 0.0


def test_the_unit_of_weights_is_of_no_matter() -> None:
    links = random_links(2, np.random.RandomState(3), 100)
    expected = _find(links)
    for factor in (2.0**-60, 2.0**60):
        found = _find(links._replace(weights=links.weights * factor))
        np.testing.assert_array_equal(found.modules, expected.modules)
        assert found.codelength == expected.codelength


def test_more_trials_are_never_worse() -> None:
    links = random_links(0, np.random.RandomState(5), 200)
    lengths = [_find(links, trials).codelength for trials in (1, 2, 4, 8)]
    assert lengths == sorted(lengths, reverse=True)


def test_as_short_as_the_authors_own() -> None:
    theirs = pytest.importorskip("infomap", reason="infomap is not installed: facetrack[dev]")
    longer = []
    for links in fifty():
        other = theirs.Infomap(silent=True, two_level=True, num_trials=5, seed=1)
        row = np.repeat(np.arange(len(links.starts) - 1), np.diff(links.starts))
        once = row < links.ends
        ends, weights = links.ends[once].tolist(), links.weights[once].tolist()
        other.add_links(list(zip(row[once].tolist(), ends, weights, strict=True)))
        result = other.run()
        # That it is the same figure at all: theirs of their modules.
        nodes = sorted((one.node_id, one.module_id) for one in result.nodes(states=True))
        modules = [module for _, module in nodes]
        assert _measure(links, modules) == pytest.approx(result.codelength, abs=1e-9)
        longer.append(_find(links).codelength / result.codelength - 1)
    assert len(longer) == 50
    assert max(longer) < 0.005, np.argsort(longer)[-5:]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 4),
    st.integers(0, 2**31),
    st.integers(2, 40),
    st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39)), max_size=60),
)
def test_conflicts_are_kept(kind: int, seed: int, n: int, pairs: list[tuple[int, int]]) -> None:
    links = random_links(kind, np.random.RandomState(seed), n)
    n = len(links.starts) - 1
    pairs = [(one % n, other % n) for one, other in pairs if one % n != other % n]
    found = find_modules(links, conflicts_of(n, pairs), seed, 2)
    assert all(found.modules[one] != found.modules[other] for one, other in pairs)
    expected = codelength(dense(links).tolist(), found.modules.tolist())
    assert found.codelength == pytest.approx(expected, abs=_TOLERANCE)


def test_a_conflict_splits_a_clique() -> None:
    links = links_of(cliques(1, 6, []))
    modules = find_modules(links, conflicts_of(6, [(0, 1)]), 0, 5).modules
    assert modules[0] != modules[1]
    assert len(np.unique(modules)) == 2
    # A conflict with a node elsewhere changes nothing.
    links = links_of(cliques(2, 6, []))
    modules = find_modules(links, conflicts_of(12, [(0, 7)]), 0, 5).modules
    assert same_groups(modules.tolist(), [0] * 6 + [1] * 6)
