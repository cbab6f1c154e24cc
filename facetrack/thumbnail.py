"""Faces cut out of their photos, small."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from facetrack.data import Image
from facetrack.embedder.crop import crop
from facetrack.errors import UserError
from facetrack.picture import read
from facetrack.progress import bar
from facetrack.workers import cores, in_order

_MARGIN = 5  # pixels around a face's box


def thumbnail(path: Path, box: NDArray[np.int64], side: int) -> Image | None:
    """(side, side, 3) uint8; None for a photo that has gone or cannot be read any more."""
    try:
        face = crop(read(path), box, _MARGIN)
    except (UserError, ValueError):
        return None
    return np.asarray(Pillow.fromarray(face).resize((side, side), Pillow.Resampling.BILINEAR))


def thumbnails(
    faces: Sequence[tuple[Path, NDArray[np.int64]]], side: int, description: str
) -> Iterator[Image | None]:
    """`thumbnail` of many faces, path and box of each, in their order, on all cores with a bar."""
    with ThreadPoolExecutor(cores()) as pool:
        found = in_order(pool, lambda face: thumbnail(*face, side), faces, window=4 * cores())
        yield from bar(found, total=len(faces), description=description, unit="face")
