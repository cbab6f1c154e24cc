"""Mean-shift with a flat kernel, label for label scikit-learn's for float64, by matrix products.

Every point is a seed. A seed's mean moves to the mean of the points within the bandwidth until it
moves by no more than a thousandth of the bandwidth; means are ranked by how many points they cover,
the lesser of two within a bandwidth goes, and each point joins the nearest one left (Comaniciu and
Meer 2002, as scikit-learn has it).

For float32 points scikit-learn rounds distances and means to float32; here both are float64, and
where the two disagree facetrack's are the ones nearer to exact arithmetic.

| name      | what it is                                                            |
|-----------|-----------------------------------------------------------------------|
| u         | distinct points; a point that occurs twice is one with weight 2       |
| means     | (k, d) float64, where the seeds still moving are                      |
| intensity | (k,) how many points, by weight, are within the bandwidth of its mean |

Where a mean goes depends on nothing but the set of points around it. So seeds with the same set
share the rest of their path: after the first step a few hundred of 4,000 are left. The points
around the seeds are kept pairs that serve all bandwidths (nearby.py), unless they are too many;
those around means are found for groups of close means together (shells.py).
"""

from collections.abc import Iterator
from functools import cached_property
from numbers import Integral, Real
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClusterMixin
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import validate_data

from facetrack.clusterer.kernels.distances import Floats, Points, scale
from facetrack.clusterer.kernels.few_sums import Table, sum_few
from facetrack.clusterer.kernels.nearby import find_nearby
from facetrack.clusterer.kernels.shells import Shells
from facetrack.clusterer.parameters import OnceRead
from facetrack.clusterer.shared import cache, digest, distinct

# A mean that moves by this share of the bandwidth or less has arrived: scikit-learn's rule.
_ARRIVED = 1e-3
# Of so few points compiled sums would save half a millisecond a step, and take a second to load.
_FEW = 100


class MeanShift(ClusterMixin, OnceRead):  # type: ignore[misc]
    """Flat-kernel mean-shift with scikit-learn's interface and labels.

    bandwidth: radius of the kernel, in the units of the points. max_iter: steps a seed may make.

    After `fit`: `labels_` (n,) int64, `cluster_centers_` (k, d) float64, `n_iter_`.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "bandwidth": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(self, bandwidth: float, max_iter: int = 300) -> None:
        self.bandwidth = bandwidth
        self.max_iter = max_iter

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: ARG002 - scikit-learn's
        """Cluster X, (n, d) float32 or float64, which is not changed.

        Raises ValueError for parameters or points that scikit-learn would refuse.
        """
        self._validate_params()
        points = validate_data(self, X, dtype=[np.float64, np.float32])
        key = digest(points)
        same = distinct(points, key)
        unique, bandwidth, exponent = scale(points[same.rows], self.bandwidth)
        kernel = _Kernel(unique, same.counts, key)
        summits, self.n_iter_ = _climb(kernel, bandwidth, self.max_iter)
        summits = _apart(summits, bandwidth)
        nearest = _join(unique, summits, bandwidth)
        self.cluster_centers_ = np.ldexp(summits.centres, exponent)
        self.labels_: NDArray[np.int64] = nearest[same.inverse]
        return self


class _Summits(NamedTuple):
    """Where seeds arrive: (k, d) centres, and (k,) the point that one is, alone, else -1.

    A point is alone where no other is within the bandwidth: it stays where it is, and two such
    points are never close. At bandwidths below the faces' distances most are.
    """

    centres: NDArray[np.float64]
    alone: NDArray[np.int64]


def _climb(kernel: "_Kernel", bandwidth: float, max_iter: int) -> tuple[_Summits, int]:
    """Where the seeds arrive, by falling intensity (ties: by coordinates), and the steps."""
    arrived = []
    means = kernel.points
    moved, intensity, key = kernel.begin(bandwidth)
    alone = np.full(len(means), -1)
    if means.dtype == np.float32:  # whose multiples float64 divides exactly
        alone = np.where(intensity == kernel.weights, np.arange(len(means)), -1)
    steps = 0
    while True:
        still = np.linalg.norm(moved - means, axis=1) <= _ARRIVED * bandwidth
        if steps == max_iter:
            still[:] = True
        arrived.append(np.column_stack([alone[still], key[still], intensity[still], moved[still]]))
        if still.all():
            break
        means = moved[~still][_first_of_each(key[~still])]
        moved, intensity, key = kernel.step(means, bandwidth)
        alone = np.full(len(means), -1)
        steps += 1
    found = np.concatenate(arrived)
    found = found[_first_of_each(found[:, 1:3])]
    found = found[_rank(found[:, 3:])]
    return _Summits(found[:, 4:], found[:, 0].astype(np.int64)), steps


def _rank(columns: NDArray[np.float64]) -> NDArray[np.int64]:
    """The order of rows by falling first column, ties by the second, and so on."""
    # lexsort ranks by its last key first. Two columns nearly always tell all rows apart, and
    # sorting by 128 takes as long as the distances.
    for used in (2, columns.shape[1]):
        order = np.lexsort(columns.T[:used][::-1])[::-1]
        head = columns[order, :used]
        if (head[1:] != head[:-1]).any(axis=1).all():
            break
    return order


class _Step(NamedTuple):
    """The next k means, their intensity (k,), and a (k, 2) key of the points around each."""

    means: NDArray[np.float64]
    intensity: NDArray[np.float64]
    keys: NDArray[np.float64]


class _Kernel:
    """The mean of the points around a place. key: the points' digest."""

    def __init__(self, points: Floats, weights: NDArray[np.int64], key: bytes) -> None:
        self.points = points
        self.weights = weights
        self._key = key
        # Two numbers tell sets of points apart: sums of random whole numbers small enough that
        # float64 adds them exactly.
        marks = cache.get(("marks", len(points)), lambda: _draw_marks(len(points)))
        self._table = Table(
            np.ascontiguousarray(points), weights.astype(np.float64), marks.astype(np.float64)
        )
        self._is_small = len(points) <= _FEW

    def begin(self, bandwidth: float) -> _Step:
        """Move each point to the mean of the points around it."""
        if self._is_small:
            return self.step(self.points, bandwidth)
        from facetrack.clusterer.kernels.summing import sum_neighbours

        nearby = cache.get(("nearby", self._key), lambda: find_nearby(self.points))
        if bandwidth > nearby.radius:
            return self.step(self.points, bandwidth)
        near = nearby.within(self.points, bandwidth)
        return _divide(sum_neighbours(nearby.starts, nearby.ends, near, self._table))

    def step(self, means: Floats, bandwidth: float) -> _Step:
        """Move each of k means to the mean of the points around it."""
        sums = np.empty((len(means), self.points.shape[1] + 3))
        if self._is_small:
            for rows, near in self._few.near(means, bandwidth):
                sums[rows] = sum_few(near, self._joined)
            return _divide(sums)
        from facetrack.clusterer.kernels.summing import sum_near, sum_some

        for places, inside, shell, near in self._shells.look_around(means, bandwidth):
            base = sum_some(inside, self._total, self._table)
            sums[places] = sum_near(near, shell, base, self._table)
        return _divide(sums)

    @cached_property
    def _few(self) -> Points:
        return Points(self.points)

    @cached_property
    def _joined(self) -> NDArray[np.float64]:
        return self._table.join()

    @cached_property
    def _shells(self) -> Shells:
        return Shells(self.points)

    @cached_property
    def _total(self) -> NDArray[np.float64]:
        """(d + 3,) the sum of all points, of their weights and of their marks."""
        heavy = self.weights @ self.points.astype(np.float64)
        marks = self._table.marks.sum(axis=0)
        return np.array([*heavy, self.weights.sum(), *marks], np.float64)


def _divide(sums: NDArray[np.float64]) -> _Step:
    intensity = sums[:, -3]
    return _Step(sums[:, :-3] / intensity[:, None], intensity, sums[:, -2:])


def _draw_marks(n: int) -> NDArray[np.int64]:
    bits = 53 - int(np.ceil(np.log2(n + 1)))
    return np.random.RandomState(0).randint(0, 2**bits, (n, 2), dtype=np.int64)


def _first_of_each(keys: NDArray[np.float64]) -> NDArray[np.int64]:
    """The first row with each distinct key, in order. keys: (k, 2)."""
    whole = keys[:, 0] + 1j * keys[:, 1]
    return np.sort(np.unique(whole, return_index=True)[1])


def _apart(summits: _Summits, bandwidth: float) -> _Summits:
    """The summits, best first, without those within a bandwidth of a better one that stays."""
    stays = np.ones(len(summits.centres), dtype=bool)
    for better, close in _close_pairs(summits, bandwidth):
        if stays[better]:
            stays[close[close > better]] = False
    return _Summits(summits.centres[stays], summits.alone[stays])


def _close_pairs(summits: _Summits, bandwidth: float) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Each centre that has others within a bandwidth, with them; in order."""
    centres = Points(summits.centres)
    asking = summits.alone < 0
    if 2 * np.count_nonzero(asking) < len(asking):
        # Of those that are alone only the ones that another is close to.
        for _, near in centres.near(summits.centres[asking], bandwidth):
            asking |= near.any(axis=0)
    else:
        asking[:] = True
    asked = np.flatnonzero(asking)
    for rows, near in centres.near(summits.centres[asked], bandwidth):
        for row in np.flatnonzero(np.count_nonzero(near, axis=1) > 1):
            yield int(asked[rows.start + row]), np.flatnonzero(near[row])


def _join(points: Floats, summits: _Summits, bandwidth: float) -> NDArray[np.int64]:
    """(u,) the nearest summit of each point; a summit that is the point itself is."""
    nearest = np.full(len(points), -1)
    own = np.flatnonzero(summits.alone >= 0)
    nearest[summits.alone[own]] = own
    others = nearest < 0
    if others.any():
        nearest[others] = Points(summits.centres).nearest(points[others], bandwidth)
    return nearest
