"""Reading picture files, whatever is in them, as upright 8-bit RGB."""

import contextlib
import io
import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL.TiffImagePlugin import TiffImageFile

from facetrack.core.errors import UserError
from facetrack.core.faces import Image
from facetrack.core.kinds import AVIF, HEIC
from facetrack.extraction.jpeg import join_extended_xmp, passes
from facetrack.extraction.looks import look
from facetrack.extraction.repair import repairs

if HEIC:
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False)

# What is decoded, by content and whatever the suffix. No other decoder runs.
_OPTIONAL = {"AVIF": AVIF, "HEIF": HEIC}
_FORMATS = (
    *("JPEG", "PNG", "WEBP", "BMP", "TIFF", "PPM", "GIF"),
    *(name for name, is_there in _OPTIONAL.items() if is_there),
)
_EXPECTED = (
    f"expected jpeg, png, webp, bmp, tiff, gif{', avif' if AVIF else ''}"
    f"{', heic' if HEIC else ''} or pnm"
)

MAX_PIXELS = 200_000_000
# Pillow's own limit is lower and does not say the size.
PIL.Image.MAX_IMAGE_PIXELS = None
# Remarks about odd metadata would come for every such picture, and change nothing.
warnings.filterwarnings("ignore", module=r"PIL\.")

_ORIENTATION = 0x0112
_BITS, _PHOTOMETRIC = 258, 262  # of a TIFF
_BAND_PIXELS = 1 << 19  # with all that is made of it on the way, it fits into a cache
# Pixels, times the scans of a JPEG: 7 seconds. A photo has 10 scans, at most 20.
_MOST_PASSED = 10_000_000_000
_MUCH, _MUCH_SLOW = 50_000_000, 1_000_000  # pixels


@dataclass(frozen=True, slots=True)
class Decoded:
    """A picture, and what else its file told.

    image: (h, w, 3) uint8 RGB, upright. look: see looks.py, None unless it was asked for.
    cut: the file ends before the picture does; what is missing is grey or black.
    """

    image: Image
    look: bytes | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture's file says before its pixels.

    width, height: of the picture as it is stored, in pixels. orientation: 1 to 8 as in EXIF; turned
    by it the picture is what `decode` gives. xmp: its XMP packet, and the rest of one that is too
    large for a JPEG's segment; empty where there is none.
    """

    width: int
    height: int
    orientation: int
    xmp: tuple[bytes, ...] = ()


def read(path: Path) -> Image:
    """The picture in a file, (h, w, 3) uint8 RGB; see `decode`. Raises UserError."""
    try:
        return read_bytes(path.read_bytes())
    except OSError as error:
        raise UserError(f"cannot be read ({error.strerror})") from error


def read_bytes(data: bytes) -> Image:
    """The picture of a file's content, (h, w, 3) uint8 RGB; see `decode`. Raises UserError."""
    return decode(data).image


def decode(data: bytes, *, with_look: bool = False) -> Decoded:
    """Decode a picture file's content, upright by its EXIF orientation.

    Transparent parts become white, more than 8 bits per channel are scaled down to 8; of several
    pages, or pictures that move, the first is taken. Of a file that was cut short, what there is.
    Takes 7 bytes per pixel and what the decoder needs. Raises UserError with the reason where it
    is no such picture, is damaged, or has more than MAX_PIXELS pixels (known before it is decoded).
    """
    if not data:
        raise UserError("empty file")
    try:
        return _decode(data, with_look)
    except UserError:
        raise
    except PIL.UnidentifiedImageError as error:
        raise UserError(f"not a picture ({_EXPECTED})") from error
    except MemoryError as error:
        raise UserError("too large for the memory of this machine") from error
    except Exception as error:  # decoders of damaged files raise nearly everything
        reason = " ".join(str(error).split())
        truncated = "truncated" in reason.lower()
        raise UserError("truncated" if truncated else f"damaged ({reason[:100]})") from error


def read_header(source: Path | bytes) -> Header:
    """What a picture's file, or its content, says before its pixels.

    Raises UserError where it is none, or cannot be read.
    """
    try:
        opened = source if isinstance(source, Path) else io.BytesIO(source)
        with PIL.Image.open(opened, formats=_FORMATS) as picture:
            turn, size = _orientation(picture), picture.size
            packets = _read_xmp(picture)
            told = picture.info.get("original_orientation")
            # What decodes HEIC turns it by itself, and says 1; Pillow turns TIFF.
            if isinstance(told, int) and 1 <= told <= 8:
                turn = told
            if turn >= 5 and picture.format in ("HEIF", "TIFF"):
                size = size[1], size[0]
    except Exception as error:  # as of `decode`
        raise UserError(f"not a picture ({_EXPECTED})") from error
    return Header(*size, turn, packets)


def _read_xmp(picture: PIL.Image.Image) -> tuple[bytes, ...]:
    packet = picture.info.get("xmp")
    if not isinstance(packet, bytes):
        return ()
    segments = [one for name, one in getattr(picture, "applist", ()) if name == "APP1"]
    rest = join_extended_xmp(packet, segments)
    return (packet,) if rest is None else (packet, rest)


def is_costly(path: Path) -> bool:
    """Whether decoding a file may take long or much memory; told from its first bytes.

    Not so for a file that cannot be opened as a picture: then there is nothing to decode.
    """
    with contextlib.suppress(Exception), PIL.Image.open(path, formats=_FORMATS) as picture:
        codecs = {tile.codec_name for tile in picture.tile}
        # Pillow's decoders of these are written in Python.
        pixels = picture.width * picture.height
        return pixels > (_MUCH_SLOW if codecs & {"ppm_plain", "bmp_rle"} else _MUCH)
    return False


def _decode(data: bytes, with_look: bool) -> Decoded:
    try:
        return _open(data, with_look)
    except (UserError, MemoryError):
        raise
    except Exception:
        for mended, cut in repairs(data):
            with contextlib.suppress(Exception):  # the user is told what is wrong with the file
                return replace(_open(mended, with_look), cut=cut)
        raise


# A JPEG is decoded as it is, not smaller (Pillow's `draft`): its look is of pixels as they are, and
# a face is cut out of them. Of 12 megapixels that is a third of the time, half of which could be
# saved on pictures without a face alone. OpenCV's decoder would do without the copy, a tenth of the
# time, but brings a libjpeg of its own: the same pixels here, maybe others elsewhere.
def _open(data: bytes, with_look: bool) -> Decoded:
    with PIL.Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
        pixels = picture.width * picture.height
        if pixels > MAX_PIXELS:
            raise UserError(
                f"too large: {picture.width} x {picture.height} pixels, "
                f"at most {MAX_PIXELS // 1_000_000} million"
            )
        if data.startswith(b"\xff\xd8") and (scans := passes(data, pixels, _MOST_PASSED)):
            raise UserError(
                f"too slow to decode: {scans:,} scans of {picture.width} x {picture.height} pixels"
            )
        # Pillow turns a TIFF by itself.
        turned = _orientation(picture) if picture.format == "TIFF" else 1
        picture.load()
        turn = _orientation(picture)
        image = np.empty((*_size_upright(picture.size, turn), 3), dtype=np.uint8)
        _fill(_turn_back(image, turn), picture)
    if not with_look:
        return Decoded(image)
    return Decoded(image, look(_turn_back(image, max(turn, turned)), image))


def _orientation(picture: PIL.Image.Image) -> int:
    """1 to 8 as in EXIF."""
    try:
        orientation = int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # unreadable metadata is no reason to leave out a picture
        return 1
    return orientation if 1 <= orientation <= 8 else 1


def _size_upright(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Height and width, upright, of a stored picture's width and height."""
    width, height = size
    return (width, height) if orientation >= 5 else (height, width)


def _turn_back(image: Image, orientation: int) -> Image:
    """An upright picture as a camera stores it with that orientation: a view, nothing is copied."""
    if orientation in (2, 3):
        image = image[:, ::-1]
    if orientation in (3, 4):
        image = image[::-1]
    if orientation in (5, 7):
        image = image.swapaxes(0, 1)
    if orientation == 7:
        image = image[::-1, ::-1]
    if orientation in (6, 8):
        image = np.rot90(image, 1 if orientation == 6 else -1)
    return image


def _fill(image: Image, picture: PIL.Image.Image) -> None:
    """Copy a picture's pixels as RGB, some rows at a time: no second copy of all is made."""
    grey = _grey_scale(picture)
    for band, top in _bands(picture):
        values = _colours(band) if grey is None else grey(np.array(band, dtype=np.float32))
        image[top : top + band.height] = values


def _bands(picture: PIL.Image.Image) -> Iterator[tuple[PIL.Image.Image, int]]:
    """A picture's rows, some at a time, with the number of the first of them."""
    rows = max(1, _BAND_PIXELS // picture.width)
    for top in range(0, picture.height, rows):
        bottom = min(top + rows, picture.height)
        yield picture.crop((0, top, picture.width, bottom)), top


def _colours(picture: PIL.Image.Image) -> Image:
    """(h, w, 3) uint8 of a picture with 8 bits a channel, transparent parts on white."""
    if picture.has_transparency_data:
        colours = picture.convert("RGBA")
        white = PIL.Image.new("RGBA", colours.size, "white")
        picture = PIL.Image.alpha_composite(white, colours)
    # Converting to what it is already would be one more copy.
    return np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))


def _grey_scale(
    picture: PIL.Image.Image,
) -> Callable[[NDArray[np.float32]], NDArray[np.uint8]] | None:
    """What turns a picture's (h, w) grey values of more than 8 bits into (h, w, 1) uint8.

    None where it has 8 bits a channel. The function overwrites the values.
    """
    # Pillow scales every 16-bit PGM to 0..65535 but has no 16-bit mode for it.
    if picture.mode.startswith("I;16") or (picture.mode == "I" and picture.format == "PPM"):
        low, high = 0.0, 65535.0
        if _tag(picture, _BITS) == (12,):
            high = 4095.0
    elif picture.mode in ("I", "F"):
        low, high = _range(picture)
    else:
        return None
    if _tag(picture, _PHOTOMETRIC) == 0:  # white is zero; of fewer bits Pillow knows it
        low, high = high, low

    def scale(values: NDArray[np.float32]) -> NDArray[np.uint8]:
        np.nan_to_num(values, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        # Halves, since the difference of two floats may be more than a float holds.
        values /= 2
        values -= low / 2
        values *= 255 / (high / 2 - low / 2)
        np.rint(values, out=values)
        return values.astype(np.uint8)[:, :, None]

    return scale


def _range(picture: PIL.Image.Image) -> tuple[float, float]:
    """Black and white of values of an unsaid range: white is the smallest usual one."""
    low, high = math.inf, -math.inf
    for band, _ in _bands(picture):
        values = np.array(band, dtype=np.float32)
        np.nan_to_num(values, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    if low >= 0:
        for white in (1.0, 255.0, 65535.0):
            if high <= white:
                return 0.0, white
    return low, max(high, low + 1.0)


def _tag(picture: PIL.Image.Image, number: int) -> object:
    """A TIFF's tag; None where it has none, and of other formats."""
    return picture.tag_v2.get(number) if isinstance(picture, TiffImageFile) else None
