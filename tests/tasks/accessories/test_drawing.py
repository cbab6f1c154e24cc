"""What is drawn onto faces: where it should be, the same again, and as good as the real thing."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from real_models import MOBILEFACENET, SHARED, needs_models, read_scale, read_settings

from facetrack.core.errors import UserError
from facetrack.core.faces import Embedder, Face, Image, Vectors, scale_to_unit
from facetrack.detector import Haar
from facetrack.embedder import AlignedOnnx, DlibResNet
from facetrack.extraction import landmarks
from facetrack.extraction.picture import read
from facetrack.system.archive import extract as unpack
from facetrack.tasks.accessories import taking
from facetrack.tasks.accessories.effects import EFFECTS, read_effects
from facetrack.tasks.accessories.frame import Portrayed
from facetrack.testing import portraits

_YALE = SHARED / "data/yale_faces.tgz"
# In the frame of a face: how far down each thing reaches at least, and the rows that stay.
_WHERE = {
    "glasses": ((-0.2, 0.25), (0.6, 1.8)),
    "sunglasses": ((-0.2, 0.3), (0.6, 1.8)),
    "mask": ((0.5, 1.7), (-0.8, 0.1)),
    "hat": ((-1.3, -0.7), (0.0, 1.8)),
    "scarf": ((1.0, 2.0), (-0.8, 0.4)),
    "beard": ((1.4, 1.8), (-0.8, 0.2)),
}


def _find(image: Image) -> Portrayed:
    detection = Haar(choose="central").detect(image)
    middle = np.array(image.shape[1::-1]) / 2
    away = np.abs(detection.boxes[:, :2] + detection.boxes[:, 2:] / 2 - middle).sum(axis=1)
    box = detection.boxes[away.argmin()]
    (whole,) = landmarks.complete([Face(image, box)])
    assert whole.landmarks is not None
    return Portrayed(image, box, whole.landmarks).cut()


@pytest.fixture(scope="module")
def face(warm_home: Path) -> Portrayed:
    (ada,) = (one for one in portraits(warm_home) if one.name == "Ada/Ada_01.png")
    return _find(read(ada.path))


@pytest.mark.parametrize("name", _WHERE)
def test_it_is_worn_where_it_belongs(face: Portrayed, name: str) -> None:
    worn = EFFECTS[name](face)
    changed = np.abs(worn.image.astype(int) - face.image).max(axis=2) > 12
    place = face.find_frame()
    (top, bottom), (free, end) = _WHERE[name]
    middle = np.abs(place[..., 0]) < 0.45
    inside = middle & (place[..., 1] > top) & (place[..., 1] < bottom)
    outside = middle & (place[..., 1] > free) & (place[..., 1] < end)
    assert changed[inside].mean() > (0.25 if name == "glasses" else 0.8)
    assert changed[outside].mean() < 0.02
    assert np.array_equal(worn.box, face.box)
    assert np.array_equal(worn.points, face.points)


@pytest.mark.parametrize("name", EFFECTS)
def test_the_same_again_and_grey_stays_grey(face: Portrayed, name: str) -> None:
    before = face.image.copy()
    worn, again = EFFECTS[name](face), EFFECTS[name](face)
    assert np.array_equal(worn.image, again.image)
    assert np.array_equal(face.image, before)
    assert worn.image.dtype == np.uint8
    assert worn.image.shape == face.image.shape
    assert not np.array_equal(worn.image, face.image)
    if name != "noise" and name != "darkness":  # a sensor's noise has colours
        grey = np.repeat(face.image[..., :1], 3, axis=2)
        found = EFFECTS[name](replace(face, image=grey)).image.astype(int)
        assert np.ptp(found, axis=2).max() <= 2


def test_landmarks_go_with_a_face_that_leans_or_turns(face: Portrayed) -> None:
    def find_lean(points: NDArray[np.floating]) -> float:
        return float(np.degrees(np.arctan2(*(points[1] - points[0])[::-1])))

    leaning = taking.lean(face)
    assert find_lean(face.points) - find_lean(leaning.points) == pytest.approx(taking.LEAN, abs=0.1)
    # dlib finds them there, too.
    found = _complete(leaning)
    assert np.abs(found - leaning.points).max() < 0.12 * face.unit
    turned = taking.turn(face)
    moved = (turned.points - face.points)[:, 0] / face.unit
    assert moved[2] > 0.15  # the tip of the nose
    assert moved[2] > moved[[0, 1, 3, 4]].max() + 0.05
    assert np.abs(_complete(turned) - turned.points).max() < 0.2 * face.unit
    height, width = face.image.shape[:2]
    edge = taking.round_edge(width, height).astype(int)
    assert np.array_equal(turned.image[edge[:, 1], edge[:, 0]], face.image[edge[:, 1], edge[:, 0]])


def _complete(face: Portrayed) -> NDArray[np.float32]:
    (whole,) = landmarks.complete([Face(face.image, face.box)])
    assert whole.landmarks is not None
    return whole.landmarks


def test_large_pictures_are_cut(face: Portrayed) -> None:
    height, width = face.image.shape[:2]
    wide = np.zeros((height + 3000, width + 2000, 3), np.uint8)
    wide[2000 : 2000 + height, 1500 : 1500 + width] = face.image
    there = np.array([1500, 2000])
    box = face.box + np.array([*there, 0, 0])
    whole = Portrayed(wide, box, face.points + there.astype(np.float32)).cut()
    left, top, side, _ = whole.box.tolist()
    assert max(whole.image.shape) < 4 * side
    own = face.image[face.box[1] : face.box[1] + 50, face.box[0] : face.box[0] + 50]
    assert np.array_equal(whole.image[top : top + 50, left : left + 50], own)


def test_effects_that_there_are_not() -> None:
    assert read_effects(None) == list(EFFECTS)
    assert read_effects(["mask", "mask"]) == ["mask"]
    with pytest.raises(UserError, match="there is no sunglases; did you mean sunglasses"):
        read_effects(["sunglases"])
    with pytest.raises(UserError, match="is empty"):
        read_effects([])


@pytest.fixture(scope="module")
def yale(warm_home: Path) -> Path:
    if not _YALE.is_file():
        pytest.skip("no Yale faces here")
    unpack(_YALE, warm_home / "yale")
    return warm_home / "yale/yale_faces"


def _embed(faces: list[Portrayed], embedder: Embedder) -> Vectors:
    seen = landmarks.complete([Face(one.image, one.box) for one in faces])
    return scale_to_unit(embedder.embed(seen))


def _compare(yale: Path, embedder: Embedder, radius: float) -> tuple[float, float]:
    """How far real glasses move the people of Yale, and drawn ones: medians in radii."""
    with (yale / "factors.csv").open(encoding="utf-8") as file:
        with_glasses = [row["picture"] for row in csv.DictReader(file) if row["value"] == "glasses"]
    real = [_find(read(yale / name)) for name in with_glasses]
    bare = [_find(read(yale / name.replace("glasses", "noglasses"))) for name in with_glasses]
    assert len(bare) == 15
    without = _embed(bare, embedder)
    moved = [
        float(np.median(np.linalg.norm(_embed(some, embedder) - without, axis=1))) / radius
        for some in (real, [EFFECTS["glasses"](one) for one in bare])
    ]
    return moved[0], moved[1]


def test_drawn_glasses_move_dlib_as_real_ones_do(yale: Path) -> None:
    real, drawn = _compare(yale, DlibResNet(), 0.3)
    assert 0.5 < drawn / real < 2
    assert real == pytest.approx(0.78, abs=0.05)


@needs_models
def test_drawn_glasses_move_mobilefacenet_as_real_ones_do(yale: Path) -> None:
    settings = {**read_settings("embedder/mobilefacenet"), "weights": str(MOBILEFACENET)}
    radius = read_scale("embedder/mobilefacenet").radius
    assert radius is not None
    real, drawn = _compare(yale, AlignedOnnx(**{**settings, "sha256": None}), radius)
    assert 0.5 < drawn / real < 2
