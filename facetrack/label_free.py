"""How good a clustering looks without labels: the way to a radius where nobody is named.

The silhouette of a face compares its mean distance a from the others of its cluster with its mean
distance b from the nearest other cluster: (b - a) / max(a, b), 0 for a face alone (Rousseeuw 1987).
Its plain mean over the faces chooses radii that are too large on thousands of faces: two big
clusters that a chain joins cost few faces much. Two changes make such a merger as expensive as it
is for the adjusted Rand index, which counts pairs: a face weighs the square root of its cluster's
size, and a negative silhouette, a face nearer to another cluster than to its own, counts seven
times. docs/label_free.md compares this with other ways to choose.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from facetrack.data import Vectors
from facetrack.metrics import noise_alone
from facetrack.progress import bar

_BLOCK = 2**24  # distances at once: 64 MB
_MOST = 10_000  # faces that are all looked at; of more, a sample of this many against all
_MISPLACED = 7  # with less, radii are too large; with more, nearly every face alone looks best


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
    silhouettes = np.empty(len(looked_at))
    step = max(1, _BLOCK // len(own))
    for first in range(0, len(looked_at), step):
        rows = looked_at[first : first + step]
        distances = vectors[rows] @ vectors[order].T
        distances *= -2
        distances += square[rows, None]
        distances += square[order]
        np.sqrt(np.maximum(distances, 0, out=distances), out=distances)
        distances[np.arange(len(rows)), place[rows]] = 0  # from itself, which rounding has not
        sums = np.add.reduceat(distances, starts, axis=1)
        mine = (np.arange(len(rows)), own[rows])
        within = sums[mine] / np.maximum(sizes[own[rows]] - 1, 1)
        sums /= sizes
        sums[mine] = np.inf
        nearest = sums.min(axis=1)
        apart = np.maximum(np.maximum(within, nearest), 1e-30)
        alone = sizes[own[rows]] == 1
        silhouettes[first : first + step] = np.where(alone, 0, (nearest - within) / apart)
    silhouettes[silhouettes < 0] *= _MISPLACED
    weights = np.sqrt(sizes[own[looked_at]])
    return float(weights @ silhouettes / weights.sum())
