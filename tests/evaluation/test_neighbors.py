"""Told by the nearest faces: beside scikit-learn's classifier, and by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.neighbors import KNeighborsClassifier

from facetrack.core.errors import UserError
from facetrack.core.faces import Vectors, scale_to_unit
from facetrack.evaluation.neighbors import (
    draw_faces,
    find_nearest,
    judge_open_set,
    leave_one_out,
    match_clusters,
    vote,
)


def _make(n_people: int, each: int, seed: int = 0) -> tuple[Vectors, NDArray[np.int64]]:
    rng = np.random.RandomState(seed)
    people = np.repeat(np.arange(n_people), each)
    centres = rng.normal(size=(n_people, 8))
    spread = rng.normal(size=(len(people), 8)) * 0.7
    return scale_to_unit((centres[people] + spread).astype(np.float32)), people


def test_it_says_what_scikit_learn_says() -> None:
    vectors, people = _make(40, 8)
    for k in (1, 5):
        known = KNeighborsClassifier(k).fit(vectors, people)
        expected = known.predict(None)  # of each without itself
        near = find_nearest(vectors, k)
        found = vote(people[near.faces])
        shares = known.predict_proba(None)
        alone = (shares == shares.max(axis=1, keepdims=True)).sum(axis=1) == 1
        assert np.array_equal(found[alone], expected[alone])
        assert alone.mean() > 0.6
        assert np.array_equal(leave_one_out(vectors, people, k), found == people)
        assert near.distances == pytest.approx(known.kneighbors(None)[0], abs=1e-6)
    assert 0.5 < leave_one_out(vectors, people, 1).mean() < 0.98


def test_of_equally_many_the_nearest_counts() -> None:
    rows = np.array([[3, 1, 1, 3, 2], [5, 4, 3, 2, 1], [2, 2, 2, 7, 7], [9, 1, 9, 1, 0]])
    assert vote(rows).tolist() == [3, 5, 2, 9]


def test_fewer_others_than_neighbors() -> None:
    vectors, people = _make(2, 2)
    assert find_nearest(vectors, 5).faces.shape == (4, 3)
    assert leave_one_out(vectors, people, 5).shape == (4,)


def test_each_person_has_one_cluster_at_most() -> None:
    people = np.array([0, 0, 0, 1, 1, 2, 2])
    clusters = np.array([5, 5, -1, 5, 8, 8, 8])
    # Cluster 8 is person 2's with two faces, so that person 1 has none but for a lone face of 5.
    assert match_clusters(people, clusters).tolist() == [1, 1, 0, 0, 0, 1, 1]
    assert match_clusters(people, people).all()
    # As of one table of all, where some have nothing to do with others.
    random = np.random.RandomState(0)
    people = random.randint(0, 30, 200)
    clusters = np.where(random.uniform(size=200) < 0.8, people + 50, random.randint(0, 9, 200))
    table = np.zeros((30, 80))
    np.add.at(table, (people, clusters), 1)
    best = table[linear_sum_assignment(table, maximize=True)].sum()
    assert match_clusters(people, clusters).sum() == best
    # The best choice for all, not the largest first: 3 + 3 rather than 4 + 0.
    people = np.array([0] * 7 + [1] * 3)
    clusters = np.array([0] * 4 + [1] * 3 + [0] * 3)
    assert match_clusters(people, clusters).sum() == 6


def test_unknown_people_are_accepted_as_often_as_asked() -> None:
    vectors, people = _make(400, 4)
    random = np.random.RandomState(3)
    found = [judge_open_set(vectors, people, 0.05, random) for _ in range(8)]
    assert np.mean([one.accepted for one in found]) == pytest.approx(0.05, abs=0.02)
    # Whoever may be taken for a stranger is identified less often than by the nearest face alone.
    assert np.mean([one.identified for one in found]) < leave_one_out(vectors, people, 1).mean()
    wider = judge_open_set(vectors, people, 0.5, np.random.RandomState(3))
    assert wider.identified > found[0].identified
    with pytest.raises(UserError, match="an open set needs 4 people"):
        judge_open_set(*_make(3, 2), 0.01, random)


def test_faces_of_a_size_are_among_those_of_a_larger_one() -> None:
    people = np.repeat(np.arange(5), [2, 9, 4, 9, 9])
    small, large = (draw_faces(people, size, 9, np.random.RandomState(1)) for size in (2, 6))
    assert set(small) < set(large)
    assert np.bincount(people[large]).tolist() == [0, 6, 0, 6, 6]


def test_lfw_is_told_as_it_was_measured(lfw: tuple[Vectors, NDArray[np.int64]]) -> None:
    vectors, people = lfw
    some = people < 300
    vectors, people = vectors[some], people[some]
    expected = KNeighborsClassifier(1).fit(vectors, people).predict(None)
    assert leave_one_out(vectors, people, 1).mean() == (expected == people).mean() > 0.98
