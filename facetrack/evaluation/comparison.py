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


def compare_pairs(scores: Mapping[str, Sequence[float]]) -> list[Difference]:
    """Every pair of methods, best first.

    scores: by method, one per resample, in the order of the resamples.
    Raises ValueError where they differ in number.
    """
    if len({len(values) for values in scores.values()}) > 1:
        raise ValueError("a paired comparison needs the same resamples for every method")
    best_first = sorted(scores, key=lambda method: -summarise(scores[method]).mean)
    pairs = list(combinations(best_first, 2))
    differences = [np.subtract(scores[better], scores[worse]) for better, worse in pairs]
    ps = [_wilcoxon(difference) for difference in differences]
    told = [summarise(difference) for difference in differences]
    return [
        Difference(better, worse, one.mean, one.ci_low, one.ci_high, p, p_holm)
        for (better, worse), one, p, p_holm in zip(pairs, told, ps, _holm(ps), strict=True)
    ]


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
