"""What is known of a face beside its box goes with it, into the store and out of it."""

import hashlib
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from facetrack.core.faces import Boxes, Detection, Face, Image, Picture, Pictures, Vectors
from facetrack.extraction import jobs
from facetrack.extraction.database import make_row
from facetrack.extraction.detections import DetectionRecord, pack, unpack
from facetrack.extraction.pipeline import extract
from facetrack.extraction.store import Store, count_rows

BOXES = np.array([[1, 2, 30, 40], [-5, 0, 7, 8]], dtype=np.int64)
SCORES = np.array([0.875, 0.9375], dtype=np.float32)
LANDMARKS = np.arange(20, dtype=np.float32).reshape(2, 5, 2) + np.float32(0.25)
PICTURE = bytes(range(32))

WITHOUT_MORE = struct.pack("<10q", 640, 480, 1, 2, 30, 40, -5, 0, 7, 8)
WITH_BOTH = (
    struct.pack("<5q", -2, 640, 480, 2, 3)
    + struct.pack("<8q", 1, 2, 30, 40, -5, 0, 7, 8)
    + struct.pack("<2f", 0.875, 0.9375)
    + struct.pack("<20f", *(number + 0.25 for number in range(20)))
)


def record(scores: object = None, landmarks: object = None) -> DetectionRecord:
    return DetectionRecord(640, 480, Detection(BOXES, scores, landmarks))  # type: ignore[arg-type]


def test_boxes_alone_are_kept_as_they_always_were() -> None:
    assert pack(record()) == WITHOUT_MORE
    read = unpack(WITHOUT_MORE)
    assert read is not None
    assert (read.width, read.height) == (640, 480)
    np.testing.assert_array_equal(read.found.boxes, BOXES)
    assert read.found.scores is None
    assert read.found.landmarks is None


def test_what_else_is_known_is_kept_behind_them() -> None:
    assert pack(record(SCORES, LANDMARKS)) == WITH_BOTH


@pytest.mark.parametrize("scores", [None, SCORES])
@pytest.mark.parametrize("landmarks", [None, LANDMARKS])
@pytest.mark.parametrize("n", [0, 2])
def test_each_form_gives_back_what_it_was_given(scores: object, landmarks: object, n: int) -> None:
    whole = record(scores, landmarks)
    read = unpack(pack(DetectionRecord(640, 480, whole.found.some(np.arange(n)))))
    assert read is not None
    assert (read.width, read.height) == (640, 480)
    assert read.found.boxes.shape == (n, 4)
    for came, given in (
        (read.found.boxes, BOXES),
        (read.found.scores, scores),
        (read.found.landmarks, landmarks),
    ):
        assert (came is None) == (given is None)
        if came is not None:
            np.testing.assert_array_equal(came, np.asarray(given)[:n])
            assert came.dtype == np.asarray(given).dtype


def test_a_form_of_a_later_version_counts_as_absent(tmp_path: Path) -> None:
    assert unpack(struct.pack("<q", -3) + b"whatever follows") is None
    with Store(tmp_path) as store:
        store.put("d", [(PICTURE, record(SCORES, LANDMARKS))], "e", [])
        key = hashlib.sha256(b"d").digest()[:16] + PICTURE
        row = make_row(key, struct.pack("<2q", -3, 1))
        update = "UPDATE detections SET payload = ?, checksum = ?"
        store._database.connection.execute(update, row[1:])
        assert store.detections("d", [PICTURE]) == {}


def test_forgetting_reaches_both_forms(tmp_path: Path) -> None:
    other = bytes(reversed(PICTURE))
    with Store(tmp_path) as store:
        store.put("d", [(PICTURE, record(SCORES, LANDMARKS)), (other, record())], "e", [])
        assert count_rows(tmp_path, [PICTURE.hex()])["detections"] == 1
        assert store.forget([PICTURE.hex()]) == 1
        files = b"".join(path.read_bytes() for path in tmp_path.glob("embeddings.sqlite*"))
        assert list(store.detections("d", [PICTURE, other])) == [other]
    assert LANDMARKS.tobytes()[:16] not in files


def test_a_smaller_pictures_faces_are_where_they_are_on_the_whole_one() -> None:
    found = Detection(BOXES, SCORES, LANDMARKS).enlarge(4)
    np.testing.assert_array_equal(found.boxes, 4 * BOXES)
    assert found.scores is SCORES
    assert found.landmarks is not None
    # The middle of the smaller picture's first pixel is that of the first 4 by 4.
    np.testing.assert_array_equal(found.landmarks, 4 * LANDMARKS + np.float32(1.5))
    assert found.landmarks.dtype == np.float32


class Knowing:
    """Finds two faces and says where their landmarks are."""

    choose, border = "largest", 0

    def identity(self) -> str:
        return "knowing"

    def detect(self, image: Image) -> Detection:
        boxes = np.array([[10, 20, 30, 40], [50, 60, 50, 50]], dtype=np.int64)
        return Detection(boxes, SCORES, LANDMARKS + 60)


class Bare:
    """As a class of a user's own was before there were scores and landmarks."""

    choose, border = "largest", 0

    def identity(self) -> str:
        return "bare"

    def detect(self, image: Image) -> Boxes:
        return Knowing().detect(image).boxes


class Telling:
    """Its vectors are a face's score and landmarks, and what the picture shows at each of them."""

    normalize, batch, parallel = False, 4, False

    def identity(self) -> str:
        return "telling"

    def embed(self, faces: Sequence[Face]) -> Vectors:
        return np.stack([self._tell(face) for face in faces]).astype(np.float32)

    def _tell(self, face: Face) -> list[float]:
        if face.landmarks is None:
            return [-1.0 if face.score is None else face.score]
        at = face.landmarks.astype(int)
        return [face.score or 0.0, *face.image[at[:, 1], at[:, 0], 0].tolist()]


@pytest.fixture
def listing(tmp_path: Path) -> Pictures:
    drawn = np.random.default_rng(3).integers(0, 255, (150, 150, 3)).astype(np.uint8)
    PIL.Image.fromarray(drawn).save(tmp_path / "a.png")
    return Pictures([Picture(tmp_path / "a.png", "a.png")])


@pytest.mark.parametrize("whole_pixels", [40_000_000, 1])
def test_the_chosen_face_keeps_its_score_and_landmarks(
    listing: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole_pixels: int
) -> None:
    monkeypatch.setattr(jobs, "_WHOLE_PIXELS", whole_pixels)
    points = LANDMARKS[1:] + 60
    with PIL.Image.open(listing.pictures[0].path) as picture:
        red = np.asarray(picture)[..., 0]
    expected = [[0.9375, *(red[int(y), int(x)] for x, y in points[0])]]
    with Store(tmp_path) as store:
        for _ in range(2):  # computed, and as the store has it
            faces = extract(listing, Knowing(), Telling(), store)
            np.testing.assert_array_equal(faces.vectors, expected)
            np.testing.assert_array_equal(faces.boxes, [[50, 60, 50, 50]])
            assert faces.scores is not None
            assert faces.landmarks is not None
            np.testing.assert_array_equal(faces.scores, SCORES[1:])
            np.testing.assert_array_equal(faces.landmarks, points)
            some = faces.some(np.array([0, 0]))
            assert some.landmarks is not None
            assert some.landmarks.shape == (2, 5, 2)


def test_a_detector_that_gives_boxes_alone_goes_on_working(
    listing: Pictures, tmp_path: Path
) -> None:
    with Store(tmp_path) as store:
        for _ in range(2):
            faces = extract(listing, Bare(), Telling(), store)  # type: ignore[arg-type]
            np.testing.assert_array_equal(faces.boxes, [[50, 60, 50, 50]])
            np.testing.assert_array_equal(faces.vectors, [[-1]])
            assert faces.scores is None
            assert faces.landmarks is None
