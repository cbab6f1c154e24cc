"""Undirected graphs as graph methods walk them: each link with both of its ends."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from facetrack.clusterer.kernels.graph import Graph

Array = NDArray[Any]


class Links(NamedTuple):
    """An undirected graph of n points.

    starts: (n + 1,) int64: the links of point i are entries starts[i] … starts[i + 1].
    ends: (m,) int32, ascending for each point; a link stands with both of its ends.
    weights: (m,) float64, above 0.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int32]
    weights: NDArray[np.float64]


def weigh(graph: Graph) -> Links:
    """A neighbour graph's links: 1 - distance / radius for each point that has it as a neighbour.

    Two points that are neighbours of each other so have twice that. At the radius there is none.
    """
    return symmetrise(graph.starts, graph.ends, 1 - graph.distances / graph.radius)


def symmetrise(starts: Array, ends: Array, weights: Array) -> Links:
    """The links of a directed graph, the weights of both directions summed; 0 is no link.

    starts, ends, weights: as in `Links`, with each link at one end or at both, no loops.
    """
    n = len(starts) - 1
    directed = csr_array((weights, ends, starts), shape=(n, n))
    both = (directed + directed.T).tocsr()
    both.sum_duplicates()
    both.eliminate_zeros()
    return make_links(both)


def make_links(matrix: csr_array) -> Links:
    """The links that a symmetric matrix without duplicates has as its entries."""
    return Links(
        matrix.indptr.astype(np.int64),
        matrix.indices.astype(np.int32),
        matrix.data.astype(np.float64),
    )
