"""Whether two pictures are of one person, by a threshold on their distance, and how often that is
right (PROTOCOL, "Verification").

A pair is accepted, taken for one person, where its distance is at most the threshold. A pair with
a picture without a face has the distance infinity, and is never accepted.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrack.evaluation.pairs import Pairs

Floats = NDArray[np.float64]

PERCENT, PER_MILLE = 0.01, 0.001
"""The false accept rates at which true accept rates are reported."""


@dataclass(frozen=True)
class Roc:
    """Rates at rising thresholds, (k,) float64 each; the first is where nothing is accepted.

    far: the share of pairs of two people that are accepted. tar: of pairs of one person. distances:
    the thresholds, -inf the first.
    """

    far: Floats
    tar: Floats
    distances: Floats

    def find_best(self, far: float) -> "Point":
        """The greatest TAR whose FAR is at most so much; there is none between two thresholds."""
        at = int(np.searchsorted(self.far, far, side="right")) - 1
        at = int(np.searchsorted(self.tar, self.tar[at]))  # the least distance that reaches it
        return Point(float(self.far[at]), float(self.tar[at]), float(self.distances[at]))

    @property
    def corners(self) -> "Roc":
        """The points that all others follow from: each the greatest TAR that its FAR allows."""
        last = np.flatnonzero(np.diff(self.far, append=np.inf))  # of each FAR
        rises = np.diff(self.tar[last], prepend=-1.0) > 0
        rises[-1] = True
        kept = last[rises]
        return Roc(self.far[kept], self.tar[kept], self.distances[kept])


@dataclass(frozen=True)
class Point:
    """One point of a Roc."""

    far: float
    tar: float
    distance: float


@dataclass(frozen=True)
class Verification:
    """What came of some pairs.

    distances: (m,) float64, inf where a face is missing. thresholds, accuracies, sizes: of the
    folds, (f,). accepted: (m,) bool, by the threshold of each pair's fold. accuracy: of all pairs.
    standard_error: of that, over the folds.
    """

    pairs: Pairs
    distances: Floats
    thresholds: Floats
    accuracies: Floats
    sizes: NDArray[np.int64]
    accepted: NDArray[np.bool_]
    accuracy: float
    standard_error: float
    roc: Roc

    @property
    def missing(self) -> NDArray[np.bool_]:
        """(m,) bool: which pairs have a picture without a face."""
        return np.isinf(self.distances)


def verify(pairs: Pairs, distances: Floats) -> Verification:
    """Judge each fold by the threshold that is best on all others.

    distances: (m,) float64 of the pairs, 0 or more, inf where a face is missing. There are two
    folds or more, and pairs of both kinds.
    """
    folds = [pairs.folds == fold for fold in range(pairs.n_folds)]
    thresholds = np.array([choose_threshold(distances[~fold], pairs.same[~fold]) for fold in folds])
    accepted = distances <= thresholds[pairs.folds]
    right = accepted == pairs.same
    of_folds = np.array([right[fold].sum() for fold in folds])
    sizes = np.array([fold.sum() for fold in folds])
    return Verification(
        pairs=pairs,
        distances=distances,
        thresholds=thresholds,
        accuracies=of_folds / sizes,
        sizes=sizes,
        accepted=accepted,
        accuracy=float(right.mean()),
        standard_error=estimate_error(of_folds, sizes),
        roc=trace_roc(distances, pairs.same),
    )


def measure_distances(
    vectors: NDArray[np.float32], first: NDArray[np.int64], second: NDArray[np.int64]
) -> Floats:
    """(m,) Euclidean distances of pairs of vectors. first, second: (m,) rows, -1 for no face."""
    distances = np.full(len(first), np.inf)
    known = np.flatnonzero((first >= 0) & (second >= 0))
    step = 1 << 16
    for start in range(0, len(known), step):
        rows = known[start : start + step]
        gaps = vectors[first[rows]].astype(np.float64) - vectors[second[rows]]
        distances[rows] = np.sqrt(np.einsum("ij,ij->i", gaps, gaps))
    return distances


def choose_threshold(distances: Floats, same: NDArray[np.bool_]) -> float:
    """The threshold that is right most often: half-way to the next distance, the least of equals.

    distances, same: (m,) of some pairs. Accepting nothing is the least distance that there is less
    the smallest step, and accepting everything the greatest; where no distance is known, -inf.
    """
    steps = _count(distances, same)
    if not len(steps.values):
        return -math.inf
    # As whole numbers: equally good thresholds are equal.
    gained = steps.same - steps.different
    best = int(np.argmax(np.concatenate([[0], gained])))
    if best == 0:
        return float(np.nextafter(steps.values[0], -np.inf))
    if best == len(steps.values):
        return float(steps.values[-1])
    low, high = (float(one) for one in steps.values[best - 1 : best + 1])
    middle = low + (high - low) / 2
    return middle if middle < high else low


def trace_roc(distances: Floats, same: NDArray[np.bool_]) -> Roc:
    """The rates at all distances that there are. distances, same: (m,) of pairs of both kinds.

    Pairs with a missing face count among all, so that neither rate need reach 1.
    """
    steps = _count(distances, same)
    total = int(same.sum())
    return Roc(
        far=np.concatenate([[0.0], steps.different / (len(same) - total)]),
        tar=np.concatenate([[0.0], steps.same / total]),
        distances=np.concatenate([[-np.inf], steps.values]),
    )


def estimate_error(right: NDArray[np.int64], sizes: NDArray[np.int64]) -> float:
    """The standard error of the accuracy of all pairs, from f folds: (f,) right ones, (f,) pairs.

    For folds of one size it is the standard deviation (ddof 1) of their accuracies over the root
    of f.
    """
    f, n = len(sizes), int(sizes.sum())
    # As whole numbers: folds of equal accuracy have an error of exactly 0.
    gaps = (right * n - sizes * int(right.sum())) / n**2
    return math.sqrt(f / (f - 1) * math.fsum(gaps**2))


@dataclass(frozen=True)
class _Steps:
    """The finite distances, rising, and how many pairs of each kind are at most so far apart."""

    values: Floats
    same: NDArray[np.int64]
    different: NDArray[np.int64]


def _count(distances: Floats, same: NDArray[np.bool_]) -> _Steps:
    known = np.isfinite(distances)
    values, at = np.unique(distances[known], return_inverse=True)
    kinds = (
        np.cumsum(np.bincount(at[same[known] == kind], minlength=len(values)))
        for kind in (True, False)
    )
    return _Steps(values, *kinds)
