"""Average linkage on a neighbour graph: its links name which groups may be merged at all.

Two groups that have a link between them are as far apart as the mean *squared* distance between
their points, for which sums are enough: S / n + S' / n' - 2 μ·μ', with S the sum of the squared
lengths of a group's n points and μ their mean. In each round all pairs of groups that are each
other's nearest are merged (Sumengen et al. 2021). Average linkage is reducible, so where all are
linked that is what merging one pair after the other comes to. Groups without a link are never
merged, however near; that and the square make the difference to the exact groups of average.py.

| name    | what it is                                                                       |
|---------|----------------------------------------------------------------------------------|
| group   | called by its lowest point                                                       |
| entries | the links of point i: entries starts[i] … starts[i] + counts[i], each with a     |
|         | group at its other end; those of a group are those of a chain of points          |
| nearest | of the groups an entry leads to, with its mean squared distance, `least`; the    |
|         | lowest of equally near ones, -1 where none is within the radius                  |
| round   | when a group was last `changed`, by a merge, or `scanned`: entries to groups     |
|         | that have changed since then are computed again                                  |

Every choice is by distance, then by number; so the groups depend on nothing else.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.compiling import compile_kernel
from facetrack.clusterer.kernels.distances import Floats
from facetrack.clusterer.kernels.links import Links

Whole = NDArray[np.int64]
Real = NDArray[np.float64]


class _Groups(NamedTuple):
    """By group, each (n,): only the entries of points that a group is called by count.

    parent: by point, towards its group. sums: (n, d) of its points. spread: S / n.
    next_member, last_member: its points in a chain, -1 behind the last.
    """

    parent: Whole
    sums: Real
    sizes: Real
    spread: Real
    nearest: Whole
    least: Real
    changed: Whole
    scanned: Whole
    next_member: Whole
    last_member: Whole


class _Links(NamedTuple):
    """The entries of points, and the chain of points whose entries are a group's.

    ends: (m,) int32. squared: (m,), the mean squared distance when it was computed.
    seen: (n,) the scan that last met a group.
    """

    starts: Whole
    counts: Whole
    ends: NDArray[np.int32]
    squared: Real
    next_holder: Whole
    last_holder: Whole
    seen: Whole


class _Conflicts(NamedTuple):
    """Points that may not be in one group; starts, ends: as in `Links`.

    seen: (n,) the last scan of a group that a group may not be merged with.
    """

    starts: Whole
    ends: NDArray[np.int32]
    seen: Whole


def merge_reciprocal(
    points: Floats,
    weights: Whole,
    starts: Whole,
    ends: NDArray[np.int32],
    eps: float,
    conflicts: Links,
) -> Whole:
    """(n,) the group of each of n distinct points, numbered by their first point.

    points: (n, d), each standing for `weights` equal ones. starts, ends: neighbours, those of
    point i are ends[starts[i]:starts[i + 1]]; a link counts in both directions. conflicts: pairs
    of points that may not be in one group.
    """
    n = len(points)
    # Rounding is least about the mean.
    sums = points - points.mean(axis=0, dtype=np.float64)
    spread = np.einsum("ij,ij->i", sums, sums)
    sums *= weights[:, None]
    groups = _Groups(
        parent=np.arange(n),
        sums=sums,
        sizes=weights.astype(np.float64),
        spread=spread,
        nearest=np.full(n, -1),
        least=np.full(n, np.inf),
        changed=np.zeros(n, np.int64),
        scanned=np.full(n, -1),
        next_member=np.full(n, -1),
        last_member=np.arange(n),
    )
    barred = _Conflicts(conflicts.starts, conflicts.ends, np.zeros(n, np.int64))
    _run(groups, _symmetrise(starts, ends), barred, eps * eps)
    return np.unique(groups.parent, return_inverse=True)[1]


def _symmetrise(starts: Whole, ends: NDArray[np.int32]) -> _Links:
    """Each link at both of its ends; one that stands in both directions is twice at each."""
    n = len(starts) - 1
    counts = np.diff(starts) + np.bincount(ends, minlength=n)
    both = np.concatenate([[0], np.cumsum(counts)])
    filled = np.empty(both[-1], np.int32)
    _fill(starts, ends, both, filled)
    none, own = np.full(n, -1), np.arange(n)
    return _Links(both, counts, filled, np.empty(len(filled)), none, own, np.zeros(n, np.int64))


@compile_kernel
def _fill(starts: Whole, ends: NDArray[np.int32], both: Whole, filled: NDArray[np.int32]) -> None:
    """Write each end of each link among the entries of the other."""
    place = both[:-1].copy()
    for i in range(len(starts) - 1):
        for entry in range(starts[i], starts[i + 1]):
            j = ends[entry]
            filled[place[i]] = j
            filled[place[j]] = i
            place[i] += 1
            place[j] += 1


@compile_kernel
def _run(groups: _Groups, links: _Links, conflicts: _Conflicts, limit: float) -> None:
    """Merge in rounds until no two linked groups are within the squared radius."""
    active = np.arange(len(groups.parent))
    waiting = active.copy()  # to be scanned
    scan, turn = 0, 0
    while len(waiting):
        for group in waiting:
            scan += 1
            _scan(groups, links, conflicts, limit, int(group), scan)
            groups.scanned[group] = turn
        turn += 1
        for group in waiting:
            other = groups.nearest[group]
            if other >= 0 and groups.nearest[other] == group:
                _merge(groups, links, min(group, other), max(group, other), turn)
        left, asked = 0, 0
        waiting = np.empty(len(active), np.int64)
        for group in active:
            if groups.parent[group] != group:
                continue
            active[left] = group
            left += 1
            nearest = groups.nearest[group]
            if groups.changed[group] == turn or (
                nearest >= 0 and groups.changed[_find(groups.parent, nearest)] == turn
            ):
                waiting[asked] = group
                asked += 1
        active, waiting = active[:left], waiting[:asked]
    for point in range(len(groups.parent)):
        groups.parent[point] = _find(groups.parent, point)


@compile_kernel
def _find(parent: Whole, point: int) -> int:
    """The group of a point; the way to it is halved for the next time."""
    while parent[point] != point:
        parent[point] = parent[parent[point]]
        point = parent[point]
    return point


@compile_kernel
def _scan(
    groups: _Groups, links: _Links, conflicts: _Conflicts, limit: float, group: int, scan: int
) -> None:
    """Find the nearest of a group, and tell those that it is nearest to.

    Entries that lead to the same group as another one, or to the group itself, are dropped.
    """
    if len(conflicts.ends):
        _bar(groups, conflicts, group, scan)
    since = groups.scanned[group]
    again = groups.changed[group] > since
    nearest, least = -1, np.inf
    links.seen[group] = scan
    holder, before = group, -1
    while holder >= 0:
        kept = links.starts[holder]
        for entry in range(kept, kept + links.counts[holder]):
            other = _find(groups.parent, links.ends[entry])
            if links.seen[other] == scan:
                continue
            links.seen[other] = scan
            squared = links.squared[entry]
            if again or groups.changed[other] > since:
                if conflicts.seen[other] == scan:
                    continue  # for good, as groups only grow
                squared = _mean_square(groups, group, other)
            links.ends[kept], links.squared[kept] = other, squared
            kept += 1
            if squared > limit:
                continue
            if squared < least or (squared == least and other < nearest):
                nearest, least = other, squared
            if squared < groups.least[other] or (
                squared == groups.least[other] and group < groups.nearest[other]
            ):
                groups.nearest[other], groups.least[other] = group, squared
        links.counts[holder] = kept - links.starts[holder]
        after = links.next_holder[holder]
        if links.counts[holder] or before < 0:
            before = holder
        else:  # nothing is left there
            links.next_holder[before] = after
        holder = after
    links.last_holder[group] = before
    groups.nearest[group], groups.least[group] = nearest, least


@compile_kernel
def _mean_square(groups: _Groups, one: int, two: int) -> float:
    """The mean squared distance between the points of two groups."""
    first, second = groups.sums[one], groups.sums[two]
    # Four sums at once, in an order of their own: the processor does them side by side.
    a = b = c = d = 0.0
    whole = len(first) // 4 * 4
    for i in range(0, whole, 4):
        a += first[i] * second[i]
        b += first[i + 1] * second[i + 1]
        c += first[i + 2] * second[i + 2]
        d += first[i + 3] * second[i + 3]
    for i in range(whole, len(first)):
        a += first[i] * second[i]
    product = ((a + b) + (c + d)) / (groups.sizes[one] * groups.sizes[two])
    return float(max(groups.spread[one] + groups.spread[two] - 2 * product, 0.0))


@compile_kernel
def _merge(groups: _Groups, links: _Links, low: int, high: int, turn: int) -> None:
    """Merge two groups into the one that is called by the lower point."""
    both = groups.sizes[low] + groups.sizes[high]
    groups.spread[low] = (
        groups.sizes[low] * groups.spread[low] + groups.sizes[high] * groups.spread[high]
    ) / both
    groups.sizes[low] = both
    groups.sums[low] += groups.sums[high]
    groups.parent[high] = low
    groups.changed[low] = turn
    groups.nearest[low] = groups.nearest[high] = -1
    groups.least[low] = np.inf
    groups.next_member[groups.last_member[low]] = high
    groups.last_member[low] = groups.last_member[high]
    links.next_holder[links.last_holder[low]] = high
    links.last_holder[low] = links.last_holder[high]


@compile_kernel
def _bar(groups: _Groups, conflicts: _Conflicts, group: int, scan: int) -> None:
    """Mark the groups that a group may not be merged with."""
    point = group
    while point >= 0:
        for entry in range(conflicts.starts[point], conflicts.starts[point + 1]):
            conflicts.seen[_find(groups.parent, conflicts.ends[entry])] = scan
        point = groups.next_member[point]
