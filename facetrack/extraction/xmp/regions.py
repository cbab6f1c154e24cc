"""Regions: named rectangles on a picture, as XMP has them.

XMP's regions are of the stored picture, before it is turned by its EXIF orientation (Metadata
Working Group, Guidelines for Handling Image Metadata 2.0, 5.9: "Region metadata is applied to the
stored image"), in shares of its width and height; MWG says a rectangle by its middle, Microsoft by
its upper left corner. facetrack's boxes are of the upright picture, in pixels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Two figures of one rectangle that a program has rounded: a third of a pixel on 3,000.
_SAME = 1e-4


@dataclass(frozen=True)
class Region:
    """A rectangle with a name, empty for none.

    left, top, width, height: shares of the stored picture, from 0 to 1.
    """

    name: str
    left: float
    top: float
    width: float
    height: float

    @property
    def rectangle(self) -> tuple[float, ...]:
        """left, top, width, height."""
        return self.left, self.top, self.width, self.height

    @property
    def area(self) -> float:
        """Its share of the picture."""
        return self.width * self.height

    def is_at(self, other: "Region") -> bool:
        """Whether it is the same rectangle, but for what was rounded."""
        pairs = zip(self.rectangle, other.rectangle, strict=True)
        return all(abs(one - another) <= _SAME for one, another in pairs)


@dataclass(frozen=True)
class Frame:
    """How a picture is stored: width and height in pixels, and its EXIF orientation, 1 to 8."""

    width: int
    height: int
    orientation: int = 1

    @property
    def is_sideways(self) -> bool:
        """Whether width and height are exchanged where it is upright."""
        return self.orientation >= 5

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height of the upright picture."""
        return (self.height, self.width) if self.is_sideways else (self.width, self.height)

    def to_region(self, name: str, box: NDArray[np.int64]) -> Region:
        """A box, (4,) in pixels of the upright picture, as a region; what is outside is cut off."""
        width, height = self.upright
        left, right = (np.clip([box[0], box[0] + box[2]], 0, width) / width).tolist()
        top, bottom = (np.clip([box[1], box[1] + box[3]], 0, height) / height).tolist()
        corners = [_store(x, y, self.orientation) for x, y in ((left, top), (right, bottom))]
        return _between(name, *corners)

    def to_box(self, region: Region) -> NDArray[np.int64]:
        """A region as a box, (4,) in pixels of the upright picture, at least one each way."""
        width, height = self.upright
        ends = (
            (region.left, region.top),
            (
                region.left + region.width,
                region.top + region.height,
            ),
        )
        turned = _between("", *(_turn(x, y, self.orientation) for x, y in ends))
        left, top = round(turned.left * width), round(turned.top * height)
        right = round((turned.left + turned.width) * width)
        bottom = round((turned.top + turned.height) * height)
        return np.array([left, top, max(1, right - left), max(1, bottom - top)], dtype=np.int64)

    def has_shape(self, width: float, height: float) -> bool:
        """Whether something of that size is the stored picture, larger or smaller."""
        return _are_alike(width, height, self.width, self.height)

    def is_shape_upright(self, width: float, height: float) -> bool:
        """Whether it is the upright picture and cannot be the stored one."""
        return _are_alike(width, height, *self.upright) and not self.has_shape(width, height)


def _are_alike(width: float, height: float, other_width: int, other_height: int) -> bool:
    # A smaller copy's sides are rounded to whole pixels.
    across, down = width * other_height, height * other_width
    return abs(across - down) <= 0.02 * max(across, down)


def _turn(x: float, y: float, orientation: int) -> tuple[float, float]:
    """Where a point of the stored picture is in the upright one, in shares (EXIF 2.32, 4.6.5)."""
    return {
        1: (x, y),
        2: (1 - x, y),
        3: (1 - x, 1 - y),
        4: (x, 1 - y),
        5: (y, x),
        6: (1 - y, x),
        7: (1 - y, 1 - x),
        8: (y, 1 - x),
    }[orientation]


# Each turn undoes itself but for the quarter turns, which undo one another.
_BACK = {6: 8, 8: 6}


def _store(x: float, y: float, orientation: int) -> tuple[float, float]:
    """Where a point of the upright picture is in the stored one."""
    return _turn(x, y, _BACK.get(orientation, orientation))


def _between(name: str, one: tuple[float, float], other: tuple[float, float]) -> Region:
    left, right = sorted((one[0], other[0]))
    top, bottom = sorted((one[1], other[1]))
    return Region(name, left, top, right - left, bottom - top)
