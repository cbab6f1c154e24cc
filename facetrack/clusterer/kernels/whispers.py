"""Chinese whispers: each point takes the label that its ties speak for most."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.compiling import compile_kernel
from facetrack.clusterer.kernels.links import Links

Array = NDArray[Any]


def whisper(links: Links, conflicts: Links, seed: int, rounds: int) -> NDArray[np.int64]:
    """The label of each point, (n,) numbers below n, after some rounds at most.

    Every point begins with its own. In each round all points, in random order, take the label whose
    ties to them weigh most together (Biemann 2006); of equal ones their own if it is among them,
    else the smallest; never that of a point they are in conflict with. It ends early when nothing
    changes.
    """
    n = len(links.starts) - 1
    random = np.random.RandomState(seed)
    labels = np.arange(n)
    for _ in range(rounds):
        if not _whisper(*links, conflicts.starts, conflicts.ends, random.permutation(n), labels):
            break
    return labels


@compile_kernel
def _whisper(
    starts: Array,
    ends: Array,
    weights: Array,
    apart_starts: Array,
    apart: Array,
    order: Array,
    labels: Array,
) -> int:
    """A round, in place; how many labels changed."""
    n = len(labels)
    spoken = np.zeros(n)
    barred = np.full(n, -1, np.int64)
    changed = 0
    for asked in range(n):
        point = order[asked]
        for entry in range(apart_starts[point], apart_starts[point + 1]):
            barred[labels[apart[entry]]] = asked
        for entry in range(starts[point], starts[point + 1]):
            spoken[labels[ends[entry]]] += weights[entry]
        best = labels[point]
        for entry in range(starts[point], starts[point + 1]):
            label = labels[ends[entry]]
            if barred[label] == asked:
                continue
            more = spoken[label] - spoken[best]
            if more > 0 or (more == 0 and label < best and best != labels[point]):
                best = label
        for entry in range(starts[point], starts[point + 1]):
            spoken[labels[ends[entry]]] = 0.0
        if best != labels[point]:
            labels[point] = best
            changed += 1
    return changed
