"""Pairs that are kept answer for every smaller radius as the exact formula does."""

import numpy as np
import pytest
from test_bounds import CASES

from facetrack.clusterer.kernels import nearby
from facetrack.clusterer.kernels.distances import scale, square_differences
from facetrack.clusterer.kernels.nearby import find_nearby


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("share", [0.03, 1.0])
def test_pairs_within_a_radius(case: str, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearby, "_SHARE", share)
    points = scale(CASES[case], 1.0).points
    n = len(points)
    every = np.indices((n, n)).reshape(2, -1)
    squared = square_differences(points, points, *every).reshape(n, n)
    kept = find_nearby(points)
    far = np.sort(squared[squared <= kept.radius**2])
    for square in far[:: max(1, len(far) // 5)]:
        # Radii that are distances, and those next to them.
        for radius in np.sqrt(square) * np.array([1 - 1e-15, 1, 1 + 1e-15]):
            if not 0 < radius <= kept.radius:
                continue
            near = np.zeros((n, n), bool)
            rows = np.repeat(np.arange(n), np.diff(kept.starts))
            near[rows, kept.ends] = kept.within(points, radius)
            expected = squared <= radius * radius
            np.fill_diagonal(expected, val=False)
            np.testing.assert_array_equal(near, expected)


def test_no_more_pairs_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    points = CASES["faces"]
    monkeypatch.setattr(nearby, "_SHARE", 1.0)
    monkeypatch.setattr(nearby, "_MOST", 2000)
    assert 1000 < len(find_nearby(points).ends) < 2 * 2000
