"""Faces are brought to where a network expects them, as the literature says."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facetrack.embedder.alignment import ARCFACE, align, find_similarity

TEMPLATE = np.array(ARCFACE)
NUMBERS = np.random.default_rng(11)


def umeyama(points: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Umeyama 1991, equations 34 to 43, by the singular values of the covariance."""
    n = len(points)
    mean, goal = points.mean(0), targets.mean(0)
    spread = ((points - mean) ** 2).sum() / n
    u, values, vt = np.linalg.svd((targets - goal).T @ (points - mean) / n)
    sign = np.diag([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    rotation = u @ sign @ vt
    scale = np.trace(np.diag(values) @ sign) / spread
    return np.hstack([scale * rotation, (goal - scale * rotation @ mean)[:, None]])


@pytest.mark.parametrize("noise", [0, 3, 40])
@pytest.mark.parametrize("angle", [0, 0.4, 2, -3])
def test_it_is_the_least_squares_similarity(noise: float, angle: float) -> None:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = 2.5 * TEMPLATE @ turn.T + [300, 80] + noise * NUMBERS.normal(size=(5, 2))
    np.testing.assert_allclose(
        find_similarity(points, TEMPLATE), umeyama(points, TEMPLATE), rtol=0, atol=1e-9
    )


def test_a_mirrored_face_is_not_mirrored_back() -> None:
    mirrored = TEMPLATE * [-1, 1]
    found = find_similarity(mirrored, TEMPLATE)
    assert np.linalg.det(found[:, :2]) > 0
    np.testing.assert_allclose(found, umeyama(mirrored, TEMPLATE), atol=1e-9)


@pytest.mark.parametrize("points", [np.full((5, 2), 7.0), np.full((5, 2), np.nan)])
def test_points_that_are_no_places_are_refused(points: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="no five places"):
        find_similarity(points, TEMPLATE)


def test_what_is_already_in_place_stays_as_it_is() -> None:
    image = NUMBERS.integers(0, 256, (112, 112, 3)).astype(np.uint8)
    np.testing.assert_array_equal(align(image, TEMPLATE.astype(np.float32), TEMPLATE, 112), image)


def test_pixels_land_where_the_similarity_says() -> None:
    angle, scale = 0.3, 0.8
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shift = np.array([-20.0, -35.0])
    points = (TEMPLATE - shift) @ np.linalg.inv(turn).T
    ys, xs = np.mgrid[:240, :260]
    ramp = np.stack([xs, ys, np.zeros_like(xs)], axis=2).astype(np.uint8)
    aligned = align(ramp, points.astype(np.float32), TEMPLATE, 112)
    rows, columns = np.mgrid[:112, :112]
    at = np.stack([columns, rows], axis=2).reshape(-1, 2)
    expected = (at - shift) @ np.linalg.inv(turn).T
    inside = ((expected > 1) & (expected < [258, 238]) & (expected < 250)).all(axis=1)
    assert inside.mean() > 0.8
    came = aligned.reshape(-1, 3)[:, :2]
    assert np.abs(came[inside] - expected[inside]).max() < 0.6


@pytest.mark.parametrize("by", [3, 8])
def test_a_pixel_of_a_large_face_is_the_mean_of_what_it_covers(by: int) -> None:
    # Of noise the mean of by * by pixels deviates by 1 / by of what one pixel does.
    image = NUMBERS.integers(0, 256, (112 * by, 112 * by, 3)).astype(np.uint8)
    points = ((TEMPLATE + 0.5) * by - 0.5).astype(np.float32)
    aligned = align(image, points, TEMPLATE, 112)[2:-2, 2:-2]
    assert aligned.std() < 1.1 * image.std() / by
    blocks = image.reshape(112, by, 112, by, 3).mean(axis=(1, 3))[2:-2, 2:-2]
    assert np.abs(aligned - blocks).max() <= 1


def test_a_large_face_is_where_a_small_one_is() -> None:
    noise = NUMBERS.integers(0, 256, (560, 700, 3)).astype(np.uint8)
    image = cv2.GaussianBlur(noise, (0, 0), 15).astype(np.uint8)
    points = (TEMPLATE * 4 + [90, 40]).astype(np.float32)
    direct = cv2.warpAffine(image, find_similarity(points, TEMPLATE), (112, 112))
    aligned = align(image, points, TEMPLATE, 112)
    assert np.abs(aligned.astype(int) - direct.astype(int)).max() <= 4


def test_beyond_the_picture_it_is_black() -> None:
    image = np.full((50, 50, 3), 200, dtype=np.uint8)
    for scale in (1, 5):
        aligned = align(image, (TEMPLATE * scale + 1000).astype(np.float32), TEMPLATE, 112)
        assert aligned.shape == (112, 112, 3)
        assert not aligned.any()
