"""Pairs of groups that may be one person: their features, and what one counts for."""

from collections.abc import Iterator

import numpy as np
from scipy.special import expit

from facetrack.core.likelihood import Floats, find_pair_sharpness
from facetrack.evaluation.audit.frame import Faces, Features, Groups, Rows, speak
from facetrack.evaluation.impossible import pair_faces

_ROWS = 1 << 16  # pairs at once: 3 MB of features
_MULTIPLIED = 96  # groups at once, whose products with all after them are found together
# The mean of 1 / N is above that of its mean: what a person has besides counts for so much less.
_SPREAD = 0.85
_ALONE, _NEAR = 0.02, 0.001  # shares that are no different from none


def describe_folder(faces: Faces, groups: Groups, prior: float) -> Floats:
    """(4,) what pairs of groups have in common in a folder. prior: of `frame.find_prior_odds`.

    The prior's log odds, the logarithm of the number of groups, that of the share of all faces that
    are in no group with another, and that of how likely the nearest group is the same person, by
    its distance alone, as a mean over faces. Where many are alone and none is near they are
    strangers, and where others are near, groups were torn.
    """
    sizes = groups.sizes
    nearest = np.full(len(sizes), -np.inf)
    for first, second, ratio in _measure_ratios(faces, groups):
        np.maximum.at(nearest, first, ratio)
        np.maximum.at(nearest, second, ratio)
    alone = (sizes == 1).sum() / len(faces.groups)
    near = sizes @ expit(nearest + prior) / len(faces.groups)
    return np.array([prior, np.log(len(sizes)), np.log(alone + _ALONE), np.log(near + _NEAR)])


def measure_between(faces: Faces, groups: Groups, folder: Floats) -> Iterator[Features]:
    """All pairs of groups that share no photo, in parts. folder: of `describe_folder`.

    A pair's columns: 1, the log ratio of its root mean square distance, the logarithms of the
    smaller and of the larger size, and the folder's.
    """
    log_sizes = np.log(groups.sizes)
    for first, second, ratio in _measure_ratios(faces, groups):
        columns = (
            np.ones(len(first)),
            ratio,
            np.minimum(log_sizes[first], log_sizes[second]),
            np.maximum(log_sizes[first], log_sizes[second]),
            *(np.full(len(first), one) for one in folder),
        )
        yield Features(first, second, np.stack(columns, axis=1))


def _measure_ratios(faces: Faces, groups: Groups) -> Iterator[tuple[Rows, Rows, Floats]]:
    """Pairs of groups that share no photo and their log ratios, in parts."""
    g = len(groups.sizes)
    shared, every = _find_shared(faces, g), np.arange(g)
    start = begin = end = 0
    while start < g:
        stop = min(start + max(1, _ROWS // (g - start)), g)
        if stop > end:
            begin, end = start, max(stop, start + _MULTIPLIED)
            products = groups.means[begin:end] @ groups.means[begin:].T
        rows, start = np.arange(start, stop), stop
        first = np.repeat(rows, g - 1 - rows)
        second = np.concatenate([every[row + 1 :] for row in rows])
        mean = np.concatenate([products[row - begin, row - begin + 1 :] for row in rows])
        if len(taken := _find_place(shared, rows, g)):
            first, second, mean = (np.delete(one, taken) for one in (first, second, mean))
        blur = None
        if groups.sharpness is not None:
            blur = find_pair_sharpness(groups.sharpness[first], groups.sharpness[second])
        yield first, second, speak(faces.ratios, mean, blur)


def _find_place(shared: Rows, rows: Rows, g: int) -> Rows:
    """Where shared pairs are among those of successive rows with all groups after them."""
    some = shared[slice(*np.searchsorted(shared, (rows[0] * g, (rows[-1] + 1) * g)))]
    row, other = np.divmod(some, g)
    begin = np.cumsum(g - 1 - rows) - (g - 1 - rows)
    found: Rows = begin[row - rows[0]] + other - row - 1
    return found


def _find_shared(faces: Faces, g: int) -> Rows:
    """Pairs of groups with faces on one photo, each as first * g + second, rising."""
    found = [np.zeros(0, np.int64)]
    for one, other in pair_faces(faces.photos):
        far = np.linalg.norm(faces.vectors[one] - faces.vectors[other], axis=1) > faces.apart
        pair = np.sort(np.stack([faces.groups[one], faces.groups[other]]), axis=0)
        pair = pair[:, far & (pair[0] < pair[1])]
        found.append(pair[0] * g + pair[1])
    shared: Rows = np.unique(np.concatenate(found)).astype(np.int64)
    return shared


def expect_missed(sizes: Floats, first: Rows, second: Rows, chance: Floats) -> Floats:
    """(g,) how many faces of each group's person are expected in other groups."""
    missed: Floats = np.zeros(len(sizes))
    missed += np.bincount(first, chance * sizes[second], len(sizes))
    missed += np.bincount(second, chance * sizes[first], len(sizes))
    return missed


def weigh_pairs(
    n: int, sizes: Floats, missed: Floats, pair: tuple[Rows, Rows], chance: Floats
) -> Floats:
    """(m, 2) what pairs of groups count for. missed: of `expect_missed`; chance: (m,) of each."""
    one, other = sizes[pair[0]], sizes[pair[1]]
    # If they are one person, what else is missed of one is missed of the other.
    more = np.maximum(missed[pair[0]] - chance * other, 0)
    more += np.maximum(missed[pair[1]] - chance * one, 0)
    number = one * other
    return np.stack([2 * number / (n * (one + other + _SPREAD * more / 2)), number], axis=1)
