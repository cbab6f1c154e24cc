"""Which differences between methods are real: paired over the resamples they were scored on."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from facetrack.evaluation.metrics import summarise

_LEVEL = 0.05


@dataclass(frozen=True)
class Difference:
    """Two methods' scores on the same resamples.

    better, worse: names, by mean. mean, low, high: of the differences, better - worse, with the
    95 % interval of their mean by Student's t. p: of Wilcoxon's signed-rank test, two-sided; NaN
    for fewer than two resamples. p_holm: adjusted for the number of pairs compared (Holm 1979).
    """

    better: str
    worse: str
    mean: float
    low: float
    high: float
    p: float
    p_holm: float

    @property
    def real(self) -> bool:
        """Whether the adjusted p is below 0.05."""
        return self.p_holm < _LEVEL


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


def compare_pairs(scores: Mapping[str, Sequence[float]]) -> list[Difference]:
    """Every pair of methods, best first.

    scores: by method, one per resample, in the order of the resamples.
    Raises ValueError where they differ in number.
    """
    best_first = sorted(scores.items(), key=lambda one: -summarise(one[1]).mean)
    return compare_each(list(combinations(best_first, 2)))


def compare_each(pairs: Sequence[Pair]) -> list[Difference]:
    """Pairs that need not share their resamples with each other, in their order.

    pairs: the scores of both sides on the same resamples, in the order of the resamples.
    Raises ValueError where the two sides of a pair differ in number.
    """
    if any(len(one[1]) != len(other[1]) for one, other in pairs):
        raise ValueError("a paired comparison needs the same resamples for every method")
    ordered = [_order(one, other) for one, other in pairs]
    differences = [np.subtract(better[1], worse[1]) for better, worse in ordered]
    ps = [_wilcoxon(difference) for difference in differences]
    told = [summarise(difference) for difference in differences]
    return [
        Difference(better, worse, one.mean, one.ci_low, one.ci_high, p, p_holm)
        for ((better, _), (worse, _)), one, p, p_holm in zip(
            ordered, told, ps, _holm(ps), strict=True
        )
    ]


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
