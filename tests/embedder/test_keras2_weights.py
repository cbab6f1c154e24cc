"""The reader of .h5 files, on a small made-up set of tensors; test_facenet.py has the whole one."""

import re
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from facetrack.core.errors import UserError
from facetrack.embedder.keras2_weights import make_canonical, read

EXPECTED: dict[str, tuple[int, ...]] = {
    "Conv2d_1a_3x3/kernel": (3, 3, 3, 4),
    "Conv2d_1a_3x3_BatchNorm/beta": (4,),
    "Conv2d_1a_3x3_BatchNorm/moving_mean": (4,),
    "Conv2d_1a_3x3_BatchNorm/moving_variance": (4,),
    "Block17_3_Branch_1_Conv2d_0a_1x1/kernel": (1, 1, 4, 2),
    "Block17_3_Conv2d_1x1/bias": (4,),
}
KERNEL = "Conv2d_1a_3x3/Conv2d_1a_3x3/kernel:0"


def _value(name: str) -> np.ndarray:
    start = list(EXPECTED).index(name)
    size = int(np.prod(EXPECTED[name]))
    return (np.arange(size) + start).reshape(EXPECTED[name]).astype(np.float32)


def _write(
    path: Path,
    below: str = "/",
    rename: Callable[[str], str] = str,
    text: type = bytes,
) -> Path:
    """A file as Keras 2 writes it, with a layer that has no weights."""
    layers: dict[str, list[str]] = {"MaxPool_3a_3x3": []}
    for name in EXPECTED:
        layer, tensor = name.split("/")
        layers.setdefault(rename(layer), []).append(f"{rename(layer)}/{tensor}:0")
    as_text = (lambda one: one.encode()) if text is bytes else str
    with h5py.File(path, "w") as file:
        root = file.require_group(below)
        root.attrs["layer_names"] = [as_text(layer) for layer in layers]
        root.attrs["backend"] = as_text("tensorflow")
        root.attrs["keras_version"] = as_text("2.2.4")
        originals = iter(EXPECTED)
        for layer, names in layers.items():
            group = root.create_group(layer)
            group.attrs["weight_names"] = [as_text(name) for name in names]
            for name in names:
                group[name] = _value(next(originals))
    return path


def _numbered(layer: str) -> str:
    return layer.replace("Block17_3_Branch_1", "Block17_3_Branch_3")


@pytest.mark.parametrize("below", ["/", "/model_weights"])
@pytest.mark.parametrize("rename", [str, _numbered])
@pytest.mark.parametrize("text", [bytes, str])
def test_every_layout_reads_the_same(
    tmp_path: Path, below: str, rename: Callable[[str], str], text: type
) -> None:
    weights = read(_write(tmp_path / "w.h5", below, rename, text), EXPECTED)
    assert list(weights) == list(EXPECTED)
    for name, values in weights.items():
        assert values.dtype == np.float32
        np.testing.assert_array_equal(values, _value(name))


def test_the_rest_of_a_whole_model_is_left_alone(tmp_path: Path) -> None:
    path = _write(tmp_path / "w.h5", "/model_weights")
    with h5py.File(path, "a") as file:
        file["optimizer_weights/Adam/iterations:0"] = 3
        file.attrs["model_config"] = '{"class_name": "Lambda"}'
    assert set(read(path, EXPECTED)) == set(EXPECTED)


@pytest.mark.parametrize("kind", ["<f2", ">f4", "<f8"])
def test_any_floating_point_type_becomes_float32(tmp_path: Path, kind: str) -> None:
    path = _write(tmp_path / "w.h5")
    with h5py.File(path, "a") as file:
        del file[KERNEL]
        file[KERNEL] = _value("Conv2d_1a_3x3/kernel").astype(kind)
    kernel = read(path, EXPECTED)["Conv2d_1a_3x3/kernel"]
    assert kernel.dtype == np.float32
    np.testing.assert_array_equal(kernel, _value("Conv2d_1a_3x3/kernel"))


def test_canonical_names() -> None:
    same = ["Block17_1_Branch_1_Conv2d_0a_1x1", "Block8_6_Branch_1_Conv2d_0a_1x1"]
    same += ["Block17_3_Branch_2_Conv2d_0a_1x1", "Block35_2_Branch_2_Conv2d_0a_1x1", "Bottleneck"]
    assert [make_canonical(name) for name in same] == same
    assert (
        make_canonical("Block17_10_Branch_10_Conv2d_0b_1x7") == "Block17_10_Branch_1_Conv2d_0b_1x7"
    )
    assert (
        make_canonical("Block8_5_Branch_5_Conv2d_0c_3x1_BatchNorm")
        == "Block8_5_Branch_1_Conv2d_0c_3x1_BatchNorm"
    )


def _without_a_tensor(file: h5py.File) -> None:
    del file[KERNEL]


def _without_a_layer(file: h5py.File) -> None:
    del file["Block17_3_Conv2d_1x1"]


def _with_gamma(file: h5py.File) -> None:
    file["Conv2d_1a_3x3_BatchNorm/Conv2d_1a_3x3_BatchNorm/gamma:0"] = np.ones(4, np.float32)


def _with_a_layer(file: h5py.File) -> None:
    file["Logits/Logits/kernel:0"] = np.ones((2, 2), np.float32)


def _twice(file: h5py.File) -> None:
    file["Conv2d_1a_3x3/again/kernel:0"] = np.ones((3, 3, 3, 4), np.float32)


def _replaced(values: object, **how: object) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file[KERNEL]
        file.create_dataset(KERNEL, data=values, **how)

    return change


def _huge(file: h5py.File) -> None:
    # Terabytes on paper, nothing on disk.
    del file[KERNEL]
    file.create_dataset(KERNEL, shape=(1 << 40,), dtype="f4", chunks=(1024,))


def _huge_pieces(file: h5py.File) -> None:
    del file[KERNEL]
    shape = (3, 3, 3, 4)
    file.create_dataset(KERNEL, shape, "f4", maxshape=(None,) * 4, chunks=(100, 100, 100, 100))


def _not_finite(value: float) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        file[KERNEL][1, 1, 1, 1] = value

    return change


def _negative_variance(file: h5py.File) -> None:
    file["Conv2d_1a_3x3_BatchNorm/Conv2d_1a_3x3_BatchNorm/moving_variance:0"][2] = -0.5


def _soft_link(file: h5py.File) -> None:
    file["elsewhere"] = h5py.SoftLink("/Conv2d_1a_3x3")


def _external_link(file: h5py.File) -> None:
    del file["Conv2d_1a_3x3"]
    file["Conv2d_1a_3x3"] = h5py.ExternalLink("other.h5", "/Conv2d_1a_3x3")


def _external_model(file: h5py.File) -> None:
    file["model_weights"] = h5py.ExternalLink("other.h5", "/")


def _external_storage(file: h5py.File) -> None:
    values = _value("Conv2d_1a_3x3/kernel")
    values.tofile(Path(file.filename).with_name("values.bin"))
    del file[KERNEL]
    file.create_dataset(KERNEL, values.shape, "f4", external=[("values.bin", 0, values.nbytes)])


def _virtual(file: h5py.File) -> None:
    del file[KERNEL]
    layout = h5py.VirtualLayout((3, 3, 3, 4), "f4")
    layout[...] = h5py.VirtualSource("other.h5", "x", (3, 3, 3, 4), "f4")
    file.create_virtual_dataset(KERNEL, layout)


def _endless(file: h5py.File) -> None:
    file["Conv2d_1a_3x3/self"] = file["Conv2d_1a_3x3"]


def _root_in_itself(file: h5py.File) -> None:
    file["self"] = file["/"]


def _a_type_for_a_layer(file: h5py.File) -> None:
    file["kind"] = np.dtype("f8")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_without_a_tensor, "tensor 'Conv2d_1a_3x3/kernel' is missing"),
        (_without_a_layer, "tensor 'Block17_3_Conv2d_1x1/bias' is missing"),
        (_with_gamma, "tensor 'Conv2d_1a_3x3_BatchNorm/gamma' does not belong"),
        (_with_a_layer, "tensor 'Logits/kernel' does not belong"),
        (_twice, "tensor 'Conv2d_1a_3x3/kernel' is there twice"),
        (
            _replaced(np.ones((3, 3, 4, 3), np.float32)),
            "tensor 'Conv2d_1a_3x3/kernel' has shape (3, 3, 4, 3), expected (3, 3, 3, 4)",
        ),
        (_huge, "tensor 'Conv2d_1a_3x3/kernel' has shape (1099511627776,), expected"),
        (_replaced(h5py.Empty("f4")), "tensor 'Conv2d_1a_3x3/kernel' has shape None"),
        (_replaced(np.ones((3, 3, 3, 4), int)), "'Conv2d_1a_3x3/kernel' does not hold floating"),
        (
            _replaced(np.full((3, 3, 3, 4), b"code")),
            "tensor 'Conv2d_1a_3x3/kernel' does not hold floating",
        ),
        (
            _replaced(np.full((3, 3, 3, 4), 1e300)),
            "tensor 'Conv2d_1a_3x3/kernel' has values that are not finite",
        ),
        (_not_finite(np.nan), "tensor 'Conv2d_1a_3x3/kernel' has values that are not finite"),
        (_not_finite(-np.inf), "tensor 'Conv2d_1a_3x3/kernel' has values that are not finite"),
        (_negative_variance, "'Conv2d_1a_3x3_BatchNorm/moving_variance' has negative values"),
        (
            _replaced(np.ones((3, 3, 3, 4), np.float32), compression="gzip"),
            "tensor 'Conv2d_1a_3x3/kernel' is stored compressed",
        ),
        (_huge_pieces, "tensor 'Conv2d_1a_3x3/kernel' is stored compressed, in pieces"),
        (_external_storage, "tensor 'Conv2d_1a_3x3/kernel' is stored"),
        (_virtual, "tensor 'Conv2d_1a_3x3/kernel' is stored"),
        (_soft_link, "'elsewhere' is a link"),
        (_external_link, "'Conv2d_1a_3x3' is a link"),
        (_external_model, "'model_weights' is a link"),
        (_endless, "under two names"),
        (_root_in_itself, "under two names"),
        (_a_type_for_a_layer, "'kind' is neither a group nor a dataset"),
    ],
)
def test_what_is_not_the_network_is_refused_by_name(
    tmp_path: Path, change: Callable[[h5py.File], None], expected: str
) -> None:
    _write(tmp_path / "other.h5")
    path = _write(tmp_path / "w.h5")
    with h5py.File(path, "a") as file:
        change(file)
    _refused(path, expected)


def _refused(path: Path, expected: str) -> None:
    with pytest.raises(UserError, match=re.escape(expected)) as caught:
        read(path, EXPECTED)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_hdf5_file_is_refused(tmp_path: Path) -> None:
    _refused(tmp_path / "absent.h5", "No such file")
    _refused(tmp_path, "not a file")
    for content in (b"", b"<html>404 not found</html>" * 100):
        path = tmp_path / "page.h5"
        path.write_bytes(content)
        _refused(path, "signature not found")


def test_a_damaged_file_is_refused_or_reads_the_same(tmp_path: Path) -> None:
    whole = _write(tmp_path / "w.h5").read_bytes()
    path = tmp_path / "damaged.h5"
    for kept in (len(whole) - 1, len(whole) // 2, 100):
        path.write_bytes(whole[:kept])
        _refused(path, "cannot be used as FaceNet's weights")
    # A part of the file overwritten: never anything but a refusal, or whatever numbers are there.
    for start in range(0, len(whole), 512):
        path.write_bytes(whole[:start] + b"\xff" * 64 + whole[start + 64 :])
        try:
            weights = read(path, EXPECTED)
        except UserError:
            continue
        assert all(np.isfinite(values).all() for values in weights.values())
