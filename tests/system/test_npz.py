"""Arrays from .npz files that anybody may have made."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from facetrack.core.errors import UserError
from facetrack.system import npz


def member(content: bytes, name: str = "embeddings.npy") -> bytes:
    """An .npz file with one member."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def npy(array: NDArray[Any], *, pickle: bool = False) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=pickle)
    return file.getvalue()


def whole() -> bytes:
    file = io.BytesIO()
    np.savez(file, embeddings=np.ones((4, 3), np.float32))
    return file.getvalue()


def promising() -> bytes:
    """A header of a few bytes that asks for a room of terabytes."""
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000), }"
    return member(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)


def encrypted() -> bytes:
    """The flag of encryption set in both headers."""
    content = bytearray(whole())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


BROKEN = {
    "text": b"not an npz",
    "nothing": b"",
    "cut": whole()[:-40],
    "damaged": whole().replace(np.ones(3, np.float32).tobytes(), b"\x01" * 12, 1),
    "no npy": member(b"hello"),
    "objects": member(npy(np.array([{}, []], dtype=object), pickle=True)),
    "records": member(npy(np.zeros(3, dtype=[("a", "<f4"), ("b", "O")]), pickle=True)),
    "dates": member(npy(np.zeros(3, dtype="datetime64[s]"))),
    "promising": promising(),
    "a little more": member(npy(np.ones(3)) + b"\0"),
    "a little less": member(npy(np.ones(3))[:-1]),
    "encrypted": encrypted(),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_told_in_one_line(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "faces.npz"
    path.write_bytes(BROKEN[kind])
    with pytest.raises(
        UserError, match=r"^dataset\.file=.*faces\.npz cannot be read as an"
    ) as told:
        npz.read(path, ["embeddings"], "dataset.file")
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 400


def test_no_file_and_a_folder_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none.npz", tmp_path):
        with pytest.raises(UserError, match="cannot be read as an"):
            npz.read(path, ["embeddings"], "dataset.file")


def test_a_size_is_bounded_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "faces.npz"
    np.savez_compressed(path, embeddings=np.zeros((1000, 1000), np.float32), other=np.zeros(10))
    assert path.stat().st_size < 10_000
    monkeypatch.setattr(npz, "MOST_BYTES", 4_000_000)
    with pytest.raises(UserError, match=r"has 0\.0 GB of arrays, and facetrack reads at most"):
        npz.read(path, ["embeddings"], "dataset.file")
    assert set(npz.read(path, ["other"], "dataset.file")) == {"other"}  # others do not count
    monkeypatch.setattr(npz, "MOST_BYTES", 5_000_000)
    assert npz.read(path, ["embeddings"], "dataset.file")["embeddings"].shape == (1000, 1000)


def test_what_is_written_is_read_and_numpy_reads_it(tmp_path: Path) -> None:
    arrays: dict[str, NDArray[Any]] = {
        "embeddings": np.arange(6, dtype=np.float32).reshape(3, 2),
        "columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "pictures": np.array(["a", "é/b", ""]),
        "name": np.array("my set"),
    }
    path = tmp_path / "faces.npz"
    for _ in range(2):
        before = path.read_bytes() if path.exists() else b""
        with path.open("wb") as file:
            npz.write(file, arrays)
    assert path.read_bytes() == before  # no time of day in it
    found = npz.read(path, [*arrays, "absent"], "dataset.file")
    with np.load(path, allow_pickle=False) as theirs:
        for name, array in arrays.items():
            np.testing.assert_array_equal(found[name], array)
            np.testing.assert_array_equal(theirs[name], array)
            assert found[name].dtype == array.dtype
    assert "absent" not in found
