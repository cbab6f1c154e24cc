"""Photo collections of many shapes out of faces whose people are known, by a seed.

Whether groups come out right depends on what a folder holds: a family, one person, nobody twice, a
phone's bursts, every photo a second time as a messenger sent it. A way to group is judged by the
shape it does worst on. tests/test_compositions.py and benchmarks/label_free.py use these.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

COPY = 0.1
"""How far a copy lies from its original. By dlib's vectors a smaller, recompressed copy of a photo
lies 0.06 away at the median and 0.13 at most (109 faces of LFW)."""

Rows = NDArray[np.intp]


class Composition(NamedTuple):
    """A collection. vectors: (n, d) float32 unit rows; people: (n,) int64, who each face is."""

    name: str
    vectors: NDArray[np.float32]
    people: NDArray[np.int64]


class Faces:
    """Faces to compose of. vectors: (n, d) unit rows; people: (n,) 0, 1, …, each with a face."""

    def __init__(
        self,
        vectors: NDArray[np.floating],
        people: NDArray[np.integer],
        seed: int,
        copy: float = COPY,
    ) -> None:
        self.vectors = vectors.astype(np.float64)
        self.people = people
        self._copy = copy
        self._sizes = np.bincount(people)
        self._random = np.random.default_rng(seed)

    def of(self, n: int) -> Rows:
        """All faces of n people, whoever they are."""
        return self._all_of(self._random.choice(len(self._sizes), n, replace=False))

    def of_one(self, place: int) -> Rows:
        """All faces of the person who has the most but `place`."""
        return self._all_of(np.argsort(-self._sizes, kind="stable")[place : place + 1])

    def of_small(self, n: int, most: int) -> Rows:
        """All faces of n people who have no more than `most` each."""
        small = np.flatnonzero(self._sizes <= most)
        return self._all_of(self._random.choice(small, n, replace=False))

    def strangers(self, n: int, rows: Rows) -> Rows:
        """A face each of n people, none of whom is on `rows`."""
        others = np.setdiff1d(self.people, self.people[rows])
        chosen = self._random.choice(others, n, replace=False)
        return np.array([self._random.choice(self._all_of(person)) for person in chosen])

    def composed(self, name: str, rows: Rows, copied: float = 0, copies: int = 1) -> Composition:
        """The faces of `rows`, a share `copied` of them with so many copies beside them."""
        n_copied = round(copied * len(rows))
        again = np.repeat(self._random.choice(rows, n_copied, replace=False), copies)
        away = self._random.normal(size=(len(again), self.vectors.shape[1]))
        away *= self._copy / np.linalg.norm(away, axis=1, keepdims=True)
        near = self.vectors[again] + away
        near /= np.linalg.norm(near, axis=1, keepdims=True)
        vectors = np.concatenate([self.vectors[rows], near]).astype(np.float32)
        people = np.concatenate([self.people[rows], self.people[again]]).astype(np.int64)
        mixed = self._random.permutation(len(people))  # a copy lies anywhere in a folder
        return Composition(name, vectors[mixed], people[mixed])

    def _all_of(self, people: NDArray[np.integer] | np.integer) -> Rows:
        return np.flatnonzero(np.isin(self.people, people))


def compositions(
    vectors: NDArray[np.floating], people: NDArray[np.integer], seed: int, copy: float = COPY
) -> Iterator[Composition]:
    """Every shape once, drawn from these faces; shapes with more people than there are, not.

    vectors: (n, d) unit rows. people: (n,) integers, any numbering. copy: how far copies lie.
    """
    own = np.unique(people, return_inverse=True)[1]
    faces = Faces(vectors, own, seed, copy)
    there = int(own.max()) + 1
    nobody = np.array([], dtype=np.intp)
    for n in (2, 5, 15, 60, 150, 400):
        if n <= there:
            yield faces.composed(f"{n} people", faces.of(n))
    for place in (0, 2, 10, 40, 120):
        rows = faces.of_one(place)
        yield faces.composed(f"one person, {len(rows)} photos", rows)
    yield faces.composed("one person, each photo twice", faces.of_one(5), copied=1)
    for n in (10, 50, 200, 800, 3000):
        if n <= there:
            yield faces.composed(f"{n} strangers", faces.strangers(n, nobody))
    for n in (100, 800):
        if n + 15 <= there:
            rows = faces.of(15)
            rows = np.concatenate([rows, faces.strangers(n, rows)])
            yield faces.composed(f"15 people and {n} strangers", rows)
    if there > 60:
        rows = np.union1d(faces.of_one(0), faces.of_small(60, most=6))
        yield faces.composed("one person on most photos, 60 more", rows)
    for told, share, copies in (
        ("a tenth of the photos twice", 0.1, 1),
        ("a third of the photos twice", 1 / 3, 1),
        ("every photo twice", 1.0, 1),
        ("a tenth of the photos in bursts of 5", 0.1, 4),
        ("every photo in bursts of 5", 1.0, 4),
    ):
        yield faces.composed(f"15 people, {told}", faces.of(15), share, copies)
    yield faces.composed("50 strangers, every photo twice", faces.strangers(50, nobody), copied=1)
