"""Faces that are as good as a face already there: bursts, smaller copies, edits.

Methods that take density from neighbours count a face's near copies as its friends, and its nearest
80 may be nothing else: in a folder with bursts of five they tear apart a person with some hundred
photos. So such faces are given the vector of the first of them: equal rows are a single point of a
neighbour graph (see graph_estimator.py).
"""

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.distances import scale
from facetrack.clusterer.shared import digest, distinct


def merge_near_copies(
    vectors: NDArray[np.floating], apart: float, neighbors: str = "auto"
) -> NDArray[np.floating]:
    """The vectors, (n, d), in which near copies have the vector of the face that they are like.

    Row by row: one with a row before it that keeps its own vector and is within `apart`, inclusive,
    gets the vector of the nearest of those. neighbors: as in `graph.find_graph`, of which 80 are
    looked at, so that of more than 80 copies several may be kept.
    """
    from facetrack.clusterer.kernels import graph  # it brings numba, which takes half a second

    if not len(vectors):
        return vectors
    same = distinct(vectors, key := digest(vectors))
    unique = vectors[same.rows]
    points, radius, _ = scale(unique, apart)
    near = graph.find_graph(points, radius, key, neighbors=neighbors)
    kept = np.arange(len(unique))
    starts, ends = near.starts.tolist(), near.ends.tolist()
    for row in np.flatnonzero(np.diff(near.starts)).tolist():
        others = ends[starts[row] : starts[row + 1]]
        kept[row] = next((one for one in others if one < row and kept[one] == one), row)
    return unique[kept[same.inverse]]
