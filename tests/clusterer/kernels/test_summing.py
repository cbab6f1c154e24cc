"""Sums of what is near, whatever is usual."""

import numpy as np
import pytest

from facetrack.clusterer.kernels.summing import find_usual, sum_apart


def _near(random: np.random.RandomState, b: int, n: int) -> np.ndarray:
    """Means of three kinds: like most, with few points of their own, and with any."""
    usual = random.uniform(size=n) < 0.6
    near = usual ^ (random.uniform(size=(b, n)) < 0.05)
    near[::4] = random.uniform(size=near[::4].shape) < 0.1
    near[3::8] = random.uniform(size=near[3::8].shape) < 0.5
    return near


@pytest.mark.parametrize(("b", "n"), [(1, 1), (1, 40), (30, 7), (37, 1300)])
def test_the_usual_points(b: int, n: int) -> None:
    near = _near(np.random.RandomState(b), b, n)
    usual, like, total = find_usual(near)
    np.testing.assert_array_equal(usual, near.sum(axis=0) > b / 2)
    apart = (near != usual).sum(axis=1)
    np.testing.assert_array_equal(like, apart < near.sum(axis=1))
    assert total == np.minimum(apart, near.sum(axis=1)).sum()


@pytest.mark.parametrize(("b", "n"), [(1, 1), (1, 40), (30, 7), (37, 1300)])
def test_sums(b: int, n: int) -> None:
    random = np.random.RandomState(n)
    near = _near(random, b, n)
    summed = np.column_stack([random.normal(size=(n, 5)), random.randint(0, 2**40, (n, 2))])
    usual, like, _ = find_usual(near)
    sums = np.full((b, 7), np.nan)
    sum_apart(near, usual, like, summed, sums)
    expected = near.astype(np.float64) @ summed
    np.testing.assert_allclose(sums, expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(sums[:, 5:], expected[:, 5:])  # whole numbers are exact
