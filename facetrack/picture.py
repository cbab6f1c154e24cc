"""Reading picture files, whatever is in them, as upright 8-bit RGB."""

import io
import warnings
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL.Image import Transpose

from facetrack.data import Image
from facetrack.errors import UserError

try:
    import pillow_heif
except ImportError:  # the extra facetrack[heic]
    _HEIC = False
else:
    _HEIC = True
    pillow_heif.register_heif_opener(thumbnails=False)

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".pgm"}
    | ({".heic", ".heif"} if _HEIC else set())
)  # of the files that are taken for pictures, in lower case

# What is decoded, by content and whatever the suffix. No other decoder runs.
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "PPM", *(["HEIF"] if _HEIC else []))
_EXPECTED = f"expected jpeg, png, webp, bmp, tiff{', heic' if _HEIC else ''} or pgm"

MAX_PIXELS = 200_000_000
# Pillow's own limit is lower and does not say the size.
PIL.Image.MAX_IMAGE_PIXELS = None
# Remarks about odd metadata would come for every such picture, and change nothing.
warnings.filterwarnings("ignore", module=r"PIL\.")

_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}


def read(path: Path) -> Image:
    """The picture in a file, (h, w, 3) uint8 RGB; see `read_bytes`. Raises UserError."""
    try:
        return read_bytes(path.read_bytes())
    except OSError as error:
        raise UserError(f"cannot be read ({error.strerror})") from error


def read_bytes(data: bytes) -> Image:
    """Decode a picture file's content: (h, w, 3) uint8 RGB, upright by its EXIF orientation.

    Transparent parts become white, more than 8 bits a channel are scaled down to 8; of several
    pages the first is taken. Raises UserError with the reason where it is no such picture,
    is damaged, or has more than MAX_PIXELS pixels (known before it is decoded).
    """
    if not data:
        raise UserError("empty file")
    try:
        with PIL.Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise UserError(
                    f"too large: {picture.width} x {picture.height} pixels, "
                    f"at most {MAX_PIXELS // 1_000_000} million"
                )
            colours = _rgb(picture)
            turn = _UPRIGHT.get(_orientation(picture))
            return np.array(colours if turn is None else colours.transpose(turn))
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


def _orientation(picture: PIL.Image.Image) -> int:
    """1 to 8 as in EXIF; to be asked after decoding, when Pillow has turned a TIFF by itself."""
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # unreadable metadata is no reason to leave out a picture
        return 1


def _rgb(picture: PIL.Image.Image) -> PIL.Image.Image:
    # Pillow scales every 16-bit PGM to 0..65535 but has no 16-bit mode for it.
    if picture.mode.startswith("I;16") or (picture.mode == "I" and picture.format == "PPM"):
        return _grey(np.asarray(picture, dtype=np.float32) / np.float32(65535))
    if picture.mode in ("I", "F"):
        return _grey(_stretched(np.array(picture, dtype=np.float32)))
    if picture.has_transparency_data:
        colours = picture.convert("RGBA")
        white = PIL.Image.new("RGBA", colours.size, "white")
        return PIL.Image.alpha_composite(white, colours).convert("RGB")
    return picture.convert("RGB")


def _grey(values: NDArray[np.float32]) -> PIL.Image.Image:
    """RGB of grey values between 0, black, and 1, white. Overwrites `values`."""
    values *= 255
    return PIL.Image.fromarray(np.rint(values, out=values).astype(np.uint8)).convert("RGB")


def _stretched(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values of an unsaid range between 0 and 1: white being the smallest usual one.

    Overwrites `values`: a float picture takes gigabytes as it is.
    """
    np.nan_to_num(values, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    for white in (1.0, 255.0, 65535.0):
        if low >= 0 and high <= white:
            values /= white
            return values
    # Halves, since the difference of two floats may be more than a float holds.
    values /= 2
    values -= low / 2
    values /= max(high / 2 - low / 2, 0.5)
    return values
