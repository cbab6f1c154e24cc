"""Radius decisions are exact, however the matrix product rounds."""

import numpy as np
import pytest

from facetrack.clusterer.kernels.distances import Floats, Mask, Points, pairs


def _near(points: Floats, queries: Floats, radius: float) -> Mask:
    return np.concatenate([near for _, near in Points(points).near(queries, radius)])


def _exact(points: Floats, queries: Floats) -> Floats:
    apart = queries[:, None].astype(np.float64) - points[None].astype(np.float64)
    return np.asarray(np.einsum("ijk,ijk->ij", apart, apart))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_pair_at_every_radius_between_two_neighbours(dtype: type) -> None:
    points: Floats = np.random.RandomState(0).normal(size=(60, 20)).astype(dtype)
    squared = np.unique(_exact(points, points))
    for limit in squared[1::200]:
        # A radius that falls on a distance, and the nearest floats on both sides of it.
        radius = float(np.sqrt(limit))
        for one in (np.nextafter(radius, 0), radius, np.nextafter(radius, 9)):
            expected = _exact(points, points) <= one * one
            np.testing.assert_array_equal(_near(points, points, float(one)), expected)


def test_the_product_alone_would_decide_wrongly() -> None:
    # Otherwise the repair is never needed, and the tests above prove nothing.
    points = np.random.RandomState(0).normal(size=(300, 128)).astype(np.float32)
    exact = _exact(points, points)
    rough = np.concatenate([one for _, one, _ in Points(points).squared(points, np.float32)])
    limit = float(np.median(exact))
    wrong = int(np.count_nonzero((rough <= limit) != (exact <= limit)))
    errors = [error for _, _, error in Points(points).squared(points, np.float32)]
    assert np.abs(rough - exact).max() <= max(errors)
    close = np.unique(exact[np.abs(exact - limit) < 0.01])
    differing = sum(int(np.count_nonzero((rough <= one) != (exact <= one))) for one in close)
    assert wrong + differing > 0
    for one in close:
        radius = float(np.sqrt(one))
        np.testing.assert_array_equal(_near(points, points, radius), exact <= radius * radius)


def test_far_groups_and_a_tiny_radius() -> None:
    grid = np.arange(20.0)[:, None] * 0.125
    points = np.concatenate([grid, grid + 1e6])
    np.testing.assert_array_equal(
        _near(points, points, 0.125), _exact(points, points) <= 0.125 * 0.125
    )


def test_nearest_takes_the_first_of_equals() -> None:
    points = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    queries = np.array([[0.0, 0], [-0.5, 0.5], [3, 0]])
    assert Points(points).nearest(queries, 1.0).tolist() == [0, 1, 0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nearest_is_the_nearest(dtype: type) -> None:
    random = np.random.RandomState(1)
    points: Floats = random.normal(size=(500, 128)).astype(dtype)
    queries: Floats = (points[:200] + 1e-7 * random.normal(size=(200, 128))).astype(dtype)
    found = Points(points).nearest(queries, 0.1)
    np.testing.assert_array_equal(found, _exact(points, queries).argmin(axis=1))


def test_points_are_not_changed() -> None:
    points = np.random.RandomState(0).normal(size=(30, 4)).astype(np.float32)
    before = points.copy()
    points.flags.writeable = False
    _near(points, points, 1.0)
    np.testing.assert_array_equal(points, before)


def test_pairs_are_numpys_nonzero() -> None:
    mask = np.random.RandomState(0).uniform(size=(7, 5)) < 0.4
    for mine, theirs in zip(pairs(mask), np.nonzero(mask), strict=True):
        np.testing.assert_array_equal(mine, theirs)
