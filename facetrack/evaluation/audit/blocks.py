"""The blocks of both sides of a folder, with their log odds and weights."""

import numpy as np
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
    measure_inside,
    sum_up,
)
from facetrack.evaluation.audit.pairs_of_groups import expect_missed, measure_between, weigh_pairs

_LEAST_LOGIT = -9.0  # of two groups that one may be asked about


def list_blocks(faces: Faces, rank: Rows) -> dict[str, Blocks]:
    """The blocks of both sides. rank: of `frame.rank_faces`."""
    return {INSIDE: _list_inside(faces, rank), BETWEEN: _list_between(faces)}


def _list_inside(faces: Faces, rank: Rows) -> Blocks:
    measured = measure_inside(faces, rank)
    found, weight, known = measured.features, measured.weight, measured.known
    logit = found.values @ np.array(INSIDE_COEFFICIENTS)
    nothing = np.zeros((len(BINS) - 1, 2))
    return Blocks(found.first, found.second, logit, weight, nothing, nothing, known)


def _list_between(faces: Faces) -> Blocks:
    groups, by = sum_up(faces), np.array(BETWEEN_COEFFICIENTS)
    sizes, n = groups.sizes.astype(np.float64), len(faces.vectors)
    parts = [(one.first, one.second, one.values @ by) for one in measure_between(faces, groups)]
    missed = np.zeros(len(sizes))
    for first, second, logit in parts:
        missed += expect_missed(sizes, first, second, expit(logit))
    rest, squares = np.zeros((2, len(BINS) - 1, 2))
    kept = []
    for first, second, logit in parts:
        weight = weigh_pairs(n, sizes, missed, (first, second), expit(logit))
        asked = logit >= _LEAST_LOGIT
        rest += count_by_logit(logit[~asked], weight[~asked])
        squares += count_by_logit(logit[~asked], weight[~asked] ** 2)
        kept.append((first[asked], second[asked], logit[asked], weight[asked]))
    if not kept:
        empty = np.zeros(0, np.int64)
        kept = [(empty, empty, np.zeros(0), np.zeros((0, 2)))]
    first, second, logit, weight = (np.concatenate(column) for column in zip(*kept, strict=True))
    return Blocks(first, second, logit, weight, rest, squares, np.zeros(2))


def count_by_logit(logit: Floats, values: Floats) -> Floats:
    """(b, 2) sums of (m, 2) values of blocks, by their (m,) log odds between `BINS`."""
    place = np.clip(np.searchsorted(BINS, logit, side="right") - 1, 0, len(BINS) - 2)
    return np.stack([np.bincount(place, values[:, at], len(BINS) - 1) for at in range(2)], axis=1)
