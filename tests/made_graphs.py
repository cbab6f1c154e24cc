"""Graphs drawn at random, and by hand, for the tests of graph methods."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.conflicts import some
from facetrack.clusterer.kernels.links import Links, symmetrise

Array = NDArray[Any]


def links_of(weights: Array) -> Links:
    """The links of a dense, symmetric matrix."""
    row, column = np.nonzero(np.triu(weights, 1))
    counts = np.bincount(row, minlength=len(weights))
    return symmetrise(np.concatenate([[0], np.cumsum(counts)]), column, weights[row, column])


def dense(links: Links) -> Array:
    """The matrix of links."""
    n = len(links.starts) - 1
    weights = np.zeros((n, n))
    weights[np.repeat(np.arange(n), np.diff(links.starts)), links.ends] = links.weights
    return weights


def linked(links: Links) -> Links:
    """The links, without nodes that have none."""
    return some(links, np.flatnonzero(np.diff(links.starts)))


def conflicts_of(n: int, pairs: Any) -> Links:
    """Conflicts between pairs of n nodes."""
    barred = np.zeros((n, n))
    for one, other in pairs:
        if one != other:
            barred[one, other] = barred[other, one] = 1
    return links_of(barred)


def cliques(count: int, size: int, joints: Any) -> Array:
    """Cliques, and single links between nodes of them."""
    weights = np.kron(np.eye(count), np.ones((size, size)) - np.eye(size))
    for one, other in joints:
        weights[one, other] = weights[other, one] = 1
    return weights


def random_links(kind: int, random: np.random.RandomState, n: int) -> Links:
    """Random links of n nodes at most, of one of five kinds; every node has one."""
    people = random.randint(max(2, n // 20), size=n)
    same = people[:, None] == people
    uniform = random.uniform(size=(n, n))
    if kind == 0:  # sparse, as Erdos and Renyi's
        there = uniform < random.uniform(1.5, 4) / n
    elif kind == 1:  # groups, more or less clear
        there = uniform < np.where(same, 0.5, random.uniform(0.005, 0.08))
    elif kind == 2:  # with links of very different weight
        there = uniform < np.where(same, 0.5, 0.05)
        uniform = random.exponential(size=(n, n)) + 1e-3
    elif kind == 3:
        there = uniform < random.uniform(2, 8) / n
        uniform = random.uniform(0.01, 1, size=(n, n))
    else:  # near points
        return linked(links_of(_near(random, people)))
    weights = uniform if kind > 1 else np.ones((n, n))
    upper = np.triu(np.where(there, weights, 0.0), 1)
    upper[0, 1] = 1.0
    return linked(links_of(upper + upper.T))


def fifty() -> Iterator[Links]:
    """Fifty random graphs of all kinds and several sizes.

    Some of them, such as the one of seed 215, are hard: a search that is not shaken ends early.
    """
    for seed in range(200, 250):
        random = np.random.RandomState(seed)
        yield random_links(seed % 5, random, int(random.choice([20, 50, 100, 150, 200])))


def _near(random: np.random.RandomState, people: Array) -> Array:
    centres = random.normal(size=(people.max() + 1, 5))
    points = 2 * centres[people] + random.normal(size=(len(people), 5))
    apart = np.sqrt(np.square(points[:, None] - points).sum(axis=2))
    np.fill_diagonal(apart, np.inf)
    radius = np.sort(apart, axis=1)[:, min(9, len(people) - 1)]
    with np.errstate(invalid="ignore"):
        near: Array = np.nan_to_num(np.maximum(0, 1 - apart / radius[:, None]))
    near[0, 1] = 0.01
    return near + near.T
