"""How clusters agree with people at every radius, followed once from the smallest to the largest.

As the radius grows, three things happen to points, each at a radius of its own:

| kind | first, second | what it is                                                        |
|------|---------------|-------------------------------------------------------------------|
| CORE | i, i          | i becomes core: a cluster of its own, until it is joined          |
| NEAR | i, j          | i, as long as it is not core, has the core point j within reach   |
| JOIN | i, j          | the clusters of the core points i and j become one                |

A cluster is called by its first core point. A point that is not core is in the first cluster that
it has a core point of within reach, else it is noise: each of its faces alone. So for DBSCAN;
where all points are core from the beginning the last two are all there is to single linkage, and
joins alone to average linkage.

Scores need no labels, only four sums over clusters, which a step changes by what two clusters
have of the same people. With c a cluster, p a person and c∩p the faces that both have:

| sum       | of                             |
|-----------|--------------------------------|
| together  | |c|²                           |
| both      | |c∩p|²                         |
| precision | |c∩p|² / |c|                   |
| recall    | |c∩p|² / |p|                   |
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.kernels.compiling import compile_kernel
from facetrack.clusterer.shared import Distinct

Array = NDArray[Any]

CORE, NEAR, JOIN = 0, 1, 2  # in this order where they happen at one radius
TOGETHER, BOTH, PRECISION, RECALL = range(4)


@dataclass(frozen=True)
class Growth:
    """What happens to the clusters of n faces as the radius grows.

    radii: (m,) float64, ascending. kinds, first, second: (m,), see the module; points are distinct
    faces. same: which faces they are.
    """

    radii: NDArray[np.float64]
    kinds: NDArray[np.int8]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    same: Distinct

    def follow(self, people: NDArray[np.int64]) -> tuple[Array, Array]:
        """The radii at which anything happens, (k,), and the four sums from each on, (k, 4).

        people: (n,) who the faces are. The first radius is 0.
        """
        _, numbers, sizes = np.unique(people, return_inverse=True, return_counts=True)
        cells, counts = np.unique(self.same.inverse * len(sizes) + numbers, return_counts=True)
        point, person = np.divmod(cells, len(sizes))
        starts = np.searchsorted(point, np.arange(len(self.same.rows) + 1))
        return _follow(
            *(self.radii, self.kinds, self.first, self.second),
            *(starts, person, counts, 1 / sizes),
        )


def order(parts: list[tuple[int, Array, Array, Array]], same: Distinct) -> Growth:
    """What happens, sorted. parts: kind, radii, first and second points of things of a kind."""
    radii = np.concatenate([part[1] for part in parts]).astype(np.float64)
    kinds = np.concatenate([np.full(len(part[1]), part[0], np.int8) for part in parts])
    first, second = (np.concatenate([part[at] for part in parts]) for at in (2, 3))
    by = np.lexsort((kinds, radii))
    return Growth(radii[by], kinds[by], first[by], second[by], same)


@compile_kernel
def _follow(
    radii: Array,
    kinds: Array,
    first: Array,
    second: Array,
    starts: Array,
    person: Array,
    counts: Array,
    share: Array,
) -> tuple[Array, Array]:
    """See `Growth.follow`. person, counts: of the cells of point i, starts[i] … starts[i + 1].

    share: 1 / |p| of each person.
    """
    n, m = len(starts) - 1, len(radii)
    cluster = np.full(n, -1)
    core = np.zeros(n, np.bool_)
    after, before, tail = np.full(n, -1), np.full(n, -1), np.full(n, -1)
    head = np.full(n, -1)
    sums = np.zeros((n, 3))
    scratch = np.zeros(len(share))
    around, around_after = np.full(n, -1), np.full(m, -1)
    lists = (starts, person, counts, share, after, head, scratch)
    chains = (cluster, after, before, head, tail)
    total = np.zeros(4)
    for point in range(n):
        _be_noise(point, lists, total, 1.0)
    found_radii, found = np.empty(m + 1), np.empty((m + 1, 4))
    found_radii[0] = 0.0
    k = 0
    for step in range(m):
        i, j = first[step], second[step]
        if radii[step] > found_radii[k]:
            found[k] = total
            k += 1
            found_radii[k] = radii[step]
        if kinds[step] == CORE:
            _move(i, i, lists, chains, sums, total)
            core[i] = True
        elif kinds[step] == NEAR:
            around_after[step], around[j] = around[j], step
            if not core[i] and (cluster[i] < 0 or cluster[j] < cluster[i]):
                _move(i, cluster[j], lists, chains, sums, total)
        else:
            low = min(cluster[i], cluster[j])
            high = max(cluster[i], cluster[j])
            if low == high:
                continue
            _join(low, high, lists, chains, sums, total)
            _pull(low, (first, core, around, around_after), lists, chains, sums, total)
    found[k] = total
    return found_radii[: k + 1], found[: k + 1]


@compile_kernel
def _pull(low: int, reverse: Any, lists: Any, chains: Any, sums: Array, total: Array) -> None:
    """Move points that are not core to a joined cluster whose name is an earlier one to them now.

    reverse: by core point, the points that have it within reach.
    """
    first, core, around, around_after = reverse
    cluster, after, _, head, _ = chains
    member = head[low]
    while member >= 0:
        entry = around[member] if core[member] else -1
        while entry >= 0:
            other = first[entry]
            if not core[other] and cluster[other] > low:
                _move(other, low, lists, chains, sums, total)
            entry = around_after[entry]
        member = after[member]


@compile_kernel
def _be_noise(point: int, lists: Any, total: Array, sign: float) -> None:
    """Count a point's faces as faces alone, or with sign -1 no longer."""
    starts, person, counts, share, _, _, _ = lists
    for cell in range(starts[point], starts[point + 1]):
        of = sign * counts[cell]
        total[0] += of
        total[1] += of
        total[2] += of
        total[3] += of * share[person[cell]]


@compile_kernel
def _count(cluster: int, sums: Array, total: Array, sign: float) -> None:
    """Count a cluster in the sums, or with sign -1 no longer."""
    if sums[cluster, 0] > 0:
        total[0] += sign * sums[cluster, 0] ** 2
        total[1] += sign * sums[cluster, 1]
        total[2] += sign * sums[cluster, 1] / sums[cluster, 0]
        total[3] += sign * sums[cluster, 2]


@compile_kernel
def _meet(cluster: int, lists: Any) -> Any:
    """What `both` and `recall` gain where a cluster meets the faces that scratch counts."""
    starts, person, counts, share, after, head, scratch = lists
    both = recall = 0.0
    member = head[cluster]
    while member >= 0:
        for cell in range(starts[member], starts[member + 1]):
            common = 2.0 * scratch[person[cell]] * counts[cell]
            both += common
            recall += common * share[person[cell]]
        member = after[member]
    return both, recall


@compile_kernel
def _add(point: int, cluster: int, lists: Any, sums: Array, sign: float) -> None:
    """Add a point's faces to a cluster's own sums, or with sign -1 take them away.

    The point is not in the cluster's chain.
    """
    starts, person, counts, share, _, _, scratch = lists
    for cell in range(starts[point], starts[point + 1]):
        scratch[person[cell]] += counts[cell]
    both, recall = _meet(cluster, lists)
    for cell in range(starts[point], starts[point + 1]):
        scratch[person[cell]] = 0
        squared = float(counts[cell]) * counts[cell]
        both += squared
        recall += squared * share[person[cell]]
        sums[cluster, 0] += sign * counts[cell]
    sums[cluster, 1] += sign * both
    sums[cluster, 2] += sign * recall


@compile_kernel
def _move(point: int, to: int, lists: Any, chains: Any, sums: Array, total: Array) -> None:
    """Move a point to a cluster, from where it is: another cluster, or noise."""
    cluster, after, before, head, tail = chains
    own = cluster[point]
    if own < 0:
        _be_noise(point, lists, total, -1.0)
    else:
        if before[point] >= 0:
            after[before[point]] = after[point]
        else:
            head[own] = after[point]
        if after[point] >= 0:
            before[after[point]] = before[point]
        else:
            tail[own] = before[point]
        _count(own, sums, total, -1.0)
        _add(point, own, lists, sums, -1.0)
        _count(own, sums, total, 1.0)
    _count(to, sums, total, -1.0)
    _add(point, to, lists, sums, 1.0)
    _count(to, sums, total, 1.0)
    cluster[point] = to
    before[point], after[point] = tail[to], -1
    if tail[to] >= 0:
        after[tail[to]] = point
    else:
        head[to] = point
    tail[to] = point


@compile_kernel
def _join(low: int, high: int, lists: Any, chains: Any, sums: Array, total: Array) -> None:
    """Make one cluster of two, which takes the name of the first."""
    starts, person, counts, _, _, _, scratch = lists
    cluster, after, before, head, tail = chains
    member = head[high]
    while member >= 0:
        for cell in range(starts[member], starts[member + 1]):
            scratch[person[cell]] += counts[cell]
        member = after[member]
    both, recall = _meet(low, lists)
    _count(low, sums, total, -1.0)
    _count(high, sums, total, -1.0)
    sums[low] += sums[high]
    sums[low, 1] += both
    sums[low, 2] += recall
    sums[high] = 0.0
    _count(low, sums, total, 1.0)
    member = head[high]
    while member >= 0:
        for cell in range(starts[member], starts[member + 1]):
            scratch[person[cell]] = 0
        cluster[member] = low
        member = after[member]
    after[tail[low]], before[head[high]] = head[high], tail[low]
    tail[low] = tail[high]
    head[high] = tail[high] = -1
