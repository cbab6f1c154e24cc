"""Clusters at every radius at once, for methods that one tree answers for.

DBSCAN and average linkage have a tree per set of faces, and their clusters at any radius follow
from it (see kernels/tree.py and kernels/average.py). Here it becomes what happens as the radius
grows, for scores to follow (see kernels/growing.py).
"""

from functools import partial

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from facetrack.clusterer.average_linkage import MOST_EXACT, AverageLinkage, find_dendrogram
from facetrack.clusterer.dbscan import DBSCAN
from facetrack.clusterer.kernels.conflicts import no_conflicts
from facetrack.clusterer.kernels.distances import Floats, Points, scale
from facetrack.clusterer.kernels.growing import CORE, JOIN, NEAR, Array, Growth, order
from facetrack.clusterer.kernels.tree import Tree, spanning_tree
from facetrack.clusterer.shared import Distinct, cache, digest, distinct


def can_grow(estimator: BaseEstimator, n: int) -> bool:
    """Whether an estimator's clusters of n faces at every radius follow from one tree.

    That is DBSCAN, with any `min_samples`, and average linkage of at most 20,000 faces; not with
    approximate neighbours, and not for a class of the user's own that is derived from them.
    """
    if type(estimator) is DBSCAN:
        return bool(estimator.neighbors == "exact")
    return type(estimator) is AverageLinkage and estimator.neighbors != "faiss" and n <= MOST_EXACT


def grow(estimator: BaseEstimator, vectors: Floats) -> Growth:
    """What happens to the clusters of (n, d) faces as the radius of the estimator grows.

    The estimator is one that can (see `can_grow`); its own radius does not count.
    """
    key = digest(vectors)
    same = distinct(vectors, key)
    points, _, exponent = scale(vectors[same.rows], 1.0)
    if isinstance(estimator, DBSCAN):
        parts = _of_dbscan(points, same, estimator.min_samples, key)
    else:
        parts = _of_average_linkage(points, same, key)
    scaled = [
        (kind, np.ldexp(radii, exponent), first, second) for kind, radii, first, second in parts
    ]
    return order(scaled, same)


def _of_average_linkage(
    points: Floats, same: Distinct, key: bytes
) -> list[tuple[int, Array, Array, Array]]:
    tree = find_dendrogram(points, same, no_conflicts(len(points)), ("average", key))
    every = np.arange(len(points))
    return [
        (CORE, np.zeros(len(points)), every, every),
        (JOIN, tree.heights, *tree.merges),
    ]


def _of_dbscan(
    points: Floats, same: Distinct, min_samples: int, key: bytes
) -> list[tuple[int, Array, Array, Array]]:
    # In float64, by which no two radii change places but those that rounding alone tells apart.
    make = partial(spanning_tree, points, same.counts, min_samples, np.float64)
    tree = cache.get(("tree", key, min_samples, np.float64), make)
    every = np.arange(len(points))
    core = np.where(same.counts >= min_samples, 0.0, tree.core)  # rounding leaves equal faces apart
    parts = [(CORE, _root(core), every, every), (JOIN, _root(tree.reach), *tree.ends)]
    if min_samples > 1:
        parts.append((NEAR, *_find_near(points, tree, min_samples)))
    return [
        (kind, radii[known], first[known], second[known])
        for kind, radii, first, second in parts
        for known in [np.isfinite(radii)]
    ]


def _find_near(points: Floats, tree: Tree, min_samples: int) -> tuple[Array, Array, Array]:
    """From which radius on a point that is not core yet has which core points within reach.

    It has fewer than `min_samples` faces within a radius at which it is not core.
    """
    n = len(points)
    nearest = min(min_samples, n)
    radii, first, second = [], [], []
    for rows, squared, _ in Points(points).squared(points, np.float64):
        which = np.argpartition(squared, nearest - 1, axis=1)[:, :nearest]
        apart = np.take_along_axis(squared, which, axis=1)
        own = np.repeat(np.arange(n)[rows][:, None], nearest, axis=1)
        reach = np.maximum(apart, tree.core[which])
        counts = (which != own) & (reach < tree.core[own])
        radii.append(_root(reach[counts]))
        first.append(own[counts])
        second.append(which[counts])
    return np.concatenate(radii), np.concatenate(first), np.concatenate(second)


def _root(squared: Array) -> NDArray[np.float64]:
    """Rounding leaves equal points a little apart, on either side of 0."""
    found: NDArray[np.float64] = np.sqrt(np.maximum(squared, 0.0, dtype=np.float64))
    return found
