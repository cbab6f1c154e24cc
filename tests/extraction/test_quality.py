"""How well faces can be told."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from facetrack.core.faces import Face, Image, Pictures
from facetrack.dataset import Folder
from facetrack.detector import Haar
from facetrack.embedder import DlibResNet
from facetrack.embedder.alignment import ARCFACE
from facetrack.extraction import picture
from facetrack.extraction.pipeline import extract
from facetrack.extraction.quality import COLUMNS, are_low, get_sharpness, measure
from facetrack.extraction.store import Store, count_rows
from facetrack.testing import portraits

POINTS = np.array(ARCFACE, dtype=np.float32)
BOX = np.array([16, 20, 80, 80])


def _face(image: Image, points: np.ndarray = POINTS, score: float | None = None) -> Face:
    return Face(image, BOX, points, score)


def _waves(length: float) -> Image:
    """Brightness that rises and falls across the picture, from 28 to 228."""
    row = 128 + 100 * np.sin(2 * np.pi * np.arange(112) / length)
    return np.repeat(np.repeat(row[None, :, None], 112, axis=0), 3, axis=2).astype(np.uint8)


def _blur(image: Image) -> Image:
    return cv2.GaussianBlur(image, (0, 0), 12).astype(np.uint8)


@pytest.mark.parametrize("length", [6, 8, 16])
def test_sharpness_of_waves_is_known(length: float) -> None:
    """The Laplacian of a wave is the wave times 2 · cos(2π / length) - 2."""
    (found,) = measure([_face(_waves(length))])
    expected = (2 - 2 * np.cos(2 * np.pi / length)) ** 2
    assert found[COLUMNS.index("sharpness")] == pytest.approx(expected, rel=0.1)


def test_the_other_numbers_by_hand() -> None:
    points = np.array([[40, 50], [70, 50], [65, 70], [45, 90], [65, 90]], dtype=np.float32)
    (found,) = measure([_face(_waves(8), points, 0.75)])
    named = dict(zip(COLUMNS, found.tolist(), strict=True))
    assert (named["score"], named["size"], named["eyes"]) == (0.75, 80, 30)
    assert named["pose"] == pytest.approx(10 / 30)


def test_what_cannot_be_measured_is_not_known_and_not_low() -> None:
    found = measure([_face(_waves(8), np.zeros((5, 2), np.float32))])
    assert np.isnan(found[0, 2:]).all()
    assert not are_low(get_sharpness(found)).any()
    assert measure([]).shape == (0, 5)
    assert not are_low(np.full(3, np.nan, np.float32)).any()


def test_blurred_and_small_faces_are_low(warm_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACETRACK_HOME", str(warm_home))
    images = [picture.read(one.path) for one in portraits(warm_home)[:6]]
    faces = [Face(image, Haar().detect(image).boxes[0]) for image in images]
    assert not are_low(get_sharpness(measure(faces))).any()
    blurred = [Face(_blur(one.image), one.box) for one in faces]
    assert are_low(get_sharpness(measure(blurred))).all()


def test_they_are_stored_once_and_forgotten(small_folder: Path, tmp_path: Path) -> None:
    listing = Folder(small_folder).load()
    some = Pictures(listing.pictures[:2])
    with Store(tmp_path) as store:
        found = extract(some, Haar(), DlibResNet(), store)
        pictures = list(map(bytes.fromhex, found.contents))
        boxes = np.concatenate([found.boxes[:1], found.boxes])
        kept = store.qualities([bytes(32), *pictures], boxes)
        assert len(pictures) == 2
        assert np.isnan(kept[0]).all()  # of no picture that was met
        for face, box, values in zip(found.pictures, found.boxes, kept[1:], strict=True):
            (expected,) = measure([Face(picture.read(face.path), box)])
            np.testing.assert_array_equal(values, expected)
        assert count_rows(tmp_path, found.contents)["qualities"] == 2
        store.forget(found.contents)
        assert np.isnan(store.qualities(pictures, found.boxes)).all()
        assert store.qualities([], found.boxes[:0]).shape == (0, 5)
