"""What can be wrong in an organised folder, as blocks of pairs of faces that are wrong together.

| name    | what it is                                                                        |
|---------|-----------------------------------------------------------------------------------|
| inside  | mistakes of precision: pairs of one group that show two people. A block is a face |
|         | with those of its group that fit in better than it does                           |
| between | mistakes of recall: pairs of two groups that show one person. A block is two      |
|         | groups                                                                            |
| logit   | of a block: the log odds that its pairs are mistakes, by calibration on others    |
| weight  | what a block counts for, all of its pairs wrong: in 1 - BCubed, and in pairs      |

Precision is 1 minus a weighted mean over pairs: with |C| faces in a group and n in all, a pair of
it counts for 2 / (n |C|). Recall is that too, once one knows how many faces a person has: a missed
pair of somebody with N counts for 2 / (n N). N is what the probabilities expect for a pair that is
missed. Blocks are independent, given the folder's own deviation from the calibration (belief.py);
that they are not quite is part of the calibrated spread.

Two faces on one photo are two people: such pairs inside a group are mistakes that are known, and
two groups that share a photo are two people. Nobody has to be asked about them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Vectors
from facetrack.core.likelihood import Floats, Ratios, estimate_prior_of, find_log_ratio
from facetrack.evaluation.impossible import pair_faces

Rows = NDArray[np.int64]

INSIDE, BETWEEN = "inside", "between"
SIDES = (INSIDE, BETWEEN)
BINS = np.linspace(-16, 16, 161)
"""Log odds by which blocks are counted that nobody is asked about."""


@dataclass(frozen=True)
class Faces:
    """The faces of an organised folder.

    vectors: (n, d) of length 1. groups: (n,) 0, 1, …, a face of nobody's in one of its own. photos:
    (n,), equal for faces of one photo. ratios: the embedder's. sharpness: (n,), NaN where it is not
    known, or None. apart: within this distance two faces of one photo are one that was found twice.
    """

    vectors: Vectors
    groups: Rows
    photos: Rows
    ratios: Ratios
    sharpness: NDArray[np.float32] | None = None
    apart: float = 0.0


@dataclass(frozen=True)
class Blocks:
    """The m blocks of a side.

    first, second: (m,) faces and their groups, or two groups, the first one first. logit: (m,).
    weight: (m, 2), BCubed and pairwise. rest: (b, 2) weights of blocks that nobody is asked about,
    by log odds between `BINS`; squares: (b, 2) sums of their squares. known: (2,), what is wrong
    for certain. group: (m,) of blocks that are wrong together; None where all are by themselves.
    Pairs of groups are in rising order.
    """

    first: Rows
    second: Rows
    logit: Floats
    weight: Floats
    rest: Floats
    squares: Floats
    known: Floats
    group: Rows | None = None


@dataclass(frozen=True)
class Features:
    """What the log odds of blocks are made of. values: (m, k), a column each; first is 1."""

    first: Rows
    second: Rows
    values: Floats


def rank_faces(faces: Faces) -> Rows:
    """(n,) how many faces of its group fit in better than each does, by their mean distances."""
    points = faces.vectors.astype(np.float64)
    rank = np.zeros(len(points), np.int64)
    for rows in list_members(faces.groups):
        fit = points[rows] @ points[rows].sum(axis=0)
        rank[rows[np.argsort(-fit, kind="stable")]] = np.arange(len(rows))
    return rank


def list_members(groups: Rows) -> list[Rows]:
    """The faces of each of some groups 0, 1, …"""
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.cumsum(np.bincount(groups))[:-1])


@dataclass(frozen=True)
class Inside:
    """Blocks inside groups. weight: (m, 2) of `Blocks`; known: (2,), mistakes that are certain."""

    features: Features
    weight: Floats
    known: Floats


def measure_inside(faces: Faces, rank: Rows, prior: float) -> Inside:
    """The blocks inside groups.

    rank: of `rank_faces`; prior: of `find_prior_odds`. A face's columns: 1, the log ratio of its
    root mean square distance from those that fit in better, the logarithm of their number, and the
    prior's log odds.
    """
    n = len(faces.vectors)
    sizes = np.bincount(faces.groups)[faces.groups]
    order = np.lexsort((rank, faces.groups))
    ahead = np.cumsum(faces.vectors[order].astype(np.float64), axis=0)
    who = order[rank[order] > 0]
    place = np.zeros(n, np.int64)
    place[order] = np.arange(n)
    begin = place[who] - rank[who]
    before = np.where((begin > 0)[:, None], ahead[begin - 1], 0)
    cosines = np.einsum("ij,ij->i", faces.vectors[who], ahead[place[who] - 1] - before) / rank[who]
    columns = (
        np.ones(len(who)),
        speak(faces.ratios, cosines, None if faces.sharpness is None else faces.sharpness[who]),
        np.log(rank[who]),
        np.full(len(who), prior),
    )
    weight = np.stack([2 * rank[who] / (n * sizes[who]), rank[who].astype(np.float64)], axis=1)
    share = weight / rank[who][:, None]
    known = np.zeros(2)
    block = np.full(n, -1)
    block[who] = np.arange(len(who))
    for one, other in list_impossible(faces):
        later = block[one if rank[one] > rank[other] else other]
        weight[later] -= share[later]
        known += share[later]
    features = Features(who, faces.groups[who], np.stack(columns, axis=1))
    return Inside(features, np.maximum(weight, 0), known)


def list_impossible(faces: Faces) -> list[tuple[int, int]]:
    """Pairs of faces on one photo that are in one group, and no face that was found twice."""
    found = []
    for one, other in pair_faces(faces.photos):
        far = np.linalg.norm(faces.vectors[one] - faces.vectors[other], axis=1) > faces.apart
        together = far & (faces.groups[one] == faces.groups[other])
        found += list(zip(one[together].tolist(), other[together].tolist(), strict=True))
    return found


def speak(ratios: Ratios, cosines: Floats, sharpness: NDArray[np.floating] | None = None) -> Floats:
    """The natural logarithm of the ratio at root mean square distances of these mean cosines."""
    distances = np.sqrt(np.maximum(2 - 2 * cosines, 0))
    spoken: Floats = np.log(10) * find_log_ratio(ratios, distances, sharpness)
    return spoken


def find_prior_odds(faces: Faces) -> float:
    """The log odds that two of the folder's faces show one person."""
    prior = estimate_prior_of(faces.ratios, faces.vectors, faces.sharpness)
    prior = min(max(prior, 1e-5), 0.9)
    return float(np.log(prior / (1 - prior)))


@dataclass(frozen=True)
class Groups:
    """The g groups of faces. means: (g, d) of their vectors; sizes: (g,); sharpness: (g,)."""

    means: Floats
    sizes: Rows
    sharpness: NDArray[np.floating] | None


def sum_up(faces: Faces) -> Groups:
    """The groups of faces."""
    sizes = np.bincount(faces.groups)
    means = np.zeros((len(sizes), faces.vectors.shape[1]))
    np.add.at(means, faces.groups, faces.vectors.astype(np.float64))
    means /= sizes[:, None]
    sharpness = None
    if faces.sharpness is not None:
        known = ~np.isnan(faces.sharpness)
        sums = np.bincount(faces.groups[known], faces.sharpness[known], len(sizes))
        count = np.bincount(faces.groups[known], minlength=len(sizes))
        sharpness = np.where(count > 0, sums / np.maximum(count, 1), np.nan)
    return Groups(means, sizes, sharpness)
