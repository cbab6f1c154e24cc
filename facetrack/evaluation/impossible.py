"""Impossible pairs: faces of one photo that a clustering takes for one person.

Two faces on one photo are two people, whoever they are. So each pair of them that is put together
is a mistake that shows without any label. Only a face that was found twice is an exception, and a
picture within the picture: faces that are as good as equal do not count.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrack.core.labels import NOISE

_BLOCK = 1 << 14  # pairs whose vectors are looked at at once


@dataclass(frozen=True)
class ImpossiblePairs:
    """n_pairs: pairs of faces of one photo. n_together: those of them in one cluster."""

    n_pairs: int
    n_together: int

    @property
    def rate(self) -> float | None:
        """The share that is put together, 0 to 1; None where there is no pair."""
        return self.n_together / self.n_pairs if self.n_pairs else None


def count_impossible(
    labels: NDArray[np.integer],
    photos: NDArray[np.integer],
    vectors: NDArray[np.floating],
    apart: float,
) -> ImpossiblePairs:
    """Count the pairs of faces of one photo that are further apart than `apart`.

    labels: (n,) clusters, -1 is noise, which is with nobody. photos: (n,), equal for faces of one
    photo. vectors: (n, d). apart: a distance between vectors; differences are taken in float64.
    Only faces of one photo are compared. Raises ValueError for inputs of unequal length.
    """
    if not labels.shape == photos.shape == vectors.shape[:1]:
        raise ValueError(
            "impossible pairs need labels (n,), photos (n,) and vectors (n, d) of the same faces; "
            f"got {labels.shape}, {photos.shape} and {vectors.shape}"
        )
    n_pairs = n_together = 0
    for one, other in pair_faces(photos):
        differences = vectors[one].astype(np.float64) - vectors[other]
        far = np.sqrt(np.einsum("ij,ij->i", differences, differences)) > apart
        together = (labels[one] == labels[other]) & (labels[one] != NOISE)
        n_pairs += int(far.sum())
        n_together += int((far & together).sum())
    return ImpossiblePairs(n_pairs, n_together)


def pair_faces(photos: NDArray[np.integer]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """All pairs of faces of one photo, each once, in blocks of index arrays."""
    order = np.argsort(photos, kind="stable")
    in_order = photos[order]
    left, step = np.arange(len(order)), 1
    while True:
        # Those that still have a face of their photo so many places further on.
        left = left[left + step < len(order)]
        left = left[in_order[left] == in_order[left + step]]
        if not len(left):
            return
        for begin in range(0, len(left), _BLOCK):
            block = left[begin : begin + _BLOCK]
            yield order[block], order[block + step]
        step += 1
