"""Detectors with embedders, two at a time, on the faces that both have."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Embeddings
from facetrack.core.labels import separate_noise
from facetrack.core.scale import Scale
from facetrack.evaluation.common_faces import find_common
from facetrack.evaluation.expected import Belief, choose_faces, expect, form_belief, score_faces
from facetrack.evaluation.impossible import pair_faces
from facetrack.evaluation.verdict import (
    Verdict,
    choose_units,
    compare_impossible,
    judge_by_labels,
    judge_without,
    refuse_few,
    weigh,
)

Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Model:
    """A detector and an embedder, and the faces of a dataset by them.

    scale: the embedder's distances. cluster: groups some of the faces; told whether it may know
    which are on one photo.
    """

    name: str
    embeddings: Embeddings
    scale: Scale
    cluster: Callable[[Embeddings, bool], Labels]


@dataclass(frozen=True)
class ModelPair:
    """Two models, `first` and `second` by name, on the faces that both have.

    common: how many faces those are; only_first, only_second: the others of each. by_labels: the
    verdict where the faces are labelled. without: the one that needs no labels; None where an
    embedder's distances are not measured, or both have fewer than two faces.
    """

    first: str
    second: str
    common: int
    only_first: int
    only_second: int
    by_labels: Verdict | None
    without: Verdict | None

    @property
    def verdict(self) -> Verdict | None:
        """The one that counts: by labels where there are some."""
        return self.by_labels or self.without

    @property
    def picked(self) -> str | None:
        """The name of the better one; None where they cannot be told apart."""
        verdict = self.verdict
        if verdict is None or verdict.picked is None:
            return None
        return (self.first, self.second)[verdict.picked]


def compare_two(first: Model, second: Model) -> ModelPair:
    """Which of two models groups the faces better that both have. Raises what `cluster` does."""
    common = find_common(first.embeddings, second.embeddings)
    n = len(common.first)
    by_labels = without = None
    if n > 1:
        sides = (
            first.embeddings.some(common.first),
            second.embeddings.some(common.second),
        )
        by_labels, without = _judge((first, second), sides)
    return ModelPair(
        first.name, second.name, n, common.only_first, common.only_second, by_labels, without
    )


def group(model: Model, faces: Embeddings) -> Labels:
    """Groups of a model's faces, noise as faces alone. What shares a photo is kept apart."""
    return separate_noise(model.cluster(faces, True))


def number_photos(faces: Embeddings) -> Labels:
    """(n,), equal for faces of one picture."""
    numbers: Labels = np.unique([one.name for one in faces.pictures], return_inverse=True)[1]
    return numbers


def _judge(
    models: tuple[Model, Model], sides: tuple[Embeddings, Embeddings]
) -> tuple[Verdict | None, Verdict | None]:
    groups = [group(model, side) for model, side in zip(models, sides, strict=True)]
    faces = choose_faces(len(groups[0]))
    by_labels = None
    people = sides[0].people
    if people is not None:
        one, other = (score_faces(people, labels, faces) for labels in groups)
        by_labels = refuse_few(judge_by_labels(one, other, people[faces]), people[faces])
    beliefs = [
        form_belief(model.scale, side.vectors) for model, side in zip(models, sides, strict=True)
    ]
    first, second = beliefs
    if first is None or second is None:
        return by_labels, None
    photos = number_photos(sides[0])
    judged = [
        expect(side.vectors, belief, groups, photos, faces)
        for side, belief in zip(sides, (first, second), strict=True)
    ]
    units = choose_units(*groups)[faces]
    verdict = refuse_few(judge_without(judged, units), units)
    return by_labels, _weigh(verdict, models, sides, (first, second))


def _weigh(
    verdict: Verdict,
    models: tuple[Model, Model],
    sides: tuple[Embeddings, Embeddings],
    beliefs: tuple[Belief, Belief],
) -> Verdict:
    """A verdict with what else speaks against it."""
    counts = _count_impossible(models, sides) if verdict.picked is not None else (0, 0)
    leader = counts[verdict.leader]
    return weigh(
        verdict,
        holds=all(one.holds for one in beliefs),
        against=compare_impossible(leader, sum(counts) - leader),
    )


def _count_impossible(
    models: tuple[Model, Model], sides: tuple[Embeddings, Embeddings]
) -> tuple[int, int]:
    """How many impossible pairs only the first puts together, and only the second.

    Faces within half a radius by either are as good as equal, and do not count.
    """
    photos = number_photos(sides[0])
    if len(np.unique(photos)) == len(photos):
        return 0, 0
    labels = [
        separate_noise(model.cluster(side, False))
        for model, side in zip(models, sides, strict=True)
    ]
    counts = [0, 0]
    for one, other in pair_faces(photos):
        far = np.ones(len(one), dtype=bool)
        for model, side in zip(models, sides, strict=True):
            apart = np.linalg.norm(side.vectors[one] - side.vectors[other], axis=1)
            far &= apart > (model.scale.radius or 0) / 2
        together = [found[one] == found[other] for found in labels]
        counts[0] += int((far & together[0] & ~together[1]).sum())
        counts[1] += int((far & together[1] & ~together[0]).sum())
    return counts[0], counts[1]
