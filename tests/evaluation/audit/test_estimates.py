"""Intervals and what is said of them."""

import numpy as np
import pytest

from facetrack.evaluation.audit.estimates import Estimate, count_more, summarise


def test_the_interval_is_the_shortest_one() -> None:
    values = np.concatenate([np.full(90, 1.0), np.linspace(0, 0.9, 10)])
    found = summarise(values, np.full(100, 0.01))
    assert found.value == 1.0
    assert found.high == 1.0
    assert found.low == pytest.approx(0.5)  # 95 of 100
    weights = np.append(np.zeros(99), 1.0)
    assert summarise(np.arange(100) / 100, weights) == Estimate(0.99, 0.99, 0.99)


def test_values_of_no_share_are_brought_to_one() -> None:
    found = summarise(np.array([-0.5, 0.2, 1.5]), np.full(3, 1 / 3))
    assert (found.low, found.value, found.high) == (0.0, 0.2, 1.0)


def test_what_is_told_is_in_percent() -> None:
    assert Estimate(0.97, 0.93, 0.99).tell() == "97 % (93-99)"
    assert Estimate(0.97, 0.93, 0.99).half_width == pytest.approx(0.03)


def test_half_the_width_takes_four_times_what_is_known() -> None:
    # Half as wide after 30: what was known before is worth 10, so 120 more come to four times 40.
    assert count_more(0.1, 0.05, 30) == 120
    assert count_more(0.1, 0.1, 30) is None
    assert count_more(0.1, 0.05, 0) is None
