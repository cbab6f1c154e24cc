"""Pairs of faces that cannot be one person, since one photo shows both."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from facetrack.clusterer.kernels.distances import Floats, Points, pairs
from facetrack.clusterer.kernels.links import Links, make_links
from facetrack.clusterer.shared import Distinct


def no_conflicts(n: int) -> Links:
    """Of n points, none."""
    return Links(np.zeros(n + 1, np.int64), np.empty(0, np.int32), np.empty(0))


def find_conflicts(
    points: Floats, same: Distinct, photos: NDArray[np.int64] | None, apart: float
) -> Links:
    """Pairs of the distinct points that are on one photo and more than `apart` from each other.

    points: (u, d), the distinct ones. photos: (n,), the photo of each of the n faces; None: nobody
    knows. Nearer than that they may show one person twice: a mirror, a collage, a photo of a photo.
    """
    u = len(points)
    if photos is None:
        return no_conflicts(u)
    order = np.argsort(photos, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(photos[order])) + 1)
    found = [np.empty((2, 0), np.int64)]
    for faces in groups:
        if len(faces) > 1 and len(members := np.unique(same.inverse[faces])) > 1:
            found.append(_find_apart(points, members, apart))
    ends = np.concatenate(found, axis=1)
    both = csr_array((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(u, u))
    both.sum_duplicates()
    return make_links(both)


def _find_apart(points: Floats, members: NDArray[np.int64], apart: float) -> NDArray[np.int64]:
    """(2, m) pairs of members that are apart, each in both orders."""
    found = []
    for rows, near in Points(points[members]).near(points[members], apart):
        query, point = pairs(~near)
        found.append(np.stack([members[rows][query], members[point]]))
    return np.concatenate(found, axis=1)


def without(links: Links, conflicts: Links) -> Links:
    """The links between points that are not in conflict."""
    if not len(conflicts.ends):
        return links
    n = len(links.starts) - 1
    row = np.repeat(np.arange(n), np.diff(links.starts))
    barred = np.repeat(np.arange(n), np.diff(conflicts.starts)) * n + conflicts.ends
    stay = ~np.isin(row * n + links.ends, barred)
    starts = np.concatenate([[0], np.cumsum(np.bincount(row[stay], minlength=n))])
    return Links(starts.astype(np.int64), links.ends[stay], links.weights[stay])


def contract(links: Links, numbers: NDArray[np.int64], n: int) -> Links:
    """The links of n groups of points, of which numbers (m,) says the group; none within one."""
    source = np.repeat(numbers, np.diff(links.starts))
    target = numbers[links.ends]
    between = source != target
    matrix = csr_array((links.weights[between], (source[between], target[between])), shape=(n, n))
    matrix.sum_duplicates()
    return make_links(matrix)


def some(links: Links, rows: NDArray[np.int64]) -> Links:
    """The links among some of the points, (k,) ascending; those are 0 … k - 1 then."""
    n = len(links.starts) - 1
    matrix = csr_array((links.weights, links.ends, links.starts), shape=(n, n))[rows][:, rows]
    return make_links(matrix)
