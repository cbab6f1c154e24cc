"""Which faces are near to each other, kept from run to run: only new ones are compared with all.

`near.pairs` in facetrack's own part of an organised folder, all of it little-endian:

| bytes   | what it is                                                                            |
|---------|---------------------------------------------------------------------------------------|
| 8       | the version of the format, and of what the pairs mean                                 |
| 32      | the SHA-256 of all that follows                                                       |
| 8, 8, 8 | n and p, int64; the radius, float64                                                   |
| 16 n    | digests of the faces' vectors (see clusterer/kernels/known.py)                        |
| 8 p     | (2, p) int32, pairs of those                                                          |

A file that is damaged, or of another version, counts as none, and all pairs are looked for. It has
nothing that a run would not find again, and is there for large folders only.
"""

import hashlib
import struct
from pathlib import Path

import numpy as np

from facetrack.clusterer.kernels.known import DIGEST, KnownPairs, Memory
from facetrack.organiser import state
from facetrack.system.files import replace

_FILE = "near.pairs"
_VERSION = b"near 1\n\0"
_CONTENT = len(_VERSION) + 32
_HEAD = struct.Struct("<qqd")
_END = np.dtype("<i4")


def find_file(out: Path) -> Path:
    """Where it is. out: the organised folder."""
    return state.own_folder(out) / _FILE


def load(out: Path) -> Memory:
    """What the last run has found."""
    try:
        return Memory(_read(find_file(out).read_bytes()))
    except OSError:
        return Memory()


def save(out: Path, memory: Memory) -> None:
    """Keep what this run has found, where that is something else. Raises OSError."""
    now, before = memory.now, memory.before
    if now is not None and (before is None or not _are_equal(now, before)):
        replace(find_file(out), _write(now))


def _write(known: KnownPairs) -> bytes:
    head = _HEAD.pack(len(known.digests), known.ends.shape[1], known.radius)
    content = b"".join([head, known.digests.tobytes(), known.ends.astype(_END).tobytes()])
    return _VERSION + hashlib.sha256(content).digest() + content


def _read(stored: bytes) -> KnownPairs | None:
    content = memoryview(stored)[_CONTENT:]
    if stored[:_CONTENT] != _VERSION + hashlib.sha256(content).digest():
        return None
    if len(content) < _HEAD.size:
        return None
    n, p, radius = _HEAD.unpack_from(content)
    if min(n, p) < 0 or len(content) != _HEAD.size + n * DIGEST + 2 * p * _END.itemsize:
        return None
    digests = np.frombuffer(content, np.uint8, n * DIGEST, _HEAD.size).reshape(n, DIGEST)
    ends = np.frombuffer(content, _END, 2 * p, _HEAD.size + digests.nbytes).reshape(2, p)
    if p and (ends.min() < 0 or ends.max() >= n):
        return None
    return KnownPairs(digests, ends.astype(np.int32, copy=False), radius)


def _are_equal(one: KnownPairs, other: KnownPairs) -> bool:
    return one.radius == other.radius and all(
        np.array_equal(first, second)
        for first, second in ((one.digests, other.digests), (one.ends, other.ends))
    )
