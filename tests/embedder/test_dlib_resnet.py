"""facetrack's dlib embedder against dlib's own descriptor."""

import functools
import itertools
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import dlib
import numpy as np
import pytest
from PIL import Image as Pillow

from facetrack.core.errors import UserError
from facetrack.core.faces import Face, Vectors
from facetrack.dataset import Folder
from facetrack.detector import Haar
from facetrack.embedder import DlibResNet, dlib_onnx, dlib_resnet, dlib_weights
from facetrack.extraction import picture
from facetrack.system.onnx_session import start_session

LFW = Path(__file__).resolve().parents[2] / "../shared/data/lfw-deepfunneled.tgz"
ATOL = 1e-5
# What `DlibResNet.identity` has been since the first vectors were stored under it.
IDENTITY = "dlib_resnet square landmarks=c4b1e9804792707d descriptor=55533b28a95800a5"


@functools.cache
def _own() -> dlib.face_recognition_model_v1:
    return dlib.face_recognition_model_v1(str(dlib_resnet.find_model(dlib_resnet.DESCRIPTOR)))


def _embed_by_dlib(faces: Sequence[Face]) -> Vectors:
    """As facetrack did before it had an engine of its own: dlib finds, aligns and embeds."""
    landmarks = dlib.shape_predictor(str(dlib_resnet.find_model(dlib_resnet.LANDMARKS)))
    vectors = []
    for face in faces:
        left, top, width, height = (int(value) for value in face.box)
        side = min(width, height)
        left, top = left + (width - side) // 2, top + (height - side) // 2
        box = dlib.rectangle(left, top, left + side - 1, top + side - 1)
        vectors.append(_own().compute_face_descriptor(face.image, landmarks(face.image, box)))
    return np.array(vectors, dtype=np.float32)


@pytest.fixture(scope="module")
def portraits(small_folder: Path) -> list[Face]:
    """Seven drawn faces, as Haar finds them."""
    images = [picture.read(one.path) for one in Folder(small_folder).load().pictures[::3]]
    return [Face(image, box) for image in images for box in Haar().detect(image).boxes[:1]]


def test_vectors_are_those_of_dlib(portraits: list[Face]) -> None:
    assert len(portraits) == 7
    vectors = DlibResNet().embed(portraits)
    assert vectors.shape == (len(portraits), 128)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, _embed_by_dlib(portraits), rtol=0, atol=ATOL)


def test_faces_at_the_edge_have_the_vectors_of_dlib(portraits: list[Face]) -> None:
    """Cut off, tiny, larger than their picture, and not square."""
    image = portraits[0].image
    small = np.asarray(Pillow.fromarray(image).resize((24, 24)))
    boxes = [[-20, -30, 90, 90], [150, 150, 100, 100], [0, 0, 400, 300], [60, 20, 40, 200]]
    faces = [Face(image, np.array(box)) for box in boxes]
    faces += [Face(small, np.array([2, 2, 20, 20])), Face(image, np.array([100, 100, 4, 4]))]
    vectors = DlibResNet().embed(faces)
    np.testing.assert_allclose(vectors, _embed_by_dlib(faces), rtol=0, atol=ATOL)


@pytest.mark.parametrize("batch", [1, 3, 5])
def test_vectors_do_not_depend_on_batches(portraits: list[Face], batch: int) -> None:
    """To the last bit: what is stored does not depend on who else was embedded."""
    together = DlibResNet().embed(portraits)
    np.testing.assert_array_equal(DlibResNet(batch=batch).embed(portraits), together)
    np.testing.assert_array_equal(DlibResNet().embed(portraits[::-1])[::-1], together)


def test_no_face_gives_no_vector() -> None:
    vectors = DlibResNet().embed([])
    assert vectors.shape == (0, 128)
    assert vectors.dtype == np.float32


def test_the_network_is_that_of_dlib_for_any_picture() -> None:
    """Noise, black, white and single colours: far from what it was trained on."""
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (2, 150, 150, 3), dtype=np.uint8)
    colours = [np.full((150, 150, 3), colour, np.uint8) for colour in (0, (200, 0, 90))]
    pictures = np.concatenate([noise, noise[:1] // 8, colours])
    network = dlib_weights.read(dlib_resnet.find_model(dlib_resnet.DESCRIPTOR))
    session = start_session(dlib_onnx.build(network))
    (vectors,) = session.run(None, {dlib_onnx.INPUT: dlib_onnx.standardize(pictures)})
    expected = [_own().compute_face_descriptor(one) for one in pictures]
    np.testing.assert_allclose(vectors, expected, rtol=0, atol=ATOL)


def test_what_was_stored_before_is_found() -> None:
    assert DlibResNet().identity() == IDENTITY
    assert DlibResNet(batch=1).identity() == IDENTITY


def test_a_damaged_file_of_weights_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, portraits: list[Face]
) -> None:
    """In a sentence that names it, as every mistake of an installation."""
    whole = dlib_resnet.find_model(dlib_resnet.DESCRIPTOR)
    damaged = tmp_path / whole.name
    damaged.write_bytes(whole.read_bytes()[:-100])
    find = dlib_resnet.find_model
    monkeypatch.setattr(
        dlib_resnet, "find_model", lambda name: damaged if name == whole.name else find(name)
    )
    dlib_resnet._network.cache_clear()
    with pytest.raises(UserError, match=f"^{damaged} is not dlib's face descriptor"):
        DlibResNet().embed(portraits[:1])


def test_faces_of_lfw_have_the_vectors_of_dlib() -> None:
    faces = _lfw(4, 5)
    vectors = DlibResNet().embed(faces)
    np.testing.assert_allclose(vectors, _embed_by_dlib(faces), rtol=0, atol=ATOL)


def test_corners_that_are_known_are_not_looked_for(portraits: list[Face]) -> None:
    embedder = DlibResNet()
    known = [replace(face, corners=dlib_resnet.find_corners(face)) for face in portraits]
    np.testing.assert_array_equal(embedder.embed(known), embedder.embed(portraits))
    moved = replace(known[0], corners=known[1].corners)
    assert not np.array_equal(embedder.embed([moved]), embedder.embed(known[:1]))


@pytest.mark.long
def test_a_thousand_faces_of_lfw_have_the_vectors_of_dlib() -> None:
    faces = _lfw(1000, 13)
    assert len(faces) == 1000
    vectors = DlibResNet().embed(faces)
    np.testing.assert_allclose(vectors, _embed_by_dlib(faces), rtol=0, atol=ATOL)


def _lfw(n: int, step: int) -> list[Face]:
    """Every `step`-th face of LFW, in the middle of its picture, where its makers put it."""
    if not LFW.exists():
        pytest.skip("no LFW pictures here")
    faces = []
    with tarfile.open(LFW, "r|gz") as archive:
        members = (one for one in archive if one.name.endswith(".jpg"))
        for member in itertools.islice(members, 0, n * step, step):
            opened = archive.extractfile(member)
            assert opened is not None
            faces.append(Face(picture.read_bytes(opened.read()), np.array([80, 85, 90, 95])))
    return faces
