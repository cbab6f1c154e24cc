"""A face to draw on: its pixels, and a frame of its own in which shapes are given.

| name   | what it is                                                                            |
|--------|---------------------------------------------------------------------------------------|
| frame  | the middle between the eyes is (0, 0), the eyes are at (-.5, 0) and (.5, 0): one unit |
|        | is the distance of the eyes; down is positive, the mouth near 1.15, the chin near 1.9 |
| shape  | (m, 2) float64, corners of a polygon in the frame                                     |
| layer  | (h, w) float32, how much of a pixel a shape covers, 0 to 1                             |
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Image, Landmarks

Shape = NDArray[np.float64]
Layer = NDArray[np.float32]
Colour = tuple[int, int, int]

# Where the five landmarks are on a face that looks ahead: ArcFace's template, in units of the eyes.
_PLACES = np.array([[-0.5, 0], [0.5, 0], [0, 0.571], [-0.414, 1.155], [0.414, 1.155]])
_AROUND = 1.3  # of a box, left of it, above and so on, that is drawn on
_BITS = 4  # of a pixel's fractions, in OpenCV's drawing


@dataclass(frozen=True)
class Portrayed:
    """A face and what is around it.

    image: (h, w, 3) uint8 RGB. box: (4,) and points: (5, 2) in it, see `facetrack.core.faces`.
    """

    image: Image
    box: NDArray[np.int64]
    points: Landmarks

    def cut(self) -> Self:
        """The same without what is far from the face: large pictures would take long."""
        left, top, width, height = self.box.tolist()
        around = int(_AROUND * max(width, height))
        start = np.maximum([left - around, top - around], 0)
        image = self.image[start[1] : top + height + around, start[0] : left + width + around]
        return replace(
            self,
            image=np.ascontiguousarray(image),
            box=self.box - np.array([*start, 0, 0]),
            points=(self.points - start).astype(np.float32),
        )

    @cached_property
    def to_pixels(self) -> NDArray[np.float64]:
        """(2, 3), from the frame to pixels: affine, so that a turned face is narrower."""
        known = np.column_stack([_PLACES, np.ones(len(_PLACES))])
        found: NDArray[np.float64] = np.linalg.lstsq(
            known, self.points.astype(np.float64), rcond=None
        )[0].T
        return found

    @property
    def unit(self) -> float:
        """Pixels per unit, between across and down."""
        return float(np.sqrt(abs(np.linalg.det(self.to_pixels[:, :2]))))

    def place(self, shape: Shape) -> NDArray[np.float64]:
        """(m, 2), the corners in pixels."""
        placed: NDArray[np.float64] = shape @ self.to_pixels[:, :2].T + self.to_pixels[:, 2]
        return placed

    def find_frame(self) -> NDArray[np.float64]:
        """(h, w, 2), where each pixel is in the frame."""
        height, width = self.image.shape[:2]
        x, y = np.meshgrid(np.arange(width), np.arange(height))
        back = np.linalg.inv(self.to_pixels[:, :2])
        found: NDArray[np.float64] = (np.stack([x, y], axis=-1) - self.to_pixels[:, 2]) @ back.T
        return found

    def fill(self, *shapes: Shape, soft: float = 0.0) -> Layer:
        """The layer of some shapes together. soft: how wide their edges are, in units."""
        import cv2

        layer = np.zeros(self.image.shape[:2], np.uint8)
        for shape in shapes:
            corners = np.rint(self.place(shape) * 2**_BITS).astype(np.int32)
            cv2.fillPoly(layer, [corners], 255, cv2.LINE_AA, _BITS)
        return self._soften(layer, soft)

    def stroke(self, *lines: Shape, wide: float, closed: bool = False, soft: float = 0.0) -> Layer:
        """The layer of lines along corners. wide: in units, a pixel at least."""
        import cv2

        layer = np.zeros(self.image.shape[:2], np.uint8)
        pixels = max(1, round(wide * self.unit))
        for line in lines:
            corners = np.rint(self.place(line) * 2**_BITS).astype(np.int32)
            cv2.polylines(layer, [corners], closed, 255, pixels, cv2.LINE_AA, _BITS)
        return self._soften(layer, soft)

    def _soften(self, layer: NDArray[np.uint8], soft: float) -> Layer:
        import cv2

        values: Layer = layer.astype(np.float32) / np.float32(255)
        sigma = soft * self.unit
        if sigma < 0.3:
            return values
        return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32)

    def paint(self, layer: Layer, colour: Sequence[float], shaded: float = 0.0) -> Self:
        """The face with a colour on it. shaded: how far light and shadow of the picture stay on it.

        On a grey picture the colour is grey.
        """
        import cv2

        pixels = self.image.astype(np.float32)
        paint = np.array(colour, np.float32)
        if (self.image == self.image[..., :1]).all():
            paint = np.full(3, paint @ np.array([0.299, 0.587, 0.114], np.float32))
        light = cv2.GaussianBlur(pixels.mean(axis=2), (0, 0), max(1.0, 0.25 * self.unit))
        inside = light[layer > 0.5]
        middle = float(inside.mean()) if inside.size else 128.0
        shade = 1 + shaded * np.clip(light / max(middle, 1.0) - 1, -0.7, 0.7)
        painted = pixels + layer[..., None] * (paint * shade[..., None] - pixels)
        return replace(self, image=np.clip(painted + 0.5, 0, 255).astype(np.uint8))


def round_off(across: float, down: float, power: float = 2.0, n: int = 48) -> Shape:
    """An ellipse about (0, 0), or with a higher power one with fuller corners."""
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    cos, sin = np.cos(angle), np.sin(angle)
    exponent = 2 / power
    return np.column_stack(
        [
            across * np.sign(cos) * np.abs(cos) ** exponent,
            down * np.sign(sin) * np.abs(sin) ** exponent,
        ]
    )


def mirror(half: Sequence[tuple[float, float]]) -> Shape:
    """A polygon of its right half, given from the middle above to the middle below."""
    right = np.array(half, dtype=np.float64)
    return np.concatenate([right, right[::-1] * [-1, 1]])


def smooth(shape: Shape, rounds: int = 2) -> Shape:
    """A polygon with its corners cut (Chaikin 1974)."""
    for _ in range(rounds):
        after = np.roll(shape, -1, axis=0)
        both = np.stack([0.75 * shape + 0.25 * after, 0.25 * shape + 0.75 * after], axis=1)
        shape = both.reshape(-1, 2)
    return shape


def shift(shape: Shape, right: float, down: float) -> Shape:
    """A shape in another place."""
    moved: Shape = shape + np.array([right, down])
    return moved
