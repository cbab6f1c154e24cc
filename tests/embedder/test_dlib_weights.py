"""The reader of dlib's file: what it reads is held against dlib in test_dlib_resnet.py."""

import re
from pathlib import Path

import numpy as np
import pytest

from facetrack.core.errors import UserError
from facetrack.embedder import dlib_resnet
from facetrack.embedder.dlib_weights import Network, read

WHOLE = dlib_resnet.find_model(dlib_resnet.DESCRIPTOR)
# Where things are in the file: found by their names, as each is there to be read by a person.
_CONTENT = WHOLE.read_bytes()
_CON, _AFFINE = _CONTENT.index(b"\x01\x05con_4"), _CONTENT.index(b"\x01\x07affine_")
_FC = _CONTENT.index(b"\x01\x04fc_2")
_SIZE = _CON + 9  # of the first tensor, of 4736 numbers, which begin at _VALUES
_VALUES = _SIZE + 9
_SCALE = _AFFINE + 9 + 10
_AFTER = _VALUES + 4 * 4736


def _refused(path: Path, expected: str) -> None:
    with pytest.raises(UserError, match=re.escape(expected)) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(f"{path} is not dlib's face descriptor as it is published (")
    assert "\n" not in message
    assert len(message) < len(str(path)) + 300


@pytest.fixture(scope="module")
def network() -> Network:
    return read(WHOLE)


def test_all_of_the_network_is_read(network: Network) -> None:
    shapes = [one.weights.shape for one in network.convolutions]
    assert shapes[0] == (32, 3, 7, 7)
    assert len(shapes) == 29
    assert [shape[:2] for shape in shapes[6:9]] == [(32, 32), (64, 32), (64, 64)]
    assert {shape[2:] for shape in shapes[1:]} == {(3, 3)}
    assert network.projection.shape == (256, 128)
    n = sum(one.weights.size + 3 * one.bias.size for one in network.convolutions)
    # Nearly all of the file is numbers: each convolution's own, and a scale and shift for each.
    assert 4 * (n + network.projection.size) > 0.999 * len(_CONTENT)
    assert [one.stride for one in network.convolutions].count(2) == 5
    assert [one.padding for one in network.convolutions].count(0) == 5


def test_scale_and_shift_are_folded_in(network: Network) -> None:
    """Of the first convolution, taken out of the file by hand."""
    n = 32 * 3 * 7 * 7
    values = np.frombuffer(_CONTENT, "<f4", n + 32, _VALUES).astype(np.float64)
    scale, shift = np.frombuffer(_CONTENT, "<f4", 64, _SCALE).astype(np.float64).reshape(2, 32)
    picture = np.random.default_rng(0).normal(size=(3, 7, 7))
    plain = values[:n].reshape(32, -1) @ picture.ravel() + values[n:]
    entry = network.convolutions[0]
    folded = entry.weights.reshape(32, -1) @ picture.ravel() + entry.bias
    np.testing.assert_allclose(folded, plain * scale + shift, rtol=1e-5, atol=1e-5)


def test_what_is_no_such_file_is_refused(tmp_path: Path) -> None:
    _refused(tmp_path / "absent.dat", "No such file")
    _refused(tmp_path, "Is a directory")
    for content, expected in (
        (b"", "it ends after 0 bytes"),
        (b"<html>404 not found</html>", "at byte 0 there should be an integer"),
        (b"\x01\x01\x01\x0dloss_metric_3", "at byte 2 there should be 'loss_metric_2'"),
    ):
        path = tmp_path / "other.dat"
        path.write_bytes(content)
        _refused(path, expected)


@pytest.mark.parametrize(
    "name", ["mmod_human_face_detector.dat", "shape_predictor_5_face_landmarks.dat"]
)
def test_other_models_of_dlib_are_refused(name: str) -> None:
    _refused(dlib_resnet.find_model(name), "there should be")


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    _refused(Path("/dev/zero"), "at byte 0")


@pytest.mark.parametrize(
    "kept", [1, 3, 10, 100, 289, 320, _VALUES + 1, _AFFINE, len(_CONTENT) // 2, len(_CONTENT) - 1]
)
def test_a_file_that_ends_too_early_is_refused(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "cut.dat"
    path.write_bytes(_CONTENT[:kept])
    _refused(path, f"it ends after {kept} bytes")


def test_a_file_that_goes_on_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.dat"
    path.write_bytes(_CONTENT + b"\x00")
    _refused(path, f"it should end after {len(_CONTENT)} bytes")


def _float(value: float) -> bytes:
    return np.float32(value).tobytes()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({_SIZE: b"\x02\x81\x12"}, f"at byte {_SIZE} there should be 4736, but there is 4737"),
        ({_SIZE: b"\x08" + b"\xff" * 8}, "there should be 4736, but there is 18446744073709551615"),
        ({_SIZE: b"\x82\x80\x12"}, "there should be 4736, but there is -4736"),
        ({_SIZE: b"\x0f"}, f"at byte {_SIZE} there should be an integer"),
        ({_SIZE: b"\x00"}, f"at byte {_SIZE} there should be an integer"),
        ({_SIZE: b"\x12"}, f"at byte {_SIZE} there should be an integer"),
        ({_AFTER: b"\x01\x21"}, "there should be 32, but there is 33"),
        ({_AFTER + 6: b"\x01\x01"}, "there should be 2, but there is 1"),  # its stride
        ({_AFTER + 10: b"\x01\x01"}, "there should be 0, but there is 1"),  # its padding
        ({17: b"\x02\x00\x01\x02\x00\x7d"}, "at byte 17 there should be a finite number"),
        ({29: b"\x01\x03"}, "at byte 29 there should be 2, but there is 3"),
        ({313: b"\x03\x00"}, "the mean colour should be (122.782, 117.001, 104.298), but it is ["),
        ({332: b"\x01\x97"}, "at byte 332 there should be 150, but there is 151"),
        ({_VALUES + 400: _float(np.nan)}, f"from byte {_VALUES} on there are numbers that are not"),
        ({_SCALE: _float(-np.inf)}, f"from byte {_SCALE} on there are numbers that are not finite"),
        ({_VALUES: _float(3e38), _SCALE: _float(3e38)}, "numbers that are far too large"),
        ({_AFFINE - 35: b"2"}, "there should be a 0 or 1 for each of 3 truth values"),
        ({_AFFINE - 2: b"\x01\x02"}, "there should be 1, but there is 2"),  # one picture, two
        ({_FC - 50: b"\x01\x01"}, "there should be"),
        ({_FC + 2: b"fc_1"}, f"at byte {_FC} there should be 'fc_2'"),
        ({_FC + 6: b"\x02\x81\x00"}, "there should be 128, but there is 129"),
    ],
)
def test_what_is_not_the_network_is_refused(
    tmp_path: Path, changes: dict[int, bytes], expected: str
) -> None:
    content = bytearray(_CONTENT)
    for at, new in changes.items():
        content[at : at + len(new)] = new
    path = tmp_path / "changed.dat"
    path.write_bytes(content)
    _refused(path, expected)


def test_any_byte_that_is_no_weight_counts(tmp_path: Path, network: Network) -> None:
    """Changed, the file is refused; or it reads the same, where only training needs the byte."""
    random = np.random.default_rng(0)
    names = [found.start() for found in re.finditer(rb"con_4|affine_|relu_|add_prev_", _CONTENT)]
    path = tmp_path / "changed.dat"
    path.write_bytes(_CONTENT)
    refused = 0
    with path.open("r+b", buffering=0) as opened:
        for start in random.choice(names, 20, replace=False):
            at = int(start + random.integers(-30, 4))
            opened.seek(at)
            opened.write(bytes([_CONTENT[at] ^ int(random.integers(1, 256))]))
            try:
                again = read(path)
            except UserError:
                refused += 1
            else:
                np.testing.assert_array_equal(again.projection, network.projection)
                for one, other in zip(again.convolutions, network.convolutions, strict=True):
                    np.testing.assert_array_equal(one.weights, other.weights)
                    np.testing.assert_array_equal(one.bias, other.bias)
            opened.seek(at)
            opened.write(_CONTENT[at : at + 1])
    assert refused > 12
    read(path)
