"""How good a clustering looks without labels: the way to a radius where nobody is named.

The silhouette of a face compares its mean distance a from the others of its cluster with its mean
distance b from the nearest other cluster: (b - a) / max(a, b), 0 for a face alone (Rousseeuw 1987).
Its plain mean over the faces chooses radii that are too large on thousands of faces: two big
clusters that a chain joins cost few faces much. Three changes make it choose as the adjusted Rand
index would, which counts pairs: a face weighs the square root of its cluster's size; a negative
silhouette, a face nearer to another cluster than to its own, counts five times; and a second
silhouette, with other clusters of two faces or more only, is mixed in. Faces alone make poor
neighbours: of thousands one is near by chance, and one far from everything makes a single cluster
of all the rest look well apart. For the latter's sake b is at most the mean distance from all
faces.

The measure alone is not enough. It is greatest for tight pairs, so that a folder with a copy of
every photo fell into pairs; and it tells nothing of one person alone, or of strangers only, whose
right clusterings are trivial. Two things guard it:

- It looks at distinct faces: of those within half the embedder's radius of each other, one.
- It chooses near an expected radius, which depends on nothing but the number n of distinct faces.
  The more there are, the more strangers are near by chance, and single linkage needs but one of
  them to join two people: 1.18 - 0.05 ln(n / 100) embedder's radii, and 0.8 to 1.3 of them at most.
  Radii within 0.125 embedder's radii of that are tried. Where none separates the faces well, the
  expected one is taken.

docs/label_free.md compares this with other ways to choose and says what it does not hold for.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.distances import Points
from facetrack.core.faces import Vectors
from facetrack.core.labels import separate_noise
from facetrack.core.progress import QUIET, Progress
from facetrack.system import threads

_BLOCK = 2**24  # distances at once: 64 MB
_MOST = 10_000  # faces that are all looked at; of more, a sample of this many against all
_MISPLACED = 5  # 3 to 7 choose the same radii on all sets that were tried
_MIXED = (2 / 3, 1 / 3)  # all other clusters, groups only: equal shares split ORL's people
# Tuned on one half of LFW's people, judged on the other (docs/label_free.md); 1.13 to 1.20, 0.03 to
# 0.05 and 0.10 to 0.16 differ by less than 0.002 of BCubed F there.
_EXPECTED = 1.18  # of the embedder's radius, at 100 distinct faces
_FALL = 0.05  # by which that share falls as the faces become e times as many
_SMALLEST, _LARGEST = 0.8, 1.3
_AROUND = 0.125
_STEPS = 11
_TELLING = 0.1  # one person alone and strangers only stay below; 15 people are at 0.3, LFW at 0.12
_ROWS = 4096  # faces that are thinned at once


class Search:
    """Radii of a clusterer, by how well they separate unlabelled faces.

    vectors: (n, d). cluster: labels (n,) of the vectors at a radius. natural: the embedder's
    radius.
    """

    def __init__(
        self, vectors: Vectors, cluster: Callable[[float], NDArray[np.int64]], natural: float
    ) -> None:
        self._cluster = cluster
        self._distinct = distinct(vectors, natural / 2)
        self._vectors = vectors[self._distinct]
        n = len(self._distinct)
        self.expected = _round(expect_radius(n) * natural)
        shares = np.linspace(*around(n), _STEPS)
        self.radii = [_round(share * natural) for share in shares]

    def separation(self, radius: float) -> float:
        """The separation of the distinct faces, clustered together with the others."""
        return separation(self._vectors, self._cluster(radius)[self._distinct])

    def best(self, progress: Progress = QUIET) -> tuple[float, float | None]:
        """The radius to take, and its separation; None where the faces do not tell."""
        if len(self._distinct) < 3:
            return self.expected, None
        radii = progress.bar(
            self.radii, total=len(self.radii), description="Choosing the radius", unit="radius"
        )
        found = [self.separation(radius) for radius in radii]
        best = int(np.argmax(found))
        return (self.radii[best], found[best]) if found[best] >= _TELLING else (self.expected, None)


def expect_radius(n: int) -> float:
    """The radius to expect for n distinct faces, in units of the embedder's."""
    return float(np.clip(_EXPECTED - _FALL * np.log(max(n, 1) / 100), _SMALLEST, _LARGEST))


def around(n: int) -> tuple[float, float]:
    """The smallest and the largest radius to try for n distinct faces, in the same units."""
    share = expect_radius(n)
    return max(share - _AROUND, _SMALLEST), min(share + _AROUND, _LARGEST)


def distinct(vectors: Vectors, apart: float) -> NDArray[np.int64]:
    """Rows of faces more than `apart` from each other; any other face is as near to one of them.

    vectors: (n, d). Of faces near each other it is the first. Never holds n x n distances.
    """
    kept = np.empty(0, dtype=np.int64)
    for start in range(0, len(vectors), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(vectors)))
        if len(kept):
            rows = rows[~_near_any(vectors[kept], vectors[rows], apart)]
        if len(rows):
            kept = np.concatenate([kept, rows[_first_of_near(vectors[rows], apart)]])
    return kept


def _near_any(points: Vectors, queries: Vectors, radius: float) -> NDArray[np.bool_]:
    found = np.zeros(len(queries), dtype=bool)
    for rows, near in Points(points).near(queries, radius):
        found[rows] = near.any(axis=1)
    return found


def _first_of_near(vectors: Vectors, apart: float) -> NDArray[np.bool_]:
    """(n,) which of few faces are the first of those near them."""
    first = np.ones(len(vectors), dtype=bool)
    for rows, near in Points(vectors).near(vectors, apart):
        for row, others in zip(range(rows.start, rows.stop), near, strict=True):
            first[row] = not (others[:row] & first[:row]).any()
    return first


def _round(radius: float) -> float:
    return float(f"{radius:.4g}")


def separation(vectors: Vectors, labels: NDArray[np.int64]) -> float:
    """How well clusters lie apart: the weighed mean silhouette (see the module), at most 1.

    vectors: (n, d). labels: (n,), -1 for noise, which counts as faces alone.
    One cluster of everything, and every face alone, tell nothing: -_MISPLACED, the least value.
    """
    own = separate_noise(labels)
    sizes = np.bincount(own)
    if len(sizes) == 1 or len(sizes) == len(own):
        return -float(_MISPLACED)
    order = np.argsort(own, kind="stable")
    place = np.argsort(order)
    starts = np.cumsum(sizes) - sizes
    square = np.einsum("ij,ij->i", vectors, vectors)
    looked_at = np.arange(len(own))
    if len(own) > _MOST:
        looked_at = np.sort(np.random.default_rng(0).choice(len(own), _MOST, replace=False))
    silhouettes = np.empty((2, len(looked_at)))
    step = max(1, _BLOCK // len(own))
    for first in range(0, len(looked_at), step):
        rows = looked_at[first : first + step]
        with threads.limit(1):  # its last digits would depend on how many threads there are
            distances = vectors[rows] @ vectors[order].T
        distances *= -2
        distances += square[rows, None]
        distances += square[order]
        np.sqrt(np.maximum(distances, 0, out=distances), out=distances)
        distances[np.arange(len(rows)), place[rows]] = 0  # from itself, which rounding has not
        sums = np.add.reduceat(distances, starts, axis=1)
        mine = (np.arange(len(rows)), own[rows])
        within = sums[mine] / np.maximum(sizes[own[rows]] - 1, 1)
        everybody = sums.sum(axis=1) / (len(own) - 1)
        sums /= sizes
        sums[mine] = np.inf
        nearest = sums.min(axis=1)
        sums[:, sizes == 1] = np.inf
        nearest_group = sums.min(axis=1)
        alone = sizes[own[rows]] == 1
        for kind, other in enumerate((nearest, nearest_group)):
            np.minimum(other, everybody, out=other)
            apart = np.maximum(np.maximum(within, other), 1e-30)
            silhouettes[kind, first : first + step] = np.where(alone, 0, (other - within) / apart)
    silhouettes[silhouettes < 0] *= _MISPLACED
    weights = np.sqrt(sizes[own[looked_at]])
    return float(_MIXED @ silhouettes @ weights / weights.sum())
