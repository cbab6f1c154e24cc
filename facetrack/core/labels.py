"""Labels of clusters: numbers, of which -1 is for faces that are in none."""

import numpy as np
from numpy.typing import NDArray

NOISE = -1
"""Of DBSCAN and HDBSCAN: a face that belongs to nobody."""


def separate_noise(clusters: NDArray[np.integer]) -> NDArray[np.int64]:
    """(n,) int64 labels 0, 1, … where each noise face (-1) of `clusters` has a label of its own."""
    _, labels = np.unique(clusters, return_inverse=True)
    noise = clusters == NOISE
    labels[noise] = len(labels) + np.arange(np.count_nonzero(noise))
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)
