"""All faces of some embeddings, small, on one picture: drawn once and kept.

One picture because a JPEG's head alone is longer than a face of this size.
"""

import hashlib
import io
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from facetrack.core.faces import Embeddings
from facetrack.extraction.thumbnails import Face, draw_thumbnails
from facetrack.figures import Sheet
from facetrack.system.files import replace
from facetrack.system.home import find_home
from facetrack.system.progress import TERMINAL

_SIDE = 48  # a multiple of 16, the blocks of a JPEG: no face runs into its neighbour
_QUALITY = 50  # 0.4 kB per face
_BLANK = 128
_CHECKSUM = 32


def make_sheet(embeddings: Embeddings) -> Sheet:
    """The faces whose pictures may be shown, from the cache or drawn and cached.

    The face of a picture that has gone or changed meanwhile is blank, and such a sheet is not kept.
    """
    may = np.array([picture.publishable for picture in embeddings.pictures])
    shown = np.flatnonzero(may)
    tiles = np.full(len(may), -1)
    tiles[shown] = np.arange(len(shown))
    columns = max(1, math.ceil(math.sqrt(len(shown))))
    contents = "".join(embeddings.contents).encode()
    key = hashlib.sha256(contents + embeddings.boxes.tobytes() + may.tobytes())
    path = find_home() / "sheets" / f"{key.hexdigest()[:16]}-{_SIDE}.jpg"
    content = _read_kept(path)
    if content is None:
        content, whole = _draw(embeddings, shown, columns)
        if whole:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            replace(path, content + hashlib.sha256(content).digest())
    return Sheet(content, columns, _SIDE, tiles)


def _read_kept(path: Path) -> bytes | None:
    """A sheet from the cache; None where there is none, or it is damaged."""
    try:
        kept = path.read_bytes()
    except OSError:
        return None
    content, checksum = kept[:-_CHECKSUM], kept[-_CHECKSUM:]
    return content if hashlib.sha256(content).digest() == checksum else None


def _draw(embeddings: Embeddings, shown: NDArray[np.int64], columns: int) -> tuple[bytes, bool]:
    """The sheet as JPEG, and whether every picture was there."""
    rows = max(1, math.ceil(len(shown) / columns))
    drawn = np.full((rows * _SIDE, columns * _SIDE, 3), _BLANK, np.uint8)
    whole = True

    faces = [
        Face([embeddings.pictures[face].path], embeddings.contents[face], embeddings.boxes[face])
        for face in shown.tolist()
    ]
    for tile, found in enumerate(draw_thumbnails(faces, _SIDE, "Thumbnails", TERMINAL)):
        if found is None:
            whole = False
            continue
        top, left = (_SIDE * place for place in divmod(tile, columns))
        drawn[top : top + _SIDE, left : left + _SIDE] = found
    content = io.BytesIO()
    Pillow.fromarray(drawn).save(content, "JPEG", quality=_QUALITY, optimize=True)
    return content.getvalue(), whole
