"""From clusters to numbered persons: what a photo's faces hint at, and who had which number.

| name     | what it is                                                                   |
|----------|------------------------------------------------------------------------------|
| labels   | (n,) int64, clusters of the faces; -1 for noise                              |
| contents | n digests of the photo each face is on                                       |
| numbers  | (n,) int64, the person each face is given to, from 1 on; 0 for nobody        |
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import pdist, squareform

from facetrack.core.faces import Vectors
from facetrack.core.labels import separate_noise
from facetrack.organiser.people import NOBODY as NOBODY

# Two faces on one photo are rarely one person: ties longer than this share of the radius do not
# hold against that.
_SURE = 0.8
_MOST = 5000  # faces of a cluster that is looked at: 200 MB of distances
# Looked at twice are faces whose mean distance from the others of their group is above this many
# radii of the embedder's, whatever the clusterer's is. On DBSCAN's groups of LFW that finds eight
# in ten wrong faces, and half of what it finds is wrong.
_FAR = 1.2
_ROWS = 1000

Numbers = NDArray[np.int64]


def take_apart(
    labels: Numbers, vectors: Vectors, contents: Sequence[str], radius: float | None
) -> Numbers:
    """Labels in which a cluster with several faces of one photo is taken apart where it is weak.

    Faces are tied together as in single linkage, closest first (Kruskal 1956); a tie of more than
    0.8 radii that would bring two faces of one photo together is left out. So they stay together
    where they are really alike: a collage, a mirror, a photo of a photo. Clusterers without a
    radius: unchanged.
    """
    own = separate_noise(labels)
    if radius is None:
        return own
    photos = np.unique(np.asarray(contents), return_inverse=True)[1]
    pairs = np.unique(np.stack([own, photos]), axis=1, return_counts=True)
    free = int(own.max(initial=-1)) + 1
    members = list_faces(own)
    for cluster in np.unique(pairs[0][0, pairs[1] > 1]).tolist():
        faces = members[cluster]
        if len(faces) > _MOST:
            continue
        pieces = _pieces(vectors[faces], photos[faces], _SURE * radius)
        for piece in np.unique(pieces)[1:]:
            own[faces[pieces == piece]] = free
            free += 1
    return own


def _pieces(vectors: Vectors, photos: Numbers, sure: float) -> Numbers:
    # SciPy takes weights up to 1e-8 for no tie, so that equal faces would have none: everything one
    # further apart has the same tree.
    distances = squareform(pdist(vectors.astype(np.float64)))
    distances += 1
    tree = minimum_spanning_tree(distances).tocoo()
    ties = tree.data - 1
    piece = np.arange(len(vectors))
    on = [{int(photo)} for photo in photos]
    for tie in np.argsort(ties, kind="stable"):
        first, second = piece[tree.row[tie]], piece[tree.col[tie]]
        if ties[tie] > sure and on[first] & on[second]:
            continue
        piece[piece == second] = first
        on[first] |= on[second]
    return np.unique(piece, return_inverse=True)[1].astype(np.int64)


@dataclass(frozen=True)
class Earlier:
    """Who the faces were given to by earlier runs, and what the user has said of them.

    numbers: (n,) person of each face, 0 for new faces and those of nobody.
    pinned: (n,) bool, faces whose person the user has decided.
    barred: persons a face is not, by its row.
    named: persons with a name.
    settled: whether every face keeps its person.
    """

    numbers: Numbers
    pinned: NDArray[np.bool_]
    named: Collection[int] = ()
    barred: Mapping[int, Collection[int]] = field(default_factory=dict)
    settled: bool = True


def give_numbers(labels: Numbers, vectors: Vectors, earlier: Earlier, following: int) -> Numbers:
    """Each face's person: clusters matched to earlier persons, so that numbers and names stay.

    following: the first number not yet given. Where they are settled every face keeps its person
    and new faces come to those of their cluster, so that photos added never change what was.
    Else clusters count: a person goes on in the cluster that has most of their faces. Where
    a cluster has faces of several persons who go on there, the others go with the nearest of them.
    Clusters with nobody from before become persons of their own if they have two faces or more,
    largest first.
    """
    numbers = np.zeros(len(labels), dtype=np.int64)
    order = np.argsort(labels, kind="stable")
    clusters = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1) if len(order) else []
    home = _main_clusters(clusters, earlier.numbers)
    fresh: list[Numbers] = []
    for index, faces in enumerate(clusters):
        before = earlier.numbers[faces]
        going_on = _going_on(before, earlier.pinned[faces], index, home, earlier)
        stays = np.isin(before, going_on) | earlier.pinned[faces]
        stays &= before != NOBODY
        numbers[faces[stays]] = before[stays]
        if not stays.any():
            fresh.append(faces)
        else:
            for face in faces[~stays]:
                numbers[face] = _nearest(face, faces[stays], vectors, earlier)
    fresh.sort(key=lambda faces: (-len(faces), int(faces[0])))
    for faces in fresh:
        if len(faces) > 1:
            numbers[faces] = following
            following += 1
    return numbers


def _main_clusters(clusters: Sequence[Numbers], before: Numbers) -> dict[int, int]:
    """The cluster with most faces of each earlier person; the first one where two tie."""
    most: dict[int, tuple[int, int]] = {}
    for index, faces in enumerate(clusters):
        for person, count in Counter(before[faces].tolist()).items():
            most[person] = max(most.get(person, (0, 0)), (count, -index))
    return {person: -index for person, (_, index) in most.items()}


def _going_on(
    before: Numbers,
    pinned: NDArray[np.bool_],
    index: int,
    home: Mapping[int, int],
    earlier: Earlier,
) -> list[int]:
    """The earlier persons who go on in a cluster. before, pinned: of its faces.

    Where the user has only put faces of somebody there, the others are of whom the cluster was.
    """
    if earlier.settled:
        return [int(person) for person in np.unique(before[before != NOBODY])]
    counts = Counter(before[(before != NOBODY) & ~pinned].tolist())
    at_home = [person for person in counts if home[person] == index]
    named = [person for person in at_home if person in earlier.named]
    # Two people with names are never made one; nobody has said that unnamed ones are two.
    return named or sorted(at_home, key=lambda person: (-counts[person], person))[:1]


def _nearest(face: int, others: Numbers, vectors: Vectors, earlier: Earlier) -> int:
    """The person of the nearest of some settled faces; nobody where the user says it is not them.

    The next nearest person's would be a guess.
    """
    away = np.linalg.norm(vectors[others] - vectors[face], axis=1)
    person = int(earlier.numbers[others[away.argmin()]])
    return NOBODY if person in earlier.barred.get(int(face), ()) else person


def list_faces(numbers: Numbers) -> dict[int, Numbers]:
    """The rows of each person's faces, ascending, by number; nobody's, too. numbers: (n,)."""
    order = np.argsort(numbers, kind="stable")
    persons, first = np.unique(numbers[order], return_index=True)
    return dict(zip(persons.tolist(), np.split(order, first)[1:], strict=True))


def find_doubtful(vectors: Vectors, numbers: Numbers, radius: float) -> NDArray[np.bool_]:
    """(n,) whether a face is far from the rest of its person's: 1.2 radii on the average."""
    far = np.zeros(len(numbers), dtype=bool)
    for person, faces in list_faces(numbers).items():
        if person == NOBODY or len(faces) < 3:  # of two, neither is the one that does not belong
            continue
        sums = np.zeros(len(faces))
        points = vectors[faces].astype(np.float64)
        lengths = (points**2).sum(axis=1)
        for start in range(0, len(faces), _ROWS):
            rows = slice(start, start + _ROWS)
            squares = lengths[rows, None] + lengths - 2 * points[rows] @ points.T
            sums[rows] = np.sqrt(np.maximum(squares, 0)).sum(axis=1)
        far[faces] = sums / (len(faces) - 1) > _FAR * radius
    return far
