"""Sums of what is near, whatever is usual."""

import numpy as np
import pytest

from facetrack.clusterer.kernels.few_sums import Table, sum_few
from facetrack.clusterer.kernels.summing import (
    find_usual,
    sum_near,
    sum_neighbours,
    sum_some,
)

SIZES = pytest.mark.parametrize(("b", "n"), [(1, 1), (1, 40), (30, 7), (37, 1300)])


def _near(random: np.random.RandomState, b: int, n: int) -> np.ndarray:
    """Means of three kinds: like most, with few points of their own, and with any."""
    usual = random.uniform(size=n) < 0.6
    near = usual ^ (random.uniform(size=(b, n)) < 0.05)
    near[::4] = random.uniform(size=near[::4].shape) < 0.1
    near[3::8] = random.uniform(size=near[3::8].shape) < 0.5
    return near


def _table(random: np.random.RandomState, n: int) -> tuple[Table, np.ndarray]:
    """A table, and the same as one array."""
    points = random.normal(size=(n, 5)).astype(np.float32)
    weights = random.randint(1, 4, n).astype(np.float64)
    marks = random.randint(0, 2**40, (n, 2)).astype(np.float64)
    return Table(points, weights, marks), np.column_stack(
        [points * weights[:, None], weights, marks]
    )


def _check(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(found[..., 5:], expected[..., 5:])  # whole numbers are exact


@SIZES
def test_the_usual_points(b: int, n: int) -> None:
    near = _near(np.random.RandomState(b), b, n)
    usual, like, apart = find_usual(near)
    np.testing.assert_array_equal(usual, near.sum(axis=0) > b / 2)
    np.testing.assert_array_equal(like, (near != usual).sum(axis=1) < near.sum(axis=1))
    np.testing.assert_array_equal(apart, np.where(like[:, None], near != usual, near))


@SIZES
def test_sums(b: int, n: int) -> None:
    random = np.random.RandomState(n)
    near = _near(random, b, n)
    table, whole = _table(random, 2 * n)
    columns = np.sort(random.permutation(2 * n)[:n])
    base = whole[0]
    _check(sum_near(near, columns, base, table), near @ whole[columns] + base)


@pytest.mark.parametrize(("b", "n"), [(1, 1), (30, 7), (37, 100)])
def test_sums_of_few_points(b: int, n: int) -> None:
    random = np.random.RandomState(n)
    near = _near(random, b, n)
    table, whole = _table(random, n)
    _check(sum_few(near, table.join()), near @ whole)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.8, 1.0])
def test_sums_of_some(share: float) -> None:
    random = np.random.RandomState(3)
    table, whole = _table(random, 200)
    inside = random.uniform(size=200) < share
    _check(sum_some(inside, whole.sum(axis=0), table), inside @ whole)


def test_sums_of_neighbours() -> None:
    random = np.random.RandomState(4)
    table, whole = _table(random, 60)
    pairs = np.triu(random.uniform(size=(60, 60)) < 0.3, 1)
    pairs |= pairs.T
    counts = random.uniform(size=(60, 60)) < 0.5
    starts = np.concatenate([[0], np.cumsum(pairs.sum(axis=1))])
    found = sum_neighbours(starts, np.nonzero(pairs)[1].astype(np.int32), counts[pairs], table)
    _check(found, ((pairs & counts) | np.eye(60, dtype=bool)) @ whole)
