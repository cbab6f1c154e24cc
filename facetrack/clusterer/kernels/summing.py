"""Sums of the points around each of some means, from what sets it apart from most others.

| name    | what it is                                                                         |
|---------|------------------------------------------------------------------------------------|
| near    | (b, s) whether a point is near to a mean                                           |
| columns | (s,) int64, which points those are                                                 |
| usual   | (s,) whether a point is near to most means                                         |
| like    | (b,) whether a mean's points differ less from the usual ones than from none        |
| table   | the n points that are summed, and what goes with each                              |
| sums    | (b, d + 3) float64: coordinates by weight, weight, and both marks                  |
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.compiling import compile_kernel
from facetrack.clusterer.kernels.few_sums import Table

Array = NDArray[Any]


class Usual(NamedTuple):
    """points: (s,) `usual`. like: (b,). apart: (b, s), where a mean is not as it is like."""

    points: Array
    like: Array
    apart: Array


def sum_near(near: Array, columns: Array, base: Array, table: Table) -> Array:
    """The sums, each of them more than (d + 3,) `base`."""
    usual = find_usual(near)
    together = base.copy()
    _sum_listed(columns[usual.points], 1.0, table, together)
    sums = np.where(usual.like[:, None], together, base)
    _sum_apart(np.flatnonzero(usual.apart), near, columns, table, sums)
    return sums


def sum_some(inside: Array, total: Array, table: Table) -> Array:
    """(d + 3,) the sum of some points, (n,) `inside`. total: the sum of all."""
    if 2 * np.count_nonzero(inside) > len(inside):
        sums, sign, listed = total.copy(), -1.0, np.flatnonzero(~inside)
    else:
        sums, sign, listed = np.zeros(len(total)), 1.0, np.flatnonzero(inside)
    _sum_listed(listed, sign, table, sums)
    return sums


@compile_kernel
def find_usual(near: Array) -> Usual:
    """The usual points, which means are like that, and where those differ."""
    b, s = near.shape
    counts = np.zeros(s, np.int32)
    for row in range(b):
        for place in range(s):
            counts[place] += near[row, place]
    usual = 2 * counts > b
    like = np.empty(b, np.bool_)
    differs = np.empty((b, s), np.bool_)
    for row in range(b):
        own = apart = 0
        for place in range(s):
            own += near[row, place]
            apart += near[row, place] != usual[place]
        like[row] = apart < own
        if like[row]:
            for place in range(s):
                differs[row, place] = near[row, place] != usual[place]
        else:
            differs[row] = near[row]
    return Usual(usual, like, differs)


@compile_kernel
def sum_neighbours(starts: Array, ends: Array, near: Array, table: Table) -> Array:
    """(n, d + 3) the sums of each point itself and its neighbours that are near.

    starts, ends: neighbours as in nearby.py. near: (m,) whether each counts.
    """
    n, d = table.points.shape
    sums = np.zeros((n, d + 3))
    for point in range(n):
        row = sums[point]
        first = starts[point]
        last = starts[point + 1]
        own = True
        while own or first < last:
            # In ascending order, the point itself in its place.
            if own and (first == last or ends[first] > point):
                one, own = point, False
            else:
                one = ends[first]
                first += 1
                if not near[first - 1]:
                    continue
            weight = table.weights[one]
            for axis in range(d):
                row[axis] += weight * table.points[one, axis]
            row[d] += weight
            row[d + 1] += table.marks[one, 0]
            row[d + 2] += table.marks[one, 1]
    return sums


@compile_kernel
def _sum_apart(places: Array, near: Array, columns: Array, table: Table, sums: Array) -> None:
    """Add the points that means have more, and take off those that they have less.

    places: (k,) where in `near` they differ, row by row.
    """
    s = near.shape[1]
    d = table.points.shape[1]
    row = start = 0
    for place in places:
        while place >= start + s:
            row += 1
            start += s
        sign = 1.0 if near[row, place - start] else -1.0
        point = columns[place - start]
        weight = sign * table.weights[point]
        for axis in range(d):
            sums[row, axis] += weight * table.points[point, axis]
        sums[row, d] += weight
        sums[row, d + 1] += sign * table.marks[point, 0]
        sums[row, d + 2] += sign * table.marks[point, 1]


@compile_kernel
def _sum_listed(listed: Array, sign: float, table: Table, sums: Array) -> None:
    d = table.points.shape[1]
    for point in listed:
        weight = sign * table.weights[point]
        for axis in range(d):
            sums[axis] += weight * table.points[point, axis]
        sums[d] += weight
        sums[d + 1] += sign * table.marks[point, 0]
        sums[d + 2] += sign * table.marks[point, 1]
