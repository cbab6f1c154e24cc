"""What is there of a picture is read, within bounds of time and memory."""

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from facetrack.core.errors import UserError
from facetrack.core.faces import Image
from facetrack.extraction import jpeg, picture
from facetrack.system import guard

NOISE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
GREY = np.arange(64, dtype=np.uint8).reshape(4, 16) * 4


def encoded(image: Image, kind: str, **options: object) -> bytes:
    content = io.BytesIO()
    PIL.Image.fromarray(image).save(content, kind, **options)
    return content.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "PPM", "GIF"])
def test_what_is_there_of_a_file_that_is_cut_is_read(kind: str) -> None:
    data = encoded(NOISE, kind, interlace=0)  # GIFs have rows in another order otherwise
    whole = picture.decode(data)
    half = picture.decode(data[: len(data) * 6 // 10])
    assert (whole.cut, half.cut) == (False, True)
    assert half.image.shape == NOISE.shape
    # A BMP begins with its last row.
    rows = slice(34, None) if kind == "BMP" else slice(30)
    np.testing.assert_array_equal(half.image[rows], whole.image[rows])
    assert not np.array_equal(half.image, whole.image)


@pytest.mark.parametrize("missing", [1, 2, 500])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_without_its_last_bytes(missing: int, progressive: bool) -> None:
    data = encoded(NOISE, "JPEG", progressive=progressive)
    found = picture.decode(data[:-missing])
    assert found.cut
    if missing <= 2:  # only the mark of its end
        np.testing.assert_array_equal(found.image, picture.read_bytes(data))


def test_what_follows_the_end_of_a_jpeg_does_not_matter() -> None:
    data = encoded(NOISE, "JPEG")
    found = picture.decode(data + b"\xff\xda\0\1" * 5000)
    assert not found.cut
    np.testing.assert_array_equal(found.image, picture.read_bytes(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "PPM"])
def test_a_file_that_is_cut_before_its_pixels_is_refused(kind: str) -> None:
    with pytest.raises(UserError):
        picture.decode(encoded(NOISE, kind)[:12])


def chunk(kind: bytes, content: bytes, crc_error: int = 0) -> bytes:
    crc = zlib.crc32(kind + content) ^ crc_error
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


def with_chunk(data: bytes, added: bytes, *, last: bool) -> bytes:
    at = len(data) - 12 if last else 33
    return data[:at] + added + data[at:]


@pytest.mark.parametrize("last", [False, True], ids=["first", "last"])
@pytest.mark.parametrize(
    "added",
    [
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(3_000_000))),
        chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(bytes(3_000_000))),
        chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(3_000_000))),
        chunk(b"tEXt", b"Comment\0hello", crc_error=1),
        chunk(b"zTXt", b"Comment\0\0no zlib"),
        chunk(b"gAMA", b"12", crc_error=5),
        chunk(b"pHYs", b""),
    ],
    ids=["text", "international text", "profile", "checksum", "zlib", "gamma", "short"],
)
def test_a_png_is_read_without_what_is_wrong_beside_its_pixels(added: bytes, last: bool) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 3
    data = with_chunk(encoded(NOISE, "PNG", exif=exif), added, last=last)
    found = picture.decode(data)
    assert not found.cut
    np.testing.assert_array_equal(found.image, NOISE[::-1, ::-1])


def test_a_wrong_checksum_of_pixels_gives_a_picture_or_a_reason() -> None:
    data = bytearray(encoded(NOISE, "PNG"))
    data[data.index(b"IDAT") + 2000] ^= 8
    with pytest.raises(UserError, match=r"damaged|truncated"):
        picture.decode(bytes(data))


def tiff(samples: bytes, bits: int, photometric: int) -> bytes:
    tags = [(256, 16), (257, 4), (258, bits), (259, 1), (262, photometric), (273, 8), (277, 1)]
    tags += [(278, 4), (279, len(samples))]
    directory = struct.pack("<H", len(tags))
    directory += b"".join(struct.pack("<HHII", tag, 3, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<I", 8 + len(samples)) + samples + directory + bytes(4)


@pytest.mark.parametrize(
    ("bits", "pack"),
    [
        (16, lambda values: (values.astype("<u2") * 257).tobytes()),
        (8, lambda values: values.tobytes()),
        (1, lambda values: np.packbits(values > 127, axis=1).tobytes()),
    ],
)
def test_white_may_be_zero(bits: int, pack: Callable[[Image], bytes]) -> None:
    expected = GREY if bits > 1 else (GREY > 127).astype(np.uint8) * 255
    for photometric, values in ((1, GREY), (0, 255 - GREY)):
        image = picture.read_bytes(tiff(pack(values), bits, photometric))
        np.testing.assert_array_equal(image, np.repeat(expected[:, :, None], 3, axis=2))


def scans(data: bytes, times: int) -> bytes:
    """A JPEG whose last scan comes so many times."""
    start = data.rindex(b"\xff\xda")
    return data[:start] + data[start:-2] * times + data[-2:]


def test_a_jpeg_of_too_many_scans_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = encoded(NOISE, "JPEG", progressive=True)
    assert not picture.decode(scans(data, 20)).cut
    monkeypatch.setattr(picture, "_MOST_PASSED", 64 * 64 * 30)
    assert not picture.decode(data).cut
    with pytest.raises(UserError, match=r"^too slow to decode: 10\d scans of 64 x 64 pixels$"):
        picture.decode(scans(data, 100))


def test_scans_are_counted_in_the_picture_only() -> None:
    thumbnail = b"\xff\xda" * 100
    data = encoded(NOISE, "JPEG", exif=b"Exif\0\0" + thumbnail)
    assert data.count(b"\xff\xda") == 101
    assert jpeg.passes(data + thumbnail, 10, 10) is None
    assert jpeg.passes(data + thumbnail, 10, 9) == 1


@pytest.mark.parametrize(
    ("content", "costly"),
    [
        (b"P5 8000 7000 255\n", True),
        (b"P5 7000 7000 255\n", False),
        (b"P2 2000 1000 255\n", True),
        (b"no picture", False),
    ],
)
def test_what_may_take_long_is_told_by_its_first_bytes(
    tmp_path: Path, content: bytes, costly: bool
) -> None:
    (tmp_path / "a.pgm").write_bytes(content)
    assert picture.is_costly(tmp_path / "a.pgm") == costly


# In a process of its own: one that is forked from the tests', which have threads, may hang.
_BEGIN = "import time; from facetrack.system import guard; guard.start()\n"
_DECODE_FOR_EVER = """
guard.SECONDS = 0.2
with guard.decoding():
    while True:
        pass
"""
_GROW = """
guard.BYTES, guard._MORE = 0, 100_000_000
with guard.looking():
    kept = b"x" * 200_000_000
    time.sleep(60)
"""
_WITHIN_BOUNDS = """
guard.SECONDS = 0.2
with guard.looking(), guard.decoding():
    pass
until = time.process_time() + 0.5
while time.process_time() < until:
    pass
"""


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (_DECODE_FOR_EVER, "it takes more than 10 seconds of processor time to decode"),
        (_GROW, "it takes more than 1.5 GB of memory"),
        (_WITHIN_BOUNDS, None),
    ],
)
def test_a_process_ends_at_a_picture_that_is_too_much(work: str, reason: str | None) -> None:
    ended = subprocess.run([sys.executable, "-c", _BEGIN + work], timeout=300, check=False)
    if reason is None:
        assert ended.returncode == 0
    else:
        assert guard.reason(ended.returncode) == reason
