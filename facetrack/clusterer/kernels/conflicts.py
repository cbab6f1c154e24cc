"""Pairs of faces that cannot be one person, since one photo shows both."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from facetrack.clusterer.kernels.distances import Floats, square_differences
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
    numbers = np.unique(photos, return_inverse=True)[1]
    # Each photo's points stand together, so that its pairs are some steps from each other.
    photo, point = np.divmod(np.unique(numbers * u + same.inverse), u)
    found, step = [np.empty((2, 0), np.int64)], 1
    while len(first := np.flatnonzero(photo[step:] == photo[:-step])):
        ends = np.stack([point[first], point[first + step]])
        found.append(ends[:, square_differences(points, points, *ends) > apart * apart])
        step += 1
    ends = np.concatenate([*found, *(one[::-1] for one in found)], axis=1)
    both = csr_array((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(u, u))
    both.sum_duplicates()
    return make_links(both)


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
