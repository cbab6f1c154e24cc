"""What holds for any score of a clustering, and a score over several resamples."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Summary:
    """A score over the resamples.

    std: population standard deviation (ddof 0), the article's; two_std: twice that.
    ci_low, ci_high: 95 % confidence interval of the mean by Student's t (standard error with
    ddof 1); both are the mean where there is one value or all are equal.
    """

    mean: float
    std: float
    two_std: float
    ci_low: float
    ci_high: float


def clip_score(end: float) -> float:
    """An end of an interval, no further than any score can be: from -1 to 1. NaN stays NaN."""
    return end if math.isnan(end) else min(1.0, max(-1.0, end))
