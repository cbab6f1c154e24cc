"""The BCubed F to expect of a clustering without labels, by how likely its pairs show one person.

Precision of a face is the mean probability that a member of its group shows the same person, the
face itself included; its recall is the sum of those probabilities over the sum over all faces.
Both are exact where probabilities are 0 and 1, and what is expected of them else, but for recall's
denominator, whose mean is not that of its inverse.

The probabilities hold for pictures such as those that the ratios were measured on. Drawn, blurred
or dark faces are nearer to each other, whoever they are: by the ratios as they are, a folder of
blurred strangers is one person, and the F to expect of a single group excellent. So distances are
stretched first, until strangers are as far apart on the average as they were then. Most pairs of
a set are strangers, and half of them are below the middle of what is left of the distances when
the prior's share, the nearest ones, is taken away; prior and stretch are found in turn. Distances
are never made shorter. Where almost all faces are of one person, that takes them for strangers: a
stretch of more than `MOST_STRETCH` says that nothing can be told.

How sharp the faces are does not enter: what blur does to a set the set's own distances show, and
the ratios of blurred faces (likelihood.py) would count it once more. Of 12 sets of ORL and Yale, as
they are and with blurred or small pictures, by MobileFaceNet and dlib, the F to expect is .039 from
F on the average without sharpness and .070 with it, and in none nearer; by the ratios of blurred
faces instead of stretched distances it is farther still.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Vectors
from facetrack.core.likelihood import (
    Floats,
    Ratios,
    are_unit,
    choose_some,
    estimate_prior,
    find_probability,
    measure_pairs,
)
from facetrack.core.scale import Scale

MOST_STRETCH = 1.5
_MOST_PRIOR = 0.6  # above it, half of the strangers cannot be found among the distances
_TURNS, _ENOUGH = 15, 1e-3
_BLOCK = 1 << 22  # pairs at once
_MOST_FACES = 5000  # faces that are looked at, each against all: of more, so many


@dataclass(frozen=True)
class Belief:
    """What distances say in a set of faces.

    stretch: what they are multiplied by, 1 or more. prior: of the stretched ones.
    """

    ratios: Ratios
    stretch: float
    prior: float

    def find(self, distances: Floats) -> Floats:
        """How likely pairs at some distances, of any shape, show one person."""
        return find_probability(self.ratios, self.stretch * distances, self.prior)

    @property
    def holds(self) -> bool:
        """Whether the distances are enough like those that the ratios were measured on."""
        return self.stretch <= MOST_STRETCH


def form_belief(scale: Scale, vectors: Vectors) -> Belief | None:
    """What the distances of (n, d) vectors say.

    None where the embedder's ratios are not measured, there are fewer than two faces, or vectors
    are not of length 1.
    """
    if scale.likelihood is None or len(vectors) < 2:
        return None
    if not are_unit(vectors):
        return None
    distances = np.sort(measure_pairs(vectors))
    usual = scale.find_distance(0.5)
    prior, stretch = 0.0, 0.0
    for _ in range(_TURNS):
        middle = min(int((prior + (1 - prior) / 2) * len(distances)), len(distances) - 1)
        before, stretch = stretch, max(1.0, usual / max(float(distances[middle]), 1e-9))
        if abs(stretch - before) < _ENOUGH:
            break
        prior = min(estimate_prior(scale.likelihood, stretch * distances), _MOST_PRIOR)
    return Belief(scale.likelihood, stretch, estimate_prior(scale.likelihood, stretch * distances))


@dataclass(frozen=True)
class PerFace:
    """precision, recall: (k,) of faces, expected or as they are."""

    precision: Floats
    recall: Floats

    @property
    def f(self) -> float:
        """The harmonic mean of their means."""
        precision, recall = self.precision.mean(), self.recall.mean()
        return float(2 * precision * recall / (precision + recall))


def choose_faces(n: int) -> NDArray[np.int64]:
    """Which of n faces are looked at, sorted: all of them, or 5,000."""
    return choose_some(n, _MOST_FACES)


def expect(
    vectors: Vectors,
    belief: Belief,
    groupings: Sequence[NDArray[np.int64]],
    photos: NDArray[np.int64],
    faces: NDArray[np.int64],
) -> list[PerFace]:
    """What is to be expected of some faces in groupings of all.

    vectors: (n, d). groupings: (n,) labels each, without noise. photos: (n,), equal for faces of
    one photo, which are two people. faces: (k,) rows of those that are told.
    """
    points = vectors.astype(np.float64)
    squares = np.einsum("ij,ij->i", points, points)
    parts: list[list[Floats]] = [[] for _ in range(2 * len(groupings))]
    step = max(1, _BLOCK // len(points))
    for start in range(0, len(faces), step):
        rows = faces[start : start + step]
        apart = squares[rows, None] + squares - 2 * points[rows] @ points.T
        likely = belief.find(np.sqrt(np.maximum(apart, 0)))
        likely[photos[rows, None] == photos] = 0
        likely[np.arange(len(rows)), rows] = 1
        everybody = likely.sum(axis=1)
        for at, labels in enumerate(groupings):
            together = labels[rows, None] == labels
            found = (likely * together).sum(axis=1)
            parts[2 * at].append(found / together.sum(axis=1))
            parts[2 * at + 1].append(found / everybody)
    joined = [np.concatenate(one) for one in parts]
    return [PerFace(*joined[2 * at : 2 * at + 2]) for at in range(len(groupings))]


def score_faces(
    people: NDArray[np.int64], labels: NDArray[np.int64], faces: NDArray[np.int64]
) -> PerFace:
    """BCubed precision and recall of some faces whose people are known.

    people, labels: (n,), labels without noise. faces: (k,) rows.
    """
    _, pair = np.unique(np.stack([people, labels]), axis=1, return_inverse=True)
    pair = pair.reshape(-1)
    together = np.bincount(pair)[pair[faces]]
    of_group, of_person = np.bincount(labels)[labels[faces]], np.bincount(people)[people[faces]]
    return PerFace(together / of_group, together / of_person)
