"""Detectors on pictures that are too large to look at as they are."""

import hashlib
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from facetrack.core.errors import UserError
from facetrack.core.faces import Detection, Detector, Image, Picture, Pictures
from facetrack.detector import DlibHog, Haar, Whole, haar
from facetrack.detector.reduce import factor, identity, shrink
from facetrack.embedder import DlibResNet
from facetrack.extraction import jobs
from facetrack.extraction.detections import DetectionRecord
from facetrack.extraction.picture import MAX_PIXELS, read
from facetrack.extraction.pipeline import NO_FACE, REDUCED, extract
from facetrack.extraction.store import Store
from facetrack.testing import portraits


@pytest.fixture(scope="module")
def large(warm_home: Path) -> Image:
    """A portrait of 1.96 million pixels."""
    with PIL.Image.open(portraits(warm_home)[0].path) as drawn:
        return np.asarray(drawn.convert("RGB").resize((1400, 1400)))


@pytest.mark.parametrize(
    ("pixels", "megapixels", "expected"),
    [
        (40_000_000, 40, 1),
        (40_000_001, 40, 2),
        (108_000_000, 40, 2),
        (196_000_000, 40, 3),
        (0, 40, 1),
        (4_000_000, 1, 2),
    ],
)
def test_the_factor_is_the_smallest(pixels: int, megapixels: float, expected: int) -> None:
    assert factor(pixels, megapixels) == expected


def test_a_reduced_pixel_is_the_mean_of_a_square() -> None:
    image = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    expected = image[:4, :6].reshape(2, 2, 3, 2, 3).mean((1, 3))
    result = shrink(image, 2)
    assert result.shape == (2, 3, 3)
    assert np.abs(result - expected).max() <= 0.5
    assert shrink(image, 1) is image


@pytest.mark.parametrize("kind", [Haar, DlibHog])
def test_faces_of_a_large_picture_are_where_they_are(
    kind: type[Haar] | type[DlibHog], large: Image
) -> None:
    (box,) = kind(megapixels=1).detect(large).boxes
    np.testing.assert_array_equal(box, 2 * kind().detect(shrink(large, 2)).boxes[0])
    assert np.abs(box - kind().detect(large).boxes[0]).max() < 100  # of 530: it goes by sizes


@pytest.mark.parametrize("kind", [Haar, DlibHog])
def test_only_of_large_pictures_it_is_part_of_the_identity(
    kind: type[Haar] | type[DlibHog],
) -> None:
    assert kind(megapixels=20).identity() == kind().identity() == identity(kind(), 40_000_000)
    assert identity(kind(), 40_000_001) == identity(kind(), MAX_PIXELS) != kind().identity()
    assert identity(kind(megapixels=20), 40_000_001) != identity(kind(), 40_000_001)
    assert identity(Whole(), MAX_PIXELS) == Whole().identity()


def test_what_is_upsampled_is_limited_as_it_is_then() -> None:
    detector = DlibHog(upsample=1)
    assert identity(detector, 25_000_000) == detector.identity()
    assert identity(detector, 25_000_001) != detector.identity()


@pytest.mark.parametrize("megapixels", [0, -3, True, "40", None, float("nan")])
def test_megapixels_is_a_number(megapixels: float) -> None:
    with pytest.raises(UserError, match=r"^megapixels is a number from 1 to 1000"):
        Haar(megapixels=megapixels)


@pytest.mark.parametrize(
    "settings", [{}, {"min_neighbors": 0}, {"scale_factor": 1.3}, {"scale_factor": 1.02}]
)
def test_haar_finds_the_same_size_by_size(
    monkeypatch: pytest.MonkeyPatch, large: Image, settings: dict[str, float]
) -> None:
    some = np.tile(large[::5, ::5], (2, 3, 1))[:, :-40]  # the last face is cut at the border
    detector = Haar(**settings)  # type: ignore[arg-type]
    at_once = detector.detect(some).boxes
    monkeypatch.setattr(haar, "_AT_ONCE", 0)
    assert len(at_once) >= 4
    np.testing.assert_array_equal(detector.detect(some).boxes, at_once)


def test_a_face_with_what_is_around_it_gives_the_vector_of_the_whole_picture(
    monkeypatch: pytest.MonkeyPatch, large: Image
) -> None:
    found = Haar().detect(large)
    (whole,) = jobs._faces(large, found)
    monkeypatch.setattr(jobs, "_WHOLE_PIXELS", 1)
    (alone,) = jobs._faces(large, found)
    assert whole.image is large
    assert alone.image.size < large.size
    vectors = DlibResNet().embed([whole, alone])
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-4)


def test_large_pictures_have_detections_of_their_own(tmp_path: Path, large: Image) -> None:
    path = tmp_path / "large.png"
    PIL.Image.fromarray(large).save(path)
    listing = Pictures([Picture(path, "large.png")])
    digest = hashlib.sha256(path.read_bytes()).digest()
    detector: Detector = Haar(megapixels=1, choose="all")
    with Store(tmp_path) as store:
        # As the version before has seen it: whole, and here without a face.
        none = DetectionRecord(1400, 1400, Detection(np.empty((0, 4), dtype=np.int64)))
        store.put(detector.identity(), [(digest, none)], "dlib", [])
        first, again = (extract(listing, detector, DlibResNet(), store) for _ in range(2))
        np.testing.assert_array_equal(first.boxes, detector.detect(read(path)).boxes)
        for result in (first, again):
            assert [(one.reason, one.pictures) for one in result.skipped] == [(REDUCED, 0)]
        np.testing.assert_array_equal(first.vectors, again.vectors)
        with pytest.raises(UserError, match=NO_FACE):  # what is not large has its old key
            extract(listing, Haar(choose="all"), DlibResNet(), store)
