"""How well clusters agree with people, and what a set of resamples says about it.

| name  | what it is                                                                    |
|-------|-------------------------------------------------------------------------------|
| n     | number of faces; a face drawn twice counts twice, as the article has it       |
| sizes | faces of each person (or of each cluster)                                     |
| cells | faces of each (person, cluster) that occurs: the table's non-zero entries     |

Noise (label -1 of DBSCAN and HDBSCAN) is never one big cluster: a face that belongs to nobody
is alone, so in every score here each noise face is a cluster of its own.
"""

import functools
import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, stdtrit

from facetrack.core.labels import separate_noise
from facetrack.core.scores import Summary

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class _Table:
    """The contingency table of n faces, non-zero cells only.

    people: (R,) sizes of the R people; clusters: (C,) sizes of the C clusters.
    cells: (L,) faces of each cell; of_person, of_cluster: (L,) its person's and cluster's size.
    """

    n: int
    people: Counts
    clusters: Counts
    cells: Counts
    of_person: Counts
    of_cluster: Counts

    @property
    def identical(self) -> bool:
        return len(self.cells) == len(self.people) == len(self.clusters)


INFORMATION = ("ami", "homogeneity", "completeness", "v_measure")


def scores(
    people: NDArray[np.integer], clusters: NDArray[np.integer], *, information: bool = True
) -> dict[str, float]:
    """All scores of one clustering; each but the two counts is 1.0 for a perfect one.

    people, clusters: (n,) integers; any numbering, -1 in `clusters` is noise (see the module).

    ari: adjusted Rand index (Hubert and Arabie 1985), exact pair counts.
    ami: adjusted mutual information (Vinh, Epps and Bailey 2010), arithmetic mean of entropies.
    homogeneity, completeness, v_measure: Rosenberg and Hirschberg 2007.
    pairwise_*: of the pairs put together, those of one person; of the pairs of one person,
    those put together. Nothing put together is a precision of 1.0 (no pair is wrong), and
    nobody with two faces a recall of 1.0 (no pair is missed).
    bcubed_*: the same a face instead of a pair, averaged over faces (Bagga and Baldwin 1998).
    *_f: harmonic mean of precision and recall, 0.0 where both are 0.
    n_clusters, n_people: how many there are, noise faces counted one by one.

    information: False leaves INFORMATION out, which take ten times as long as all the others.

    Raises ValueError for no faces or inputs of unequal length.
    """
    table = _table(people, clusters)
    together, same, both = _pairs(table.clusters), _pairs(table.people), _pairs(table.cells)
    precision = both / together if together else 1.0
    recall = both / same if same else 1.0
    weight = table.cells.astype(np.float64) ** 2
    bcubed_precision = math.fsum(weight / table.of_cluster) / table.n
    bcubed_recall = math.fsum(weight / table.of_person) / table.n
    from_information = {}
    if information:
        homogeneity, completeness, ami = _information(table)
        v_measure = _harmonic(homogeneity, completeness)
        values = (ami, homogeneity, completeness, v_measure)
        from_information = dict(zip(INFORMATION, values, strict=True))
    return {
        "ari": _ari(together, same, both, math.comb(table.n, 2)),
        **from_information,
        "pairwise_precision": precision,
        "pairwise_recall": recall,
        "pairwise_f": _harmonic(precision, recall),
        "bcubed_precision": bcubed_precision,
        "bcubed_recall": bcubed_recall,
        "bcubed_f": _harmonic(bcubed_precision, bcubed_recall),
        "n_clusters": float(len(table.clusters)),
        "n_people": float(len(table.people)),
    }


def summarise(values: Iterable[float], *, of_people: bool = False) -> Summary:
    """Mean and spread of a score's values, one per resample. Raises ValueError for no values.

    of_people: whether the resamples are halves of the people, whose deviation is the standard error
    for other people like them, however many halves there are (PROTOCOL, "Halves of the people").
    """
    # `statistics` rounds once, at the end: equal values have a std of exactly 0 and the order
    # of the values cannot show.
    numbers = [float(value) for value in values]
    if not numbers:
        raise ValueError("a summary needs at least one value")
    mean, std = statistics.mean(numbers), statistics.pstdev(numbers)
    half = 0.0
    if len(numbers) > 1:
        error = statistics.stdev(numbers) / (1.0 if of_people else math.sqrt(len(numbers)))
        half = float(stdtrit(len(numbers) - 1, 0.975)) * error
    return Summary(mean, std, 2 * std, mean - half, mean + half)


def _table(people: NDArray[np.integer], clusters: NDArray[np.integer]) -> _Table:
    if people.shape != clusters.shape or people.ndim != 1 or len(people) == 0:
        raise ValueError(
            f"scores needs two label arrays of one length, (n,) with n > 0; "
            f"got {people.shape} and {clusters.shape}"
        )
    _, rows, row_sizes = np.unique(people, return_inverse=True, return_counts=True)
    _, columns, column_sizes = np.unique(
        separate_noise(clusters), return_inverse=True, return_counts=True
    )
    codes, cells = np.unique(rows * len(column_sizes) + columns, return_counts=True)
    row, column = np.divmod(codes, len(column_sizes))
    return _Table(
        n=len(people),
        people=row_sizes,
        clusters=column_sizes,
        cells=cells,
        of_person=row_sizes[row],
        of_cluster=column_sizes[column],
    )


def _pairs(sizes: Counts) -> int:
    """Number of unordered pairs within the groups; exact."""
    return int((sizes * (sizes - 1) // 2).sum())


def _ari(together: int, same: int, both: int, pairs: int) -> float:
    """Hubert and Arabie's index with both fractions cleared: Python's integers round only once."""
    numerator = 2 * (both * pairs - together * same)
    denominator = (together + same) * pairs - 2 * together * same
    # Zero only where both partitions are all alone or all one: they are equal.
    return numerator / denominator if denominator else 1.0


def _harmonic(first: float, second: float) -> float:
    return 2 * first * second / (first + second) if first + second else 0.0


def _information(table: _Table) -> tuple[float, float, float]:
    """Homogeneity, completeness and adjusted mutual information; entropies in nats."""
    people, clusters = _entropy(table.people, table.n), _entropy(table.clusters, table.n)
    # Conditional entropies rather than MI / H: a pure cluster then adds exactly 0.
    people_left = _entropy(table.cells, table.n, table.of_cluster)
    clusters_left = _entropy(table.cells, table.n, table.of_person)
    # Rounding can leave slightly more than there was.
    homogeneity = max(0.0, 1 - people_left / people) if people else 1.0
    completeness = max(0.0, 1 - clusters_left / clusters) if clusters else 1.0
    if table.identical:  # also covers 0 / 0: all alone, or all one, in both
        return homogeneity, completeness, 1.0
    expected = _expected_information(table.people, table.clusters, table.n)
    ami = (people - people_left - expected) / ((people + clusters) / 2 - expected)
    return homogeneity, completeness, ami


def _entropy(sizes: Counts, n: int, of: Counts | None = None) -> float:
    """-Σ size/n · log(size/of) in nats; `of` is n, or the sizes of what is known already."""
    total = math.fsum(sizes / n * np.log(sizes / (n if of is None else of)))
    return abs(total)  # the sum is never positive; abs turns -0.0 into 0.0


def _expected_information(people: Counts, clusters: Counts, n: int) -> float:
    """Mutual information (nats) expected by chance: Vinh, Epps and Bailey 2010, equation 24a.

    The term of a person and a cluster depends on their sizes alone. Thousands of clusters
    have few distinct sizes, so each pair of distinct sizes is summed once and multiplied.
    """
    counted = [np.unique(sizes, return_counts=True) for sizes in (people, clusters)]
    return _sum_information(n, *(one.tobytes() for both in counted for one in both))


@functools.lru_cache(maxsize=1024)  # many settings of a sweep divide a resample alike
def _sum_information(n: int, *content: bytes) -> float:
    """content: the distinct sizes of people and how often each occurs; the same of clusters."""
    people, n_people, sizes, repeats = (np.frombuffer(one, np.int64) for one in content)
    log_factorial = gammaln(np.arange(n + 1) + 1.0)
    terms = []
    for size, repeat in zip(people, n_people, strict=True):
        # All overlaps that `size` can have with each cluster size, end to end: ≤ n values,
        # since the distinct cluster sizes sum to at most n.
        fewest = np.maximum(1, size + sizes - n)
        lengths = np.minimum(size, sizes) - fewest + 1
        starts = np.cumsum(lengths) - lengths
        overlap = np.arange(lengths.sum()) + np.repeat(fewest - starts, lengths)
        cluster = np.repeat(sizes, lengths)
        log_chance = (
            log_factorial[size]
            + log_factorial[cluster]
            + log_factorial[n - size]
            + log_factorial[n - cluster]
            - log_factorial[n]
            - log_factorial[overlap]
            - log_factorial[size - overlap]
            - log_factorial[cluster - overlap]
            - log_factorial[n - size - cluster + overlap]
        )
        information = overlap / n * np.log(n * overlap / (size * cluster))
        weights = repeat * np.repeat(repeats, lengths)
        terms.append(float(np.sum(weights * information * np.exp(log_chance))))
    return math.fsum(terms)
