"""Work that the jobs of one process share, kept by content and bounded in memory.

A sweep clusters the same resamples again and again with other parameters. What does not depend on
the parameter (which rows are distinct, the spanning tree) is kept here under a digest of the data,
so a result never depends on whether it was there: a miss computes the same again.
"""

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

LIMIT_BYTES = 256 * 2**20
_ROWS = 4096  # whose bytes are looked at together
_WORDS = np.dtype(np.uint64)


def digest(array: NDArray[Any]) -> bytes:
    """16 bytes that stand for an array's shape, dtype and content."""
    content = hashlib.sha256()  # which processors compute by themselves
    content.update(f"{array.shape}{array.dtype.str}".encode())
    content.update(np.ascontiguousarray(array).view(np.uint8).reshape(-1).data)
    return content.digest()[:16]


class Shared:
    """Values by key; the least recently used ones go when they take more than `limit` bytes.

    A value's size is the sum of the arrays among its attributes. One larger than the limit is
    handed out and not kept. Safe to use from several threads.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value under a key, made when it is not there."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                found: T = self._kept[key]
                return found
        made = make()
        size = _size(made)
        with self._lock:
            if size <= self._limit and key not in self._kept:
                self._kept[key] = made
                self._bytes += size
                while self._bytes > self._limit:
                    _, dropped = self._kept.popitem(last=False)
                    self._bytes -= _size(dropped)
        return made

    def begin_anew(self) -> None:
        """Forget everything, in a forked process: the thread that holds the lock is not in it."""
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0


@dataclass(frozen=True)
class Distinct:
    """Which of n rows are equal to which.

    rows: (u,) int64, the first row of each of the u distinct ones, in ascending order.
    inverse: (n,) int64, for each row its distinct one as an index into `rows`.
    counts: (u,) int64, how many rows equal it.
    """

    rows: NDArray[np.int64]
    inverse: NDArray[np.int64]
    counts: NDArray[np.int64]


def number_groups(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) the same groups, numbered from 0 on in the order of their first members."""
    _, first, numbers = np.unique(groups, return_index=True, return_inverse=True)
    result: NDArray[np.int64] = np.argsort(np.argsort(first))[numbers]
    return result


def distinct(points: NDArray[Any], key: bytes) -> Distinct:
    """The distinct rows of an (n, d) array, compared by their bytes; shared. key: its digest."""
    return cache.get(("distinct", key), lambda: _distinct(points))


cache = Shared(LIMIT_BYTES)
os.register_at_fork(after_in_child=cache.begin_anew)


def _distinct(points: NDArray[Any]) -> Distinct:
    # By the bytes of each row, the first of equal ones, so that "the first point" means the same
    # with and without duplicates.
    found = _find_by_sums(points)
    if found is None:
        numbers: dict[bytes, int] = {}
        every = (numbers.setdefault(row, len(numbers)) for row in _list_rows(points))
        of = np.fromiter(every, np.int64, len(points))
        found = np.unique(of, return_index=True)[1], of
    rows, inverse = found
    return Distinct(rows, inverse, np.bincount(inverse, minlength=len(rows)))


def _find_by_sums(points: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """`rows` and `inverse` of `Distinct`; None where sums do not tell the rows apart.

    Equal rows have equal sums of their words, each times a number of its own; that rows with equal
    sums are equal is looked at.
    """
    if points.itemsize * points.shape[1] % _WORDS.itemsize:
        return None
    words = np.ascontiguousarray(points).view(_WORDS)
    times = _draw_words(words.shape[1])
    sums = np.empty(len(words), _WORDS)
    for start in range(0, len(words), _ROWS):
        some = words[start : start + _ROWS]
        # Round numbers have nothing but zeros in the lower half of a word.
        mixed = some ^ (some >> np.uint64(32))
        mixed *= times
        mixed.sum(axis=1, out=sums[start : start + _ROWS])
    _, first, of = np.unique(sums, return_index=True, return_inverse=True)
    copies = np.flatnonzero(first[of] != np.arange(len(of)))
    for start in range(0, len(copies), _ROWS):
        others = copies[start : start + _ROWS]
        if not np.array_equal(words[others], words[first[of[others]]]):
            return None
    rows = np.sort(first)
    return rows, np.searchsorted(rows, first)[of]


def _draw_words(n: int) -> NDArray[np.uint64]:
    return np.random.RandomState(0).randint(0, 2**63, n).astype(_WORDS)


def _list_rows(points: NDArray[Any]) -> Iterator[bytes]:
    size = points.itemsize * points.shape[1]
    for start in range(0, len(points), _ROWS):
        some = points[start : start + _ROWS].tobytes()
        yield from (some[first : first + size] for first in range(0, len(some), size))


def _size(value: object) -> int:
    arrays = [value] if isinstance(value, np.ndarray) else getattr(value, "__dict__", {}).values()
    return sum(one.nbytes for one in arrays if isinstance(one, np.ndarray))
