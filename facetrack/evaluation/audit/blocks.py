"""The blocks of both sides of a folder, with their log odds and weights."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from facetrack.core.likelihood import Floats
from facetrack.evaluation.audit.calibration import BETWEEN_COEFFICIENTS, INSIDE_COEFFICIENTS
from facetrack.evaluation.audit.frame import (
    BETWEEN,
    BINS,
    INSIDE,
    Blocks,
    Faces,
    Rows,
    find_prior_odds,
    measure_inside,
    sum_up,
)
from facetrack.evaluation.audit.pairs_of_groups import (
    describe_folder,
    expect_missed,
    measure_between,
    weigh_pairs,
)

_LEAST_LOGIT = -9.0  # of two groups that one may be asked about
_MOST_ASKED = 200_000


def list_blocks(faces: Faces, rank: Rows) -> dict[str, Blocks]:
    """The blocks of both sides. rank: of `frame.rank_faces`."""
    prior = find_prior_odds(faces)
    return {INSIDE: _list_inside(faces, rank, prior), BETWEEN: _list_between(faces, prior)}


def _list_inside(faces: Faces, rank: Rows, prior: float) -> Blocks:
    measured = measure_inside(faces, rank, prior)
    found, weight, known = measured.features, measured.weight, measured.known
    logit = found.values @ np.array(INSIDE_COEFFICIENTS)
    nothing = np.zeros((len(BINS) - 1, 2))
    return Blocks(found.first, found.second, logit, weight, nothing, nothing, known, found.second)


def _list_between(faces: Faces, prior: float) -> Blocks:
    groups, by = sum_up(faces), np.array(BETWEEN_COEFFICIENTS)
    folder = describe_folder(faces, groups, prior)
    sizes, n = groups.sizes.astype(np.float64), len(faces.vectors)
    missed, counts = np.zeros(len(sizes)), np.zeros(len(BINS) - 1)
    # Twice: what is between all groups of a large folder would not fit into memory.
    for one in measure_between(faces, groups, folder):
        logit = one.values @ by
        missed += expect_missed(sizes, one.first, one.second, expit(logit))
        counts += np.bincount(find_bins(logit), minlength=len(counts))
    least = _find_least(counts)
    rest, squares = np.zeros((2, len(BINS) - 1, 2))
    kept = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 2)))]
    for one in measure_between(faces, groups, folder):
        logit = one.values @ by
        weight = weigh_pairs(n, sizes, missed, (one.first, one.second), expit(logit))
        asked = logit >= least
        left = weight[~asked]
        counted = count_by_logit(logit[~asked], np.concatenate([left, left**2], axis=1))
        rest += counted[:, :2]
        squares += counted[:, 2:]
        kept.append((one.first[asked], one.second[asked], logit[asked], weight[asked]))
    first, second, logit, weight = (np.concatenate(column) for column in zip(*kept, strict=True))
    return Blocks(first, second, logit, weight, rest, squares, np.zeros(2))


def _find_least(counts: Floats) -> float:
    """The least log odds of pairs of groups that one may be asked about. counts: (b,) by `BINS`."""
    above = np.cumsum(counts[::-1])[::-1]
    few = np.flatnonzero(above <= _MOST_ASKED)
    return max(_LEAST_LOGIT, float(BINS[few[0]]) if len(few) else float(BINS[-1]))


def find_bins(logit: Floats) -> NDArray[np.int64]:
    """(m,) which of the spaces between `BINS` log odds are in; the outermost beyond them."""
    last = len(BINS) - 2
    # All are as wide, so that one need not search: what rounding gets wrong is off by one.
    guess = np.clip((logit - BINS[0]) / (BINS[1] - BINS[0]), 0, last).astype(np.int64)
    guess -= (logit < BINS[guess]) & (guess > 0)
    place: NDArray[np.int64] = guess + ((logit >= BINS[guess + 1]) & (guess < last))
    return place


def count_by_logit(logit: Floats, values: Floats) -> Floats:
    """(b, k) sums of (m, k) values of blocks, by their (m,) log odds between `BINS`."""
    place = find_bins(logit)
    return np.stack([np.bincount(place, of, len(BINS) - 1) for of in values.T], axis=1)
