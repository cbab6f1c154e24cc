"""Boxes of two detectors on one picture: which are of the same face."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Boxes of two detectors on one face: the smaller one lies in the other for the most part.
_OVERLAP = 0.5


def match_boxes(
    boxes: Sequence[NDArray[np.int64]], others: Sequence[NDArray[np.int64]]
) -> list[tuple[int, int]]:
    """Pairs (index of a box, index of another) that overlap, the most alike first.

    boxes, others: (4,) each, of faces on one picture. Each is in one pair at most.
    """
    rows, columns, costs = [], [], []
    for row, one in enumerate(boxes):
        for column, other in enumerate(others):
            corner = np.maximum(one[:2], other[:2])
            inside = np.minimum(one[:2] + one[2:], other[:2] + other[2:]) - corner
            shared, areas = np.maximum(inside, 0).prod(), (one[2:].prod(), other[2:].prod())
            if shared >= _OVERLAP * max(1, min(areas)):
                rows.append(row)
                columns.append(column)
                costs.append(-shared / (sum(areas) - shared))
    return pair_once(np.array(rows, int), np.array(columns, int), np.array(costs))


def pair_once(
    rows: NDArray[np.int64], columns: NDArray[np.int64], costs: NDArray[np.floating]
) -> list[tuple[int, int]]:
    """Pairs (row, column) by rising cost, without those of which one is taken already. All (m,)."""
    pairs = []
    taken_rows, taken_columns = set(), set()
    for at in np.argsort(costs, kind="stable"):
        row, column = int(rows[at]), int(columns[at])
        if row not in taken_rows and column not in taken_columns:
            taken_rows.add(row)
            taken_columns.add(column)
            pairs.append((row, column))
    return pairs
