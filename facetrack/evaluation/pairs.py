"""Pairs of pictures in folds, for verification (PROTOCOL, "Verification"); drawn at random here."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import UserError
from facetrack.core.texts import write_count

Indices = NDArray[np.int64]

FOLDS = 10
"""How many folds there are, where the people are enough."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of pictures.

    first, second: (m,) int64, indices of the pictures. same: (m,) bool, whether they are of one
    person. folds: (m,) int64, the fold of each from 0 on. disjoint: whether nobody is in two folds;
    None where that is not known.
    """

    first: Indices
    second: Indices
    same: NDArray[np.bool_]
    folds: Indices
    disjoint: bool | None = None

    @property
    def n_folds(self) -> int:
        """How many folds there are."""
        return int(self.folds.max()) + 1


def draw_pairs(people: Indices, n_pairs: int, rng: np.random.RandomState) -> Pairs:
    """Random pairs of pictures, as many of one person as of two, none of them twice.

    Of the people, and of every two of them, as equally many pairs as their pictures allow. Each
    fold has people of its own, at least two and one of them with several pictures; where there are
    fewer than four people, or one alone has several pictures, all folds have the same.

    people: (n,) int64, each picture's person from 0 on. n_pairs: at most so many of each kind.
    Raises UserError where there are too few people or pictures.
    """
    order = np.argsort(people, kind="stable")
    sizes = np.bincount(people)
    ends = np.cumsum(sizes)
    pictures = [order[end - size : end] for end, size in zip(ends, sizes, strict=True)]
    n_folds = min(FOLDS, n_pairs, int((sizes > 1).sum()), len(sizes) // 2)
    if n_folds < 2:
        return _draw_shared(pictures, n_pairs, rng)
    shuffled = rng.permutation(len(sizes))
    # Those with several pictures first, so that each fold gets its share of them.
    dealt = np.concatenate([shuffled[sizes[shuffled] > 1], shuffled[sizes[shuffled] == 1]])
    parts = []
    for fold in range(n_folds):
        wanted = n_pairs // n_folds + (fold < n_pairs % n_folds)
        own = [pictures[person] for person in dealt[fold::n_folds]]
        same, different = _draw_both(own, wanted, rng)
        parts.append(_join(same, different, np.full(len(same), fold), disjoint=True))
    return Pairs(
        first=np.concatenate([one.first for one in parts]),
        second=np.concatenate([one.second for one in parts]),
        same=np.concatenate([one.same for one in parts]),
        folds=np.concatenate([one.folds for one in parts]),
        disjoint=True,
    )


def _draw_shared(pictures: list[Indices], n_pairs: int, rng: np.random.RandomState) -> Pairs:
    """Pairs of all people, dealt to the folds."""
    several = sum(len(one) > 1 for one in pictures)
    if len(pictures) < 2 or not several:
        raise UserError(
            "pairs to verify need two people, one of them with two pictures; there "
            f"{'is' if len(pictures) == 1 else 'are'} "
            f"{write_count(len(pictures), 'person', 'people')}, {several} with several pictures"
        )
    same, different = _draw_both(pictures, n_pairs, rng)
    if len(same) < 2:
        raise UserError(
            "the pictures make one pair of each kind, and a threshold that is found on some pairs "
            "and judged on others needs two: add pictures, or raise task.n_pairs"
        )
    same, different = (one[rng.permutation(len(one))] for one in (same, different))
    return _join(same, different, np.arange(len(same)) % FOLDS, disjoint=False)


def _join(same: Indices, different: Indices, folds: Indices, *, disjoint: bool) -> Pairs:
    """Pairs of both kinds, (q, 2) indices of pictures each, in the (q,) folds of both."""
    both = np.concatenate([same, different])
    return Pairs(
        first=both[:, 0],
        second=both[:, 1],
        same=np.arange(len(both)) < len(same),
        folds=np.concatenate([folds, folds]),
        disjoint=disjoint,
    )


def _draw_both(
    pictures: list[Indices], n: int, rng: np.random.RandomState
) -> tuple[Indices, Indices]:
    """(q, 2) pairs of one person and (q, 2) of two; q is n, or as many as there are of both.

    pictures: of each person.
    """
    sizes = np.array([len(one) for one in pictures])
    within = sizes * (sizes - 1) // 2
    n = min(n, int(within.sum()), int(sizes.sum() ** 2 - (sizes**2).sum()) // 2)
    same = []
    for person, count in enumerate(_share_out(within, n, rng)):
        if count:
            low, high = _find_pair(_draw_distinct(int(count), int(within[person]), rng))
            same.append(np.stack([pictures[person][low], pictures[person][high]], axis=1))
    return np.concatenate(same), _draw_across(pictures, sizes, n, rng)


def _draw_across(
    pictures: list[Indices], sizes: Indices, n: int, rng: np.random.RandomState
) -> Indices:
    """(n, 2) pairs of pictures of two people, with as equally many of any two as possible."""
    twos = len(sizes) * (len(sizes) - 1) // 2
    if n <= twos:
        chosen, counts = _draw_distinct(n, twos, rng), np.ones(n, dtype=np.int64)
    else:
        low, high = _find_pair(np.arange(twos))
        chosen, counts = np.arange(twos), _share_out(sizes[low] * sizes[high], n, rng)
    drawn = []
    for low, high, count in zip(*_find_pair(chosen), counts, strict=True):
        at = _draw_distinct(int(count), int(sizes[low] * sizes[high]), rng)
        ours, theirs = np.divmod(at, sizes[high])
        drawn.append(np.stack([pictures[low][ours], pictures[high][theirs]], axis=1))
    return np.concatenate(drawn)


def _share_out(most: Indices, n: int, rng: np.random.RandomState) -> Indices:
    """(k,) counts that sum to n, each at most its `most`, and as equal as that allows."""
    order = rng.permutation(len(most))
    counts = np.zeros(len(most), dtype=np.int64)
    while n:
        able = order[counts[order] < most[order]][:n]
        counts[able] += 1
        n -= len(able)
    return counts


def _draw_distinct(n: int, of: int, rng: np.random.RandomState) -> Indices:
    """(n,) distinct int64 of 0..of-1, without a list of all of them where n is few of them."""
    if 2 * n > of:
        return rng.permutation(of)[:n].astype(np.int64)
    drawn: dict[int, None] = {}
    while len(drawn) < n:
        drawn |= dict.fromkeys(rng.randint(0, of, n - len(drawn), dtype=np.int64).tolist())
    return np.array(list(drawn), dtype=np.int64)


def _find_pair(number: Indices) -> tuple[Indices, Indices]:
    """The two indices, low < high, of pairs that are numbered (0, 1), (0, 2), (1, 2), (0, 3) …"""
    high = ((1 + np.sqrt(1 + 8 * number.astype(np.float64))) // 2).astype(np.int64)
    # Of a large number the root may be rounded up.
    high -= (high * (high - 1) // 2 > number).astype(np.int64)
    return number - high * (high - 1) // 2, high
