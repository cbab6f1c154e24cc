"""A score over several resamples, in a few numbers."""

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
