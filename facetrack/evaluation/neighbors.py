"""Who is on a face, told by its nearest named faces (PROTOCOL, "k nearest neighbours").

| name      | what it is                                                                   |
|-----------|------------------------------------------------------------------------------|
| gallery   | the faces whose people are known                                             |
| k-NN      | the person that most of the k nearest faces show; of equally many the one    |
|           | whose face is nearest                                                        |
| open set  | faces of people who are not in the gallery come as well, and have to be told |
|           | apart by the distance of the nearest face                                    |
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from facetrack.clusterer.kernels.distances import Points
from facetrack.core.errors import UserError
from facetrack.core.faces import Vectors
from facetrack.core.labels import separate_noise

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]

_FEWEST = 4  # people of an open set: two known ones, and two halves of unknown ones


@dataclass(frozen=True)
class Nearest:
    """The k nearest faces of each face, itself left out. faces: (q, k); distances: (q, k)."""

    faces: Labels
    distances: Floats


def find_nearest(vectors: Vectors, k: int, queries: Vectors | None = None) -> Nearest:
    """The k nearest of (n, d) vectors, nearest first.

    queries: (q, d) that are not among them; None for the vectors themselves, each without itself.
    Where there are fewer than k others, as many as there are.
    """
    asking = vectors if queries is None else queries
    k = min(k, len(vectors) - (queries is None))
    faces = np.empty((len(asking), k), dtype=np.int64)
    squares = np.empty((len(asking), k))
    for rows, squared, _ in Points(vectors).squared(asking, np.float64):
        if queries is None:
            own = np.arange(rows.start, rows.stop)
            squared[own - rows.start, own] = np.inf
        some = np.argpartition(squared, k - 1, axis=1)[:, :k]
        near = np.take_along_axis(squared, some, axis=1)
        order = np.lexsort((some, near), axis=1)
        faces[rows] = np.take_along_axis(some, order, axis=1)
        squares[rows] = np.take_along_axis(near, order, axis=1)
    return Nearest(faces, np.sqrt(np.maximum(squares, 0)))


def vote(people: Labels) -> Labels:
    """(q,) the person of each row of people, (q, k), nearest first: see k-NN in the module."""
    same = people[:, :, None] == people[:, None, :]
    told: Labels = people[np.arange(len(people)), same.sum(axis=2).argmax(axis=1)]
    return told


def leave_one_out(vectors: Vectors, people: Labels, k: int) -> NDArray[np.bool_]:
    """(n,) whether each face's person is told by its k nearest others.

    False where the person has no other face: nobody could tell.
    """
    return np.asarray(vote(people[find_nearest(vectors, k).faces]) == people)


def match_clusters(people: Labels, clusters: Labels) -> NDArray[np.bool_]:
    """(n,) whether each face is in the cluster that is its person's.

    Each person has one cluster at most and each cluster one person, such that most faces are right
    (Kuhn 1955). Noise faces are clusters of their own.
    """
    parts = separate_noise(clusters)
    cells, counts = np.unique(np.stack([people, parts]), axis=1, return_counts=True)
    own = np.full(people.max() + 1, -1)
    # Who shares no cluster with the others is matched apart from them: tables stay small.
    for some in _find_apart(cells):
        persons, row = np.unique(cells[0, some], return_inverse=True)
        groups, column = np.unique(cells[1, some], return_inverse=True)
        table = np.zeros((len(persons), len(groups)))
        table[row, column] = counts[some]
        rows, columns = linear_sum_assignment(table, maximize=True)
        own[persons[rows]] = groups[columns]
    return np.asarray(own[people] == parts)


def _find_apart(cells: Labels) -> list[Labels]:
    """Indices of cells, (2, L) people and clusters, in sets that have none of either in common."""
    n = int(cells[0].max()) + 1
    size = n + int(cells[1].max()) + 1
    links = coo_array((np.ones(cells.shape[1]), (cells[0], n + cells[1])), shape=(size, size))
    of = connected_components(links, directed=False)[1][cells[0]]
    order = np.argsort(of, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(of[order])) + 1)


@dataclass(frozen=True)
class OpenSet:
    """Of one draw of who is known.

    identified: the share of faces of known people, each looked up among all other faces of known
    people, that are taken for somebody and for the right one. accepted: the share of unknown
    people's faces that are taken for somebody. threshold: on the distance.
    """

    identified: float
    accepted: float
    threshold: float


def judge_open_set(
    vectors: Vectors, people: Labels, far: float, random: np.random.RandomState
) -> OpenSet:
    """Half of the people are known; a quarter sets the threshold, and a quarter is judged.

    far: the share of faces of unknown people that may be taken for somebody. Known people have two
    faces or more. Raises UserError where the people are too few.
    """
    counts = np.bincount(people)
    several = np.flatnonzero(counts > 1)
    if len(several) < 2 or np.count_nonzero(counts) < _FEWEST:
        raise UserError(
            f"an open set needs {_FEWEST} people, two of them with two faces: add pictures"
        )
    everybody = random.permutation(np.flatnonzero(counts))
    with_others = everybody[counts[everybody] > 1]
    known = with_others[: max(1, min(len(with_others), len(everybody) // 2))]
    unknown = everybody[~np.isin(everybody, known)]
    calibrating, judged = unknown[::2], unknown[1::2]
    gallery = vectors[np.isin(people, known)]
    names = people[np.isin(people, known)]
    strange = [
        find_nearest(gallery, 1, vectors[np.isin(people, some)]).distances[:, 0]
        for some in (calibrating, judged)
    ]
    threshold = float(np.sort(strange[0])[int(far * len(strange[0]))])
    own = find_nearest(gallery, 1)
    right = (own.distances[:, 0] < threshold) & (names[own.faces[:, 0]] == names)
    return OpenSet(float(right.mean()), float((strange[1] < threshold).mean()), threshold)


def draw_faces(people: Labels, size: int, most: int, random: np.random.RandomState) -> Labels:
    """`size` faces of everybody who has `most`, sorted.

    Those of a smaller size are among those of a larger one where the stream begins at the same
    place.
    """
    order = random.permutation(len(people))
    chosen = [
        order[people[order] == person][:size]
        for person in np.flatnonzero(np.bincount(people) >= most)
    ]
    return np.sort(np.concatenate(chosen))
