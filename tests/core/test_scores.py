"""Ends of intervals of scores."""

import math

import pytest

from facetrack.core.scores import clip_score


@pytest.mark.parametrize(
    ("end", "clipped"), [(0.3, 0.3), (1.0, 1.0), (1.2, 1.0), (-0.4, -0.4), (-0.6, -0.5)]
)
def test_no_end_is_beyond_what_a_score_can_be(end: float, clipped: float) -> None:
    assert clip_score(end) == clipped


def test_what_is_not_known_stays_so() -> None:
    assert math.isnan(clip_score(math.nan))
