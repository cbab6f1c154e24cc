"""Persons who may be one, for the user to decide."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Vectors
from facetrack.core.likelihood import Odds, find_pair_sharpness
from facetrack.organiser.grouping import NOBODY, Numbers, list_faces
from facetrack.organiser.people import Corrections
from facetrack.organiser.photos import Photos
from facetrack.organiser.state import State

_MOST_PAIRS = 20
# Looked at are persons whose mean vectors are nearer than so many radii, of the embedder's radii,
# whatever the clusterer's is.
_NEAR = 1.0
# Less likely than that is not worth a look: among 100 there would be one.
_LEAST_LIKELY = 0.01
_PAIRS = 1 << 22  # of persons at once: 32 MB


@dataclass(frozen=True)
class Alike:
    """Two persons who may be one, the smaller number first.

    distance: between their faces, the root of the mean square of all pairs. It says how likely they
    are one: on Infomap's groups of LFW's halves, pairs said to be .31 likely on the average by
    dlib's vectors were right in .19, by MobileFaceNet's .023 and .016; by the distance of the mean
    vectors, which are nearer than any two faces, it would be .99 of each.
    likely: how likely two faces so far apart are one person; None where nobody knows.
    """

    first: int
    second: int
    distance: float
    likely: str | None = None


def suggest_pairs(
    photos: Photos, persons: Numbers, near: float, now: State, said: Corrections, odds: Odds | None
) -> list[Alike]:
    """Pairs who may be one person, the closest first; none that the user has parted or hidden.

    persons: (n,) of each face. near: the distance within which two may be one.
    """
    apart = {frozenset((said.person(one), said.person(other))) for one, other in now.parted.items()}
    apart |= said.apart()
    vectors, contents = photos.vectors, photos.contents
    found = find_alike(vectors, persons, contents, near, odds, photos.sharpness)
    return [
        pair
        for pair in found
        if frozenset((pair.first, pair.second)) not in apart
        and said.hidden.isdisjoint((pair.first, pair.second))
    ][:_MOST_PAIRS]


def find_alike(
    vectors: Vectors,
    numbers: Numbers,
    contents: Sequence[str],
    radius: float,
    odds: Odds | None = None,
    sharpness: NDArray[np.float32] | None = None,
) -> list[Alike]:
    """Pairs of persons who may be one, the closest first.

    Their mean vectors are within a radius, they are on no photo together, and where it is known how
    likely they are one, that is at least 1 %. numbers: (n,) of each face. contents: n digests of
    the photo it is on. sharpness: (n,) of each face; a person's is the median of what is known.
    """
    of_person = list_faces(numbers)
    of_person.pop(NOBODY, None)
    persons, rows = list(of_person), list(of_person.values())
    if len(persons) < 2:
        return []
    means = np.stack([vectors[faces].mean(axis=0, dtype=np.float64) for faces in rows])
    spread = np.array([_spread(vectors[faces]) for faces in rows]) - (means**2).sum(axis=1)
    if sharpness is None:
        sharpness = np.full(len(vectors), np.nan, np.float32)
    sharp = np.array([_find_median(sharpness[faces]) for faces in rows])
    photos = [{contents[face] for face in faces.tolist()} for faces in rows]
    found = []
    for row, other, square in _find_near(means, _NEAR * radius):
        if not photos[row].isdisjoint(photos[other]):
            continue
        distance = math.sqrt(max(square + spread[row] + spread[other], 0))
        blur = float(find_pair_sharpness(sharp[row], sharp[other]))
        if odds is None:
            found.append(Alike(persons[row], persons[other], distance))
        elif odds.find(distance, blur) >= _LEAST_LIKELY:
            told = odds.tell(distance, blur)
            found.append(Alike(persons[row], persons[other], distance, told))
    return sorted(found, key=lambda pair: (pair.distance, pair.first, pair.second))


def _find_near(means: NDArray[np.float64], radius: float) -> Iterator[tuple[int, int, float]]:
    """Pairs of rows of (p, d) less than a radius apart, the smaller first, and their squares."""
    norms = (means**2).sum(axis=1)
    limit = radius**2
    # Of a product of up to 512 coordinates the rounding is less; the differences decide.
    doubt = 1e-9 * (limit + 2 * float(norms.max()))
    height = max(1, _PAIRS // len(means))
    for start in range(0, len(means), height):
        block = means[start : start + height]
        rough = norms[start : start + height, None] + norms[start:] - 2 * block @ means[start:].T
        row, other = np.nonzero(rough < limit + doubt)
        after = row < other
        row, other = row[after] + start, other[after] + start
        squares = ((means[other] - means[row]) ** 2).sum(axis=1)
        near = squares < limit
        yield from zip(
            row[near].tolist(), other[near].tolist(), squares[near].tolist(), strict=True
        )


def _find_median(values: NDArray[np.float32]) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else np.nan


def _spread(vectors: NDArray[np.floating]) -> float:
    """The mean square of the lengths of some vectors."""
    return float((vectors.astype(np.float64) ** 2).sum(axis=1).mean())
