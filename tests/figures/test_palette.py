"""Pictures of 256 colours."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facetrack.figures.palette import encode, reduce_drawing, reduce_photographs


def _open(content: bytes) -> NDArray[np.int64]:
    picture = Image.open(io.BytesIO(content))
    assert picture.mode == "P"
    return np.asarray(picture.convert("RGB")).astype(int)


def _opaque(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])


def test_few_colours_stay_as_they_are() -> None:
    rgb = np.full((40, 60, 3), 255, np.uint8)
    rgb[5:20, :51] = np.arange(51)[:, None] * np.array([1, 2, 5])
    for reduce in (reduce_drawing, reduce_photographs):
        np.testing.assert_array_equal(_open(encode(reduce(_opaque(rgb)))), rgb)


def test_colours_are_numbered_as_sorted() -> None:
    random = np.random.RandomState(0)
    for many in (1, 40, 255):
        few = random.randint(0, 256, (many, 3), dtype=np.uint8)
        few[0] = 0, 0, 0
        pixels = _opaque(few[random.randint(0, many, (50, 70))])
        made = reduce_drawing(pixels)
        codes = pixels[..., :3].astype(int) @ [1, 256, 65536]
        distinct, places = np.unique(codes, return_inverse=True)
        np.testing.assert_array_equal(made.palette.astype(int) @ [1, 256, 65536], distinct)
        np.testing.assert_array_equal(made.numbers, places.reshape(50, 70) + 1)


def test_nothing_but_white_is_white() -> None:
    white = np.full((4, 5, 4), 255, np.uint8)
    assert (_open(encode(reduce_photographs(white))) == 255).all()


def test_photographs_are_as_near_to_themselves_as_by_median_cut_of_all_pixels() -> None:
    y, x = np.mgrid[0:300, 0:300]
    rgb = np.stack([x * 0.8, (x + y) * 0.4, 255 - y * 0.7], axis=2).astype(np.uint8)
    cut = Image.fromarray(rgb).quantize(255, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    before = np.abs(np.asarray(cut.convert("RGB")).astype(int) - rgb)
    now = np.abs(_open(encode(reduce_photographs(_opaque(rgb)))) - rgb)
    assert (now**2).mean() < 1.1 * (before**2).mean()
    assert now.mean() < 5
