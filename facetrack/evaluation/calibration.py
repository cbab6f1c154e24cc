"""Ratios of likelihood from labelled pairs, and how far probabilities are from what happens.

Fitted is a logistic regression whose log odds are linear between given distances and fall with the
distance (a monotone spline of degree 1), on pairs of one person and of two with equal weight in
all, so that the log odds are the log ratio. With less sharp faces the same is fitted for given
kinds of sharpness, between which log odds are linear too, with equal weight in each. Each person's
pairs count as at most `_MOST_PAIRS`, else whoever has most pictures would decide: 530 pictures are
140,185 pairs.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from facetrack.core.likelihood import Ratios, find_column, interpolate

Floats = NDArray[np.float64]

_MOST_PAIRS = 50
_BINS = 2000  # of the distances, which are counted: there are millions of pairs
_BLOCK = 500
_STEPS = 8  # of sharpness, between two kinds
_SMOOTH = 1e-5  # weight of the squared changes of slope: ends without pairs go on as before
_LEAST_FALL = 0.05  # of the log odds between two distances, so that nearer is never less likely


def count_distances(
    vectors: NDArray[np.floating], people: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """How many pairs of (n, d) unit vectors are how far apart: of one person, and of two.

    Both (2000,), by distance from 0 to 2; a person's pairs weigh at most 50 together.
    """
    edges = np.linspace(0, 2, _BINS + 1)
    points = vectors.astype(np.float32)
    different = np.zeros(_BINS)
    for start in range(0, len(points), _BLOCK):
        some = slice(start, start + _BLOCK)
        squares = np.maximum(2 - 2 * (points[some] @ points.T), 0)
        others = people[some, None] != people
        different += np.histogram(np.sqrt(squares[others]), edges)[0]
    same = np.zeros(_BINS)
    for person in np.unique(people):
        faces = points[people == person].astype(np.float64)
        first, second = np.triu_indices(len(faces), 1)
        if len(first):
            apart = np.linalg.norm(faces[first] - faces[second], axis=1)
            same += np.histogram(apart, edges)[0] * min(1, _MOST_PAIRS / len(first))
    return same, different / 2


def count_by_sharpness(
    vectors: NDArray[np.floating],
    people: NDArray[np.int64],
    sharpness: NDArray[np.floating],
    kinds: Floats,
) -> tuple[Floats, Floats]:
    """The same, both (s, 2000): also by the sharpness of pairs, 8 steps between two of (c,) kinds.

    sharpness: (n,) of the faces.
    """
    column = find_column(kinds, sharpness)
    steps = _STEPS * (len(kinds) - 1) + 1
    same, different = np.zeros((steps, _BINS)), np.zeros((steps, _BINS))
    order = np.argsort(column)[::-1]  # the later of two is the less sharp face
    points, people, column = vectors[order].astype(np.float32), people[order], column[order]
    before: dict[int, list[int]] = {}
    apart: dict[int, list[tuple[int, NDArray[np.int64]]]] = {}
    for face in range(len(points)):
        step = round(_STEPS * float(column[face]))
        distances = np.sqrt(np.maximum(2 - 2 * (points[:face] @ points[face]), 0))
        number = np.minimum((distances * (_BINS / 2)).astype(np.int64), _BINS - 1)
        different[step] += np.bincount(number, minlength=_BINS)
        own = before.setdefault(int(people[face]), [])
        different[step] -= np.bincount(number[own], minlength=_BINS)
        apart.setdefault(int(people[face]), []).append((step, number[own]))
        own.append(face)
    for found in apart.values():
        n = sum(len(numbers) for _, numbers in found)
        for step, numbers in found:
            same[step] += np.bincount(numbers, minlength=_BINS) * min(1, _MOST_PAIRS / max(n, 1))
    return same, different


def fit_blurred_ratios(ratios: Ratios, same: Floats, different: Floats, kinds: Floats) -> Ratios:
    """Ratios for pairs of (c,) kinds of sharpness, the last as those given.

    same, different: counts of `count_by_sharpness`.
    """
    distances, sharp = np.array(ratios).T
    k, c = len(distances), len(kinds)
    column = np.arange(len(same)) / _STEPS
    shares = np.maximum(1 - np.abs(column[:, None] - np.arange(c)), 0)
    in_distance = _make_basis(distances)
    sums = np.triu(np.ones((k, k)))
    weights = [one / np.maximum(one.sum(axis=1, keepdims=True), 1e-9) for one in (same, different)]
    # A step counts by how many pairs it has of which it has fewer.
    weights = [np.sqrt(same.sum(axis=1, keepdims=True)) * one for one in weights]
    given = np.log(10) * shares[:, -1:] * (in_distance @ sharp)[None]

    def lose(falls: Floats) -> tuple[float, Floats]:
        values = falls.reshape(c - 1, k) @ sums.T
        odds = shares[:, :-1] @ values @ in_distance.T + given
        loss = (weights[0] * np.logaddexp(0, -odds)).sum()
        loss += (weights[1] * np.logaddexp(0, odds)).sum()
        rate = 1 / (1 + np.exp(-odds))
        slope = shares[:, :-1].T @ (weights[1] * rate - weights[0] * (1 - rate)) @ in_distance
        smooth = _SMOOTH * float(weights[0].sum())
        bends = np.diff(values, 2)
        loss += smooth * (bends**2).sum()
        slope += 2 * smooth * np.diff(np.pad(bends, ((0, 0), (2, 2))), 2)
        # Where hardly a pair is, a kind says what its neighbours say.
        steps = np.diff(np.vstack([values, np.log(10) * sharp]), axis=0)
        loss += smooth * (steps**2).sum()
        slope += 2 * smooth * (np.vstack([np.zeros(k), steps[:-1]]) - steps)
        return float(loss), (slope @ sums).ravel()

    start = np.tile(np.append(np.ones(k - 1), -k / 2), c - 1)
    bounds = ([(_LEAST_FALL, None)] * (k - 1) + [(None, None)]) * (c - 1)
    options = {"maxiter": 5000, "ftol": 1e-12, "gtol": 1e-9}
    best = minimize(lose, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    logs = best.x.reshape(c - 1, k) @ sums.T / np.log(10)
    head = (0.0, *kinds.tolist())
    table = np.column_stack([distances, logs.T, sharp]).tolist()
    return (head, *(tuple(row) for row in table))


def fit_ratios(same: Floats, different: Floats, distances: Floats) -> Ratios:
    """The ratios at (k,) distances that fit counts of `count_distances` best."""
    k = len(distances)
    basis = _make_basis(distances)
    # From the last value and the falls between neighbours to all values.
    sums = np.triu(np.ones((k, k)))
    weights = same / same.sum(), different / different.sum()

    def lose(falls: Floats) -> tuple[float, Floats]:
        values = sums @ falls
        odds = basis @ values
        loss = float((weights[0] * np.logaddexp(0, -odds)).sum())
        loss += float((weights[1] * np.logaddexp(0, odds)).sum())
        rate = 1 / (1 + np.exp(-odds))
        slope = basis.T @ (weights[1] * rate - weights[0] * (1 - rate))
        bends = np.diff(values, 2)
        loss += _SMOOTH * float((bends**2).sum())
        slope += 2 * _SMOOTH * np.diff(np.pad(bends, 2), 2)
        return loss, sums.T @ slope

    start = np.append(np.ones(k - 1), -k / 2)
    bounds = [(_LEAST_FALL, None)] * (k - 1) + [(None, None)]
    options = {"maxiter": 5000, "ftol": 1e-14, "gtol": 1e-12}
    best = minimize(lose, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    logs = (sums @ best.x) / np.log(10)
    return tuple(zip(distances.tolist(), logs.tolist(), strict=True))


def _make_basis(distances: Floats) -> Floats:
    """(2000, k): what each of (k,) given distances counts for at the middle of each bin."""
    middles = (np.arange(_BINS) + 0.5) * 2 / _BINS
    units = np.eye(len(distances))
    return np.stack([interpolate(middles, distances, unit) for unit in units], axis=1)


def find_calibration_error(
    probabilities: Floats, same: Floats, different: Floats, n_bins: int = 10
) -> float:
    """The mean gap between what is said and what happens, in bins of equal mass.

    probabilities: (m,) of one person. same, different: (m,) weights of the pairs for which each is
    said. (Naeini, Cooper and Hauskrecht 2015, with bins of equal mass.)
    """
    order = np.argsort(probabilities, kind="stable")
    said, mass = probabilities[order], (same + different)[order]
    before = (np.cumsum(mass) - mass / 2) / mass.sum()
    number = np.minimum((before * n_bins).astype(np.int64), n_bins - 1)
    expected = np.bincount(number, said * mass, n_bins)
    happened = np.bincount(number, same[order], n_bins)
    return float(np.abs(expected - happened).sum() / mass.sum())
