"""Ratios of likelihood from labelled pairs, and how far probabilities are from what happens.

Fitted is a logistic regression whose log odds are linear between given distances and fall with the
distance (a monotone spline of degree 1), on pairs of one person and of two with equal weight in
all, so that the log odds are the log ratio. Each person's pairs count as at most `_MOST_PAIRS`,
else whoever has most pictures would decide: 530 pictures are 140,185 pairs.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from facetrack.core.likelihood import Ratios, interpolate

Floats = NDArray[np.float64]

_MOST_PAIRS = 50
_BINS = 2000  # of the distances, which are counted: there are millions of pairs
_BLOCK = 500
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


def fit_ratios(same: Floats, different: Floats, distances: Floats) -> Ratios:
    """The ratios at (k,) distances that fit counts of `count_distances` best."""
    middles = (np.arange(_BINS) + 0.5) * 2 / _BINS
    k = len(distances)
    basis = np.stack([interpolate(middles, distances, unit) for unit in np.eye(k)], axis=1)
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
