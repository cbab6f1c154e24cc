"""Faces cut out of their photos, small."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from facetrack.core.errors import UserError
from facetrack.core.faces import Image
from facetrack.core.progress import QUIET, Progress
from facetrack.embedder.crops import crop
from facetrack.extraction.picture import read_bytes
from facetrack.system.pools import in_order
from facetrack.system.processes import cores

_MARGIN = 5  # pixels around a face's box
_AROUND = 0.8  # half a portrait's side, in sides of the face's box


@dataclass(frozen=True)
class Face:
    """A face on a photo.

    paths: where the photo may be, the first that has it counts. content: its SHA-256 in hex.
    box: (4,).
    """

    paths: Sequence[Path]
    content: str
    box: NDArray[np.int64]


def draw_thumbnail(face: Face, side: int) -> Image | None:
    """(side, side, 3) uint8; None for a photo that has gone, or is another one by now."""
    data = read_photo(face.paths, face.content)
    if data is None:
        return None
    try:
        cut = crop(read_bytes(data), face.box, _MARGIN)
    except (UserError, ValueError):
        return None
    return np.asarray(Pillow.fromarray(cut).resize((side, side), Pillow.Resampling.BILINEAR))


def draw_portrait(face: Face, side: int) -> Image | None:
    """A face with what is around it, (h, w, 3) uint8 of at most `side` pixels; None as above."""
    data = read_photo(face.paths, face.content)
    if data is None:
        return None
    try:
        image = read_bytes(data)
    except UserError:
        return None
    left, top, width, height = (int(value) for value in face.box)
    reach = round(_AROUND * max(width, height))
    rows = slice(max(0, top + height // 2 - reach), max(0, top + height // 2 + reach))
    columns = slice(max(0, left + width // 2 - reach), max(0, left + width // 2 + reach))
    part = image[rows, columns]
    if part.size == 0:
        return None
    cut = Pillow.fromarray(part)
    cut.thumbnail((side, side), Pillow.Resampling.LANCZOS)
    return np.asarray(cut)


def draw_thumbnails(
    faces: Sequence[Face], side: int, description: str, progress: Progress = QUIET
) -> Iterator[Image | None]:
    """`draw_thumbnail` of many faces, in their order, on all cores. description: of the bar."""
    with ThreadPoolExecutor(cores()) as pool:
        found = in_order(pool, lambda face: draw_thumbnail(face, side), faces, window=4 * cores())
        yield from progress.bar(found, total=len(faces), description=description, unit="face")


def read_photo(paths: Iterable[Path], content: str) -> bytes | None:
    """A photo's file, from wherever it is; None where it has gone, or is another one by now.

    content: its SHA-256 in hex: what is known of it means nothing on another photo.
    """
    for path in paths:
        try:
            data = path.read_bytes()
        except OSError:
            continue
        if hashlib.sha256(data).hexdigest() == content:
            return data
    return None
