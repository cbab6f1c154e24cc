"""Random pairs: as many of each kind, none twice, and people who are in one fold only."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facetrack.core.errors import UserError
from facetrack.evaluation.pairs import FOLDS, Pairs, _draw_distinct, _find_pair, draw_pairs
from facetrack.evaluation.resampling import start_pairs


def _draw(sizes: list[int], n_pairs: int = 3000, seed: int = 0) -> tuple[np.ndarray, Pairs]:
    people = np.repeat(np.arange(len(sizes)), sizes)
    people = np.random.RandomState(1).permutation(people)  # pictures in any order
    return people, draw_pairs(people, n_pairs, start_pairs(seed, "faces"))


def _check(people: np.ndarray, pairs: Pairs) -> None:
    first, second = people[pairs.first], people[pairs.second]
    assert ((first == second) == pairs.same).all()
    assert (pairs.first != pairs.second).all()
    taken = {
        frozenset(one) for one in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)
    }
    assert len(taken) == len(pairs.first)
    for fold in range(pairs.n_folds):
        inside = pairs.folds == fold
        assert pairs.same[inside].sum() * 2 == inside.sum() > 0
    if pairs.disjoint:
        folds_of = {
            person: set(pairs.folds[(first == person) | (second == person)].tolist())
            for person in set(people.tolist())
        }
        assert max(map(len, folds_of.values())) == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 7), min_size=2, max_size=45), st.integers(1, 300), st.integers(0, 9))
def test_pairs_are_what_is_asked(sizes: list[int], n_pairs: int, seed: int) -> None:
    several = sum(size > 1 for size in sizes)
    n_folds = min(FOLDS, n_pairs, several, len(sizes) // 2)
    try:
        people, pairs = _draw(sizes, n_pairs, seed)
    except UserError:
        within = sum(size * (size - 1) // 2 for size in sizes)
        assert several == 0 or min(n_pairs, within) < 2
        return
    _check(people, pairs)
    assert pairs.disjoint == (n_folds >= 2)
    if pairs.disjoint:
        assert pairs.n_folds == n_folds
    assert int(pairs.same.sum()) <= n_pairs


def test_enough_people_make_ten_folds_of_all_that_is_asked() -> None:
    people, pairs = _draw([20] * 40, 1003)
    _check(people, pairs)
    assert (pairs.n_folds, pairs.disjoint) == (10, True)
    assert int(pairs.same.sum()) == 1003
    assert np.bincount(pairs.folds).tolist() == [202] * 3 + [200] * 7
    # Everybody counts as much as others, and so does every two of a fold's people.
    of_person = np.bincount(people[pairs.first[pairs.same]], minlength=40)
    assert set(of_person.tolist()) <= {25, 26}
    twos = np.sort(np.stack([people[pairs.first], people[pairs.second]]), axis=0)[:, ~pairs.same]
    _, counts = np.unique(twos, axis=1, return_counts=True)
    assert (len(counts), counts.min() >= 16, counts.max() <= 17) == (60, True, True)


def test_a_person_with_a_thousand_pictures_is_one_of_many() -> None:
    people, pairs = _draw([1000] + [5] * 30, 200)
    _check(people, pairs)
    assert np.bincount(people[pairs.first[pairs.same]])[0] <= 8


def test_few_people_are_in_all_folds() -> None:
    for sizes in ([6, 6], [6, 5, 4], [9, 1, 1, 1, 1, 1]):
        people, pairs = _draw(sizes)
        _check(people, pairs)
        assert pairs.disjoint is False
        assert pairs.n_folds == 10
    assert _draw([3, 3])[1].n_folds == 6


def test_too_few_are_refused() -> None:
    for sizes, told in (
        ([9], "there is 1 person, 1 with several pictures"),
        ([1, 1, 1], "there are 3 people, 0 with several pictures"),
        ([2, 1], "the pictures make one pair of each kind"),
    ):
        with pytest.raises(UserError, match=told):
            _draw(sizes)


def test_the_same_seed_draws_the_same_whatever_else_is_drawn() -> None:
    first, second = _draw([4] * 30, 50)[1], _draw([4] * 30, 50)[1]
    assert first.first.tolist() == second.first.tolist()
    assert first.first.tolist() != _draw([4] * 30, 50, seed=1)[1].first.tolist()
    # Frozen: so they were drawn when pairs came to be, and a published number can be had again.
    assert start_pairs(0, "faces").randint(0, 1000, 4).tolist() == [827, 886, 105, 736]
    assert first.first[:6].tolist() == [31, 48, 26, 30, 3, 31]


def test_numbered_pairs_are_all_pairs_in_order() -> None:
    low, high = _find_pair(np.arange(45))
    expected = sorted(itertools.combinations(range(10), 2), key=lambda pair: pair[::-1])
    assert list(zip(low.tolist(), high.tolist(), strict=True)) == expected
    # Where a root in floats is no longer exact.
    for top in (3_037_000_499, 94_906_267, 67_108_865):
        number = np.array([top * (top - 1) // 2 - 1, top * (top - 1) // 2])
        assert [one.tolist() for one in _find_pair(number)] == [[top - 2, 0], [top - 1, top]]


@pytest.mark.parametrize(("n", "of"), [(0, 1), (1, 1), (5, 9), (9, 9), (4, 10**12)])
def test_numbers_are_distinct(n: int, of: int) -> None:
    drawn = _draw_distinct(n, of, np.random.RandomState(0)).tolist()
    assert len(set(drawn)) == len(drawn) == n
    assert all(0 <= one < of for one in drawn)
