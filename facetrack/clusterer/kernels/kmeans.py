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

from facetrack.clusterer.kernels.distances import Floats

_TOLERANCE = 1e-4  # scikit-learn's: of the mean variance of a dimension, by which centres move
_MAX_ITER = 300

# Each point's nearest centre, and how much nearer than the origin it is, squared: (u,) each.
_Nearest = tuple[NDArray[np.int64], Floats]


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
    from facetrack.clusterer.kernels.draws import measure_nearer, sum_shares

    trials = 2 + int(np.log(n_clusters))
    lengths = square.astype(gram.dtype)
    heavy = weights.astype(gram.dtype)
    seeds = np.empty(n_clusters, np.int64)
    seeds[0] = random.choice(len(gram), p=weights / weights.sum())
    closest = np.maximum(lengths + lengths[seeds[0]] - 2 * gram[seeds[0]], 0)
    candidate = np.empty((trials, len(gram)), gram.dtype)
    for i in range(1, n_clusters):
        total = sum_shares(closest, heavy)
        drawn = np.searchsorted(total, random.uniform(size=trials) * total[-1])
        drawn = np.minimum(drawn, len(gram) - 1)
        measure_nearer(gram, lengths, drawn, closest, candidate)
        chosen = int((candidate @ heavy).argmin())
        seeds[i] = drawn[chosen]
        closest[:] = candidate[chosen]
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
    labels, changed, nearest = np.full(len(gram), -1), np.arange(k), None
    for _ in range(_MAX_ITER):
        nearest = _assign(centres, changed, nearest)
        before, labels, apart = labels, nearest[0].copy(), np.maximum(nearest[1] + square, 0)
        _fill_empty(labels, apart, k)
        moved = np.flatnonzero(labels != before)
        if not len(moved):
            break
        changed = np.unique(np.concatenate([labels[moved], before[moved]]))
        changed = changed[changed >= 0]
        shift = _update(centres, gram, weights, labels, changed)
        if shift <= tolerance:
            labels, least = _assign(centres, changed, nearest)
            apart = np.maximum(least + square, 0)
            break
    return labels, float(weights @ apart)


def _assign(centres: _Centres, changed: NDArray[np.int64], before: _Nearest | None) -> _Nearest:
    """The nearest centres, where those that were not changed are what they were `before`."""
    from facetrack.clusterer.kernels.assigning import find_least, follow_least

    norms = centres.norms.astype(centres.cross.dtype)
    if before is None:
        return find_least(centres.cross, norms)
    return follow_least(centres.cross, norms, changed, before)


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
    from facetrack.clusterer.kernels.averaging import sum_rows

    place = np.full(len(centres.norms), -1)
    place[changed] = np.arange(len(changed))
    inside = np.flatnonzero(place[labels] >= 0)
    row = place[labels[inside]]
    share = weights[inside] / np.bincount(row, weights[inside], len(changed))[row]
    cross = sum_rows(gram, inside, share, row, len(changed))
    norms = np.bincount(row, share * cross[row, inside], len(changed))
    overlap = np.bincount(row, share * centres.cross[labels[inside], inside], len(changed))
    moved = norms - 2 * overlap + centres.norms[changed]
    centres.cross[changed] = cross
    centres.norms[changed] = norms
    return float(np.maximum(moved, 0).sum())
