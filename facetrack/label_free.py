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
faces. docs/label_free.md compares this with other ways to choose.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from facetrack.data import Vectors
from facetrack.metrics import noise_alone
from facetrack.progress import bar

_BLOCK = 2**24  # distances at once: 64 MB
_MOST = 10_000  # faces that are all looked at; of more, a sample of this many against all
_MISPLACED = 5  # 3 to 7 choose the same radii on all sets that were tried
_MIXED = (2 / 3, 1 / 3)  # all other clusters, groups only: equal shares split ORL's people


def best_radius(
    vectors: Vectors, cluster: Callable[[float], NDArray[np.int64]], radii: Sequence[float]
) -> float | None:
    """The radius whose clustering separates the faces best; None where every one is trivial.

    cluster: labels (n,) of the vectors at a radius.
    """
    found = [
        separation(vectors, cluster(radius))
        for radius in bar(radii, description="Choosing the radius", unit="radius")
    ]
    best = int(np.argmax(found))
    return None if found[best] == -_MISPLACED else float(radii[best])


def separation(vectors: Vectors, labels: NDArray[np.int64]) -> float:
    """How well clusters lie apart: the weighed mean silhouette (see the module), at most 1.

    vectors: (n, d). labels: (n,), -1 for noise, which counts as faces alone.
    One cluster of everything, and every face alone, tell nothing: -_MISPLACED, the least value.
    """
    own = noise_alone(labels)
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
        with threadpool_limits(1):  # its last digits would depend on how many threads there are
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
