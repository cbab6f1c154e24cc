"""From a box in a picture to the square the network sees."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from facetrack.core.faces import Image

SIZE = 160


def crop(image: Image, box: NDArray[np.int64], margin: int) -> Image:
    """The box grown by `margin` pixels a side, clipped to the picture, as (160, 160, 3) uint8.

    Raises ValueError for a box that lies outside the picture.
    """
    left, top, width, height = (int(value) for value in box)
    rows = slice(max(top - margin, 0), max(top + height + margin, 0))
    columns = slice(max(left - margin, 0), max(left + width + margin, 0))
    part = image[rows, columns]
    if part.size == 0:
        raise ValueError(f"the box {box.tolist()} lies outside its picture of {image.shape[:2]}")
    # Pillow widens its filter by the factor it shrinks by, so that every source pixel counts and
    # fine texture does not alias; OpenCV's bilinear looks at four pixels however far it shrinks.
    square = Pillow.fromarray(part).resize((SIZE, SIZE), Pillow.Resampling.BILINEAR)
    return np.asarray(square)
