"""What a classifier and clusterers make of the same faces."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from facetrack.core.errors import UserError
from facetrack.core.faces import Embeddings
from facetrack.core.progress import Progress
from facetrack.evaluation.by_group import Estimate, estimate_mean
from facetrack.evaluation.experiment import fit, limit_threads
from facetrack.evaluation.neighbors import (
    OpenSet,
    draw_faces,
    judge_open_set,
    leave_one_out,
    match_clusters,
)
from facetrack.evaluation.resampling import start_neighbors

NEIGHBORS = {"1-NN": 1, "5-NN": 5}
_FEWEST = 5  # people who have so many faces


@dataclass(frozen=True)
class Plan:
    """What is asked.

    methods: clusterers by name. sizes: faces per person, rising. far: the share of unknown people's
    faces that may be taken for somebody. draws: of faces, and of who is known.
    dataset, seed: they draw.
    """

    methods: Mapping[str, BaseEstimator]
    sizes: Sequence[int]
    far: float
    draws: int
    dataset: str
    seed: int


@dataclass(frozen=True)
class Grown:
    """Accuracies at so many faces per person, one of each draw, by method."""

    size: int
    people: int
    accuracies: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Found:
    """What was measured.

    alone: faces whose person has no other, which no classifier can tell; they count for nobody but
    are in everybody's way. accuracies: of all others, with intervals over people.
    opened: an open set per draw. grown: by rising size.
    """

    faces: int
    people: int
    alone: int
    accuracies: Mapping[str, Estimate]
    opened: Sequence[OpenSet]
    grown: Sequence[Grown]


def measure(embeddings: Embeddings, plan: Plan, progress: Progress) -> Found:
    """All of it. Raises UserError where nobody is named, and where the people are too few."""
    vectors, people = embeddings.vectors, embeddings.people
    if people is None:
        raise UserError(
            "k-NN is told who is on the other pictures, and nobody says who is on these: give a "
            "sub-folder per person, or dataset.labels=FILE"
        )
    several = np.bincount(people)[people] > 1
    with limit_threads(len(vectors)):
        random = start_neighbors(plan.seed, plan.dataset)
        opened = [
            judge_open_set(vectors, people, plan.far, random)
            for _ in progress.bar(
                range(plan.draws), total=plan.draws, description="Open sets", unit="draw"
            )
        ]
        right = _classify(vectors, people, plan)
        grown = list(_grow(vectors, people, plan, progress))
    return Found(
        faces=int(several.sum()),
        people=len(np.unique(people[several])),
        alone=int((~several).sum()),
        accuracies={
            name: estimate_mean(one.astype(np.float64), people, several)
            for name, one in right.items()
        },
        opened=opened,
        grown=grown,
    )


def _classify(
    vectors: NDArray[np.float32], people: NDArray[np.int64], plan: Plan
) -> dict[str, NDArray[np.bool_]]:
    """(n,) which faces each method has right."""
    right = {name: leave_one_out(vectors, people, k) for name, k in NEIGHBORS.items()}
    for name, estimator in plan.methods.items():
        found = fit(estimator, vectors, people, (plan.seed, plan.dataset, 0))
        right[name] = match_clusters(people, found.labels)
    return right


def _grow(
    vectors: NDArray[np.float32], people: NDArray[np.int64], plan: Plan, progress: Progress
) -> Iterator[Grown]:
    """The same people at all sizes that some of them have."""
    counts = np.bincount(people)
    sizes = [size for size in plan.sizes if np.count_nonzero(counts >= size) >= _FEWEST]
    work = [(size, draw) for size in sizes for draw in range(plan.draws)]
    found: dict[int, dict[str, list[float]]] = {size: {} for size in sizes}
    for size, draw in progress.bar(work, total=len(work), description="Faces", unit="draw"):
        random = start_neighbors(plan.seed, plan.dataset, draw)
        faces = draw_faces(people, size, sizes[-1], random)
        some = np.unique(people[faces], return_inverse=True)[1]
        for name, right in _classify(vectors[faces], some, plan).items():
            found[size].setdefault(name, []).append(float(right.mean()))
    for size in sizes:
        yield Grown(size, int(np.count_nonzero(counts >= sizes[-1])), found[size])
