"""DBSCAN's two ways to the same labels."""

from typing import Any

import numpy as np

from facetrack.clusterer import DBSCAN, shared


def fit_both_ways(points: Any, eps: float, min_samples: int = 1) -> DBSCAN:
    """By looking for near pairs, as the first radius is found, and by the tree, as the next are."""
    shared.cache.clear()
    searched = DBSCAN(eps, min_samples).fit(points)
    shared.cache.clear()
    DBSCAN(1.5 * eps, min_samples).fit(points)
    by_tree = DBSCAN(eps, min_samples).fit(points)
    np.testing.assert_array_equal(searched.labels_, by_tree.labels_)
    np.testing.assert_array_equal(searched.core_sample_indices_, by_tree.core_sample_indices_)
    return searched
