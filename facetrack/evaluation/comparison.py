"""How far two methods differ, paired over the resamples both were scored on, and for whom.

Two questions have two answers. *On these faces*: is one method's mean over all possible resamples
of these faces greater? Enough resamples make any difference distinguishable, also of methods that
are equally good on people at large. *For other people*: would the difference be there for other
people like these? The spread over halves of the people says that. Over bootstraps of faces, which
are no samples of people, a corrected t is a test of it, and no interval; over other resamples of
faces there is none. docs/statistics.md has what each is worth.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from facetrack.evaluation.metrics import summarise

_LEVEL = 0.05
# What Nadeau and Bengio (2003) put for the part of the error that all resamples share: what is left
# out over what is drawn, 0.2 / 0.8.
_CORRECTION = 0.25

Drawn = Literal["faces", "bootstrap", "halves"]
"""What resamples are: bootstraps of 0.8 of the faces, halves of the people, or faces otherwise."""


@dataclass(frozen=True)
class Claim:
    """What is said of a difference.

    low, high: its 95 % interval. p: two-sided; NaN for fewer than two resamples. p_holm: adjusted
    for the number of pairs compared (Holm 1979).
    """

    low: float
    high: float
    p: float
    p_holm: float

    @property
    def shown(self) -> bool:
        """Whether the adjusted p is below 0.05."""
        return self.p_holm < _LEVEL


@dataclass(frozen=True)
class Difference:
    """Two methods' scores on the same resamples.

    better, worse: names, by mean. mean: of the differences, better - worse. here: of these faces,
    the interval by Student's t, p of Wilcoxon's signed-rank test; None over halves of the people.
    others: of other people like these, from halves of the people (Shao and Wu 1989) where
    over_halves, else from bootstraps of faces by the corrected resampled t (Bouckaert and Frank
    2004), whose p is about right and whose interval is too narrow; None over other resamples.
    """

    better: str
    worse: str
    mean: float
    here: Claim | None
    others: Claim | None
    over_halves: bool = False


@dataclass(frozen=True)
class ModelDifference:
    """Two ways to find and embed faces, on the faces that both have.

    common: how many those are. only_better, only_worse: how many others each side has.
    """

    difference: Difference
    common: int
    only_better: int
    only_worse: int


Pair = tuple[tuple[str, Sequence[float]], tuple[str, Sequence[float]]]
"""Two names, each with its scores."""


def compare_pairs(
    scores: Mapping[str, Sequence[float]], drawn: Drawn = "bootstrap"
) -> list[Difference]:
    """Every pair of methods, best first.

    scores: by method, one per resample, in the order of the resamples. drawn: what those are.
    Raises ValueError where they differ in number.
    """
    best_first = sorted(scores.items(), key=lambda one: -summarise(one[1]).mean)
    return compare_each(list(combinations(best_first, 2)), drawn)


def compare_each(pairs: Sequence[Pair], drawn: Drawn = "bootstrap") -> list[Difference]:
    """Pairs that need not share their resamples with each other, in their order.

    pairs: the scores of both sides on the same resamples, in the order of the resamples. drawn:
    what those are. Raises ValueError where the two sides of a pair differ in number.
    """
    if any(len(one[1]) != len(other[1]) for one, other in pairs):
        raise ValueError("a paired comparison needs the same resamples for every method")
    ordered = [_order(one, other) for one, other in pairs]
    differences = [np.subtract(better[1], worse[1]) for better, worse in ordered]
    over_halves = drawn == "halves"
    here: list[Claim] | list[None] = [None] * len(pairs)
    if not over_halves:
        here = _claim([(*_find_interval(one), _wilcoxon(one)) for one in differences])
    others: list[Claim] | list[None] = [None] * len(pairs)
    if drawn != "faces":
        others = _claim([_judge_others(one, over_halves=over_halves) for one in differences])
    return [
        Difference(better, worse, summarise(one).mean, of_these, of_others, over_halves)
        for ((better, _), (worse, _)), one, of_these, of_others in zip(
            ordered, differences, here, others, strict=True
        )
    ]


def _claim(found: Sequence[tuple[float, float, float]]) -> list[Claim]:
    """found: low, high and p of each pair."""
    adjusted = _holm([p for _, _, p in found])
    return [Claim(*one, p_holm) for one, p_holm in zip(found, adjusted, strict=True)]


def _find_interval(difference: np.ndarray) -> tuple[float, float]:
    told = summarise(difference)
    return told.ci_low, told.ci_high


def _judge_others(difference: np.ndarray, *, over_halves: bool) -> tuple[float, float, float]:
    """Low, high and p of a t whose standard error does not vanish with many resamples."""
    from scipy.special import stdtr, stdtrit  # late, as all of SciPy

    n, mean = len(difference), summarise(difference).mean
    if n < 2:
        return math.nan, math.nan, math.nan
    share = 1.0 if over_halves else 1 / n + _CORRECTION
    error = float(np.std(difference, ddof=1)) * math.sqrt(share)
    half = float(stdtrit(n - 1, 0.975)) * error
    if not error:
        return mean, mean, 0.0 if mean else 1.0
    return mean - half, mean + half, 2 * float(stdtr(n - 1, -abs(mean) / error))


def _order(one: tuple[str, Sequence[float]], other: tuple[str, Sequence[float]]) -> Pair:
    """The better one first, by mean; as they are where those are equal."""
    return (other, one) if summarise(other[1]).mean > summarise(one[1]).mean else (one, other)


def _wilcoxon(difference: np.ndarray) -> float:
    from scipy.stats import wilcoxon  # a second to import, which a single job need not wait for

    if len(difference) < 2:
        return math.nan
    if not difference.any():
        return 1.0  # the test has nothing to rank
    return float(wilcoxon(difference).pvalue)


def _holm(ps: Sequence[float]) -> list[float]:
    """Each p times the number of hypotheses not yet rejected, never below a smaller one's."""
    adjusted = [math.nan] * len(ps)
    known = sorted((i for i in range(len(ps)) if not math.isnan(ps[i])), key=lambda i: ps[i])
    least = 0.0
    for rank, i in enumerate(known):
        least = max(least, min(1.0, (len(known) - rank) * ps[i]))
        adjusted[i] = least
    return adjusted
