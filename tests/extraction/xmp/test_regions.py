"""Where a region is on a picture that is stored turned, held against the decoded pixels."""

import io

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facetrack.extraction.picture import decode, read_header
from facetrack.extraction.xmp.regions import Frame

_WIDTH, _HEIGHT = 96, 64
_AT = np.s_[16:32, 56:80]  # rows and columns of the stored picture that are bright


def _encode(orientation: int, kind: str) -> bytes:
    pixels = np.zeros((_HEIGHT, _WIDTH, 3), np.uint8)
    pixels[_AT] = 255
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    content = io.BytesIO()
    PIL.Image.fromarray(pixels).save(content, kind, exif=exif)
    return content.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_bright_place_is_where_the_region_says(orientation: int, kind: str) -> None:
    data = _encode(orientation, kind)
    header = read_header(data)
    frame = Frame(header.width, header.height, header.orientation)
    assert frame == Frame(_WIDTH, _HEIGHT, orientation)
    bright = decode(data).image[:, :, 0] > 128
    assert bright.shape == frame.upright[::-1]
    rows, columns = (np.flatnonzero(bright.any(axis=axis)) for axis in (1, 0))
    box = np.array([columns[0], rows[0], len(columns), len(rows)])
    region = frame.to_region("Ada", box)
    assert region.rectangle == pytest.approx((56 / 96, 16 / 64, 24 / 96, 16 / 64))
    assert frame.to_box(region).tolist() == box.tolist()


@given(
    st.integers(1, 8),
    st.tuples(st.integers(1, 9000), st.integers(1, 9000)),
    st.tuples(*[st.floats(0, 1)] * 4),
)
def test_a_box_within_its_picture_comes_back(
    orientation: int, size: tuple[int, int], shares: tuple[float, float, float, float]
) -> None:
    frame = Frame(*size, orientation)
    width, height = frame.upright
    left, top = int(shares[0] * (width - 1)), int(shares[1] * (height - 1))
    box = [
        left,
        top,
        1 + int(shares[2] * (width - 1 - left)),
        1 + int(shares[3] * (height - 1 - top)),
    ]
    region = frame.to_region("", np.array(box))
    assert all(0 <= one <= 1 for one in region.rectangle)
    assert frame.to_box(region).tolist() == box


def test_what_is_outside_is_cut_off() -> None:
    region = Frame(100, 50).to_region("", np.array([-10, 40, 30, 30]))
    assert region.rectangle == pytest.approx((0, 0.8, 0.2, 0.2))


def test_shapes_are_told_apart() -> None:
    frame = Frame(4000, 3000, 6)
    assert frame.has_shape(1024, 768)
    assert not frame.has_shape(768, 1024)
    assert frame.is_shape_upright(768, 1024)
    assert not frame.is_shape_upright(1000, 1000)
    assert not Frame(500, 500, 6).is_shape_upright(500, 500)
