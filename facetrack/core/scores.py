"""What holds for any score of a clustering."""

import math


def clip_score(end: float) -> float:
    """An end of an interval, no further than any score can be: from -1 to 1. NaN stays NaN."""
    return end if math.isnan(end) else min(1.0, max(-1.0, end))
