"""YuNet: what it finds, how its passes become one, and files that are none of its."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from real_models import (
    LFW_VECTORS,
    MOBILEFACENET,
    YUNET,
    needs_lfw,
    needs_models,
    read_lfw,
    read_settings,
)

from facetrack.core.errors import UserError
from facetrack.core.faces import Image
from facetrack.detector import DlibHog, YuNet
from facetrack.detector.yunet import frame, shrink, unite
from facetrack.detector.yunet_network import see
from facetrack.extraction.picture import read
from facetrack.testing import portraits


def made(weights: Path = YUNET, **other: Any) -> YuNet:
    return YuNet(**{**read_settings("detector/yunet"), "weights": str(weights), **other})


@pytest.fixture(scope="module")
def portrait(warm_home: Path) -> Image:
    return read(portraits(warm_home)[0].path)


def resize(image: Image, width: int, height: int) -> Image:
    """Larger by cubic interpolation, smaller by means."""
    way = cv2.INTER_AREA if width < image.shape[1] else cv2.INTER_CUBIC
    return cv2.resize(image, (width, height), interpolation=way).astype(np.uint8)


def row(left: float, top: float, width: float, height: float, score: float) -> list[float]:
    return [left, top, width, height, *range(10), score]


def rows(*some: list[float]) -> NDArray[np.float32]:
    return np.array(some, dtype=np.float32)


def test_boxes_that_overlap_are_one_face_and_the_surest_stays() -> None:
    found = rows(
        row(0, 0, 100, 100, 0.81),
        row(10, 0, 100, 100, 0.99),
        row(200, 0, 100, 100, 0.9),
        row(204, 4, 10, 10, 0.95),  # a small one within a large one is another face
        row(210, 0, 100, 100, 0.9),  # of two that tie the first
    )
    assert unite(found).tolist() == [1, 3, 2]


def test_a_box_is_the_square_that_dlib_would_give() -> None:
    boxes = frame(rows(row(100, 200, 80, 125, 1)), 1000, 1000)
    # The root of the area is 100: the side 104, the middle (140.8, 259).
    np.testing.assert_array_equal(boxes, [[89, 207, 104, 104]])


def test_a_box_over_the_edge_is_cut() -> None:
    boxes = frame(rows(row(-30, -20, 80, 125, 1), row(60, 60, 80, 125, 1)), 100, 90)
    np.testing.assert_array_equal(boxes[0, :2], [0, 0])
    np.testing.assert_array_equal(boxes[1, :2] + boxes[1, 2:], [100, 90])
    assert boxes.dtype == np.int64


def test_the_identity_names_whatever_changes_a_detection(tmp_path: Path) -> None:
    settings = read_settings("detector/yunet")
    published = YuNet(**settings)
    assert settings["sha256"] in published.identity()
    others = [
        YuNet(**{**settings, key: value})
        for key, value in (("score", 0.7), ("longest", 1000), ("sha256", "ab" * 32))
    ]
    assert len({one.identity() for one in (published, *others)}) == 4
    assert YuNet(**{**settings, "choose": "all", "urls": []}).identity() == published.identity()
    (tmp_path / "own.onnx").write_bytes(b"own")
    own = made(tmp_path / "own.onnx")
    assert own.identity() != published.identity()
    assert pickle.loads(pickle.dumps(own)).identity() == own.identity()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"score": 0}, "score is a number between 0 and 1; got 0"),
        ({"score": "x"}, "score is a number between 0 and 1; got 'x'"),
        ({"longest": 639}, "longest is a number of pixels from 640 to 10000; got 639"),
        ({"longest": 2000.5}, "longest is a number of pixels"),
        ({"choose": "best"}, "choose is one of"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError) as error:
        made(**settings)
    assert str(error.value).startswith(told)


@pytest.mark.parametrize("content", [b"", b"no model at all", bytes(5000)])
def test_what_is_no_model_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(
        UserError, match=r"^weights must be a YuNet .onnx file .* correct it"
    ) as told:
        made(path).prepare()
    assert "\n" not in str(told.value)


@needs_models
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_model_is_told_in_one_line(tmp_path: Path, share: float) -> None:
    content = YUNET.read_bytes()
    path = tmp_path / "m.onnx"
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError, match=r"^weights must be a YuNet .onnx file") as told:
        made(path).prepare()
    assert "\n" not in str(told.value)


@needs_models
def test_another_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"takes \(1, 3, 112, 112\): correct it"):
        made(MOBILEFACENET).prepare()
    model = onnx.load(YUNET)
    model.graph.output.remove(next(one for one in model.graph.output if one.name == "kps_16"))
    onnx.save(model, tmp_path / "m.onnx")
    with pytest.raises(UserError, match="gives no kps_16 of 1 x 1600 x 10"):
        made(tmp_path / "m.onnx").prepare()


@needs_models
def test_what_opencv_cannot_read_is_told(tmp_path: Path) -> None:
    model = onnx.load(YUNET)
    for one in model.graph.initializer:
        del one.dims[:]
        one.dims.extend([1])
    onnx.save(model, tmp_path / "m.onnx")
    with pytest.raises(UserError, match="must be a YuNet") as told:
        made(tmp_path / "m.onnx").prepare()
    assert "\n" not in str(told.value)


@needs_models
def test_a_face_has_a_score_and_its_landmarks_in_order(portrait: Image) -> None:
    before = portrait.copy()
    found = made().detect(portrait)
    np.testing.assert_array_equal(portrait, before)
    assert found.boxes.shape == (1, 4)
    assert found.scores is not None
    assert 0.8 < found.scores[0] <= 1
    assert found.landmarks is not None
    left, right, nose, left_corner, right_corner = found.landmarks[0]
    assert left[0] < nose[0] < right[0]
    assert left_corner[0] < nose[0] < right_corner[0]
    assert max(left[1], right[1]) < nose[1] < min(left_corner[1], right_corner[1])
    x, y, width, height = found.boxes[0]
    assert ((found.landmarks[0] > [x, y]) & (found.landmarks[0] < [x + width, y + height])).all()


@needs_models
@pytest.mark.parametrize("size", [(250, 250), (401, 187), (640, 333), (197, 312)])
def test_faces_are_those_of_opencvs_own_detector(portrait: Image, size: tuple[int, int]) -> None:
    images = [resize(portrait, *size), np.tile(resize(portrait, 160, 160), (2, 3, 1))]
    for image in images:
        own = cv2.FaceDetectorYN.create(str(YUNET), "", image.shape[1::-1], 0.8, 0.3, 5000)
        expected = np.asarray(own.detect(np.ascontiguousarray(image[..., ::-1]))[1], np.float32)
        found = made().detect(image)
        assert len(expected)
        assert found.scores is not None
        assert found.landmarks is not None
        height, width = image.shape[:2]
        np.testing.assert_array_equal(found.boxes, frame(expected, width, height))
        np.testing.assert_allclose(found.landmarks, expected[:, 4:14].reshape(-1, 5, 2), atol=1e-3)
        np.testing.assert_allclose(found.scores, expected[:, 14], atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((640, 480), (640, 480)),
        ((1280, 960), (640, 480)),
        ((3024, 4032), (480, 640)),
        ((1301, 641), (640, 315)),
        ((3000, 2), (640, 1)),
    ],
)
def test_a_smaller_copy_has_the_means(shape: tuple[int, int], size: tuple[int, int]) -> None:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    image = np.stack([rows * 200 // shape[0], columns * 200 // shape[1], rows // 9 % 20], axis=2)
    small = shrink(image.astype(np.uint8), 640)
    assert small.shape == (*size, 3)
    assert small.dtype == np.uint8
    direct = cv2.resize(image.astype(np.uint8), size[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - direct).mean() <= 1


@pytest.mark.parametrize("shape", [(64, 96, 3), (33, 70, 3), (1, 1, 3)])
def test_the_network_sees_what_opencv_would_give_it(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    below, right = (-side % 32 for side in shape[:2])
    whole = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_CONSTANT)
    np.testing.assert_array_equal(see(image), cv2.dnn.blobFromImage(whole, swapRB=True))


@needs_models
@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 500, 3), (64, 64, 3), (3000, 2, 3)])
def test_nothing_to_find(shape: tuple[int, ...]) -> None:
    found = made().detect(np.full(shape, 127, dtype=np.uint8))
    assert found.boxes.shape == (0, 4)
    assert found.landmarks is not None
    assert found.landmarks.shape == (0, 5, 2)


@needs_models
@pytest.mark.parametrize("side", [900, 2600])
def test_a_face_that_fills_a_large_picture_is_found_where_it_is(portrait: Image, side: int) -> None:
    large = resize(portrait[80:260, 100:280], side, side)
    found = made().detect(large)
    small = made().detect(shrink(shrink(large, 2000), 640))
    assert len(found.boxes) == 1
    assert found.boxes[0, 2] > side / 2
    by = side / 640
    assert np.abs(found.boxes - small.boxes * by).max() <= 1.5 * by
    assert small.landmarks is not None
    assert found.landmarks is not None
    expected = (small.landmarks + 0.5) * by - 0.5
    np.testing.assert_allclose(found.landmarks, expected, atol=1e-2)


@needs_models
def test_a_small_face_on_a_large_picture_is_found(portrait: Image) -> None:
    photo = np.full((1800, 3000, 3), 127, dtype=np.uint8)
    photo[1200:1360, 2400:2560] = resize(portrait, 160, 160)
    (box,) = made().detect(photo).boxes
    centre = box[:2] + box[2:] / 2
    assert np.abs(centre - [2480, 1280]).max() < 40
    assert len(made(longest=640).detect(photo).boxes) == 0


@needs_models
def test_threads_do_not_disturb_each_other(portrait: Image) -> None:
    images = [resize(portrait, 200 + 23 * i % 300, 250 + 31 * i % 200) for i in range(12)]
    detector = made()
    alone = [detector.detect(image) for image in images]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(detector.detect, images))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.boxes, other.boxes)
        np.testing.assert_array_equal(one.landmarks, other.landmarks)
    assert sum(len(one.boxes) for one in alone) >= 10


@needs_lfw
def test_faces_of_lfw_are_where_another_program_found_them() -> None:
    with np.load(LFW_VECTORS) as stored:
        rows = {str(name): number for number, name in enumerate(stored["pictures"][:40])}
        landmarks, boxes = stored["landmarks"], stored["boxes"]
    detector, hog, apart = made(), DlibHog(), []
    for name, image in read_lfw(set(list(rows)[::5])):
        found = detector.detect(image)
        assert found.landmarks is not None
        near = np.abs(found.landmarks - landmarks[rows[name]]).max(axis=(1, 2))
        assert near.min() < 0.01
        box = found.boxes[near.argmin()]
        width, height = boxes[rows[name]][2:]
        assert abs(box[2] / np.sqrt(width * height) - 1.04) < 0.02
        others = hog.detect(image).boxes
        apart.append(np.abs(others - box).max(axis=1).min() / box[2] if len(others) else np.inf)
    assert np.median(apart) < 0.2  # dlib's own boxes are in steps of a fifth
