"""Mergers and splits against a slow, obvious count."""

import itertools

import numpy as np
import pytest

from facetrack.core.labels import separate_noise
from facetrack.evaluation import confusion
from facetrack.evaluation.confusion import by_cluster, by_person, find_merged, find_split

VECTORS = np.array([[0], [1], [2.5], [10], [11], [20], [30.0]], np.float32)
PEOPLE = np.array([0, 0, 1, 1, 2, 2, 3])
CLUSTERS = np.array([5, 5, 5, 7, 7, -1, -1])


def test_mergers_have_their_closest_pair_in_front() -> None:
    first, second = find_merged(VECTORS, PEOPLE, CLUSTERS)
    assert (first.pairs, second.pairs) == (2, 1)
    assert [group.tolist() for group in first.groups] == [[1, 0], [2]]
    assert first.names == [0, 1]
    assert first.distance == pytest.approx(1.5)
    assert [group.tolist() for group in second.groups] == [[3], [4]]
    assert second.distance == pytest.approx(1.0)


def test_splits_are_people_over_several_clusters() -> None:
    found = find_split(VECTORS, PEOPLE, CLUSTERS)
    assert [(one.of, one.pairs) for one in found] == [(1, 1), (2, 1)]
    assert [one.distance for one in found] == pytest.approx([7.5, 9.0])
    assert [group.tolist() for group in found[1].groups] == [[4], [5]]


def test_worst_first_and_no_more_than_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confusion, "_ROWS", 7)
    random = np.random.RandomState(0)
    vectors = random.normal(size=(80, 4)).astype(np.float32)
    people, clusters = random.randint(0, 9, 80), random.randint(-1, 6, 80)
    found = find_merged(vectors, people, clusters, most=4)
    assert len(found) == 4
    alone = separate_noise(clusters)
    pairs = list(itertools.combinations(range(80), 2))
    counts = {
        cluster: sum(alone[i] == alone[j] == cluster and people[i] != people[j] for i, j in pairs)
        for cluster in set(alone)
    }
    assert [one.pairs for one in found] == sorted(counts.values(), reverse=True)[:4]
    for one in found:
        apart = {
            (i, j): float(np.linalg.norm(vectors[i] - vectors[j]))
            for i, j in pairs
            if alone[i] == alone[j] == one.of and people[i] != people[j]
        }
        closest = min(apart, key=lambda pair: apart[pair])
        assert {int(one.groups[0][0]), int(one.groups[1][0])} == set(closest)
        assert one.distance == pytest.approx(apart[closest], abs=1e-5)
        everyone = np.sort(np.concatenate(one.groups))
        np.testing.assert_array_equal(everyone, np.flatnonzero(alone == one.of))


def test_a_perfect_clustering_confuses_nobody() -> None:
    assert find_merged(VECTORS, PEOPLE, PEOPLE) == find_split(VECTORS, PEOPLE, PEOPLE) == []


def test_purity_and_fragmentation() -> None:
    clusters = by_cluster(PEOPLE, CLUSTERS)
    assert [row["faces"] for row in clusters] == [3, 2, 1, 1]
    assert clusters[0]["purity"] == pytest.approx(2 / 3)
    assert clusters[0]["people"] == 2
    people = by_person(PEOPLE, CLUSTERS)
    assert [row["clusters"] for row in people] == [1, 2, 2, 1]
    assert [row["share"] for row in people] == [1, 0.5, 0.5, 1]
