"""Who was confused with whom: clusters of several people, and people over several clusters.

The article's Figures 4 to 6. Worst first: by the number of pairs of faces that are wrongly together
(a merger), or wrongly apart (a split). Noise faces count as clusters of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Vectors
from facetrack.core.labels import separate_noise

MOST = 20
_ROWS = 1000  # of a cluster, whose distances from all others of it are held at once

Faces = NDArray[np.int64]


@dataclass(frozen=True)
class Confusion:
    """Faces that a clusterer took for one person, or did not.

    groups: faces by person within a merged cluster, or by cluster within a split person; the two
    groups that come closest stand first, the face of the closest pair first in each.
    names: what each group is, an index of a person or of a cluster.
    pairs: how many pairs of faces are wrongly together, or wrongly apart.
    distance: of the closest pair.
    """

    of: int
    groups: Sequence[Faces]
    names: Sequence[int]
    pairs: int
    distance: float


def find_merged(
    vectors: Vectors, people: Faces, clusters: Faces, most: int = MOST
) -> list[Confusion]:
    """The clusters with faces of several people, `of` a cluster, by wrongly joined pairs.

    vectors: (n, d); people, clusters: (n,) int64.
    """
    return _find_confused(vectors, separate_noise(clusters), people, most)


def find_split(
    vectors: Vectors, people: Faces, clusters: Faces, most: int = MOST
) -> list[Confusion]:
    """The people with faces in several clusters, `of` a person, by wrongly parted pairs."""
    return _find_confused(vectors, people, separate_noise(clusters), most)


def _find_confused(vectors: Vectors, outer: Faces, inner: Faces, most: int) -> list[Confusion]:
    """Groups of equal `outer` whose `inner` differ."""
    sizes = np.bincount(outer)
    cells, counts = np.unique(np.stack([outer, inner]), axis=1, return_counts=True)
    pairs = sizes * (sizes - 1) // 2
    np.subtract.at(pairs, cells[0], counts * (counts - 1) // 2)
    worst = np.argsort(-pairs, kind="stable")[:most]
    return [_confusion(vectors, outer, inner, int(of), int(pairs[of])) for of in worst if pairs[of]]


def _confusion(vectors: Vectors, outer: Faces, inner: Faces, of: int, pairs: int) -> Confusion:
    faces = np.flatnonzero(outer == of)
    first, second, distance = _closest(vectors[faces], inner[faces])
    lead = [faces[first], faces[second]]
    names, counts = np.unique(inner[faces], return_counts=True)
    front = [inner[face] for face in lead]
    others = [name for name in names[np.argsort(-counts, kind="stable")] if name not in front]
    groups = []
    for name in (*front, *others):
        group = faces[inner[faces] == name]
        ahead = [face for face in lead if inner[face] == name]
        groups.append(np.concatenate([ahead, group[~np.isin(group, ahead)]]).astype(np.int64))
    return Confusion(of, groups, [int(name) for name in (*front, *others)], pairs, distance)


def _closest(vectors: Vectors, groups: Faces) -> tuple[int, int, float]:
    """The closest pair of different groups: two indices, ascending, and their distance."""
    exact = vectors.astype(np.float64)
    square = np.einsum("ij,ij->i", exact, exact)
    best = (0, 0, np.inf)
    for start in range(0, len(exact), _ROWS):
        rows = slice(start, start + _ROWS)
        distances = square[rows, None] + square - 2 * exact[rows] @ exact.T
        distances[groups[rows, None] == groups] = np.inf
        at = int(distances.argmin())
        i, j = divmod(at, len(exact))
        if distances[i, j] < best[2]:
            best = (start + i, j, float(distances[i, j]))
    first, second = sorted(best[:2])
    return first, second, float(np.linalg.norm(exact[first] - exact[second]))


def by_cluster(people: Faces, clusters: Faces) -> list[dict[str, float]]:
    """For each cluster: its faces, people, the person with most faces and their share (purity)."""
    return _shares(
        separate_noise(clusters), people, ("cluster", "faces", "people", "person", "purity")
    )


def by_person(people: Faces, clusters: Faces) -> list[dict[str, float]]:
    """For each person: faces, clusters, the cluster with most of them and its share."""
    keys = ("person", "faces", "clusters", "cluster", "share")
    return _shares(people, separate_noise(clusters), keys)


def _shares(outer: Faces, inner: Faces, keys: Sequence[str]) -> list[dict[str, float]]:
    cells, counts = np.unique(np.stack([outer, inner]), axis=1, return_counts=True)
    rows = []
    for of in np.unique(outer):
        inside = np.flatnonzero(cells[0] == of)
        largest = inside[counts[inside].argmax()]
        total, most = int(counts[inside].sum()), int(counts[largest])
        values = (int(of), total, len(inside), int(cells[1, largest]), most / total)
        rows.append(dict(zip(keys, values, strict=True)))
    return rows
