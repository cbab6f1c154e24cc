"""A face cut out of its photo, small."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from facetrack.data import Image
from facetrack.embedder.crop import crop
from facetrack.errors import UserError
from facetrack.picture import read

_MARGIN = 5  # pixels around a face's box


def thumbnail(path: Path, box: NDArray[np.int64], side: int) -> Image | None:
    """(side, side, 3) uint8; None for a photo that has gone or cannot be read any more."""
    try:
        face = crop(read(path), box, _MARGIN)
    except (UserError, ValueError):
        return None
    return np.asarray(Pillow.fromarray(face).resize((side, side), Pillow.Resampling.BILINEAR))
