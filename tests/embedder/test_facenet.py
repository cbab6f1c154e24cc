import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from facetrack.core.errors import UserError
from facetrack.core.faces import Face
from facetrack.embedder import facenet, keras2_weights
from facetrack.embedder.facenet import FaceNet, standardize

pytestmark = pytest.mark.usefixtures("online")

FACTS = Path(__file__).resolve().parents[2] / "../shared/facenet"
needs_facts = pytest.mark.skipif(
    not FACTS.is_dir(), reason="the reference outputs are not on this machine"
)

Weights = dict[str, NDArray[np.float32]]
Rename = Callable[[str], str]
Text = Callable[[str], Any]  # as str or bytes


def made(weights: Path | None = None, **other: Any) -> FaceNet:
    arguments: dict[str, Any] = {
        "weights": None if weights is None else str(weights),
        "url": "https://example.org/w.h5",
        "filename": "w.h5",
        "sha256": "ab" * 32,
        "dimensions": 128,
        "standardize": "image",
        "radius": 0.7,
    }
    return FaceNet(**{**arguments, **other})


@pytest.fixture(scope="session")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What TensorFlow says as it is started, where Keras is told to run on something else."""
    path = tmp_path_factory.mktemp("said") / "said"
    kept = os.dup(2)
    with pytest.MonkeyPatch.context() as patch, path.open("wb") as file:
        patch.setenv("KERAS_BACKEND", "jax")
        patch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
        os.dup2(file.fileno(), 2)
        try:
            facenet.start_tensorflow()
            import tensorflow

            tensorflow.zeros(1).numpy()  # the first operation starts more of it
        finally:
            os.dup2(kept, 2)
            os.close(kept)
    return path.read_text()


@pytest.fixture(scope="session")
def shapes(said: str) -> Mapping[str, tuple[int, ...]]:
    from facetrack.embedder import inception_resnet_v1

    return inception_resnet_v1.tensors(128)


@pytest.fixture(scope="session")
def weights(shapes: Mapping[str, tuple[int, ...]]) -> Weights:
    """Weights that follow from names and shapes alone, as the reference outputs were made with."""
    drawn = {}
    for name, shape in shapes.items():
        random = np.random.default_rng(zlib.crc32(name.encode()))
        match name.split("/")[1]:
            case "kernel":
                values = random.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape)
            case "bias":
                values = random.normal(0, 0.05, shape)
            case "beta":
                values = random.normal(0, 0.3, shape)
            case "moving_mean":
                values = random.normal(0, 0.15, shape)
            case _:
                values = random.uniform(0.7, 1.5, shape)
        drawn[name] = values.astype(np.float32)
    return drawn


def _numbered_branches(layer: str) -> str:
    """As some published files name the second branch: with the number of the block."""
    for block, numbers in (("Block17", range(2, 11)), ("Block8", range(2, 6))):
        for number in numbers:
            head = f"{block}_{number}_Branch_"
            layer = layer.replace(f"{head}1_", f"{head}{number}_")
    return layer


def _write(path: Path, weights: Weights, below: str, rename: Rename, text: Text) -> Path:
    """Weights in the layout of Keras 2."""
    layers: dict[str, list[str]] = {"MaxPool_3a_3x3": []}
    for name in weights:
        layers.setdefault(name.split("/")[0], []).append(name)
    with h5py.File(path, "w") as file:
        root = file.require_group(below)
        root.attrs["layer_names"] = [text(rename(layer)) for layer in layers]
        root.attrs["backend"] = text("tensorflow")
        root.attrs["keras_version"] = text("2.1.2")
        for layer, names in layers.items():
            group = root.create_group(rename(layer))
            paths = [f"{rename(layer)}/{name.split('/')[1]}:0" for name in names]
            group.attrs["weight_names"] = [text(path) for path in paths]
            for name, inner in zip(names, paths, strict=True):
                group[inner] = weights[name]
    return path


@pytest.fixture(scope="session")
def weights_file(weights: Weights, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("facenet")
    return _write(folder / "weights.h5", weights, "/", str, str.encode)


@pytest.fixture(scope="session")
def embedder(weights_file: Path) -> FaceNet:
    return made(weights_file)


@pytest.fixture
def images() -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (9, 160, 160, 3), dtype=np.uint8)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths: NDArray[np.float32] = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / lengths


@needs_facts
def test_the_architecture_has_the_published_layers(
    shapes: Mapping[str, tuple[int, ...]],
) -> None:
    listed = {
        f"{layer}/{tensor}": tuple(shape)
        for layer, _, tensors in json.loads((FACTS / "weighted_layers.json").read_text())
        for tensor, shape in tensors
    }
    assert shapes == listed


@pytest.mark.parametrize(("dimensions", "parameters"), [(128, 22_808_144), (512, 23_497_424)])
def test_layers_tensors_and_parameters(
    shapes: Mapping[str, tuple[int, ...]], dimensions: int, parameters: int
) -> None:
    from facetrack.embedder import inception_resnet_v1

    if dimensions != 128:
        shapes = inception_resnet_v1.tensors(dimensions)
    assert len({name.split("/")[0] for name in shapes}) == 245
    assert len(shapes) == 490
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == parameters
    assert shapes["Bottleneck/kernel"] == (1792, dimensions)


@needs_facts
def test_outputs_are_those_of_an_independent_implementation(embedder: FaceNet) -> None:
    with np.load(FACTS / "parity.npz") as parity:
        raw = embedder.embed_crops(parity["images"])
        assert raw.dtype == np.float32
        assert raw.shape == (4, 128)
        np.testing.assert_allclose(_unit(raw), parity["unit"], rtol=0, atol=1e-5)
        # Relative to the vector's length: a component can be next to nothing.
        error = np.linalg.norm(raw - parity["raw"], axis=1)
        assert (error <= 1e-4 * np.linalg.norm(parity["raw"], axis=1)).all()


@pytest.mark.parametrize(
    ("below", "rename", "text"),
    [
        ("/", _numbered_branches, str),
        ("/model_weights", str, str),
        ("/model_weights", _numbered_branches, str.encode),
    ],
)
def test_every_layout_gives_the_same_weights(
    weights: Weights,
    shapes: Mapping[str, tuple[int, ...]],
    tmp_path: Path,
    below: str,
    rename: Rename,
    text: Text,
) -> None:
    path = _write(tmp_path / "weights.h5", weights, below, rename, text)
    read = keras2_weights.read(path, shapes)
    path.unlink()  # 92 MB
    assert read.keys() == weights.keys()
    assert all(np.array_equal(read[name], values) for name, values in weights.items())


def test_folding_keeps_the_function(weights: Weights, images: NDArray[np.uint8]) -> None:
    from facetrack.embedder import inception_resnet_v1

    model = inception_resnet_v1.build(128)
    for weight in model.weights:
        weight.assign(weights[weight.path])
    faces = standardize(images[:2], "image")
    whole = np.asarray(model(faces, training=False))
    folded = inception_resnet_v1.forward(128, weights)(faces)
    np.testing.assert_allclose(_unit(folded), _unit(whole), rtol=0, atol=2e-6)


def test_a_face_does_not_depend_on_its_batch(embedder: FaceNet, images: NDArray[np.uint8]) -> None:
    together = _unit(embedder.embed_crops(images))
    backwards = _unit(embedder.embed_crops(images[::-1]))[::-1]
    alone = np.concatenate([_unit(embedder.embed_crops(image[None])) for image in images])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-5)
    np.testing.assert_allclose(together, backwards, rtol=0, atol=1e-5)
    distances = np.linalg.norm(together[:, None] - together, axis=2)
    assert distances[np.triu_indices(len(images), 1)].min() > 1e-3  # and faces differ


def test_embed_crops_and_batches(weights_file: Path, images: NDArray[np.uint8]) -> None:
    embedder = made(weights_file, batch=4)
    whole = np.array([5, 5, 150, 150])  # grown by 5, the whole picture
    faces = [Face(image, whole) for image in images]
    vectors = embedder.embed(faces)
    np.testing.assert_allclose(
        _unit(vectors), _unit(embedder.embed_crops(images)), rtol=0, atol=1e-5
    )
    half = embedder.embed([Face(images[0], np.array([0, 0, 75, 75]))])
    assert np.abs(_unit(half) - _unit(vectors[:1])).max() > 1e-3
    empty = embedder.embed([])
    assert empty.dtype == np.float32
    assert empty.shape == (0, 128)


def test_standardized_by_image(images: NDArray[np.uint8]) -> None:
    even = np.full((1, 160, 160, 3), 7, dtype=np.uint8)
    values = standardize(np.concatenate([images[:3], even]), "image")
    assert values.dtype == np.float32
    np.testing.assert_allclose(values.mean((1, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(values[:3].std((1, 2, 3)), 1, atol=1e-5)
    assert (values[3] == 0).all()
    # One different value: the deviation is under the floor of 1 / sqrt(76800).
    even[0, 0, 0, 0] = 8
    assert standardize(even, "image").max() == pytest.approx((1 - 1 / 76800) * np.sqrt(76800))


def test_standardized_by_constants() -> None:
    values = standardize(np.array([[[[0, 127, 255]]]], dtype=np.uint8), "fixed")
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values.ravel(), [-127.5 / 128, -0.5 / 128, 127.5 / 128])


def test_identity_tells_what_vectors_depend_on(tmp_path: Path) -> None:
    own, other = tmp_path / "own.h5", tmp_path / "other.h5"
    own.write_bytes(b"some weights")
    other.write_bytes(b"other weights")
    made_differently = [
        made(),
        made(sha256="cd" * 32),
        made(dimensions=512),
        made(standardize="fixed"),
        made(margin=0),
        made(own),
        made(other),
    ]
    identities = [one.identity() for one in made_differently]
    assert len(set(identities)) == len(identities)
    moved = tmp_path / "moved.h5"
    moved.write_bytes(b"some weights")
    assert made(moved).identity() == made(own).identity()
    same = made(radius=1.0, batch=1, normalize=False, url="https://example.org/mirror.h5")
    assert same.identity() == made().identity()


def test_identity_follows_a_changed_file(tmp_path: Path) -> None:
    path = tmp_path / "own.h5"
    path.write_bytes(b"some weights")
    before = made(path)
    first = before.identity()
    path.write_bytes(b"weights trained a little longer")
    assert made(path).identity() != first
    # But an embedder whose vectors may be stored already stays what it was, and then refuses.
    assert before.identity() == first


def test_weights_changed_since_their_identity_are_refused(
    weights_file: Path, tmp_path: Path, images: NDArray[np.uint8]
) -> None:
    path = tmp_path / "own.h5"
    path.write_bytes(b"some weights")
    embedder = made(path)
    embedder.identity()
    path.unlink()
    path.symlink_to(weights_file)
    with pytest.raises(UserError, match="was changed"):
        embedder.embed_crops(images[:1])


@pytest.mark.parametrize("name", ["absent.h5", "."])
def test_a_missing_file_is_the_users_mistake(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"^weights must be") as caught:
        made(tmp_path / name).identity()
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def _lose(file: h5py.File, tensor: str) -> None:
    del file[tensor]


def _add(file: h5py.File, tensor: str) -> None:
    file[tensor] = np.ones(4, np.float32)


def _reshape(file: h5py.File, tensor: str) -> None:
    values = file[tensor][()]
    del file[tensor]
    file[tensor] = values[..., :-1]


def _spoil(file: h5py.File, tensor: str) -> None:
    file[tensor][0] = np.nan


@pytest.mark.parametrize(
    ("change", "name", "problem"),
    [
        (_lose, "Block35_4_Branch_2_Conv2d_0b_3x3/kernel", "is missing"),
        (_add, "Block35_4_Branch_2_Conv2d_0b_3x3_BatchNorm/gamma", "does not belong"),
        (_reshape, "Bottleneck/kernel", "has shape (1792, 127), expected (1792, 128)"),
        (_spoil, "Block8_6_Conv2d_1x1/bias", "not finite"),
    ],
)
def test_a_broken_tensor_is_refused_by_name(
    weights_file: Path,
    shapes: Mapping[str, tuple[int, ...]],
    tmp_path: Path,
    images: NDArray[np.uint8],
    change: Callable[[h5py.File, str], None],
    name: str,
    problem: str,
) -> None:
    path = tmp_path / "broken.h5"
    path.write_bytes(weights_file.read_bytes())
    layer, tensor = name.split("/")
    with h5py.File(path, "a") as file:
        change(file, f"{layer}/{layer}/{tensor}:0")
    with pytest.raises(UserError) as caught:
        made(path).embed_crops(images[:1])
    path.unlink()  # 92 MB
    assert f"tensor '{name}' {problem}" in str(caught.value).replace("has values that are ", "")
    assert str(path) in str(caught.value)


def test_half_a_file_and_another_network_are_refused(
    weights_file: Path, tmp_path: Path, images: NDArray[np.uint8]
) -> None:
    path = tmp_path / "half.h5"
    content = weights_file.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match="truncated") as caught:
        made(path).embed_crops(images[:1])
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match=r"'Bottleneck/kernel' has shape \(1792, 128\)"):
        made(weights_file, dimensions=512).embed_crops(images[:1])


@pytest.mark.parametrize(
    ("key", "value"),
    [("dimensions", 256), ("standardize", "whiten"), ("margin", -1), ("margin", "x"), ("batch", 0)],
)
def test_values_that_cannot_be_meant(key: str, value: Any) -> None:
    with pytest.raises(UserError, match=rf"^{key} must be .* but it is {value!r}"):
        made(**{key: value})


def _python(code: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    run = partial(subprocess.run, capture_output=True, text=True, check=True, timeout=120)
    return run([sys.executable, "-c", code], env=environment)


def test_tensorflow_waits_for_the_first_face(tmp_path: Path) -> None:
    (tmp_path / "own.h5").write_bytes(b"some weights")
    done = _python(
        "import sys\n"
        "from facetrack.embedder.facenet import FaceNet\n"
        f"one = FaceNet({str(tmp_path / 'own.h5')!r}, '', '', '', 128, 'image', 0.7)\n"
        "one.identity(), one.embed([])\n"
        "print([name for name in ('tensorflow', 'keras', 'h5py') if name in sys.modules])"
    )
    assert done.stdout == "[]\n"


def test_tensorflow_is_quiet_and_runs_whatever_keras_backend_is_set(
    said: str, embedder: FaceNet, capfd: pytest.CaptureFixture[str]
) -> None:
    assert said == ""
    face = Face(np.zeros((50, 50, 3), np.uint8), np.array([0, 0, 50, 50]))
    assert embedder.embed([face]).shape == (1, 128)
    assert capfd.readouterr() == ("", "")


@pytest.mark.long
def test_it_is_quiet_in_a_process_of_its_own(weights_file: Path) -> None:
    done = _python(
        "import numpy as np\n"
        "from facetrack.core.faces import Face\n"
        "from facetrack.embedder.facenet import FaceNet\n"
        f"one = FaceNet({str(weights_file)!r}, '', '', '', 128, 'image', 0.7)\n"
        "face = Face(np.zeros((50, 50, 3), np.uint8), np.array([0, 0, 50, 50]))\n"
        "print(one.embed([face]).shape)"
    )
    assert (done.stdout, done.stderr) == ("(1, 128)\n", "")
