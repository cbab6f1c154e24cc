"""A picture is known again by its look, whatever happens to its file."""

import hashlib
import io
import sqlite3
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from facetrack.core.faces import Image
from facetrack.dataset import Folder
from facetrack.detector import Haar
from facetrack.embedder import DlibResNet
from facetrack.extraction import picture
from facetrack.extraction.looks import PIXELS, SIZE
from facetrack.extraction.pipeline import extract
from facetrack.extraction.store import Store
from facetrack.testing import portraits

PICTURE = bytes(range(32))
LOOK = bytes(range(100, 100 + SIZE))


@pytest.fixture(scope="module")
def portrait(warm_home: Path) -> Image:
    return picture.read(portraits(warm_home)[0].path)[:, :300]


def look(image: Image, kind: str = "PNG", **options: object) -> bytes:
    content = io.BytesIO()
    PIL.Image.fromarray(image).save(content, kind, **options)
    found = picture.decode(content.getvalue(), with_look=True).look
    assert found is not None
    assert len(found) == SIZE == 80
    return found


def orientation(number: int) -> PIL.Image.Exif:
    exif = PIL.Image.Exif()
    exif[0x0112] = number
    return exif


def thumbnail(found: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    return np.frombuffer(found[PIXELS:], dtype=np.uint8).reshape(8, 8).astype(np.int64)


def test_it_is_the_hash_of_size_and_values_and_a_grey_thumbnail(portrait: Image) -> None:
    size = np.array(portrait.shape[:2], dtype="<i8").tobytes()
    expected = hashlib.blake2b(size + portrait.tobytes(), digest_size=16).digest()
    found = look(portrait)
    assert found[:16] == expected
    grey = np.asarray(PIL.Image.fromarray(portrait).convert("L"), dtype=np.float64)
    # 300 columns do not divide by 8: only the rows of the middle columns are compared exactly.
    means = grey[:, 75:112].reshape(8, 40, 37).mean((1, 2))
    assert np.abs(thumbnail(found)[:, 2] - means).max() < 3


def test_of_a_large_picture_it_hashes_every_other_row() -> None:
    large: Image = np.random.default_rng(0).integers(0, 256, (2000, 1200, 3)).astype(np.uint8)
    size = np.array(large.shape[:2], dtype="<i8").tobytes()
    expected = hashlib.blake2b(size + large[::2].tobytes(), digest_size=16).digest()
    kind = "TIFF"  # as it is: noise is long compressed
    assert look(large, kind)[:16] == expected
    large[1001] += 1
    assert look(large, kind)[:16] == expected
    large[1000, 7] += 1
    assert look(large, kind)[:16] != expected


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("number", range(2, 9))
def test_a_turn_by_metadata_changes_the_thumbnail_only(
    portrait: Image, kind: str, number: int
) -> None:
    before = look(portrait, kind)
    after = look(portrait, kind, exif=orientation(number))
    assert before[:PIXELS] == after[:PIXELS]
    turned = picture.decode(_file(portrait, kind, number)).image
    assert np.abs(thumbnail(after) - thumbnail(look(turned))).max() <= 2
    assert np.abs(thumbnail(after) - thumbnail(before)).max() > 10


def _file(image: Image, kind: str, number: int) -> bytes:
    content = io.BytesIO()
    PIL.Image.fromarray(image).save(content, kind, exif=orientation(number))
    return content.getvalue()


def test_other_pixels_are_another_picture_that_looks_alike(portrait: Image) -> None:
    before = look(portrait)
    again = look(portrait, "JPEG", quality=60)
    smaller = np.asarray(PIL.Image.fromarray(portrait).resize((150, 160)))
    for after in (again, look(smaller)):
        assert after[:PIXELS] != before[:PIXELS]
        assert np.abs(thumbnail(after) - thumbnail(before)).max() <= 4


def test_pixels_of_another_shape_are_another_picture() -> None:
    flat = np.full((2, 6, 3), 7, dtype=np.uint8)
    assert look(flat)[:PIXELS] != look(flat.reshape(4, 3, 3))[:PIXELS]


def test_extract_keeps_looks(tmp_path: Path, portrait: Image) -> None:
    (tmp_path / "photos").mkdir()
    PIL.Image.fromarray(portrait).save(tmp_path / "photos/face.png")
    PIL.Image.new("RGB", (9, 9)).save(tmp_path / "photos/none.png")
    (tmp_path / "home").mkdir()
    listing = Folder(tmp_path / "photos").load()
    digests = [hashlib.sha256(one.path.read_bytes()).digest() for one in listing.pictures]
    with Store(tmp_path / "home") as store:
        extract(listing, Haar(), DlibResNet(), store)
        assert store.looks(digests)[digests[0]] == (look(portrait), False)
        assert set(store.looks(digests)) == set(digests)


def test_the_store_keeps_and_forgets_looks(tmp_path: Path) -> None:
    other = PICTURE[::-1]
    with Store(tmp_path) as store:
        store.put("haar", [], "dlib", [], [(PICTURE, LOOK, False), (other, LOOK[::-1], True)])
        assert store.looks([PICTURE, other, bytes(32)]) == {
            PICTURE: (LOOK, False),
            other: (LOOK[::-1], True),
        }
        assert store.forget([PICTURE.hex()]) == 1
        assert store.looks([PICTURE, other]) == {other: (LOOK[::-1], True)}
    assert LOOK not in (tmp_path / "embeddings.sqlite").read_bytes()


def test_a_store_from_before_there_were_looks_goes_on(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.put("haar", [], "dlib", [(PICTURE, np.arange(4), np.ones(3, dtype=np.float32))])
    with sqlite3.connect(tmp_path / "embeddings.sqlite") as connection:
        connection.execute("DROP TABLE looks")
    with Store(tmp_path) as store:
        assert store.looks([PICTURE]) == {}
        assert len(store.vectors("dlib", [(PICTURE, np.arange(4))])) == 1
