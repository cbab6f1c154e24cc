"""What is believed of a side's mistakes after some answers.

The calibration says how likely each block is a mistake. A folder deviates from it, as a whole and
in each of its groups (deviations.py): a thousand such curves, each with a share of wrong answers,
are the grid on which Bayes' rule is applied, exactly but for the grid's fineness. A curve counts by
how likely it makes the answers. For each curve a group with answers is drawn as they leave it: its
own deviation, and its blocks that were asked about, each a mistake, one in part, or none, since in
a group of two people a face has its own person's before it as well as the other's. The mistakes in
all other blocks are drawn with their mean and variance, as a sum of equal ones, so that there may
be none. "Can't tell" has the same chance whether a block is a mistake or not, so that it says
nothing: it counts as a question and not as an answer.

Which blocks are asked about depends on the answers before and on nothing else that is unknown, so
it does not enter (Gelman et al. 2013, chapter 8), and neither does looking at the estimate after
each answer and stopping when one likes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.special import betaincinv, logsumexp, ndtri, softmax

from facetrack.core.likelihood import Floats
from facetrack.evaluation.audit.blocks import count_by_logit, find_bins
from facetrack.evaluation.audit.deviations import CURVES, make_grid, spread_evenly
from facetrack.evaluation.audit.frame import BINS, Blocks, Rows, list_members

WRONG = 0.03
"""The share of answers that are expected to be wrong."""
_SURE_OF_WRONG = 50  # answers that this is worth
_TOGETHER = 0.4  # how much blocks of a group are wrong together
# Blocks that are a mistake in part: which part, and of what is expected how much comes from them.
# Inside a group of two people half of a block is wrong. Between groups it is the little that hides
# of one person in the group of another, of which no distance tells: it is all that is expected
# where that is less than `_HIDDEN`.
_PART_INSIDE, _PART_BETWEEN = 0.5, 0.1
_OF_PARTS, _HIDDEN = 0.8, 5e-4
# Answers count as so much of one where the curve is concerned, since no curve is quite right (the
# coarsened posterior of Miller and Dunson 2019): those about pairs inside groups, and those on
# screens about pairs of groups, each of which is about one face only, of all in its group.
_TEMPER_INSIDE, _TEMPER_ON_SCREEN = 0.3, 0.5
# Inside a group the answers of a screen share its face, so that n of them say of the group and of
# the curve what n / (1 + (n - 1) r) about pairs would (the design effect of Kish 1965). This is r.
_ALIKE = 0.1
_FEW = 20
_MOST_MISTAKES = 1e4  # of which it makes a difference how many they are
_GROUPS = 256  # at once


@dataclass(frozen=True)
class Answer:
    """An answer about a block. mistake: what it says of a pair of it; None for "can't tell".

    items: how many things were shown at once. Where they are several, `WRONG` of the mistakes are
    overlooked, and in as many screens something is marked that is none. logit: what the block's
    was when it was asked about; None: what it is.

    Where groups were corrected since, block is None, and the answer says something of the curve
    only. of_block: the other way round, says nothing of the curve, as nobody would have asked about
    the block that has come of it.
    """

    block: int | None
    mistake: bool | None
    items: int = 1
    logit: float | None = None
    of_block: bool = False


@dataclass(frozen=True)
class Draws:
    """weights: (c,) of the curves, 1 in all. wrong: (c, 2) mistakes, BCubed and in pairs."""

    weights: Floats
    wrong: Floats


@dataclass(frozen=True)
class _Known:
    """What answers change about a group, or about a pair of groups, by curve.

    likely: (c,) the logarithm of how likely they are. wrong: (c, 2) mistakes in the blocks that
    they are about, drawn. mean, variance: (c, 2) what is to be added to that of the other blocks.
    """

    likely: Floats
    wrong: Floats
    mean: Floats
    variance: Floats


class Belief:
    """What is believed of the mistakes of one side, without an answer at first."""

    def __init__(self, blocks: Blocks, seed: int) -> None:
        self._blocks, self._seed = blocks, seed
        normal, (self._share, wrong) = spread_evenly(seed)
        self._grid = make_grid(normal, 0 if blocks.group is None else _TOGETHER)
        self._wrong = betaincinv(WRONG * _SURE_OF_WRONG, (1 - WRONG) * _SURE_OF_WRONG, wrong)
        self._part = _PART_BETWEEN if blocks.group is None else _PART_INSIDE
        self._temper = 1 if blocks.group is None else _TEMPER_INSIDE
        self._known: dict[tuple[Answer, ...], _Known] = {}
        self._bins = find_bins(blocks.logit)
        weight = blocks.weight
        sums = count_by_logit(blocks.logit, weight) + blocks.rest
        # A block of one pair is wrong as a whole or not at all.
        self._many = 1 - 1 / np.maximum(weight[:, 1], 1)
        squares = count_by_logit(blocks.logit, weight**2) + blocks.squares
        parts = count_by_logit(blocks.logit, weight**2 * self._many[:, None])
        self._mean = self._grid.mean.T @ sums
        self._variance = self._find_own(squares, parts)
        if blocks.group is not None:
            self._members = list_members(blocks.group)
            self._variance += self._find_shared(blocks.group)
        self._most = weight.sum(axis=0) + blocks.rest.sum(axis=0)

    def find_chance(self, answers: Sequence[Answer] = ()) -> Floats:
        """(m,) how likely each block is a mistake, as long as nobody has been asked about it."""
        known = [self._learn(*about) for about in self._sort(answers)]
        weights = self._weigh(known, self._look_back(answers))
        chance: Floats = self._grid.mean @ weights
        return np.interp(self._blocks.logit, (BINS[1:] + BINS[:-1]) / 2, chance)

    def draw(self, answers: Sequence[Answer]) -> Draws:
        """What is believed after some answers, in their order or any other."""
        known = [self._learn(*about) for about in self._sort(answers)]
        mean, variance = self._mean.copy(), self._variance.copy()
        wrong = np.tile(self._blocks.known, (CURVES, 1))
        for one in known:
            wrong += one.wrong
            mean += one.mean
            variance += one.variance
        weights = self._weigh(known, self._look_back(answers))
        return Draws(weights, wrong + self._draw_rest(mean, variance))

    def _sort(self, answers: Sequence[Answer]) -> list[tuple[Rows, tuple[Answer, ...]]]:
        """Those answers that say something, with the blocks of the group that they are about."""
        group = self._blocks.group
        by_group: dict[int, list[Answer]] = {}
        for one in answers:
            if one.mistake is not None and one.block is not None:
                at = one.block if group is None else int(group[one.block])
                by_group.setdefault(at, []).append(one)
        return [
            (
                np.array([at]) if group is None else self._members[at],
                tuple(sorted(about, key=_find_place)),
            )
            for at, about in by_group.items()
        ]

    def _draw_rest(self, mean: Floats, variance: Floats) -> Floats:
        """(c, 2) mistakes in blocks that nobody was asked about, of (c, 2) mean and variance.

        So many of equal weight as have both, by Poisson's distribution: there may be none.
        """
        mean = np.maximum(mean, 1e-12)
        size = np.maximum(variance / mean, mean / _MOST_MISTAKES)
        number = find_poisson(self._share[:, None], mean / size)
        wrong: Floats = np.minimum(number * size, self._most)
        return wrong

    def _look_back(self, answers: Sequence[Answer]) -> Floats:
        """(c,) the logarithm of how likely answers are about blocks that are no more."""
        likely = np.zeros(CURVES)
        for one in answers:
            if one.block is None and one.mistake is not None:
                # As if all of its screen were about its group.
                worth = self._temper * self._find_worth([[one]] * one.items)[0]
                likely += worth * np.log(self._grid.nodes @ self._look_at(None, [one]))
        return likely

    def _weigh(self, known: Sequence[_Known], likely: Floats) -> Floats:
        for one in known:
            likely = likely + one.likely
        weights: Floats = np.exp(likely - likely.max())
        weights /= weights.sum()
        return weights

    def _find_own(self, squares: Floats, parts: Floats) -> Floats:
        """(c, 2) the variance that blocks have of their own.

        squares: (b, 2) sums of squared weights; parts: of those of blocks with several pairs.
        """
        nodes, chance = self._grid.nodes, self._grid.chance
        whole, less = (
            np.tensordot(nodes, values, axes=1)
            for values in (chance * (1 - chance), (1 - self._part) * self._expect_parts(chance))
        )
        found: Floats = whole.T @ squares - less.T @ parts
        return found

    def _expect_parts(self, chance: Floats) -> Floats:
        """How much of what is expected of blocks, of any shape, comes from those wrong in part."""
        spread = chance * (1 - chance)
        if self._blocks.group is None:
            return spread * _HIDDEN / (chance + _HIDDEN)
        return _OF_PARTS * spread

    def _find_shared(self, group: Rows) -> Floats:
        """(c, 2) the variance that all groups have, by what their blocks have in common."""
        found = np.zeros((CURVES, 2))
        n_groups, shape = int(group.max(initial=-1)) + 1, len(BINS) - 1
        for side in range(2):
            place = (group, self._bins)
            weight = csr_array((self._blocks.weight[:, side], place), shape=(n_groups, shape))
            for start in range(0, n_groups, _GROUPS):
                some = weight[start : start + _GROUPS]
                found[:, side] -= ((some @ self._grid.mean) ** 2).sum(axis=0)
                for node, chance in zip(self._grid.nodes, self._grid.chance, strict=True):
                    found[:, side] += node * ((some @ chance) ** 2).sum(axis=0)
        return found

    def _learn(self, rows: Rows, about: tuple[Answer, ...]) -> _Known:
        """What is believed of a group of blocks. about: all answers about any of them."""
        if about not in self._known:
            self._known[about] = self._find_known(rows, about)
        return self._known[about]

    def _find_known(self, rows: Rows, about: tuple[Answer, ...]) -> _Known:
        by_block: dict[int, list[Answer]] = {}
        for one in about:
            if one.block is not None:
                by_block.setdefault(one.block, []).append(one)
        states = [self._find_states_of(*one) for one in by_block.items()]
        # How likely the answers are, by block, node and curve.
        logs = np.log([self._look_at(*one) for one in by_block.items()])
        nodes = np.log(self._grid.nodes)[:, None]
        worth = self._find_worth(list(by_block.values()))
        likely = logsumexp(nodes + np.tensordot(self._temper * worth, logs, axes=1), axis=0)
        by_node = softmax(nodes + np.tensordot(worth, logs, axes=1), axis=0)
        node = _choose(by_node, self._draw_uniform(rows[0], 1))
        wrong, counts = np.zeros((CURVES, 2)), np.array([1, self._part, 0])
        for block, found in zip(by_block, states, strict=True):
            now = found[:, node, np.arange(CURVES)]
            state = _choose(now / now.sum(axis=0), self._draw_uniform(block, 0))
            wrong += np.outer(counts[state], self._blocks.weight[block])
        mean, variance = self._sum_up(rows, None)
        others = self._sum_up(rows[~np.isin(rows, list(by_block))], node)
        return _Known(likely, wrong, others[0] - mean, others[1] - variance)

    def _find_worth(self, given: Sequence[Sequence[Answer]]) -> Floats:
        """(s,) what the answers about each of some blocks of a group are worth; of pairs, 1."""
        shown = np.array([all(one.items > 1 for one in about) for about in given])
        if self._blocks.group is None:
            return np.where(shown, _TEMPER_ON_SCREEN, 1.0)
        return np.where(shown, 1 / (1 + _ALIKE * (shown.sum() - 1)), 1.0)

    def _find_states_of(self, block: int, given: Sequence[Answer]) -> Floats:
        """(3, k, c) what `_find_states` says of a block."""
        return self._find_states(self._grid.chance[:, self._bins[block]], self._many[block], given)

    def _look_at(self, block: int | None, given: Sequence[Answer]) -> Floats:
        """(k, c) how likely answers about a block are, as it was when it was asked about."""
        asked = [one for one in given if not one.of_block]
        if not asked:
            return np.ones_like(self._grid.chance[:, 0])
        at, many = (0, 1.0) if block is None else (self._bins[block], self._many[block])
        if (logit := asked[0].logit) is not None:
            at = find_bins(np.array([logit]))[0]
        found: Floats = self._find_states(self._grid.chance[:, at], many, asked).sum(axis=0)
        return found

    def _find_states(self, chance: Floats, many: float, given: Sequence[Answer]) -> Floats:
        """(3, k, c) how likely a block is wrong, in part, or not, and is answered so.

        chance: (k, c) of a mistake. many: how far the block can be wrong in part, 0 to 1.
        """
        parts = many * self._expect_parts(chance)
        in_part = parts / self._part
        found = np.stack([chance - parts, in_part, 1 - chance + parts - in_part])
        for one in given:
            # What is overlooked, and what is marked and is none.
            overlooked, marked = self._wrong, self._wrong / one.items
            is_marked = np.stack([1 - overlooked, np.full(CURVES, self._part), marked])[:, None]
            found *= is_marked if one.mistake else 1 - is_marked
        return found

    def _draw_uniform(self, block: int, of: int) -> Floats:
        """(c,) the same for a block, whatever was asked before."""
        return np.random.default_rng([self._seed, block, of]).random(CURVES)

    def _sum_up(self, rows: Rows, node: Rows | None) -> tuple[Floats, Floats]:
        """(c, 2) mean and variance of a group's mistakes in some of its blocks, unasked.

        node: (c,) the group's own deviation, or None for any.
        """
        bins, place = np.unique(self._bins[rows], return_inverse=True)
        chance, weight = self._grid.chance[:, bins], self._blocks.weight[rows]
        sums, squares, parts = (
            np.stack([np.bincount(place, by, len(bins)) for by in values.T])
            for values in (weight, weight**2, weight**2 * self._many[rows, None])
        )
        means = sums @ chance  # by node, side and curve
        own = squares @ (chance * (1 - chance))
        own -= parts @ ((1 - self._part) * self._expect_parts(chance))
        if node is not None:
            every = np.arange(CURVES)
            return means[node, :, every], own[node, :, every]
        nodes = self._grid.nodes
        mean = np.tensordot(nodes, means, axes=1)
        variance = np.tensordot(nodes, own + means**2, axes=1) - mean**2
        return mean.T, variance.T


def _find_place(one: Answer) -> tuple[float, ...]:
    """Where an answer stands among others, in whatever order they came."""
    return (one.block or 0, one.items, bool(one.mistake), one.of_block, one.logit or 0)


def _choose(chance: Floats, uniform: Floats) -> Rows:
    """(c,) one of several, drawn by (s, c) chance, 1 in all. uniform: (c,)."""
    found: Rows = (np.cumsum(chance, axis=0)[:-1] < uniform).sum(axis=0)
    return found


def find_poisson(share: Floats, mean: Floats) -> Floats:
    """The quantiles of Poisson distributions, of any shape; above a mean of 20 to within 1 or 2.

    Exact below; above by the cube root, which is nearly normal (Wilson and Hilferty 1931), since
    scipy's take ten times as long.
    """
    share, mean = np.broadcast_arrays(share, mean)
    spread = 1 / (9 * np.maximum(mean, 1))
    found: Floats = np.floor(mean * (1 - spread + ndtri(share) * np.sqrt(spread)) ** 3 + 0.5)
    small = mean <= _FEW
    left, chance = share[small], np.exp(-mean[small])
    below, number = chance.copy(), np.zeros(len(left))
    for k in range(1, 4 * _FEW):
        more = below < left
        if not more.any():
            break
        number[more] = k
        chance *= mean[small] / k
        below += chance
    found[small] = number
    return np.maximum(found, 0)
