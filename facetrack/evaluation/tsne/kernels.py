"""The loops of t-SNE, compiled: what neighbours pull, and points on a grid and back.

| name    | what it is                                                                       |
|---------|----------------------------------------------------------------------------------|
| places  | (n, 2) float64, where the points are                                             |
| cells   | (n, 2) float64, the same in cells of a grid, from its corner, at least 0         |
| grid    | (m, m) numbers at a grid's nodes; 6 by 6 from its corner are a point's              |
| shares  | (6,) how much of a point each node gets along an axis: B-splines of degree 5     |
| slopes  | (6,) how fast that changes, by the cell                                          |
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.compiling import compile_kernel

Array = NDArray[Any]

NODES = 6
"""A point is shared by so many nodes along an axis, as `_weigh` has it."""


@compile_kernel
def find_affinities(squares: Array, perplexity: float) -> Array:
    """How much each point sees each of its neighbours as one, (n, k): rows that sum to 1.

    squares: (n, k) squared distances, nearest first. A row is a Gaussian, as narrow as makes its
    entropy the logarithm of the perplexity, which is below k; even where all are equally far.
    """
    n, k = squares.shape
    result = np.empty((n, k))
    wanted = np.log(perplexity)
    for row in range(n):
        low, high, narrow = 0.0, np.inf, 1.0
        total = 1.0
        for _ in range(100):
            total = energy = 0.0
            for place in range(k):
                further = squares[row, place] - squares[row, 0]
                share = np.exp(-further * narrow)
                result[row, place] = share
                total += share
                energy += further * share
            entropy = np.log(total) + narrow * energy / total
            if abs(entropy - wanted) < 1e-8:
                break
            if entropy > wanted:
                low = narrow
                narrow = 2 * narrow if high == np.inf else (narrow + high) / 2
            else:
                high = narrow
                narrow = (narrow + low) / 2
        result[row] /= total
    return result


@compile_kernel
def attract(starts: Array, ends: Array, affinities: Array, places: Array, pulls: Array) -> None:
    """What pulls each point to the others, into (n, 2) `pulls`: Σ pᵢⱼ (yᵢ - yⱼ) / (1 + |yᵢ - yⱼ|²).

    starts, ends, affinities: a symmetric sparse matrix, row by row.
    """
    for point in range(len(places)):
        x, y = places[point, 0], places[point, 1]
        along = across = 0.0
        for entry in range(starts[point], starts[point + 1]):
            other = ends[entry]
            right, up = x - places[other, 0], y - places[other, 1]
            pull = affinities[entry] / (1 + right * right + up * up)
            along += pull * right
            across += pull * up
        pulls[point, 0] = along
        pulls[point, 1] = across


@compile_kernel
def _weigh(fraction: float, shares: Array, slopes: Array) -> None:
    """The shares of six nodes in a point at a fraction of its cell, by Cox and de Boor's rule."""
    shares[:] = 0
    shares[0] = 1
    for degree in range(1, 6):
        if degree == 5:
            slopes[0] = -shares[0]
            for node in range(1, 6):
                slopes[node] = shares[node - 1] - shares[node]
        for node in range(degree, -1, -1):
            before = shares[node - 1] if node else 0.0
            shares[node] = (
                (fraction + degree - node) * before + (node + 1 - fraction) * shares[node]
            ) / degree


@compile_kernel
def spread(cells: Array, grid: Array) -> None:
    """Share the points out to the nodes of a grid, which comes as zeros."""
    shares, slopes = np.empty((2, 6)), np.empty((2, 6))
    for point in range(len(cells)):
        row, column = int(cells[point, 0]), int(cells[point, 1])
        _weigh(cells[point, 0] - row, shares[0], slopes[0])
        _weigh(cells[point, 1] - column, shares[1], slopes[1])
        for i in range(6):
            for j in range(6):
                grid[row + i, column + j] += shares[0, i] * shares[1, j]


@compile_kernel
def read(cells: Array, grid: Array, slope: Array) -> float:
    """The sum of a field at the points, and its slope by the cell at each, into (n, 2) `slope`."""
    shares, slopes = np.empty((2, 6)), np.empty((2, 6))
    total = 0.0
    for point in range(len(cells)):
        row, column = int(cells[point, 0]), int(cells[point, 1])
        _weigh(cells[point, 0] - row, shares[0], slopes[0])
        _weigh(cells[point, 1] - column, shares[1], slopes[1])
        along = across = 0.0
        for i in range(6):
            here = change = 0.0
            for j in range(6):
                value = grid[row + i, column + j]
                here += shares[1, j] * value
                change += slopes[1, j] * value
            total += shares[0, i] * here
            along += slopes[0, i] * here
            across += shares[0, i] * change
        slope[point, 0] = along
        slope[point, 1] = across
    return total
