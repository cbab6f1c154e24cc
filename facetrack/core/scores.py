"""What holds for any score of a clustering, and a score over several resamples."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Summary:
    """A score over the resamples.

    std: population standard deviation (ddof 0), the article's; two_std: twice that.
    ci_low, ci_high: 95 % confidence interval by Student's t: of the mean over resamples of these
    faces (standard error: deviation with ddof 1 over the root of their number), or, over halves of
    the people, of the score for people like these (standard error: the deviation itself). Both are
    the mean where there is one value or all are equal.
    """

    mean: float
    std: float
    two_std: float
    ci_low: float
    ci_high: float


def clip_score(end: float) -> float:
    """An end of an interval, no further than scores can be: from -0.5 to 1. NaN stays NaN.

    No adjusted Rand index is below -0.5. Of the others only AMI can be, slightly, for a handful of
    faces that are grouped as wrongly as can be.
    """
    return end if math.isnan(end) else min(1.0, max(-0.5, end))
