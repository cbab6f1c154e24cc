"""Sheets to paint polygons on, and the polygons: smooth, closed, in units."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE = 320  # pixels of a finished picture, both ways
DRAWN = 2 * SIZE  # pixels of a sheet
UNIT = 180.0  # pixels of half a head on a sheet of its own

Points = NDArray[np.float64]  # (k, 2), across and down
Line = Sequence[tuple[float, float]] | Points
Tone = Sequence[float] | NDArray[np.floating[Any]]  # RGB, 0 to 255
Field = NDArray[np.float32]  # one value, or one of each colour, a pixel


class Sheet:
    """A transparent sheet: `rgb` (h, w, 3) from 0 to 1, premultiplied by `alpha` (h, w).

    to_pixels: (2, 3) affine map from units to pixels.
    """

    def __init__(self, to_pixels: Points) -> None:
        self.to_pixels = to_pixels
        self.rgb: Field = np.zeros((DRAWN, DRAWN, 3), np.float32)
        self.alpha: Field = np.zeros((DRAWN, DRAWN), np.float32)

    def fill(
        self,
        shape: Points,
        tone: Tone,
        opacity: float = 1.0,
        blur: float = 0.0,
        within: Points | None = None,
    ) -> None:
        """Paint a polygon, its edge blurred by so many units, where it lies in another one."""
        pixels = self._pixels(shape)
        blur *= float(np.hypot(*self.to_pixels[:, 0]))
        margin = int(3 * blur) + 2
        low = np.clip(np.floor(pixels.min(axis=0)).astype(np.int64) - margin, 0, DRAWN)
        high = np.clip(np.ceil(pixels.max(axis=0)).astype(np.int64) + margin, 0, DRAWN)
        if (high <= low).any():
            return
        mask = _blur_polygon(pixels - low, high - low, blur)
        if within is not None:
            mask *= _polygon(self._pixels(within) - low, high - low)
        mask *= np.float32(opacity)
        part = np.s_[low[1] : high[1], low[0] : high[0]]
        self.rgb[part] += (np.asarray(tone, np.float32) / 255 - self.rgb[part]) * mask[..., None]
        self.alpha[part] += (1 - self.alpha[part]) * mask

    def shade(self, factor: Field) -> None:
        """Multiply what is painted by a field at half size."""
        factor = enlarge(factor)
        self.rgb *= factor if factor.ndim == 3 else factor[..., None]

    def gloss(self, amount: Field) -> None:
        """Bring what is painted nearer to white, by a field from 0 to 1 at half size."""
        mask = (enlarge(amount) * self.alpha)[..., None]
        self.rgb += mask * (1 - self.rgb)

    def lay(self, above: "Sheet") -> None:
        """Lay another sheet on this one."""
        self.rgb *= (1 - above.alpha)[..., None]
        self.rgb += above.rgb
        self.alpha += (1 - self.alpha) * above.alpha

    def _pixels(self, points: Points) -> Points:
        pixels: Points = points @ self.to_pixels[:, :2].T + self.to_pixels[:, 2]
        return pixels


def enlarge(field: Field) -> Field:
    """A field at half size, as large as a sheet."""
    return np.asarray(cv2.resize(field, (DRAWN, DRAWN)), dtype=np.float32)


def blur(field: NDArray[np.floating[Any]], sigma: float) -> Field:
    """A field blurred by a Gaussian of so many pixels."""
    return np.asarray(cv2.GaussianBlur(field.astype(np.float32), (0, 0), sigma), dtype=np.float32)


def ellipse(
    x: float, y: float, width: float, height: float, power: float = 2.0, lower: float | None = None
) -> Points:
    """A superellipse by centre and half sizes: of power 2 an ellipse, of more squarer.

    lower: the power of its lower half, if another.
    """
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    cos, sin = np.cos(angle), np.sin(angle)
    exponent = 2 / np.where(sin > 0, lower or power, power)
    across = x + width * np.sign(cos) * np.abs(cos) ** exponent
    return np.stack([across, y + height * np.sign(sin) * np.abs(sin) ** exponent], axis=1)


def smooth(line: Line) -> Points:
    """An open line with its corners cut three times (Chaikin 1974)."""
    points = np.asarray(line, dtype=np.float64)
    for _ in range(3):
        a, b = points[:-1], points[1:]
        cut = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], axis=1).reshape(-1, 2)
        points = np.concatenate([points[:1], cut, points[-1:]])
    return points


def stroke(line: Line, start: float, end: float) -> Points:
    """A smooth line as a polygon, `start` thick at first and `end` at its end."""
    points = smooth(line)
    along = np.gradient(points, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    across /= np.linalg.norm(across, axis=1, keepdims=True) + 1e-9
    thick = np.interp(np.linspace(0, 1, len(points)), [0, 0.35, 1], [start, max(start, end), end])
    across *= 0.5 * thick[:, None]
    return np.concatenate([points + across, (points - across)[::-1]])


def move(shape: Points, x: float, y: float) -> Points:
    """A polygon moved to the right and down."""
    shifted: Points = shape + np.array([x, y])
    return shifted


def on_side(shape: Points, side: int) -> Points:
    """What was drawn for the right side (1), for that one or for the left (-1)."""
    mirrored: Points = shape * np.array([side, 1])
    return mirrored


def both_sides(right: Points) -> Points:
    """A polygon by its right half, from the middle above to the middle below."""
    return np.concatenate([right, on_side(right, -1)[::-1]])


def _polygon(pixels: Points, size: NDArray[np.int64]) -> Field:
    """A polygon's share of each pixel, (h, w) from 0 to 1; size: w, h."""
    mask = np.zeros((int(size[1]), int(size[0])), np.uint8)
    # OpenCV takes whole numbers, here sixteenths of a pixel.
    corners = np.round((pixels - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(mask, [corners], (255,), cv2.LINE_AA, 4)
    return np.asarray(mask / np.float32(255), dtype=np.float32)


def _blur_polygon(pixels: Points, size: NDArray[np.int64], sigma: float) -> Field:
    if sigma < 0.3:
        return _polygon(pixels, size)
    if sigma < 6:
        return blur(_polygon(pixels, size), sigma)
    # A quarter of the size will do for what is blurred so much, and takes a sixth of the time.
    small = blur(_polygon(pixels / 4, -(-size // 4)), sigma / 4)
    mask = np.asarray(cv2.resize(small, None, fx=4, fy=4), dtype=np.float32)
    return mask[: size[1], : size[0]].copy()
