"""Faces that share a photo: how often the clusterer would take two of them for one person.

They are different people, and the organiser keeps them apart. How often it would not have, had
nothing told it, is an error figure that needs no labels: an estimate of how often two people who
appear together are confused. It counts no other mistakes: neither strangers who never meet on a
photo, nor a person whose faces are in two groups. Pairs of a burst show the same two people again,
so that the figure is less certain than its number of pairs says.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.graph_estimator import AS_GOOD_AS_EQUAL
from facetrack.core.texts import write_count
from facetrack.evaluation.impossible import ImpossiblePairs, count_impossible
from facetrack.organiser.photos import Photos

# Of so many pairs none, and the rate is below 3 % (the rule of three); of fewer nothing is told.
_ENOUGH = 100


def number_photos(contents: Sequence[str]) -> NDArray[np.int64]:
    """(n,) numbers, equal for faces of one photo. contents: n digests."""
    numbers: NDArray[np.int64] = np.unique(np.asarray(contents), return_inverse=True)[1]
    return numbers


def are_enough(contents: Sequence[str]) -> bool:
    """Whether there are pairs enough to say anything of. contents: the photo of each face."""
    return sum(n * (n - 1) // 2 for n in Counter(contents).values()) >= _ENOUGH


def count(labels: NDArray[np.int64], photos: Photos, radius: float) -> ImpossiblePairs | None:
    """Pairs of faces on one photo, and how many are together; None where there are too few.

    labels: (n,). Faces within half a radius may show one person twice, and do not count.
    """
    apart = AS_GOOD_AS_EQUAL * radius
    found = count_impossible(labels, number_photos(photos.contents), photos.vectors, apart)
    return found if found.n_pairs >= _ENOUGH else None


def tell(found: ImpossiblePairs, method: str) -> str:
    """The rate in plain words. method: the clusterer's name."""
    assert found.rate is not None
    pairs = write_count(found.n_pairs, "pair")
    share = "none" if not found.n_together else f"{100 * found.rate:.2g} %"
    return (
        f"If photos did not tell, {method} would take {found.n_together:,} of {pairs} of faces on "
        f"one photo for one person ({share}): so often it confuses two people who appear together; "
        "other mistakes are not counted"
    )
