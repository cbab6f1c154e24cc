"""Which points are around each of many places: what places close to each other share, once.

| name   | what it is                                                                          |
|--------|-------------------------------------------------------------------------------------|
| places | (k, d), for instance means of points; a group is some of them that are close        |
| reach  | how far the furthest place of a group is from the group's centre                    |
| inside | (i,) int64 points that are around all places of a group                             |
| shell  | (s,) int64 points that may be around some of them and not around others             |
| near   | (b, s) bool whether a point of the shell is around each place of a group            |

A point is around a place where it is within the radius. By the triangle inequality one that is
further from the centre than radius + reach is around none of a group, and one that is no further
than radius - reach around all. Only those in between are compared with each place. As means come
closer to where they end, groups shrink, and their shells with them.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.distances import Floats, Mask, Points

Indices = NDArray[np.int64]

# Places of a group at most: fewer share more, and for a few a product is no faster than its start.
_SIZE = 64
# Groups that are compared with all points in one product.
_TOGETHER = 4
# Beyond this share of all points a shell is not worth picking out.
_THIN = 0.5
# Axes along which groups are told apart, and points that tell the axes.
_AXES, _TELLING = 16, 1024
# Turns that bring a direction close to that in which places differ most.
_TURNS = 2


class Around(NamedTuple):
    """What is around some of a group's places, (b,) `places`; see the module."""

    places: Indices
    inside: Mask
    shell: Indices
    near: Mask


class Shells:
    """Groups of places, and what is around them, among (n, d) float32 or float64 points."""

    def __init__(self, points: Floats) -> None:
        self._points = Points(points)

    @cached_property
    def _axes(self) -> NDArray[np.float64]:
        points = self._points.points
        some = points[:: -(-len(points) // _TELLING)].astype(np.float64)
        some -= some.mean(axis=0)
        axes: NDArray[np.float64] = np.linalg.eigh(some.T @ some)[1][:, -_AXES:]
        return axes

    def look_around(self, places: Floats, radius: float) -> Iterator[Around]:
        """What is around each place, group by group."""
        groups = np.arange(len(places))[None]
        if len(places) > _SIZE:
            groups = _group(((places - self._points.centre) @ self._axes).astype(np.float32))
        centres = np.stack([places[group].mean(axis=0, dtype=np.float64) for group in groups])
        precision = self._points.precision(radius)
        thick = []
        for rows, squared, error in self._points.squared(centres, precision):
            for group, centre, apart in zip(groups[rows], centres[rows], squared, strict=True):
                reach = _measure_reach(places[group], centre)
                inside, shell = _split(apart, radius, reach, 2 * error)
                if len(shell) > _THIN * len(inside):
                    thick.append(group)
                    continue
                for some, near in self._points.near(places[group], radius, shell):
                    yield Around(group[some], inside, shell, near)
        # A product of several groups with all points is faster than one of each.
        for start in range(0, len(thick), _TOGETHER):
            yield from self._look_at_all(places, np.stack(thick[start : start + _TOGETHER]), radius)

    def _look_at_all(self, places: Floats, groups: Indices, radius: float) -> Iterator[Around]:
        """What is around each place of groups whose shells hold most points."""
        n = len(self._points.points)
        nothing, everything = np.zeros(n, bool), np.arange(n)
        which, size = groups.reshape(-1), groups.shape[1]
        for rows, near in self._points.near(places[which], radius):
            for start in range(0, len(near), size):
                some = which[rows][start : start + size]
                yield Around(some, nothing, everything, near[start : start + size])


def _measure_reach(places: Floats, centre: NDArray[np.float64]) -> float:
    apart = places - centre
    longest = float(np.sqrt(np.einsum("ij,ij->i", apart, apart).max()))
    return longest * (1 + (len(centre) + 8) * float(np.finfo(np.float64).eps))


def _split(apart: Floats, radius: float, reach: float, error: float) -> tuple[Mask, Indices]:
    """Points that are inside, (n,), and the shell, by their squared distances to a centre."""
    most = (radius + reach) ** 2 + error
    least = (radius - reach) ** 2 - error if reach < radius else -1.0
    inside = apart <= least
    return inside, np.flatnonzero((apart <= most) & ~inside)


def _group(places: NDArray[np.float32]) -> Indices:
    """(g, s) places of each of g groups, in halves of halves; a few come twice. places: (k, m)."""
    k = len(places)
    groups = 1 << max(0, int(np.ceil(np.log2(k / _SIZE))))
    order = np.resize(np.arange(k), (1, -(-k // groups) * groups))
    while len(order) < groups:
        at = places[order]
        at -= at.mean(axis=1, keepdims=True)
        nodes = np.arange(len(at))
        along = at[nodes, np.einsum("gsm,gsm->gs", at, at).argmax(axis=1)]
        for _ in range(_TURNS):
            along /= np.maximum(np.abs(along).max(axis=1, keepdims=True), np.float32(1e-30))
            along = np.einsum("gs,gsm->gm", np.einsum("gsm,gm->gs", at, along), at)
        half = order.shape[1] // 2
        halves = np.einsum("gsm,gm->gs", at, along).argpartition(half, axis=1)
        order = np.take_along_axis(order, halves, axis=1).reshape(-1, half)
    return order
