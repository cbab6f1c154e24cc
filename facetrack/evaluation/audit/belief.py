"""What is believed of a side's mistakes after some answers.

The calibration says how likely each block is a mistake. A folder deviates from it by a curve over
the log odds, drawn before any answer: an offset, a slope, and bumps, a Gaussian process. Thousands
of such curves, each with a share of wrong answers, are the grid on which Bayes' rule is applied,
exactly but for the fineness of the grid: a curve counts by how likely it makes the answers. For
each curve the mistakes in blocks that nobody was asked about are drawn with their mean and variance
(log-normal: they are a sum of few large and many small ones); blocks with answers are what these
say, by as much as answers may be wrong. "Can't tell" has the same chance whether a block is a
mistake or not, so that it says nothing: it counts as a question and not as an answer.

Which blocks are asked about depends on the answers before and on nothing else that is unknown, so
it does not enter, and neither does looking at the estimate after each answer and stopping when one
likes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtri

from facetrack.core.likelihood import Floats
from facetrack.evaluation.audit.blocks import count_by_logit
from facetrack.evaluation.audit.frame import BINS, Blocks

WRONG = 0.03
"""The share of answers that are expected to be wrong."""
_SURE_OF_WRONG = 50  # answers that this is worth
# Pairs of a block that are not what most of it is, on the average.
_MIXED = 0.02
_UNEVEN = 0.25  # by how much less or more, at most, a block that is a mistake may count for
# A screen is about one face only, of all in its group, and its items go wrong together: each says
# less about its block, and counts as so much of an answer for the curve.
_MIXED_ON_SCREEN, _TEMPER = 0.1, 0.2
_CURVES = 2000
_FEW = 20
_MOST_MISTAKES = 1e4  # of which it makes a difference how many they are
# Standard deviations of a folder's curve: offset, slope at log odds of `_PIVOT`, and bumps with
# the range over which they go together.
_OFFSET, _SLOPE, _PIVOT, _BUMP, _RANGE = 1.1, 0.15, -2.0, 0.6, 2.5
_KNOTS = np.array([-12.0, -8, -6, -4.5, -3, -1.5, 0, 1.5, 3, 5, 8])


@dataclass(frozen=True)
class Answer:
    """An answer about a block. mistake: what it says of a pair of it; None for "can't tell".

    items: how many things were shown at once. Where they are several, `WRONG` of the mistakes are
    overlooked, and in as many screens something is marked that is none.
    """

    block: int
    mistake: bool | None
    items: int = 1


@dataclass(frozen=True)
class Draws:
    """weights: (c,) of the curves, 1 in all. wrong: (c, 2) mistakes, BCubed and in pairs."""

    weights: Floats
    wrong: Floats


@dataclass(frozen=True)
class _Known:
    """What is believed of a block with answers, (c,) each by curve.

    before: how likely it is a mistake without them. drawn: for how much it counts as one now, 0
    for none. likely: the logarithm of how likely the answers are.
    """

    before: Floats
    drawn: Floats
    likely: Floats


class Belief:
    """What is believed of the mistakes of one side, without an answer at first."""

    def __init__(self, blocks: Blocks, seed: int) -> None:
        self._blocks = blocks
        random = np.random.default_rng(seed)
        self._curves = _draw_curves(random)
        self._wrong = random.beta(WRONG * _SURE_OF_WRONG, (1 - WRONG) * _SURE_OF_WRONG, _CURVES)
        self._share, self._seed = random.random(_CURVES), seed
        self._known: dict[tuple[Answer, ...], _Known] = {}
        middles = (BINS[1:] + BINS[:-1]) / 2
        chance = expit(middles + self._deviate(middles).T)
        weight, rest = blocks.weight, chance * (1 - chance)
        self._mean = chance @ (count_by_logit(blocks.logit, weight) + blocks.rest)
        self._variance = rest @ (count_by_logit(blocks.logit, weight**2) + blocks.squares)
        self._most = weight.sum(axis=0) + blocks.rest.sum(axis=0)

    def find_chance(self, answers: Sequence[Answer] = ()) -> Floats:
        """(m,) how likely each block is a mistake, as long as nobody has been asked about it."""
        weights = self._weigh([self._learn(about) for about in sort_by_block(answers).values()])
        at = (BINS[1:] + BINS[:-1]) / 2
        chance: Floats = weights @ expit(at + self._deviate(at).T)
        return np.interp(self._blocks.logit, at, chance)

    def draw(self, answers: Sequence[Answer]) -> Draws:
        """What is believed after some answers, in their order or any other."""
        by_block = sort_by_block(answers)
        known = [self._learn(about) for about in by_block.values()]
        mean, variance = self._mean, self._variance
        wrong = np.tile(self._blocks.known, (_CURVES, 1))
        if known:
            weight = self._blocks.weight[list(by_block)]
            before = np.stack([one.before for one in known], axis=1)
            wrong += np.stack([one.drawn for one in known], axis=1) @ weight
            mean = mean - before @ weight
            variance = variance - (before * (1 - before)) @ weight**2
        return Draws(self._weigh(known), wrong + self._draw_rest(mean, variance))

    def _draw_rest(self, mean: Floats, variance: Floats) -> Floats:
        """(c, 2) mistakes in blocks that nobody was asked about, of (c, 2) mean and variance.

        So many of equal weight as have both, by Poisson's distribution: there may be none.
        """
        mean = np.maximum(mean, 1e-12)
        size = np.maximum(variance / mean, mean / _MOST_MISTAKES)
        number = find_poisson(self._share[:, None], mean / size)
        wrong: Floats = np.minimum(number * size, self._most)
        return wrong

    def _weigh(self, known: Sequence[_Known]) -> Floats:
        likely = np.zeros(_CURVES)
        for one in known:
            likely += one.likely
        weights: Floats = np.exp(likely - likely.max())
        weights /= weights.sum()
        return weights

    def _learn(self, about: tuple[Answer, ...]) -> _Known:
        """What is believed of a block. about: all answers about it."""
        if about not in self._known:
            block = about[0].block
            logit = self._blocks.logit[block : block + 1]
            before = np.clip(expit(logit + self._deviate(logit)[0]), 1e-9, 1 - 1e-9)
            odds = np.log(before) - np.log1p(-before)
            if_mistake, if_not = np.ones(_CURVES), np.ones(_CURVES)
            for one in about:
                found = self._find_likely(one, _find_mixed(one))
                odds += np.log(found[0]) - np.log(found[1])
                # A single answer is one of a pair, of which `before` is the mean share.
                found = self._find_likely(one, _find_mixed(one) if len(about) > 1 else 0)
                if_mistake *= found[0]
                if_not *= found[1]
            counts = _TEMPER if all(one.items > 1 for one in about) else 1.0
            likely = counts * np.log(before * if_mistake + (1 - before) * if_not)
            self._known[about] = _Known(before, self._draw_block(block, odds), likely)
        return self._known[about]

    def _draw_block(self, block: int, odds: Floats) -> Floats:
        """(c,) for how much a block counts as a mistake. odds: (c,) their logarithm."""
        uniform = np.random.default_rng([self._seed, block]).random(_CURVES)
        place = uniform / np.maximum(expit(odds), 1e-9)
        # How many of its pairs are mistakes, and what one counts for, is not quite known.
        drawn: Floats = np.where(place < 1, 1 + _UNEVEN * (2 * place - 1), 0)
        return drawn

    def _find_likely(self, one: Answer, mixed: float) -> tuple[Floats, Floats]:
        """(c,) how likely an answer is if its block is a mistake, and if it is none.

        mixed: how many pairs of a block are not what the block is.
        """
        overlooked = self._wrong + mixed
        marked = self._wrong / one.items + mixed
        if one.mistake:
            return 1 - overlooked, marked
        return overlooked, 1 - marked

    def _deviate(self, logit: Floats) -> Floats:
        """(m, c) how far the curves are from the calibration at (m,) log odds."""
        place = np.clip(np.searchsorted(_KNOTS, logit) - 1, 0, len(_KNOTS) - 2)
        share = np.clip((logit - _KNOTS[place]) / np.diff(_KNOTS)[place], 0, 1)[:, None]
        found: Floats = (1 - share) * self._curves[place] + share * self._curves[place + 1]
        return found


def _find_mixed(one: Answer) -> float:
    return _MIXED if one.items == 1 else _MIXED_ON_SCREEN


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


def sort_by_block(answers: Sequence[Answer]) -> dict[int, tuple[Answer, ...]]:
    """Those answers that say something, by block."""
    by_block: dict[int, list[Answer]] = {}
    for one in answers:
        if one.mistake is not None:
            by_block.setdefault(one.block, []).append(one)
    return {
        block: tuple(sorted(about, key=lambda one: (one.items, bool(one.mistake))))
        for block, about in by_block.items()
    }


def _draw_curves(random: np.random.Generator) -> Floats:
    """(k, c) deviations at the knots."""
    apart = _KNOTS[:, None] - _KNOTS
    spread = _OFFSET**2 + _SLOPE**2 * np.outer(_KNOTS - _PIVOT, _KNOTS - _PIVOT)
    spread = spread + _BUMP**2 * np.exp(-(apart**2) / (2 * _RANGE**2)) + 1e-9 * np.eye(len(_KNOTS))
    found: Floats = np.linalg.cholesky(spread) @ random.standard_normal((len(_KNOTS), _CURVES))
    return found
