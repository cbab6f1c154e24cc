"""Which centre is nearest to each point: k-means' inner loop, in one pass over the products."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.compiling import compile_kernel

Array = NDArray[Any]

# Points whose least distances so far stay in the processor's nearest cache.
_WIDTH = 1024
# Above this share of points whose centre has moved, all are looked at in one go.
_MANY = 0.8


def find_least(cross: Array, norms: Array) -> tuple[NDArray[np.int64], Array]:
    """(u,) the centre c with the least norms[c] - 2 cross[c, i], the first of equals; and that.

    cross: (k, u) inner products of centres and points. norms: (k,) squared lengths of the centres,
    in the same dtype, in which the result is rounded.
    """
    labels = np.zeros(cross.shape[1], np.int32)
    least = np.full(cross.shape[1], np.inf, cross.dtype)
    _find_least(cross, norms, labels, least)
    return labels.astype(np.int64), least


def follow_least(
    cross: Array, norms: Array, moved: NDArray[np.int64], before: tuple[NDArray[np.int64], Array]
) -> tuple[NDArray[np.int64], Array]:
    """What `find_least` finds, where only the `moved` centres are not what they were.

    before: what it found then; changed in place.
    """
    labels, least = before
    is_moved = np.zeros(len(cross), np.bool_)
    is_moved[moved] = True
    lost = np.flatnonzero(is_moved[labels])
    if len(lost) > _MANY * len(labels):
        return find_least(cross, norms)
    labels[lost], least[lost] = 0, np.inf
    _follow_least(cross, norms, is_moved, lost, labels, least)
    return labels, least


@compile_kernel
def _follow_least(
    cross: Array, norms: Array, is_moved: Array, lost: Array, labels: Array, least: Array
) -> None:
    """Compare all points with the moved centres, and those that lost theirs with the others."""
    count, n = cross.shape
    two = cross.dtype.type(2)
    for centre in range(count):
        norm = norms[centre]
        if is_moved[centre]:
            for point in range(n):
                apart = norm - two * cross[centre, point]
                first = apart == least[point] and centre < labels[point]
                better = apart < least[point] or first
                least[point] = apart if better else least[point]
                labels[point] = centre if better else labels[point]
        else:
            for point in lost:
                apart = norm - two * cross[centre, point]
                if apart < least[point]:
                    least[point] = apart
                    labels[point] = centre


@compile_kernel
def _find_least(cross: Array, norms: Array, labels: Array, least: Array) -> None:
    count, n = cross.shape
    two = cross.dtype.type(2)
    for start in range(0, n, _WIDTH):
        end = min(start + _WIDTH, n)
        for centre in range(count):
            norm = norms[centre]
            for point in range(start, end):
                apart = norm - two * cross[centre, point]
                better = apart < least[point]
                least[point] = apart if better else least[point]
                labels[point] = centre if better else labels[point]
