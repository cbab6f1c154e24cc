"""Vectors of aligned faces: against another computation, and of files that are none of ours."""

import pickle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from real_models import LFW_VECTORS, MOBILEFACENET, needs_lfw, needs_models, read_lfw, read_settings

from facetrack.core.errors import UserError
from facetrack.core.faces import Face, Image
from facetrack.embedder import AlignedOnnx
from facetrack.embedder.alignment import ARCFACE
from facetrack.system.onnx_session import start_session

TEMPLATE = np.array(ARCFACE, dtype=np.float32)
NUMBERS = np.random.default_rng(4)


def made(path: Path | str, **other: Any) -> AlignedOnnx:
    settings = {"dimensions": 3, "side": 8, "radius": 1.0, **other}
    return AlignedOnnx(str(path), **settings)


def mobilefacenet() -> AlignedOnnx:
    return AlignedOnnx(**{**read_settings("embedder/mobilefacenet"), "weights": str(MOBILEFACENET)})


def network(side: int = 8, dimensions: int = 3, layout: str = "nchw") -> onnx.ModelProto:
    """Each number of a vector is the mean of a colour, times its place: 1, 2 and so on."""
    shape = [1, 3, side, side] if layout == "nchw" else [1, side, side, 3]
    weights = np.zeros((3, dimensions), dtype=np.float32)
    for place in range(dimensions):
        weights[place % 3, place] = place + 1
    axes = [2, 3] if layout == "nchw" else [1, 2]
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["x"], ["means"], axes=axes, keepdims=0),
            helper.make_node("Gemm", ["means", "w"], ["y"]),
        ],
        "means",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", dimensions])],
        [numpy_helper.from_array(weights, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def save(model: onnx.ModelProto, path: Path) -> Path:
    path.write_bytes(model.SerializeToString())
    return path


def face_in(image: Image, side: int) -> Face:
    """A face that lies in an image as the template has it."""
    points = (TEMPLATE * (side / 112)).astype(np.float32)
    return Face(image, np.array([0, 0, side, side]), points)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("colours", ["rgb", "bgr"])
def test_each_setting_is_what_the_network_sees(tmp_path: Path, layout: str, colours: str) -> None:
    image = NUMBERS.integers(0, 256, (8, 8, 3)).astype(np.uint8)
    mean, deviation = [10.0, 20.0, 30.0], [2.0, 4.0, 8.0]
    path = save(network(layout=layout), tmp_path / "m.onnx")
    embedder = made(path, layout=layout, colours=colours, mean=mean, deviation=deviation)
    seen = image[..., ::-1] if colours == "bgr" else image
    expected = ((seen.mean(axis=(0, 1)) - mean) / deviation) * [1, 2, 3]
    vectors = embedder.embed([face_in(image, 8), face_in(255 - image, 8)])
    assert vectors.dtype == np.float32
    assert vectors.shape == (2, 3)
    np.testing.assert_allclose(vectors[0], expected, rtol=1e-5)
    assert not np.allclose(vectors[0], vectors[1])


def test_a_template_of_ones_own(tmp_path: Path) -> None:
    image = NUMBERS.integers(0, 256, (40, 40, 3)).astype(np.uint8)
    embedder = made(save(network(), tmp_path / "m.onnx"), template=(TEMPLATE / 14).tolist())
    shifted = Face(image, np.array([3, 5, 8, 8]), (TEMPLATE / 14 + [3, 5]).astype(np.float32))
    np.testing.assert_array_equal(embedder.align(shifted), image[5:13, 3:11])


def test_faces_without_landmarks_are_refused(tmp_path: Path) -> None:
    embedder = made(save(network(), tmp_path / "m.onnx"))
    with pytest.raises(UserError, match=r"needs five landmarks .* use detector=yunet"):
        embedder.embed([Face(np.zeros((9, 9, 3), np.uint8), np.array([0, 0, 9, 9]))])


def test_the_identity_names_whatever_changes_vectors(tmp_path: Path) -> None:
    path = save(network(), tmp_path / "m.onnx")
    first = made(path)
    other = save(network(side=9), tmp_path / "other.onnx")
    changed = [
        made(other),
        *(made(path, **{key: value}) for key, value in (("dimensions", 4), ("side", 9))),
        *(made(path, **{key: [1.0, 2.0, 3.0]}) for key in ("mean", "deviation")),
        made(path, colours="bgr"),
        made(path, layout="nhwc"),
        made(path, template=TEMPLATE.tolist()),
    ]
    identities = {one.identity() for one in (first, *changed)}
    assert len(identities) == 1 + len(changed)
    same = made(save(network(), tmp_path / "copy.onnx"), radius=2.0, normalize=False)
    assert same.identity() == first.identity()
    assert pickle.loads(pickle.dumps(first)).identity() == first.identity()


def test_a_file_that_changes_is_never_taken_for_what_it_was(tmp_path: Path) -> None:
    path = save(network(), tmp_path / "m.onnx")
    embedder = made(path)
    assert embedder.identity()
    save(network(dimensions=4), path)
    with pytest.raises(UserError, match="was changed while"):
        embedder.prepare()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"colours": "rbg"}, "colours must be rgb or bgr, but it is 'rbg'"),
        ({"layout": "chw"}, "layout must be nchw or nhwc"),
        ({"side": 0}, "side must be a whole number from 1 to 512, but it is 0"),
        ({"dimensions": True}, "dimensions must be a whole number"),
        ({"mean": [1, 2]}, "mean must be three numbers"),
        ({"deviation": [1, 0, 1]}, "deviation must be three numbers above 0"),
        ({"template": [[1, 2]]}, "template must be five places"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError) as error:
        made("x.onnx", **settings)
    assert str(error.value).startswith(told)


def _two_inputs(model: onnx.ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, [1]))


def _outside(model: onnx.ModelProto) -> None:
    weights = model.graph.initializer[0]
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="../../etc/passwd")


def _own_operator(model: onnx.ModelProto) -> None:
    model.graph.node[0].domain = "com.example"
    model.opset_import.append(helper.make_opsetid("com.example", 1))


def _huge(model: onnx.ModelProto) -> None:
    size = numpy_helper.from_array(np.array([40_000, 40_000], dtype=np.int64), "size")
    model.graph.initializer.append(size)
    model.graph.node.insert(0, helper.make_node("ConstantOfShape", ["size"], ["large"]))


def _loop(model: onnx.ModelProto) -> None:
    body = helper.make_graph([helper.make_node("Loop", ["a", "b"], ["c"])], "inner", [], [])
    model.graph.node.append(helper.make_node("If", ["y"], ["z"], then_branch=body))


def _unknown(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("NonZero", ["y"], ["places"]))


def _many(model: onnx.ModelProto) -> None:
    sizes = numpy_helper.from_array(np.array([8000, 8000], dtype=np.int64), "sizes")
    model.graph.initializer.append(sizes)
    model.graph.node.append(helper.make_node("ConstantOfShape", ["sizes"], ["a0"]))
    model.graph.node.extend(helper.make_node("Neg", [f"a{i}"], [f"a{i + 1}"]) for i in range(9))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_two_inputs, "takes 2 inputs"),
        (_outside, "keeps data in another file, where one file has to hold everything"),
        (_own_operator, "needs the operator com.example.ReduceMean, where only ONNX's own are run"),
        (_huge, "computes a tensor of 40000 x 40000 numbers, which is too many"),
        (_many, "computes 640000006 numbers for a face, which is too many"),
        (_unknown, "does not say how large a result of its NonZero is"),
        (_loop, "has the operator If, which is a loop or a branch"),
    ],
)
def test_a_model_that_may_do_harm_is_not_run(tmp_path: Path, spoil: Any, told: str) -> None:
    model = network()
    spoil(model)
    path = save(model, tmp_path / "m.onnx")
    with pytest.raises(UserError) as error:
        made(path).prepare()
    assert str(error.value) == (
        f"weights must be a model that takes (n, 3, 8, 8) and gives (n, 3), but {path} {told}: "
        "name another, or set side, layout and dimensions to what it takes and gives"
    )


@pytest.mark.parametrize(
    ("model", "settings", "told"),
    [
        (network(side=9), {}, "takes (1, 3, 9, 9)"),
        (network(layout="nhwc"), {}, "takes (1, 8, 8, 3)"),
        (network(dimensions=5), {}, "gives (n, 5)"),
        (network(dimensions=5), {"dimensions": 4}, "gives (n, 5)"),
    ],
)
def test_a_model_of_other_sizes_is_told(
    tmp_path: Path, model: onnx.ModelProto, settings: dict[str, Any], told: str
) -> None:
    path = save(model, tmp_path / "m.onnx")
    with pytest.raises(UserError) as error:
        made(path, **settings).prepare()
    assert f"{path} {told}: name another, or set" in str(error.value)


@pytest.mark.parametrize(
    "content", [b"", b"no model at all", bytes(1000), b"\x08\x08\x12\x07pytorch"]
)
def test_what_is_no_model_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(UserError, match="is no ONNX model, or not all of one") as error:
        made(path).prepare()
    assert "\n" not in str(error.value)


def test_a_truncated_model_is_told_at_every_length(tmp_path: Path) -> None:
    whole = network().SerializeToString()
    path = tmp_path / "m.onnx"
    for end in range(0, len(whole), 7):
        path.write_bytes(whole[:end])
        with pytest.raises(UserError, match="must be a model that takes") as error:
            made(path).prepare()
        assert "\n" not in str(error.value)


def test_what_onnx_runtime_refuses_is_only_raised(capfd: pytest.CaptureFixture[str]) -> None:
    spoiled = network().SerializeToString().replace(b"ReduceMean", b"Reduce\xceean")
    with pytest.raises(ValueError, match="can't decode"):
        start_session(spoiled)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "m.onnx"
    if kind == "folder":
        path.mkdir()
    with pytest.raises(UserError, match=r"^weights must be an .onnx file, but .* cannot be read"):
        made(path).identity()


@needs_models
@needs_lfw
def test_mobilefacenet_is_what_another_computation_gives() -> None:
    """The stored vectors come from elsewhere; OpenCV's network and least squares are a third."""
    with np.load(LFW_VECTORS) as stored:
        rows = {str(name): row for row, name in enumerate(stored["pictures"][:40])}
        expected, landmarks = stored["embeddings"], stored["landmarks"]
        faces: list[Face] = []
        wanted: list[NDArray[np.float32]] = []
        for name, image in read_lfw(set(list(rows)[::5])):
            faces.append(Face(image, np.zeros(4, np.int64), landmarks[rows[name]]))
            wanted.append(expected[rows[name]])
    vectors = mobilefacenet().embed(faces)
    assert len(vectors) == 8
    np.testing.assert_allclose(_unit(vectors), _unit(np.stack(wanted)), rtol=0, atol=2e-6)
    other = cv2.dnn.readNetFromONNX(str(MOBILEFACENET))
    for face, vector in zip(faces[:3], vectors, strict=False):
        assert face.landmarks is not None
        matrix = _fit(face.landmarks)
        aligned = cv2.warpAffine(face.image, matrix, (112, 112)).astype(np.float64) / 255
        seen = (aligned - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
        other.setInput(seen.transpose(2, 0, 1)[None].astype(np.float32))
        np.testing.assert_allclose(
            _unit(np.asarray(other.forward(), np.float32)), _unit(vector[None]), rtol=0, atol=1e-5
        )


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float64)


def _fit(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """The similarity by linear least squares in its four unknowns."""
    zeros, ones = np.zeros(5), np.ones(5)
    x, y = points[:, 0], points[:, 1]
    rows = np.stack([np.stack([x, -y, ones, zeros], 1), np.stack([y, x, zeros, ones], 1)], 1)
    (a, b, c, d), *_ = np.linalg.lstsq(rows.reshape(10, 4), np.ravel(ARCFACE), rcond=None)
    return np.array([[a, -b, c], [b, a, d]])
