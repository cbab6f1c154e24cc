"""Near pairs that were found before, so that only new points are compared with all others.

Pairs are told of points by what is in them, so they are true wherever the same points are met: a
point that has changed in a single bit is another one. What follows is the same to the last digit as
if nothing had been known.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.distances import Floats

DIGEST = 16  # bytes


@dataclass(frozen=True)
class KnownPairs:
    """All pairs of some points within a radius.

    digests: (n, 16) uint8, of the points, no two equal. ends: (2, p) int32, indices among them,
    each pair once; some may be further apart than the radius.
    """

    digests: NDArray[np.uint8]
    ends: NDArray[np.int32]
    radius: float


class Recalled(NamedTuple):
    """What is known of (n, d) distinct points.

    ends: (2, p), pairs as in `KnownPairs`, indices among them. new: (k,) indices of the points
    whose pairs are not known.
    """

    ends: NDArray[np.int32]
    new: NDArray[np.int64]


class Memory:
    """What was found before, and what is found within `remembering`; None where nothing is.

    `recall` is asked before pairs are looked for, and `keep` is told what was found.
    """

    def __init__(self, before: KnownPairs | None = None) -> None:
        self.before = before
        self.now: KnownPairs | None = None

    def recall(self, points: Floats, radius: float) -> Recalled:
        """What is known of the pairs of (n, d) distinct points within a radius."""
        self._digests = digests = _digest(points)
        known = self.now or self.before
        if known is None or known.radius < radius:
            return recall_nothing(len(points))
        rows = {digest: row for row, digest in enumerate(_list_digests(digests))}
        place = np.array([rows.get(one, -1) for one in _list_digests(known.digests)], np.int32)
        new = np.ones(len(points), bool)
        new[place[place >= 0]] = False
        ends = place[known.ends]
        if (place < 0).any():
            ends = ends[:, (ends >= 0).all(axis=0)]
        return Recalled(ends, np.flatnonzero(new))

    def keep(self, ends: NDArray[np.int32], radius: float) -> None:
        """Have all pairs of the points that were asked for last, (2, p), within a radius."""
        self.now = KnownPairs(self._digests, ends, radius)


def recall_nothing(n: int) -> Recalled:
    """What is known of n points where nobody has kept anything."""
    return Recalled(np.empty((2, 0), np.int32), np.arange(n))


_MEMORY: ContextVar[Memory | None] = ContextVar("memory", default=None)


@contextlib.contextmanager
def remembering(memory: Memory) -> Iterator[None]:
    """Within, what `memory` has is not looked for again, and it gets what is found."""
    token = _MEMORY.set(memory)
    try:
        yield
    finally:
        _MEMORY.reset(token)


def find_memory() -> Memory | None:
    """That of `remembering`, where there is one."""
    return _MEMORY.get()


def _digest(points: Floats) -> NDArray[np.uint8]:
    whole = b"".join(
        hashlib.blake2b(point.tobytes(), digest_size=DIGEST, person=b"pairs/1").digest()
        for point in np.ascontiguousarray(points)
    )
    return np.frombuffer(whole, np.uint8).reshape(-1, DIGEST)


def _list_digests(digests: NDArray[np.uint8]) -> list[bytes]:
    whole = digests.tobytes()
    return [whole[start : start + DIGEST] for start in range(0, len(whole), DIGEST)]
