"""k-means that sees its points only through their inner products.

| name  | what it is                                                                    |
|-------|-------------------------------------------------------------------------------|
| gram  | (u, u) inner products of the points                                           |
| w     | (u,) weight of each point: how many equal ones it stands for                  |
| cross | (k, u) inner products of each centre with each point                          |
| norms | (k,) squared lengths of the centres                                           |

Algorithm and rules are scikit-learn's `KMeans` (greedy k-means++ after Arthur and Vassilvitskii
2007, Lloyd's iterations, best of n_init). With as many dimensions as clusters, k = 860 on 4,200
points, an iteration costs u·k·k multiplications from coordinates. A centre being a mean of points,
its cross products are a mean of Gram rows: u·u additions, and only for centres that changed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from facetrack.clusterer.kernels.distances import Floats

_TOLERANCE = 1e-4  # scikit-learn's: of the mean variance of a dimension, by which centres move
_MAX_ITER = 300


@dataclass(frozen=True)
class _Centres:
    cross: Floats
    norms: NDArray[np.float64]


def gram_kmeans(
    gram: Floats,
    weights: NDArray[np.int64],
    n_clusters: int,
    dimensions: int,
    n_init: int,
    random: np.random.RandomState,
) -> NDArray[np.int64]:
    """(u,) labels 0 … n_clusters - 1, the best of n_init starts by within-cluster squares.

    dimensions: how many the points have, which scales the tolerance as scikit-learn does.
    """
    best: NDArray[np.int64] | None = None
    least = np.inf
    square = gram.diagonal().astype(np.float64)
    # Total variance; a centre's share of it is what scikit-learn's tolerance is relative to.
    share = weights / weights.sum()
    variance = float(share @ square - share @ (gram @ share.astype(gram.dtype)))
    tolerance = _TOLERANCE * max(variance, 0.0) / dimensions
    for _ in range(n_init):
        seeds = _plus_plus(gram, square, weights, n_clusters, random)
        labels, inertia = _lloyd(gram, square, weights, seeds, tolerance)
        if best is None or inertia < least:
            best, least = labels, inertia
    assert best is not None
    return best


def _plus_plus(
    gram: Floats,
    square: NDArray[np.float64],
    weights: NDArray[np.int64],
    n_clusters: int,
    random: np.random.RandomState,
) -> NDArray[np.int64]:
    """Points to start from: each time the best of a few drawn by squared distance."""
    trials = 2 + int(np.log(n_clusters))
    lengths = square.astype(gram.dtype)
    heavy = weights.astype(gram.dtype)
    seeds = np.empty(n_clusters, np.int64)
    seeds[0] = random.choice(len(gram), p=weights / weights.sum())
    closest = np.maximum(lengths + lengths[seeds[0]] - 2 * gram[seeds[0]], 0)
    for i in range(1, n_clusters):
        total = np.cumsum(closest * heavy, dtype=np.float64)
        drawn = np.searchsorted(total, random.uniform(size=trials) * total[-1])
        drawn = np.minimum(drawn, len(gram) - 1)
        candidate = gram[drawn]
        candidate *= -2
        candidate += lengths
        candidate += lengths[drawn, None]
        np.maximum(candidate, 0, out=candidate)
        np.minimum(candidate, closest, out=candidate)
        chosen = int((candidate @ heavy).argmin())
        seeds[i] = drawn[chosen]
        closest = candidate[chosen]
    return seeds


def _lloyd(
    gram: Floats,
    square: NDArray[np.float64],
    weights: NDArray[np.int64],
    seeds: NDArray[np.int64],
    tolerance: float,
) -> tuple[NDArray[np.int64], float]:
    """Labels when they no longer change, or centres move less than the tolerance; and inertia."""
    k = len(seeds)
    centres = _Centres(gram[seeds], square[seeds].copy())
    labels = np.full(len(gram), -1)
    for _ in range(_MAX_ITER):
        before, (labels, apart) = labels, _assign(centres, square)
        _fill_empty(labels, apart, k)
        moved = np.flatnonzero(labels != before)
        if not len(moved):
            break
        changed = np.unique(np.concatenate([labels[moved], before[moved]]))
        shift = _update(centres, gram, weights, labels, changed[changed >= 0])
        if shift <= tolerance:
            labels, apart = _assign(centres, square)
            break
    return labels, float(weights @ apart)


def _assign(
    centres: _Centres, square: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Each point's nearest centre and its squared distance from it."""
    from facetrack.clusterer.kernels.assigning import find_least

    labels, least = find_least(centres.cross, centres.norms.astype(centres.cross.dtype))
    return labels, np.maximum(least + square, 0)


def _fill_empty(labels: NDArray[np.int64], apart: NDArray[np.float64], k: int) -> None:
    """Give each centre without points the point furthest from its own, as scikit-learn does."""
    for empty in np.flatnonzero(np.bincount(labels, minlength=k) == 0):
        alone = np.bincount(labels, minlength=k)[labels] == 1
        furthest = int(np.where(alone, -1.0, apart).argmax())
        labels[furthest] = empty
        apart[furthest] = 0


def _update(
    centres: _Centres,
    gram: Floats,
    weights: NDArray[np.int64],
    labels: NDArray[np.int64],
    changed: NDArray[np.int64],
) -> float:
    """Move the changed centres to the means of their points; returns the sum of squared moves."""
    place = np.full(len(centres.norms), -1)
    place[changed] = np.arange(len(changed))
    inside = np.flatnonzero(place[labels] >= 0)
    row = place[labels[inside]]
    share = weights[inside] / np.bincount(row, weights[inside], len(changed))[row]
    mean = csr_array((share.astype(gram.dtype), (row, inside)), shape=(len(changed), len(gram)))
    cross = mean @ gram
    norms = np.bincount(row, share * cross[row, inside], len(changed))
    overlap = np.bincount(row, share * centres.cross[labels[inside], inside], len(changed))
    moved = norms - 2 * overlap + centres.norms[changed]
    centres.cross[changed] = cross
    centres.norms[changed] = norms
    return float(np.maximum(moved, 0).sum())
