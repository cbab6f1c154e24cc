"""Pictures too large to look at as they are: the detector sees them smaller by a whole factor."""

import math

from facetrack.core.errors import SettingError
from facetrack.core.faces import Detector, Image


def check(megapixels: float) -> None:
    """Refuse a limit that cannot be meant. Raises UserError."""
    is_number = isinstance(megapixels, int | float) and not isinstance(megapixels, bool)
    if not is_number or not 1 <= megapixels <= 1000:
        raise SettingError(
            "{megapixels} is a number from 1 to 1000, in millions; got {came!r}", came=megapixels
        )


def factor(pixels: int, megapixels: float) -> int:
    """The smallest whole number by which a picture is to shrink, each way; 1 where it is small."""
    whole = 1
    while pixels > megapixels * 1e6 * whole**2:
        whole += 1
    return whole


def shrink(image: Image, by: int) -> Image:
    """An image (h, w, 3) uint8 shrunk to (h // by, w // by, 3): the means of `by` x `by` pixels."""
    if by == 1:
        return image
    import cv2

    height, width = (side // by for side in image.shape[:2])
    part = image[: height * by, : width * by]
    smaller: Image = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA).astype("uint8")
    return smaller


def identity(detector: Detector, pixels: int) -> str:
    """Everything a detector's boxes on a picture of so many pixels depend on, as text.

    Detectors that look at every picture as it is need no `most_megapixels`.
    """
    most = getattr(detector, "most_megapixels", math.inf)
    own = detector.identity()
    return own if factor(pixels, most) == 1 else f"{own} reduced to {most:g} megapixels"
