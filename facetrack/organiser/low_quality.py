"""Faces too blurred or small to say who they are: they come to groups, and found none.

Such faces look like one another rather than like who they show. Among LFW's, three in ten of them
blurred or made smaller, Infomap on all faces has an ARI of .66 and a BCubed F of .820; without
those below the least sharpness (1,067 of 7,559), which then come to the nearest group, .855 and
.844.
"""

import numpy as np
from numpy.typing import NDArray

from facetrack.core.labels import separate_noise
from facetrack.core.texts import write_count
from facetrack.organiser.grouping import Numbers
from facetrack.organiser.photos import Photos

_ROWS = 500


def tell(photos: Photos) -> list[str]:
    """How many there are, in a line; none where there are none."""
    n = int(photos.low.sum())
    if not n:
        return []
    one = "face is too blurred or small to found a group"
    many = "faces are too blurred or small to found a group"
    return [write_count(n, one, many)]


def join_low(
    labels: Numbers, photos: Photos, low: NDArray[np.bool_], radius: float | None
) -> Numbers:
    """Labels of all n faces. labels: of those that are not low.

    A low face comes to the group from whose faces it is nearest, by the root mean square distance,
    where that is within the radius and no face of the group is on its photo. The others, all for
    clusterers without a radius, are alone.
    """
    joined = np.empty(len(low), np.int64)
    joined[~low] = separate_noise(labels)
    free = int(joined[~low].max(initial=-1)) + 1
    faces = np.flatnonzero(low)
    joined[faces] = np.arange(free, free + len(faces))
    if radius is None or free == 0:
        return joined
    vectors = photos.vectors.astype(np.float64)
    sizes = np.bincount(joined[~low])
    means, squares = np.zeros((free, vectors.shape[1])), np.zeros(free)
    np.add.at(means, joined[~low], vectors[~low])
    means /= sizes[:, None]
    np.add.at(squares, joined[~low], (vectors[~low] ** 2).sum(axis=1))
    squares /= sizes
    groups_of: dict[str, set[int]] = {}
    for row in np.flatnonzero(~low).tolist():
        groups_of.setdefault(photos.contents[row], set()).add(int(joined[row]))
    for start in range(0, len(faces), _ROWS):
        some = faces[start : start + _ROWS]
        own = (vectors[some] ** 2).sum(axis=1)
        away = own[:, None] + squares - 2 * vectors[some] @ means.T
        for face, distances in zip(some.tolist(), away, strict=True):
            taken = groups_of.setdefault(photos.contents[face], set())
            distances[list(taken)] = np.inf
            nearest = int(distances.argmin())
            if distances[nearest] <= radius**2:
                joined[face] = nearest
                taken.add(nearest)
    return joined
