"""Which points may not be in one group, as they are faces of one photo."""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facetrack.clusterer.shared import Distinct

# Two faces of one photo that are nearer than this share of the radius are as good as equal: the
# same face twice, as in a photo of a mirror or of photos.
AS_GOOD_AS_EQUAL = 0.5


@dataclass(frozen=True)
class Apart:
    """Distinct points by photo. Of one photo no two are one person, unless below the limit.

    rows: (m,) int64, distinct points; one with copies in several photos is in each of those.
    starts: (p + 1,) int64, photo i has rows[starts[i]:starts[i + 1]]. limit: a distance.
    """

    starts: NDArray[np.int64]
    rows: NDArray[np.int64]
    limit: float


def number_photos(photos: ArrayLike, n: int) -> NDArray[np.int64]:
    """(n,) numbers of photos, from 0 in their order, for ids that can be anything with a hash.

    Raises ValueError where there is not one id per point.
    """
    ids = np.asarray(photos)
    if ids.shape != (n,):
        raise ValueError(
            f"photos has to be one id per point, of shape ({n},); got shape {ids.shape}"
        )
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(one, len(numbers)) for one in ids.tolist()], np.int64)


def keep_apart(photos: NDArray[np.int64], same: Distinct, eps: float) -> Apart:
    """What must not be in one group. photos: (n,) of each point, from 0."""
    many = len(same.rows)
    photo, row = np.divmod(np.unique(photos * many + same.inverse), many)
    starts = np.searchsorted(photo, np.arange(photo[-1] + 2))
    return Apart(starts, row, AS_GOOD_AS_EQUAL * eps)
