"""How a picture looks, in 80 bytes: by which it is known again when its file has changed.

16 bytes are the BLAKE2b of its pixels as they are stored, before they are turned upright: equal
for files of which only the metadata differ, the EXIF orientation included. 64 bytes are a grey
thumbnail of 8 by 8 pixels, upright: nearly equal for a picture that was edited or compressed anew.

Of a picture above two million pixels every k-th row is hashed, a million pixels or a few more: all
of 12 million would take a fifth of the time that is spent on the picture. What was kept of such
pictures before, when all rows were hashed, equals nothing that is made now.
"""

import hashlib
import struct

import numpy as np
import PIL.Image

from facetrack.core.faces import Image

PIXELS = 16
"""How many bytes stand for the pixels; those of the thumbnail follow."""
SIDE = 8
"""The thumbnail's height and width."""
SIZE = PIXELS + SIDE * SIDE
"""Bytes of a look."""

# Of so many rows and columns a thumbnail is made: each of its pixels from at least 1,000.
_SAMPLED = 256
_BAND_BYTES = 1 << 20
_HASHED_PIXELS = 1 << 20


def look(stored: Image, upright: Image) -> bytes:
    """SIZE bytes of a picture: its pixels as stored, and upright, both (h, w, 3) uint8."""
    return _digest(stored) + _thumbnail(upright)


def _digest(pixels: Image) -> bytes:
    """Of height and width, 2 int64, and the values row by row. `pixels` may be a turned view."""
    height, width = pixels.shape[:2]
    content = hashlib.blake2b(struct.pack("<qq", height, width), digest_size=PIXELS)
    some = pixels[:: max(1, height * width // _HASHED_PIXELS)]
    rows = max(1, _BAND_BYTES // (3 * width))
    for top in range(0, len(some), rows):
        content.update(np.ascontiguousarray(some[top : top + rows]).data)
    return content.digest()


def _thumbnail(pixels: Image) -> bytes:
    height, width = pixels.shape[:2]
    some = pixels[:: max(1, height // _SAMPLED), :: max(1, width // _SAMPLED)]
    grey = PIL.Image.fromarray(np.ascontiguousarray(some)).convert("L")
    return grey.resize((SIDE, SIDE), PIL.Image.Resampling.BOX).tobytes()
