import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL.Image import Transpose

from facetrack.core import kinds
from facetrack.core.errors import UserError
from facetrack.core.faces import Image
from facetrack.extraction import picture

# Red, green / blue, white: every turn and flip gives another picture.
CORNERS = np.zeros((32, 48, 3), dtype=np.uint8)
CORNERS[:16, :24] = 255, 0, 0
CORNERS[:16, 24:] = 0, 255, 0
CORNERS[16:, :24] = 0, 0, 255
CORNERS[16:, 24:] = 255, 255, 255
MOVING = ("GIF", *(["AVIF"] if kinds.AVIF else []))

# How a camera stores an upright picture for each EXIF orientation.
STORED = {
    1: None,
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_90,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_270,
}


def encoded(image: PIL.Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def near(image: Image, expected: Image, tolerance: int = 12) -> bool:
    # The edges between colours are not exact in lossy formats.
    inner = np.abs(image.astype(int) - expected)[2:-2:4, 2:-2:4]
    return image.shape == expected.shape and int(inner.max()) <= tolerance


def chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png(width: int, height: int, bits: int, colour: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "PPM", *MOVING])
def test_every_format_is_read_as_rgb(kind: str) -> None:
    image = picture.read_bytes(encoded(PIL.Image.fromarray(CORNERS), kind))
    assert image.dtype == np.uint8
    assert image.flags.writeable
    assert near(image, CORNERS, 30)


@pytest.mark.parametrize(
    "suffix", ["jpg", "JPG", "Jpeg", "png", "WebP", "bmp", "tif", "TIFF", "pgm", *MOVING]
)
def test_read_takes_every_suffix_in_any_case(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"bild.{suffix}"
    assert path.suffix.lower() in kinds.SUFFIXES
    kind = {"jpg": "JPEG", "tif": "TIFF", "pgm": "PPM"}.get(suffix.lower(), suffix.upper())
    PIL.Image.new("L", (5, 4), 99).save(path, kind)
    image = picture.read(path)
    assert image.shape == (4, 5, 3)
    assert abs(int(image[0, 0, 0]) - 99) <= 2


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", *MOVING[1:]])
@pytest.mark.parametrize("orientation", sorted(STORED))
def test_exif_orientation_is_applied(kind: str, orientation: int) -> None:
    stored = PIL.Image.fromarray(CORNERS)
    turn = STORED[orientation]
    if turn is not None:
        stored = stored.transpose(turn)
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    assert near(picture.read_bytes(encoded(stored, kind, exif=exif)), CORNERS, 30)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")  # pytest lifts the package's own filter
@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0II*\0\xff\xff\xff\x7f",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff",
        # the orientation is the text "x"
        b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\2\0\2\0\0\0x\0\0\0\0\0\0\0",
    ],
    ids=["far away", "cut off", "text"],
)
def test_unreadable_exif_does_not_cost_the_picture(exif: bytes) -> None:
    data = encoded(PIL.Image.fromarray(CORNERS), "JPEG", exif=exif)
    assert near(picture.read_bytes(data), CORNERS, 30)


def test_cmyk_becomes_rgb() -> None:
    data = encoded(PIL.Image.fromarray(CORNERS).convert("CMYK"), "JPEG", quality=95)
    assert near(picture.read_bytes(data), CORNERS, 30)


def test_palette_becomes_rgb() -> None:
    data = encoded(PIL.Image.fromarray(CORNERS).quantize(8), "PNG")
    assert near(picture.read_bytes(data), CORNERS, 2)


def test_palette_with_a_transparent_colour_is_put_on_white() -> None:
    indexed = PIL.Image.new("P", (4, 4), 0)
    indexed.putpalette([200, 0, 0, 0, 200, 0])
    indexed.putpixel((0, 0), 1)
    image = picture.read_bytes(encoded(indexed, "PNG", transparency=0))
    assert image[0, 0].tolist() == [0, 200, 0]
    assert image[3, 3].tolist() == [255, 255, 255]


def test_bilevel_becomes_rgb() -> None:
    image = picture.read_bytes(encoded(PIL.Image.new("1", (9, 3), 1), "PNG"))
    assert image.shape == (3, 9, 3)
    assert (image == 255).all()


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("RGBA", (100, 50, 0, 0), [255, 255, 255]),
        ("RGBA", (100, 50, 0, 255), [100, 50, 0]),
        ("RGBA", (0, 0, 0, 128), [127, 127, 127]),
        ("LA", (0, 51), [204, 204, 204]),
    ],
)
def test_alpha_is_put_on_white(mode: str, colour: tuple[int, ...], expected: list[int]) -> None:
    image = picture.read_bytes(encoded(PIL.Image.new(mode, (3, 2), colour), "PNG"))
    assert image[1, 2].tolist() == expected


def test_16_bit_grey_is_scaled_not_clipped() -> None:
    values = np.array([[0, 257, 32896], [65535, 25700, 12850]], dtype=np.uint16)
    expected = [[0, 1, 128], [255, 100, 50]]
    files = [
        encoded(PIL.Image.fromarray(values), "PNG"),
        encoded(PIL.Image.fromarray(values), "TIFF"),
        b"P5 3 2 65535\n" + values.astype(">u2").tobytes(),
    ]
    for data in files:
        image = picture.read_bytes(data)
        assert image[:, :, 0].tolist() == expected
        assert (image == image[:, :, :1]).all()


def test_a_dark_16_bit_pgm_stays_dark() -> None:
    data = b"P5 2 1 65535\n" + np.array([[0, 255]], dtype=">u2").tobytes()
    assert picture.read_bytes(data)[0, :, 0].tolist() == [0, 1]


def test_16_bit_colour_is_scaled() -> None:
    pixel = np.array([65535, 25700, 257], dtype=">u2").tobytes()
    assert picture.read_bytes(png(1, 1, 16, 2, b"\0" + pixel))[0, 0].tolist() == [255, 100, 1]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 100.0, 255.0], [0, 100, 255]),
        ([0.0, 25700.0, 65535.0], [0, 100, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([np.nan, np.inf, 100.0], [0, 0, 100]),
        ([-3e38, 3e38, 0.0], [0, 255, 128]),
    ],
)
def test_float_tiff_is_scaled_by_its_range(values: list[float], expected: list[int]) -> None:
    data = encoded(PIL.Image.fromarray(np.array([values], dtype=np.float32)), "TIFF")
    assert picture.read_bytes(data)[0, :, 0].tolist() == expected


def test_one_pixel() -> None:
    data = encoded(PIL.Image.new("RGB", (1, 1), (1, 2, 3)), "PNG")
    assert picture.read_bytes(data).tolist() == [[[1, 2, 3]]]


def test_the_first_of_several_pages_is_read() -> None:
    pages = [PIL.Image.new("L", (4, 4), grey) for grey in (10, 200)]
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert (picture.read_bytes(data) == 10).all()


def test_the_first_of_moving_pictures_is_read() -> None:
    frames = [PIL.Image.new("RGB", (9, 5), colour) for colour in ("red", "blue")]
    moving = [
        encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)
        for kind in MOVING
    ]
    for data in moving:
        assert near(picture.read_bytes(data), np.full((5, 9, 3), (255, 0, 0)), 4)


def test_transparent_parts_of_a_gif_are_white() -> None:
    flat = PIL.Image.new("P", (4, 4), 1)
    flat.putpalette([0, 0, 0, 9, 8, 7])
    flat.putpixel((0, 0), 0)
    image = picture.read_bytes(encoded(flat, "GIF", transparency=0))
    assert (image[0, 0].tolist(), image[1, 1].tolist()) == ([255, 255, 255], [9, 8, 7])


def test_a_camera_jpeg_with_a_preview_is_read() -> None:
    pages = [PIL.Image.fromarray(CORNERS), PIL.Image.new("RGB", (8, 8))]
    data = encoded(pages[0], "MPO", save_all=True, append_images=pages[1:])
    assert near(picture.read_bytes(data), CORNERS, 30)


def test_a_wrong_suffix_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "named.jpg"
    PIL.Image.fromarray(CORNERS).save(path, "PNG")
    assert (picture.read(path) == CORNERS).all()


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.jpg"
    path.touch()
    with pytest.raises(UserError, match=r"^empty file$"):
        picture.read(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        picture.read(tmp_path / "none.jpg")


@pytest.mark.parametrize(
    "data",
    [
        b"just some text",
        encoded(PIL.Image.new("L", (9, 9)), "TGA"),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
        b"\xff\xd8\xff",
    ],
    ids=["text", "tga", "postscript", "jpeg start"],
)
def test_not_a_picture(data: bytes) -> None:
    with pytest.raises(UserError, match=r"not a picture \(expected jpeg, png"):
        picture.read_bytes(data)


@pytest.mark.parametrize("kind", ["WEBP", "TIFF", *MOVING[1:]])
def test_cut_off(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encoded(PIL.Image.fromarray(noise), kind)
    with pytest.raises(UserError):
        picture.read_bytes(data[: len(data) // 2])


def test_too_many_pixels_are_refused_before_decoding(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(png(30_000, 30_000, 8, 2, bytes(1000)))
    code = """
import resource, sys
from pathlib import Path
from facetrack.extraction import picture
from facetrack.core.errors import UserError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    picture.read(Path(sys.argv[1]))
except UserError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    reason, grown = done.stdout.splitlines()
    assert reason == "too large: 30000 x 30000 pixels, at most 200 million"
    assert int(grown) < 50  # MB; decoded it would be 2,700
    assert done.stderr == ""


def test_the_largest_size_allowed_is_not_refused_by_its_size() -> None:
    # 200 million pixels are refused for being cut off, not for their number.
    with pytest.raises(UserError) as error:
        picture.read_bytes(png(20_000, 10_000, 1, 0, bytes(1000)))
    assert "too large" not in str(error.value)


@pytest.mark.filterwarnings("ignore")
@settings(deadline=None, derandomize=True)
@given(
    st.binary(max_size=200)
    | st.builds(
        bytes.__add__,
        st.sampled_from(
            [
                b"\xff\xd8\xff",
                b"\x89PNG\r\n\x1a\n",
                b"BM",
                b"II*\0",
                b"MM\0*",
                b"P5 3 3 255\n",
                b"RIFF",
                b"GIF89a",
                b"\0\0\0 ftypavif\0\0\0\0mif1avif",
            ]
        ),
        st.binary(max_size=200),
    )
)
def test_any_bytes_give_a_picture_or_a_reason(data: bytes) -> None:
    check_outcome(data)


WHOLE = [
    encoded(PIL.Image.fromarray(CORNERS), kind)
    for kind in ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "PPM", *MOVING)
]


@pytest.mark.filterwarnings("ignore")
@settings(deadline=None, derandomize=True)
@given(st.data(), st.sampled_from(WHOLE))
def test_damaged_files_give_a_picture_or_a_reason(data: st.DataObject, whole: bytes) -> None:
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    check_outcome(bytes(damaged))


def check_outcome(data: bytes) -> None:
    try:
        # Damage may announce any size; pictures of gigabytes would only take time.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(picture, "MAX_PIXELS", 1_000_000)
            image = picture.read_bytes(data)
    except UserError as error:
        reason = str(error)
    else:
        assert image.dtype == np.uint8
        assert image.ndim == 3
        assert image.shape[2] == 3
        reason = f"{image.size} values"
    assert reason
    assert "\n" not in reason


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_heic_is_read_upright(orientation: int) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    stored = PIL.Image.fromarray(CORNERS)
    turn = STORED[orientation]
    stored = stored if turn is None else stored.transpose(turn)
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    content = io.BytesIO()
    pillow_heif.from_pillow(stored).save(content, quality=90, exif=exif.tobytes())
    assert near(picture.read_bytes(content.getvalue()), CORNERS, tolerance=40)
    assert ".heic" in kinds.SUFFIXES
