"""Pictures as PNG with 256 colours: they look the same, in a quarter of the bytes."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_MOST = 255  # colours beside white
_SAMPLE = 16_384  # pixels of a photograph that its colours are chosen from
_WHITE = 0xFFFFFFFF
_NUMBER = np.dtype("<u4")  # red is in its lowest byte
_CODES = 64**3  # shades of the primaries, by which the colours of photographs are told apart
_MOVES = 3


def encode_drawing(pixels: NDArray[np.uint8], dpi: int | None = None) -> bytes:
    """(h, w, 4) uint8 opaque pixels of lines, points and letters on white as PNG.

    Up to 255 colours beside white stay as they are; of more, those are kept that differ most (on
    LFW's t-SNE at most 18 of 255 off).
    """
    inked, colours = _find_ink(pixels)
    distinct, places = np.unique(colours, return_inverse=True)
    return _encode(pixels.shape, inked, *_reduce(distinct, places), dpi)


def encode_photographs(pixels: NDArray[np.uint8]) -> bytes:
    """(h, w, 4) uint8 opaque pixels of photographs on white as PNG: 2 of 255 off in the mean."""
    inked, colours = _find_ink(pixels)
    if len(colours) <= _SAMPLE:
        few = np.unique(colours)
        if len(few) <= _MOST:
            return encode_drawing(pixels)
    codes = (colours >> 2 & 63) | (colours >> 4 & 63 << 6) | (colours >> 6 & 63 << 12)
    sample = slice(None, None, 1 + len(colours) // _SAMPLE)
    some = _split(colours[sample])
    known, counts, means = _average(some, codes[sample])
    palette = _choose_palette(some, counts, means)
    present = np.flatnonzero(np.bincount(codes, minlength=_CODES))
    shades = np.stack([present & 63, present >> 6 & 63, present >> 12], axis=1)
    middles = shades.astype(np.float32) * 4 + 1.5
    middles[np.searchsorted(present, known)] = means
    of_code = np.zeros(_CODES, np.uint8)
    of_code[present] = _find_nearest(middles, palette)
    return _encode(pixels.shape, inked, of_code[codes], np.rint(palette).astype(np.uint8))


def _average(
    colours: NDArray[np.uint8], codes: NDArray[np.uint32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """The codes that (n, 3) colours have, how many each, and (k, 3) the means of those."""
    counts = np.bincount(codes, minlength=_CODES)
    known = np.flatnonzero(counts)
    sums = [np.bincount(codes, one, _CODES)[known] for one in colours.T]
    means = np.stack(sums, axis=1) / counts[known, None]
    return known, counts[known], means.astype(np.float32)


def _choose_palette(
    colours: NDArray[np.uint8], counts: NDArray[np.int64], means: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(p, 3), p ≤ 255, by median cut, then moved to the mean of what is nearest to each (k-means).

    colours: (n, 3) of a sample of pixels; means: (k, 3) these in fewer shades, counts: how many.
    """
    start = Image.fromarray(colours[None]).quantize(
        _MOST, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
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
    """Which of all pixels are not white, flat, and the colours of those as numbers."""
    flat = np.ascontiguousarray(pixels).view(_NUMBER).ravel()
    inked = flat != _WHITE
    return inked, flat[inked]


def _split(colours: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """(n, 3) uint8 red, green and blue of colours as numbers."""
    apart = np.ascontiguousarray(colours).view(np.uint8).reshape(-1, 4)
    return np.ascontiguousarray(apart[:, :3])


def _reduce(
    distinct: NDArray[np.uint32], places: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Each pixel's number in a palette, and the palette; places: of the pixels in `distinct`."""
    colours = _split(distinct)
    if len(colours) <= _MOST:
        return places.astype(np.uint8), colours
    few = Image.fromarray(colours[None]).quantize(
        _MOST, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    )
    palette = np.array(few.getpalette(), np.uint8).reshape(-1, 3)
    return np.asarray(few).ravel()[places], palette


def _encode(
    shape: tuple[int, ...],
    inked: NDArray[np.bool_],
    numbers: NDArray[np.uint8],
    palette: NDArray[np.uint8],
    dpi: int | None = None,
) -> bytes:
    """A PNG: white, with the colours of a palette by their numbers where it is inked."""
    drawn = np.zeros(len(inked), np.uint8)
    drawn[inked] = numbers + 1
    picture = Image.frombytes("P", (shape[1], shape[0]), drawn.tobytes())
    picture.putpalette([255, 255, 255, *palette.ravel().tolist()])
    content = io.BytesIO()
    picture.save(content, "PNG", **({} if dpi is None else {"dpi": (dpi, dpi)}))
    return content.getvalue()
