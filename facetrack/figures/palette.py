"""Pictures as PNG with 256 colours: they look the same, in a quarter of the bytes."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MOST = 255
"""Colours beside white."""
_SAMPLE = 16_384  # pixels of a photograph that its colours are chosen from
_WHITE = 0xFFFFFFFF
_NUMBER = np.dtype("<u4")  # red is in its lowest byte
_CODES = 64**3  # shades of the primaries, by which the colours of photographs are told apart
_MOVES = 3
_LEVEL = 4  # of zlib: two thirds of its usual time, for 4 % more bytes


@dataclass(frozen=True)
class Reduced:
    """A picture of few colours. numbers: (h, w) uint8, 0 for white, n for the n-th of the palette.

    palette: (k, 3) uint8, k ≤ 255.
    """

    numbers: NDArray[np.uint8]
    palette: NDArray[np.uint8]


def encode(picture: Reduced, dpi: int | None = None) -> bytes:
    """A picture as PNG."""
    height, width = picture.numbers.shape
    image = Image.frombytes("P", (width, height), picture.numbers.tobytes())
    image.putpalette([255, 255, 255, *picture.palette.ravel().tolist()])
    content = io.BytesIO()
    resolution = {} if dpi is None else {"dpi": (dpi, dpi)}
    image.save(content, "PNG", compress_level=_LEVEL, **resolution)
    return content.getvalue()


def reduce_drawing(pixels: NDArray[np.uint8], most: int = MOST) -> Reduced:
    """(h, w, 4) uint8 opaque pixels of lines, points and letters on white, in few colours.

    Up to `most` colours beside white stay as they are; of more, those are kept that differ most (on
    LFW's t-SNE at most 18 of 255 off).
    """
    inked, colours = _find_ink(pixels)
    distinct, places = _number(colours)
    palette, numbers = _split(distinct), np.arange(len(distinct))
    if len(distinct) > most:
        few = Image.fromarray(palette[None]).quantize(
            most, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
        palette, numbers = (
            np.array(few.getpalette(), np.uint8).reshape(-1, 3),
            np.asarray(few).ravel(),
        )
    return _place(inked, numbers.astype(np.uint8)[places], palette)


def reduce_photographs(pixels: NDArray[np.uint8], most: int = MOST) -> Reduced:
    """(h, w, 4) uint8 opaque pixels of photographs on white, in few colours: 2 of 255 off or so."""
    inked, colours = _find_ink(pixels)
    if len(colours) <= _SAMPLE and len(np.unique(colours)) <= most:
        return reduce_drawing(pixels, most)
    codes = (colours >> 2 & 63) | (colours >> 4 & 63 << 6) | (colours >> 6 & 63 << 12)
    sample = slice(None, None, 1 + len(colours) // _SAMPLE)
    some = _split(colours[sample])
    known, counts, means = _average(some, codes[sample])
    palette = _choose_palette(some, counts, means, most)
    present = np.flatnonzero(np.bincount(codes, minlength=_CODES))
    shades = np.stack([present & 63, present >> 6 & 63, present >> 12], axis=1)
    middles = shades.astype(np.float32) * 4 + 1.5
    middles[np.searchsorted(present, known)] = means
    of_code = np.zeros(_CODES, np.uint8)
    of_code[present] = _find_nearest(middles, palette)
    return _place(inked, of_code[codes], np.rint(palette).astype(np.uint8))


def _average(
    colours: NDArray[np.uint8], codes: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """The codes that (n, 3) colours have, how many each, and (k, 3) the means of those."""
    counts = np.bincount(codes, minlength=_CODES)
    known = np.flatnonzero(counts)
    sums = [np.bincount(codes, one, _CODES)[known] for one in colours.T]
    means = np.stack(sums, axis=1) / counts[known, None]
    return known, counts[known], means.astype(np.float32)


def _choose_palette(
    colours: NDArray[np.uint8],
    counts: NDArray[np.int64],
    means: NDArray[np.float32],
    most: int,
) -> NDArray[np.float32]:
    """(p, 3), p ≤ most, by median cut, then moved to the mean of what is nearest to each (k-means).

    colours: (n, 3) of a sample of pixels; means: (k, 3) these in fewer shades, counts: how many.
    """
    start = Image.fromarray(colours[None]).quantize(
        most, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
    )
    palette = np.array(start.getpalette(), np.float32).reshape(-1, 3)
    for _ in range(_MOVES):
        nearest = _find_nearest(means, palette)
        weights = np.bincount(nearest, counts, len(palette))
        moved = [np.bincount(nearest, one * counts, len(palette)) for one in means.T]
        used = weights > 0
        palette[used] = np.stack(moved, axis=1)[used] / weights[used, None]
    return palette


def _find_nearest(colours: NDArray[np.float32], palette: NDArray[np.float32]) -> NDArray[np.int64]:
    """(n,) which of a palette is nearest to each of (n, 3) colours."""
    # The squared distance, but for what is the same for all of the palette.
    nearest: NDArray[np.int64] = ((palette**2).sum(axis=1) - 2 * colours @ palette.T).argmin(axis=1)
    return nearest


def _find_ink(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.uint32]]:
    """(h, w) which pixels are not white, and the colours of those as numbers."""
    colours = np.ascontiguousarray(pixels).view(_NUMBER)[..., 0]
    inked = colours != _WHITE
    return inked, colours[inked]


def _number(colours: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.integer]]:
    """The distinct ones of colours, sorted, and (n,) each one's place among them.

    What `np.unique` says, in a third of its time: it sorts places as well, which is slow.
    """
    ordered = np.sort(colours)
    distinct = ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered
    return distinct, np.searchsorted(distinct, colours)


def _place(
    inked: NDArray[np.bool_], numbers: NDArray[np.uint8], palette: NDArray[np.uint8]
) -> Reduced:
    """White, with the colours of a palette by their places where it is inked."""
    drawn = np.zeros(inked.shape, np.uint8)
    drawn[inked] = numbers + 1
    return Reduced(drawn, palette)


def _split(colours: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """(n, 3) uint8 red, green and blue of colours as numbers."""
    apart = np.ascontiguousarray(colours).view(np.uint8).reshape(-1, 4)
    return np.ascontiguousarray(apart[:, :3])
