"""Pairs of groups that may be one person: their features, and what one counts for."""

from collections.abc import Iterator

import numpy as np
from scipy.special import expit

from facetrack.core.likelihood import Floats, find_pair_sharpness
from facetrack.evaluation.audit.frame import Faces, Features, Groups, Rows, speak
from facetrack.evaluation.impossible import pair_faces

_ROWS = 1 << 16  # pairs at once: 3 MB of features
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
    shared = _find_shared(faces, g)
    start = 0
    while start < g:
        stop = start + max(1, _ROWS // (g - start))
        rows = np.arange(start, min(stop, g))
        first, second = np.nonzero(np.arange(start, g) > rows[:, None])
        first, second = rows[first], second + start
        start = int(rows[-1]) + 1
        keys = first * g + second
        free = shared[np.searchsorted(shared, keys)] != keys
        first, second = first[free], second[free]
        mean = (groups.means[rows] @ groups.means.T)[first - rows[0], second]
        blur = None
        if groups.sharpness is not None:
            blur = find_pair_sharpness(groups.sharpness[first], groups.sharpness[second])
        yield first, second, speak(faces.ratios, mean, blur)


def _find_shared(faces: Faces, g: int) -> Rows:
    """Pairs of groups with faces on one photo, each as first * g + second, and g * g at the end."""
    found = [np.array([g * g])]
    for one, other in pair_faces(faces.photos):
        far = np.linalg.norm(faces.vectors[one] - faces.vectors[other], axis=1) > faces.apart
        pair = np.sort(np.stack([faces.groups[one], faces.groups[other]]), axis=0)[:, far]
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
