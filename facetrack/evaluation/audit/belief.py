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
from scipy.special import expit
from scipy.stats import poisson

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


class Belief:
    """What is believed of the mistakes of one side, without an answer at first."""

    def __init__(self, blocks: Blocks, seed: int) -> None:
        self._blocks = blocks
        random = np.random.default_rng(seed)
        self._curves = _draw_curves(random)
        self._wrong = random.beta(WRONG * _SURE_OF_WRONG, (1 - WRONG) * _SURE_OF_WRONG, _CURVES)
        self._share, self._seed = random.random(_CURVES), seed
        self._uniform: dict[int, Floats] = {}
        self._chances: dict[int, Floats] = {}
        middles = (BINS[1:] + BINS[:-1]) / 2
        chance = expit(middles + self._deviate(middles).T)
        weight, rest = blocks.weight, chance * (1 - chance)
        self._mean = chance @ (count_by_logit(blocks.logit, weight) + blocks.rest)
        self._variance = rest @ (count_by_logit(blocks.logit, weight**2) + blocks.squares)
        self._most = weight.sum(axis=0) + blocks.rest.sum(axis=0)

    def find_chance(self, answers: Sequence[Answer] = ()) -> Floats:
        """(m,) how likely each block is a mistake, as long as nobody has been asked about it."""
        weights = self._weigh(answers)
        at = (BINS[1:] + BINS[:-1]) / 2
        chance: Floats = weights @ expit(at + self._deviate(at).T)
        return np.interp(self._blocks.logit, at, chance)

    def draw(self, answers: Sequence[Answer]) -> Draws:
        """What is believed after some answers, in their order or any other."""
        mean, variance = self._mean.copy(), self._variance.copy()
        wrong = np.tile(self._blocks.known, (_CURVES, 1))
        for block, about in sort_by_block(answers).items():
            weight, before = self._blocks.weight[block], self._find_one(block)
            odds = np.log(before) - np.log1p(-before)
            for one in about:
                if_mistake, if_not = self._find_likely(one, _find_mixed(one))
                odds += np.log(if_mistake) - np.log(if_not)
            place = self._draw_uniform(block) / np.maximum(expit(odds), 1e-9)
            # How many of its pairs are mistakes, and what one counts for, is not quite known.
            drawn = np.where(place < 1, 1 + _UNEVEN * (2 * place - 1), 0)
            wrong += drawn[:, None] * weight
            mean -= before[:, None] * weight
            variance -= (before * (1 - before))[:, None] * weight**2
        return Draws(self._weigh(answers), wrong + self._draw_rest(mean, variance))

    def _draw_rest(self, mean: Floats, variance: Floats) -> Floats:
        """(c, 2) mistakes in blocks that nobody was asked about, of (c, 2) mean and variance.

        So many of equal weight as have both, by Poisson's distribution: there may be none.
        """
        mean = np.maximum(mean, 1e-12)
        size = np.maximum(variance / mean, mean / _MOST_MISTAKES)
        number = poisson.ppf(self._share[:, None], mean / size)
        return np.minimum(number * size, self._most)

    def _draw_uniform(self, block: int) -> Floats:
        """(c,) between 0 and 1, the same for a block each time."""
        if block not in self._uniform:
            random = np.random.default_rng([self._seed, block])
            self._uniform[block] = random.random(_CURVES)
        return self._uniform[block]

    def _weigh(self, answers: Sequence[Answer]) -> Floats:
        likely = np.zeros(_CURVES)
        for block, about in sort_by_block(answers).items():
            chance = self._find_one(block)
            if_mistake, if_not = np.ones(_CURVES), np.ones(_CURVES)
            for one in about:
                # A single answer is one of a pair, of which `chance` is the mean share.
                found = self._find_likely(one, _find_mixed(one) if len(about) > 1 else 0)
                if_mistake *= found[0]
                if_not *= found[1]
            by_screen = all(one.items > 1 for one in about)
            counts = _TEMPER if by_screen else 1.0
            likely += counts * np.log(chance * if_mistake + (1 - chance) * if_not)
        weights = np.exp(likely - likely.max())
        return weights / weights.sum()

    def _find_one(self, block: int) -> Floats:
        """(c,) how likely a block is a mistake by each curve."""
        if block not in self._chances:
            logit = self._blocks.logit[block : block + 1]
            chance = expit(logit + self._deviate(logit)[0])
            self._chances[block] = np.clip(chance, 1e-9, 1 - 1e-9)
        return self._chances[block]

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


def sort_by_block(answers: Sequence[Answer]) -> dict[int, list[Answer]]:
    """Those answers that say something, by block."""
    by_block: dict[int, list[Answer]] = {}
    for one in answers:
        if one.mistake is not None:
            by_block.setdefault(one.block, []).append(one)
    return by_block


def _draw_curves(random: np.random.Generator) -> Floats:
    """(k, c) deviations at the knots."""
    apart = _KNOTS[:, None] - _KNOTS
    spread = _OFFSET**2 + _SLOPE**2 * np.outer(_KNOTS - _PIVOT, _KNOTS - _PIVOT)
    spread = spread + _BUMP**2 * np.exp(-(apart**2) / (2 * _RANGE**2)) + 1e-9 * np.eye(len(_KNOTS))
    found: Floats = np.linalg.cholesky(spread) @ random.standard_normal((len(_KNOTS), _CURVES))
    return found
