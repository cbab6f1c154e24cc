"""A face turned, scaled and moved so that its landmarks come to where a network expects them."""

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Image, Landmarks

# Where the five landmarks are on 112 by 112 pixels, as networks since ArcFace were trained.
ARCFACE = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)
ARCFACE_SIDE = 112


def find_similarity(
    points: NDArray[np.floating], targets: NDArray[np.floating]
) -> NDArray[np.float64]:
    """The rotation, scale and shift that bring points nearest to targets, both (n, 2).

    (2, 3) float64, to be multiplied with (x, y, 1). Least squares without reflection, as Umeyama
    1991 solves it; in the plane complex numbers do it: target = a · point + b.
    Raises ValueError where all points are in one place, or are no numbers.
    """
    from_, to = (_as_complex(one) for one in (points, targets))
    centre, goal = from_.mean(), to.mean()
    spread = np.vdot(from_ - centre, from_ - centre).real
    if not (np.isfinite(spread) and spread > 1e-9):
        raise ValueError("the landmarks of a face are no five places")
    a = np.vdot(from_ - centre, to - goal) / spread
    b = goal - a * centre
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def align(image: Image, points: Landmarks, template: NDArray[np.float64], side: int) -> Image:
    """A face of an image as (side, side, 3) uint8; black where the image ends.

    points: (5, 2) in the image; template: (5, 2), where they come to be.
    Raises ValueError for points that are no five places.
    """
    import cv2

    matrix = find_similarity(points, template)
    # Shrinking by more than two would skip pixels: fine texture would come out as another one.
    by = int(1 / np.hypot(matrix[0, 0], matrix[1, 0]) + 1e-3)
    if by >= 2:
        part, corner = _cut(image, matrix, side)
        if part.size == 0:
            return np.zeros((side, side, 3), dtype=np.uint8)
        image = _shrink(part, by)
        matrix = find_similarity((points - corner - (by - 1) / 2) / by, template)
    aligned: Image = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR).astype(
        np.uint8
    )
    return aligned


def _cut(image: Image, matrix: NDArray[np.float64], side: int) -> tuple[Image, NDArray[np.int64]]:
    """The part of an image that the aligned face shows, and its corner, x and y."""
    ends = np.array([[-1, -1], [side, -1], [-1, side], [side, side]], dtype=np.float64)
    places = (ends - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    height, width = image.shape[:2]
    starts = np.clip(np.floor(places.min(axis=0)), 0, [width, height]).astype(np.int64)
    stops = np.clip(np.ceil(places.max(axis=0)) + 1, 0, [width, height]).astype(np.int64)
    return image[starts[1] : stops[1], starts[0] : stops[0]], starts


def _shrink(image: Image, by: int) -> Image:
    """The means of `by` by `by` pixels; the last ones of a row or column may be of fewer."""
    import cv2

    height, width = (-(-side // by) for side in image.shape[:2])
    missing = height * by - image.shape[0], width * by - image.shape[1]
    whole = cv2.copyMakeBorder(image, 0, missing[0], 0, missing[1], cv2.BORDER_REPLICATE)
    smaller: Image = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA).astype(
        np.uint8
    )
    return smaller


def _as_complex(points: NDArray[np.floating]) -> NDArray[np.complex128]:
    values = np.asarray(points, dtype=np.float64)
    return np.asarray(values[:, 0] + 1j * values[:, 1])
