"""Landmarks of faces whose detector gives none."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from real_models import MOBILEFACENET, YUNET, needs_models, read_settings

from facetrack.core.faces import Boxes, Detection, Face, Image, Picture, Pictures, Vectors
from facetrack.detector import Haar, YuNet
from facetrack.embedder import AlignedOnnx, DlibResNet, dlib_resnet
from facetrack.embedder.alignment import ARCFACE, find_similarity
from facetrack.extraction.landmarks import complete, derive
from facetrack.extraction.picture import read
from facetrack.extraction.pipeline import extract
from facetrack.extraction.store import Store
from facetrack.testing import portraits

# dlib's: both corners of the eye that is right in the picture, of the left one, the nose's base.
FIVE = np.array([[127.4, 93], [112, 93.5], [72, 94], [88, 94], [100.7, 125]])


def test_points_turn_and_grow_with_the_face() -> None:
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    moved = 3 * FIVE @ turn.T + [7, -5]
    expected = 3 * derive(FIVE).astype(np.float64) @ turn.T + [7, -5]
    np.testing.assert_allclose(derive(moved), expected, atol=1e-3)
    assert derive(FIVE).dtype == np.float32


def test_a_mirrored_face_has_mirrored_points() -> None:
    mirrored = (FIVE * [-1, 1] + [200, 0])[[2, 3, 0, 1, 4]]
    expected = (derive(FIVE) * [-1, 1] + [200, 0])[[1, 0, 2, 4, 3]]
    np.testing.assert_allclose(derive(mirrored), expected, atol=1e-3)


def test_they_are_where_the_template_has_them() -> None:
    points = derive(FIVE).astype(np.float64)
    matrix = find_similarity(points, np.array(ARCFACE))
    placed = points @ matrix[:, :2].T + matrix[:, 2]
    assert np.abs(placed - ARCFACE).max() < 6  # of 112 pixels


class Boxed:
    """Finds one face on each picture, and its landmarks where it is told them."""

    choose, border = "first", 0

    def __init__(self, landmarks: bool, name: str = "boxed") -> None:
        self.landmarks, self.name = landmarks, name

    def identity(self) -> str:
        return f"{self.name} {self.landmarks}"

    def detect(self, image: Image) -> Detection:
        boxes: Boxes = np.array([[92, 80, 140, 140]], dtype=np.int64)
        points = np.full((1, 5, 2), 7, dtype=np.float32) if self.landmarks else None
        return Detection(boxes, None, points)


class Told:
    """Its vectors are the landmarks that it is given."""

    normalize, batch, parallel, needs_landmarks = False, 1, False, True

    def __init__(self) -> None:
        self.asked = 0

    def identity(self) -> str:
        return "told"

    def embed(self, faces: Sequence[Face]) -> Vectors:
        self.asked += len(faces)
        points = [face.landmarks for face in faces if face.landmarks is not None]
        return np.stack(points).reshape(len(faces), 10)


@pytest.fixture
def listing(warm_home: Path) -> Pictures:
    picture = portraits(warm_home)[0]
    return Pictures([Picture(picture.path, "a.png")])


def test_a_detectors_own_are_taken_and_others_found(listing: Pictures, tmp_path: Path) -> None:
    embedder = Told()
    with Store(tmp_path) as store:
        for detector in (Boxed(True), Boxed(False), Boxed(True, "other")):
            for _ in range(2):  # computed, and as the store has them
                vectors = extract(listing, detector, embedder, store).vectors
                assert (vectors == 7).all() == detector.landmarks
    # One box, and a vector per way to its landmarks.
    assert embedder.asked == 3


def test_landmarks_that_are_there_stay() -> None:
    points = np.zeros((5, 2), np.float32)
    face = Face(np.zeros((9, 9, 3), np.uint8), np.array([0, 0, 9, 9]), points)
    (same,) = complete([face])
    assert same is face


@pytest.mark.parametrize(("angle", "taken"), [(0, False), (6, False), (25, True), (-25, True)])
def test_a_face_that_leans_more_than_its_points_gets_better_ones(
    angle: int, taken: bool, warm_home: Path
) -> None:
    image = read(portraits(warm_home)[0].path)
    box = np.array([92, 80, 140, 140])
    (upright,) = complete([Face(image, box)])
    points = upright.landmarks
    assert points is not None
    turn = cv2.getRotationMatrix2D((162.0, 150.0), -angle, 1)
    turned = np.asarray(cv2.warpAffine(image, turn, image.shape[1::-1]), np.uint8)
    given = points.astype(np.float32)  # as if the head did not lean
    (found,) = complete([Face(turned, box, given)])
    assert found.landmarks is not None
    assert (found.landmarks is not given) == taken
    if taken:
        expected = points @ turn[:, :2].T + turn[:, 2]
        eyes = np.linalg.norm(points[1] - points[0])
        assert np.abs(found.landmarks - expected).max() < 0.25 * eyes


@pytest.mark.parametrize("landmarks", [False, True])
def test_they_are_looked_for_once(
    landmarks: bool, listing: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the embedder that aligns by them, and for the quality of the face."""
    asked = []
    predictor = dlib_resnet._predictor()

    def predict(image: Image, box: object) -> object:
        asked.append(box)
        return predictor(image, box)

    monkeypatch.setattr(dlib_resnet, "_predictor", lambda: predict)
    with Store(tmp_path) as store:
        extract(listing, Boxed(landmarks), DlibResNet(), store)
    assert len(asked) == 1


@needs_models
def test_they_are_near_a_detectors_own(warm_home: Path) -> None:
    detector = YuNet(**{**read_settings("detector/yunet"), "weights": str(YUNET)})
    settings = {**read_settings("embedder/mobilefacenet"), "weights": str(MOBILEFACENET)}
    embedder = AlignedOnnx(**settings)
    apart = []
    for picture in portraits(warm_home)[:6]:
        image = read(picture.path)
        own = detector.detect(image)
        assert own.landmarks is not None
        found = Haar().detect(image)
        (face,) = complete([Face(image, found.boxes[0])])
        assert face.landmarks is not None
        eyes = np.linalg.norm(own.landmarks[0, 1] - own.landmarks[0, 0])
        apart.append(np.abs(face.landmarks - own.landmarks[0]).max() / eyes)
        assert embedder.embed([face]).shape == (1, 128)
    assert np.median(apart) < 0.25
