"""What a distance says of two faces: how likely they show one person.

| name   | what it is                                                                        |
|--------|-----------------------------------------------------------------------------------|
| ratio  | the likelihood ratio of a distance d: how many times as often pairs of one person |
|        | are d apart as pairs of two people                                                |
| ratios | pairs (distance, log10 of its ratio), falling; between them the logarithm is      |
|        | linear, and beyond them it goes on as between the last two                        |
| prior  | the share of a set's pairs that show one person, whatever their distance          |

By Bayes' rule the probability of one person is prior · ratio / (prior · ratio + 1 - prior). The
ratios belong to the embedder; the prior is the folder's own, and is found without labels: the
distances of its pairs are a mixture of two densities of known ratio, and the likelihood of that has
a single maximum in the prior.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import UserError
from facetrack.core.faces import Vectors

Ratios = tuple[tuple[float, float], ...]
Floats = NDArray[np.float64]

# Pairs of so many faces tell the prior: of a million pairs in a thousand one is of one person.
_MOST_FACES = 2000
# A probability is never said to be certain: the ratios are measured on so many pairs and no more.
_MOST_SURE = 6.0  # log10
UNIT = 1e-3
"""How far from 1 the length of a vector may be that ratios are measured for."""


@dataclass(frozen=True)
class Odds:
    """What distances say in a set of faces. ratios: the embedder's. prior: the set's own."""

    ratios: Ratios
    prior: float

    @classmethod
    def of(cls, ratios: Ratios | None, vectors: Vectors) -> Self | None:
        """Those of a set's (n, d) vectors.

        None where the embedder's ratios are not measured, or vectors are not of length 1, as they
        were then.
        """
        if ratios is None or not len(vectors):
            return None
        lengths = np.linalg.norm(vectors, axis=1)
        if np.abs(lengths - 1).max() > UNIT:
            return None
        return cls(ratios, estimate_prior_of(ratios, vectors))

    def find(self, distance: float) -> float:
        """How likely two faces so far apart show one person."""
        return float(find_probability(self.ratios, np.array(distance), self.prior))

    def tell(self, distance: float) -> str:
        """The same for a reader: "73 % one person"."""
        return _tell(self.find(distance))


def find_log_ratio(ratios: Ratios, distances: Floats) -> Floats:
    """log10 of the ratio at each of some distances, of any shape; within ±6."""
    at, logs = (np.array(column) for column in zip(*ratios, strict=True))
    log_ratio: Floats = np.clip(interpolate(distances, at, logs), -_MOST_SURE, _MOST_SURE)
    return log_ratio


def interpolate(distances: Floats, at: Floats, values: Floats) -> Floats:
    """The values at some distances, of any shape, of those at (k,) rising ones; k at least 2.

    Linear between them, and beyond them as between the last two.
    """
    slopes = np.diff(values) / np.diff(at)
    found: Floats = np.interp(distances, at, values)
    found += slopes[0] * np.minimum(distances - at[0], 0)
    found += slopes[-1] * np.maximum(distances - at[-1], 0)
    return found


def find_probability(ratios: Ratios, distances: Floats, prior: float) -> Floats:
    """How likely pairs at some distances, of any shape, show one person. prior: in [0, 1]."""
    odds = prior * 10.0 ** find_log_ratio(ratios, distances)
    probability: Floats = odds / (odds + 1 - prior)
    return probability


def estimate_prior(ratios: Ratios, distances: Floats) -> float:
    """The prior of (m,) distances of a set's pairs, by maximum likelihood.

    0 where even the nearest pair speaks for nobody, 1 where no pair speaks for two people.
    """
    ratio = 10.0 ** find_log_ratio(ratios, distances)

    def slope(prior: float) -> float:
        return float(((ratio - 1) / (prior * ratio + 1 - prior)).sum())

    # The likelihood's slope falls all the way.
    low, high = 0.0, 1.0
    if slope(low) <= 0:
        return low
    if slope(high) >= 0:
        return high
    while high - low > 1e-4 * low + 1e-12:
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return (low + high) / 2


def estimate_prior_of(ratios: Ratios, vectors: Vectors, seed: int = 0) -> float:
    """The prior of the pairs of (n, d) vectors, of 2,000 of them where there are more.

    0.5, which takes no side, where there is no pair.
    """
    if len(vectors) < 2:
        return 0.5
    return estimate_prior(ratios, measure_pairs(vectors, seed))


def measure_pairs(vectors: Vectors, seed: int = 0) -> Floats:
    """(m,) distances of the pairs of (n, d) vectors, of 2,000 of them where there are more."""
    some = vectors
    if len(vectors) > _MOST_FACES:
        some = vectors[np.random.RandomState(seed).choice(len(vectors), _MOST_FACES, replace=False)]
    points = some.astype(np.float64)
    squares = (points**2).sum(axis=1)
    apart = squares[:, None] + squares - 2 * points @ points.T
    distances: Floats = np.sqrt(np.maximum(apart[np.triu_indices(len(some), 1)], 0))
    return distances


def _tell(probability: float) -> str:
    percent = round(100 * probability)
    if percent == 0:
        return "under 1 % one person"
    return "over 99 % one person" if percent == 100 else f"{percent} % one person"


def check_ratios(value: Any, name: str) -> Ratios:
    """Ratios as they came. Raises UserError with what they are called."""
    try:
        pairs = tuple((float(distance), float(log)) for distance, log in value)
    except (TypeError, ValueError):
        pairs = ()
    falling = all(a[0] < b[0] and a[1] > b[1] for a, b in pairwise(pairs))
    finite = all(math.isfinite(number) for pair in pairs for number in pair)
    if len(pairs) < 2 or not falling or not finite or pairs[0][0] < 0:
        raise UserError(
            f"{name} is a list of pairs, a distance and the decimal logarithm of how many times as "
            "often faces of one person are so far apart as those of two, the distances rising and "
            f"the logarithms falling, such as [[0.2,5],[0.4,0],[0.6,-2]]; got {value!r}"
        )
    return pairs
