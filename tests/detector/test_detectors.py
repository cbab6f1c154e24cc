"""Real detectors on drawn faces."""

import subprocess
import sys
from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest

from facetrack.core.faces import Detector, Image
from facetrack.detector import DlibHog, Haar, Whole, dlib_hog
from facetrack.extraction.picture import read
from facetrack.testing import portraits


@pytest.fixture(scope="module")
def portrait(warm_home: Path) -> Image:
    return read(portraits(warm_home)[0].path)


@pytest.mark.parametrize("detector", [Haar(), DlibHog(upsample=1), Whole()])
def test_boxes_lie_within_the_picture(detector: Detector, portrait: Image) -> None:
    before = portrait.copy()
    boxes = detector.detect(portrait).boxes
    assert boxes.dtype == np.int64
    assert boxes.ndim == 2
    assert boxes.shape[1] == 4
    assert len(boxes) >= 1
    assert (boxes >= 0).all()
    assert (boxes[:, 0] + boxes[:, 2] <= portrait.shape[1]).all()
    assert (boxes[:, 1] + boxes[:, 3] <= portrait.shape[0]).all()
    np.testing.assert_array_equal(portrait, before)


@pytest.mark.parametrize("detector", [Haar(), DlibHog()])
@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 500, 3), (64, 64, 3)])
def test_nothing_to_find(detector: Detector, shape: tuple[int, ...]) -> None:
    assert detector.detect(np.full(shape, 127, dtype=np.uint8)).boxes.shape == (0, 4)


def test_whole_is_the_frame() -> None:
    boxes = Whole().detect(np.zeros((7, 9, 3), dtype=np.uint8)).boxes
    np.testing.assert_array_equal(boxes, [[0, 0, 9, 7]])


def test_a_box_over_the_edge_is_cut(portrait: Image) -> None:
    # dlib places a box partly outside of the picture when the face touches the edge.
    left, _, width, _ = DlibHog(upsample=1).detect(portrait).boxes[0]
    cut = np.ascontiguousarray(portrait[:, left + width // 8 :])
    boxes = DlibHog(upsample=1).detect(cut).boxes
    assert (boxes[:, :2] >= 0).all()


def test_identity_tells_settings_apart_but_not_the_choice() -> None:
    assert Haar(scale_factor=1.2).identity() != Haar().identity()
    assert Haar(min_neighbors=4).identity() != Haar().identity()
    assert Haar(choose="first", border=10).identity() == Haar().identity()
    assert DlibHog(upsample=1).identity() != DlibHog().identity()


def test_haar_goes_from_the_upper_half_to_the_lower(portrait: Image) -> None:
    # OpenCV itself, on one thread, goes from small faces to large ones.
    large = cv2.resize(portrait, (640, 640))
    small = np.full((640, 640, 3), 127, dtype=np.uint8)
    small[:320, :320] = portrait
    for upper, lower in ((large, small), (small, large)):
        boxes = Haar().detect(np.vstack([upper, lower])).boxes
        assert len(boxes) == 2
        assert boxes[0, 1] < 640 <= boxes[1, 1]


def test_copies_of_dlibs_detector_find_what_it_finds(portrait: Image) -> None:
    with dlib_hog._detector() as one, dlib_hog._detector() as other:
        assert one is not other
        twice = np.hstack([portrait, portrait])
        expected = dlib.get_frontal_face_detector().run(twice, 1, -0.5)
        assert len(expected[0]) > 1
        for detector in (one, other):
            boxes, scores, parts = detector.run(twice, 1, -0.5)
            assert (list(boxes), list(scores), list(parts)) == tuple(map(list, expected))


@pytest.mark.parametrize("detector", ["Haar()", "DlibHog()"])
def test_threads_do_not_disturb_each_other(detector: str, warm_home: Path) -> None:
    # In a process of its own: where they do, it may crash.
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "import pathlib, sys, numpy as np, PIL.Image\n"
        "from facetrack.detector import DlibHog, Haar\n"
        "from facetrack.extraction.picture import read\n"
        "face = PIL.Image.fromarray(read(pathlib.Path(sys.argv[1])))\n"
        "sizes = [(200 + 37 * i % 300, 250 + 53 * i % 400) for i in range(12)]\n"
        "images = [np.asarray(face.resize(size)) for size in sizes]\n"
        f"detector = {detector}\n"
        "alone = [detector.detect(image).boxes.tolist() for image in images]\n"
        "with ThreadPoolExecutor(4) as pool:\n"
        "    for _ in range(3):\n"
        "        found = pool.map(detector.detect, images)\n"
        "        assert [one.boxes.tolist() for one in found] == alone\n"
        "assert any(alone)\n"
    )
    picture = str(portraits(warm_home)[0].path)
    done = subprocess.run([sys.executable, "-c", code, picture], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_hog_is_dlibs_own_also_as_it_is_kept(home: Path, portrait: Image) -> None:
    expected = [
        (found.left(), found.top(), found.width(), found.height())
        for found in dlib.get_frontal_face_detector()(portrait, 1)
    ]
    for _ in range(2):  # unpacked by dlib, and as it was kept
        dlib_hog._free.clear()
        DlibHog().prepare()
        assert DlibHog(upsample=1).detect(portrait).boxes.tolist() == [*map(list, expected)]
        assert len(list((home / "derived").iterdir())) == 1
        dlib_hog._unpack.cache_clear()
