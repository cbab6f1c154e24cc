"""Faces too blurred or small to say who they are: they come to groups, and found none.

Such faces look like one another rather than like who they show. A face comes to a group where the
mean distance to its three nearest faces says at least a fifth of what two sharp faces at the radius
do (`embedder.likelihood`). Of LFW's faces, three in ten of them blurred or made smaller, Infomap's
pairs of two people with one of the worst tenth go from 378,411 to 197 by MobileFaceNet's vectors,
from 2,224 to 288 by dlib's, and BCubed F from .831 to .851 and from .888 to .901.

Of a set that is grouped rightly anyway the rule may leave a face alone: of ORL, three in ten worse,
one of 11 low faces of 366 by MobileFaceNet's vectors, and F is .990 instead of .993. A tenth
instead of a fifth would let it in, and on Yale, where the fifth leaves none of 14 wrong pairs, make
21.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Vectors
from facetrack.core.labels import separate_noise
from facetrack.core.likelihood import Ratios, find_log_ratio
from facetrack.core.texts import write_count
from facetrack.organiser.grouping import Numbers
from facetrack.organiser.photos import Photos

_PAIRS = 1 << 22  # of faces at once, 8 bytes each
_NEAREST = 3
_LESS = 0.7  # log10 of a fifth
_FARTHEST, _HALVINGS = 2.0, 40  # of vectors of length 1


def tell(photos: Photos) -> list[str]:
    """How many there are, in a line; none where there are none."""
    n = int(photos.low.sum())
    if not n:
        return []
    one = "face is too blurred or small to found a group"
    many = "faces are too blurred or small to found a group"
    return [write_count(n, one, many)]


def find_reach(
    ratios: Ratios | None, radius: float | None, sharpness: NDArray[np.float32]
) -> NDArray[np.float64]:
    """(k,) how near a group low faces must be to come to it; 0 without a radius.

    The radius, where nobody measured what blurred faces say. ratios: the embedder's, for vectors of
    length 1. sharpness: (k,), of each face.
    """
    reach = np.full(len(sharpness), radius or 0.0)
    if ratios is None or radius is None or len(ratios[0]) == 2:
        return reach
    enough = find_log_ratio(ratios, np.array(radius)) - _LESS
    low, high = np.zeros_like(reach), np.full_like(reach, _FARTHEST)
    for _ in range(_HALVINGS):  # the ratio falls with the distance
        middle = (low + high) / 2
        within = find_log_ratio(ratios, middle, sharpness) >= enough
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    return low


def join_low(
    labels: Sequence[Numbers],
    vectors: Vectors,
    contents: Sequence[str],
    low: NDArray[np.bool_],
    reach: NDArray[np.float64],
) -> list[Numbers]:
    """Labels of all n faces, for each of several groupings of those that are not low.

    vectors: (n, d). contents: n digests of the photo each is on. reach: of each low face. It comes
    to the group with the least mean distance of its three nearest faces, where that is within its
    reach and no face of the group is on its photo. The others are alone.
    """
    joinings = [_Joining(one, contents, low) for one in labels]
    faces, good = np.flatnonzero(low), np.flatnonzero(~low)
    points = vectors[good].astype(np.float64)
    squares = (points**2).sum(axis=1)
    able = np.flatnonzero(reach)
    rows = max(1, _PAIRS // max(1, len(good)))
    for start in range(0, len(able), rows):
        block = able[start : start + rows]
        some = vectors[faces[block]].astype(np.float64)
        away = np.sqrt(
            np.maximum((some**2).sum(axis=1)[:, None] + squares - 2 * some @ points.T, 0)
        )
        for row, distances in zip(block.tolist(), away, strict=True):
            for joining in joinings:
                joining.place(int(faces[row]), distances, float(reach[row]))
    return [one.joined for one in joinings]


class _Joining:
    """One grouping, which low faces come to one after the other.

    joined: (n,) labels of all faces.
    """

    def __init__(self, labels: Numbers, contents: Sequence[str], low: NDArray[np.bool_]) -> None:
        self._contents = contents
        self.joined = np.empty(len(low), np.int64)
        self.joined[~low] = separate_noise(labels)
        free = int(self.joined[~low].max(initial=-1)) + 1
        self.joined[low] = np.arange(free, free + int(low.sum()))
        groups = self._groups = self.joined[~low]
        ends = np.cumsum(np.bincount(groups))[:-1]
        self._members = np.split(np.argsort(groups, kind="stable"), ends)
        # By photo, the groups of which a face is on it; only photos of low faces are asked about.
        self._taken: dict[str, set[int]] = {
            contents[row]: set() for row in np.flatnonzero(low).tolist()
        }
        for row, group in zip(np.flatnonzero(~low).tolist(), groups.tolist(), strict=True):
            if (taken := self._taken.get(contents[row])) is not None:
                taken.add(group)

    def place(self, face: int, distances: NDArray[np.float64], reach: float) -> None:
        """Have a low face come to a group. distances: to all faces that are not low."""
        taken = self._taken[self._contents[face]]
        # A mean within reach has a face within reach.
        near = set(self._groups[distances <= reach].tolist()) - taken
        means = {group: _find_mean(distances[self._members[group]]) for group in near}
        nearest = min(means, key=lambda group: (means[group], group), default=None)
        if nearest is not None and means[nearest] <= reach:
            self.joined[face] = nearest
            taken.add(nearest)


def _find_mean(distances: NDArray[np.float64]) -> float:
    """Of the three smallest; one face that is near by chance does not decide."""
    return float(np.sort(distances)[:_NEAREST].mean())
