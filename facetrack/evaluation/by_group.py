"""Errors by group of faces: those with glasses and those without (PROTOCOL, "Error by group").

| score     | what it is, of a face, from 0 to 1                                             |
|-----------|--------------------------------------------------------------------------------|
| precision | the share of its cluster that is of its person (BCubed)                        |
| recall    | the share of its person that is in its cluster (BCubed)                        |
| split     | 1 where most faces of its person are in another cluster, 0 where they are here |
| merged    | 1 where most faces of its cluster are of another person, 0 where of its own    |

Where t parts are equally large, each of their faces counts (t - 1) / t. A group's score is the mean
over its faces, all faces being clustered together. Faces of one person are no independent
witnesses, so intervals take people for the units, each with all of its faces.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from facetrack.core.labels import separate_noise

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

SCORES = ("precision", "recall", "split", "merged")
WORSE_WHERE_HIGHER = ("split", "merged")
_MISS = 0.05  # how often an interval may miss


@dataclass(frozen=True)
class Estimate:
    """A mean, or a difference of two, and its 95 % interval over people."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Group:
    """The faces that have one value of a factor. scores: by SCORES."""

    factor: str
    value: str
    faces: int
    people: int
    scores: Mapping[str, Estimate]


@dataclass(frozen=True)
class Gap:
    """The largest difference between two groups of a factor in one score.

    worse, better: their values. difference: of the higher score and the lower one; its interval is
    wide enough for all pairs of the factor's groups, as the largest was looked for.
    """

    factor: str
    score: str
    worse: str
    better: str
    difference: Estimate


def score_faces(people: Labels, clusters: Labels) -> dict[str, Floats]:
    """The SCORES of each face, (n,) each. people, clusters: (n,); noise is alone, as everywhere."""
    parts = separate_noise(clusters)
    cells, cell, counts = np.unique(
        np.stack([people, parts]), axis=1, return_inverse=True, return_counts=True
    )
    cell = cell.reshape(-1)
    here = counts[cell]
    return {
        "precision": here / np.bincount(parts)[parts],
        "recall": here / np.bincount(people)[people],
        "split": _measure_strays(cells[0], counts)[cell],
        "merged": _measure_strays(cells[1], counts)[cell],
    }


def _measure_strays(outer: Labels, counts: Labels) -> Floats:
    """Of each cell, (L,): how far it is from being the largest one of its `outer`."""
    most = np.zeros(outer.max() + 1, dtype=np.int64)
    np.maximum.at(most, outer, counts)
    largest = counts == most[outer]
    ties = np.bincount(outer, largest, minlength=len(most))[outer]
    strays: Floats = np.where(largest, 1 - 1 / ties, 1.0)
    return strays


def score_groups(
    scores: Mapping[str, Floats], people: Labels, factor: str, values: Sequence[str]
) -> list[Group]:
    """The groups of a factor by value. scores: of `score_faces`.

    values: of each face, empty for the group of which nobody says it.
    """
    of = np.array(values, dtype=object)
    groups = []
    for value in sorted(set(values)):
        inside = of == value
        groups.append(
            Group(
                *(factor, value, int(inside.sum()), len(np.unique(people[inside]))),
                {name: estimate_mean(one, people, inside) for name, one in scores.items()},
            )
        )
    return groups


def find_gaps(
    scores: Mapping[str, Floats], people: Labels, factor: str, values: Sequence[str]
) -> list[Gap]:
    """The largest gap of a factor in each of the SCORES; none where it has but one value.

    Faces of which nobody says the value do not count, nor does a group of a single person.
    """
    of = np.array(values, dtype=object)
    found = sorted(set(values) - {""})
    inside = {value: of == value for value in found}
    names = [one for one in found if len(np.unique(people[inside[one]])) > 1]
    pairs = list(combinations(names, 2))
    gaps = []
    for score, one in scores.items() if pairs else ():
        means = {name: float(one[inside[name]].mean()) for name in names}
        low, high = max(
            (sorted(pair, key=lambda name: means[name]) for pair in pairs),
            key=lambda pair: means[pair[1]] - means[pair[0]],
        )
        difference = estimate_difference(one, people, (inside[high], inside[low]), len(pairs))
        worse, better = (high, low) if score in WORSE_WHERE_HIGHER else (low, high)
        gaps.append(Gap(factor, score, worse, better, difference))
    return gaps


def estimate_mean(values: Floats, people: Labels, inside: NDArray[np.bool_]) -> Estimate:
    """The mean of some faces' values, (n,) within [0, 1]; inside: (n,), which of them.

    Its error is that of a ratio of sums over people, linearised. Where no person differs from
    another, it is what may hide from so few people (Clopper and Pearson 1934, of none).
    """
    value = float(values[inside].mean())
    pull = _find_pulls(values, people, inside)
    n = len(np.unique(people[inside]))
    half = _find_half(pull, n, n, _MISS)
    return Estimate(value, max(0.0, value - half), min(1.0, value + half))


def estimate_difference(
    values: Floats,
    people: Labels,
    insides: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    n_pairs: int = 1,
) -> Estimate:
    """The mean of some faces' values less that of others; people may be in both groups.

    n_pairs: of how many pairs this one was chosen (Bonferroni).
    """
    first, second = insides
    difference = float(values[first].mean() - values[second].mean())
    pull = _find_pulls(values, people, first) - _find_pulls(values, people, second)
    sizes = [len(np.unique(people[one])) for one in insides]
    n = len(np.unique(people[first | second]))
    half = _find_half(pull, n, min(sizes), _MISS / n_pairs)
    return Estimate(difference, max(-1.0, difference - half), min(1.0, difference + half))


def _find_pulls(values: Floats, people: Labels, inside: NDArray[np.bool_]) -> Floats:
    """(K,) how much each person moves the mean of a group; 0 for who is not in it."""
    most = int(people.max()) + 1
    off = values[inside] - values[inside].mean()
    pulls: Floats = np.bincount(people[inside], off, minlength=most) / inside.sum()
    return pulls


def _find_half(pull: Floats, n: int, least: int, miss: float) -> float:
    """Half of an interval's width. n: people that count; least: of the smaller group."""
    if least < 2:
        return 1.0
    # Rounding leaves traces where all people are alike.
    if np.abs(pull).max() < 1e-12:
        return float(1 - (miss / 2) ** (1 / least))
    error = float(np.sqrt(n / (n - 1) * (pull**2).sum()))
    return float(stdtrit(n - 1, 1 - miss / 2)) * error
