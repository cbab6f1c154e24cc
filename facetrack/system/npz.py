"""Arrays from an .npz file that anybody may have made, and into one.

Nothing of it is believed before it is checked: what an array takes is known from its header and
bounded before a byte of it is read, and objects, which only pickle could bring, are refused.
"""

import contextlib
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from facetrack.core.errors import UserError

MOST_BYTES = 4 << 30
"""Of all arrays that are read from a file: a million faces of 1,024 numbers."""

_MEMBER = ".npy"
_BROKEN = (
    *(OSError, ValueError, EOFError, RuntimeError, NotImplementedError, MemoryError, KeyError),
    *(zipfile.BadZipFile, zlib.error, TypeError, SyntaxError, OverflowError),
)
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read(path: Path, names: Sequence[str], what: str) -> dict[str, NDArray[Any]]:
    """The arrays among `names` that a file has.

    what: the setting that names the file, for messages. Raises UserError for a file that cannot be
    read, is none, or is damaged, hostile or too large.
    """
    with _tell_damage(path, what), zipfile.ZipFile(path) as opened:
        members = {one.filename: one for one in opened.infolist()}
        wanted = [name for name in names if f"{name}{_MEMBER}" in members]
        total = sum(members[f"{name}{_MEMBER}"].file_size for name in wanted)
        if total > MOST_BYTES:
            raise UserError(
                f"{what}={path} has {total / 1e9:.1f} GB of arrays, and facetrack reads at most "
                f"{MOST_BYTES / 1e9:.1f} GB: give a part of it"
            )
        return {name: _array(opened, members[f"{name}{_MEMBER}"]) for name in wanted}


def write(file: IO[bytes], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as numpy.savez does, texts compressed; the same bytes for the same arrays."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}{_MEMBER}")
            member.compress_type = (
                zipfile.ZIP_DEFLATED if array.dtype.kind in "US" else zipfile.ZIP_STORED
            )
            with archive.open(member, "w", force_zip64=True) as opened:
                npy.write_array(opened, array, allow_pickle=False)


@contextlib.contextmanager
def _tell_damage(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:200]
        raise UserError(
            f"{what}={path} cannot be read as an .npz file ({reason or type(error).__name__}): "
            "give one that task=export or numpy.savez wrote, with an array `embeddings`"
        ) from error


def _array(opened: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """One array. Raises ValueError where its header and its size do not agree."""
    with opened.open(member) as file:
        version = npy.read_magic(file)
        if version not in _HEADERS:
            raise ValueError(f"{member.filename} is in version {version} of the format")
        shape, fortran, dtype = _HEADERS[version](file)
        if dtype.hasobject or dtype.kind not in "biufUS":
            raise ValueError(f"{member.filename} holds {dtype}, not numbers or texts")
        count = 1
        for length in shape:
            count *= length
        # Before there is room made for it: a header of a few bytes can promise any size.
        if min(shape, default=0) < 0 or file.tell() + count * dtype.itemsize != member.file_size:
            raise ValueError(f"{member.filename} is not as large as it says")
        content = file.read()
    array = np.frombuffer(content, dtype=dtype, count=count)
    return array.reshape(shape, order="F" if fortran else "C")
