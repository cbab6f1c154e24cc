"""The kernels against scikit-learn, on one resample of faces, in one run.

    python benchmarks/bench_kernels.py EMBEDDINGS.npz

EMBEDDINGS.npz holds `embeddings` (n, d) and `labels` (n,). scikit-learn gets the better of one
and two jobs. Cold: nothing kept from an earlier fit. By the tree: as DBSCAN found a first radius,
too, before near pairs were searched for. Sweep: as within one process.
"""

import functools
import itertools
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sklearn.cluster
from sklearn.metrics import adjusted_rand_score

from facetrack.clusterer import DBSCAN, KMeans, MeanShift, SpectralClustering
from facetrack.clusterer.shared import cache, digest
from facetrack.core.faces import scale_to_unit
from facetrack.evaluation.resampling import Bootstrap

BANDWIDTHS = (0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.8)
RADII = {
    "0.1 to 1.2": tuple(round(0.1 * i, 1) for i in range(1, 13)),
    "0.04 to 0.48": tuple(round(0.04 * i, 2) for i in range(1, 13)),
}

Labels = list[np.ndarray]
Make = Callable[[float], Any]  # an estimator of a radius


class ByTree:
    """DBSCAN as if it had had another radius before."""

    def __init__(self, estimator: DBSCAN) -> None:
        self._estimator = estimator

    def fit_predict(self, points: np.ndarray) -> np.ndarray:
        key = ("radius", digest(points), self._estimator.min_samples)
        cache.get(key, lambda: np.full(1, np.inf))
        labels: np.ndarray = self._estimator.fit_predict(points)
        return labels


class Taken(NamedTuple):
    """Seconds, and those of all cores together, which programs beside it lengthen less."""

    seconds: float
    cpu: float

    def over(self, other: "Taken") -> str:
        return f"{self.seconds / other.seconds:6.1f} times as fast ({self.cpu / other.cpu:.1f} CPU)"


def timed(make: Make, values: Sequence[float], points: np.ndarray) -> tuple[Taken, Labels]:
    """What all fits take, one after the other, and their labels."""
    labels = []
    start, cpu = time.perf_counter(), time.process_time()
    for value in values:
        labels.append(make(value).fit_predict(points))
    return Taken(time.perf_counter() - start, time.process_time() - cpu), labels


def cold(make: Make, values: Sequence[float], points: np.ndarray) -> tuple[Taken, Labels]:
    """The same, with nothing kept between the fits."""
    taken, labels = [], []
    for value in values:
        cache.clear()
        one, found = timed(make, [value], points)
        taken.append(one)
        labels += found
    seconds, cpu = np.sum(taken, axis=0)
    return Taken(float(seconds), float(cpu)), labels


def compare(
    name: str,
    theirs: Callable[[int, float], Any],
    mine: Make,
    values: Sequence[float],
    points: np.ndarray,
) -> None:
    (one, their_labels), (two, _) = (
        timed(functools.partial(theirs, jobs), values, points) for jobs in (1, 2)
    )
    best = Taken(min(one.seconds, two.seconds), min(one.cpu, two.cpu))
    alone, labels = cold(mine, values, points)
    print(f"{name}, {len(values)} values, {len(points)} points")
    print(f"  scikit-learn, n_jobs=1 {one.seconds:8.2f} s, n_jobs=2 {two.seconds:8.2f} s")
    print(f"  facetrack, cold        {alone.seconds:8.2f} s: {best.over(alone)}")
    if isinstance(mine(1.0), DBSCAN):
        tree, from_tree = cold(lambda value: ByTree(mine(value)), values, points)
        assert all(map(np.array_equal, labels, from_tree))
        print(f"    by the tree          {tree.seconds:8.2f} s; cold is {tree.over(alone)}")
    cache.clear()
    together, _ = timed(mine, values, points)
    same = all(
        adjusted_rand_score(one, other) == 1.0
        for one, other in zip(labels, their_labels, strict=True)
    )
    print(f"  facetrack, in a sweep  {together.seconds:8.2f} s: {best.over(together)}")
    print(f"  same labels: {'yes' if same else 'NO'}", flush=True)


def their_dbscan(least: int, jobs: int, eps: float) -> Any:
    return sklearn.cluster.DBSCAN(eps=eps, min_samples=least, n_jobs=jobs)


def by_tree(least: int, eps: float) -> ByTree:
    return ByTree(DBSCAN(eps, least))


def one_radius(vectors: np.ndarray, n: int) -> None:
    """One radius for n faces, none a duplicate, three times each way in turn."""
    random = np.random.RandomState(0)
    drawn = vectors[random.randint(0, len(vectors), n)]
    points = scale_to_unit(drawn + 0.01 * random.normal(size=drawn.shape).astype(np.float32))
    for least in (1, 3):
        ways: dict[str, Make] = {
            "near pairs": functools.partial(DBSCAN, min_samples=least),
            "the tree": functools.partial(by_tree, least),
        }
        taken: dict[str, list[Taken]] = {way: [] for way in ways}
        labels = []
        for way in [*ways] * 3:
            one, found = cold(ways[way], [0.28], points)
            taken[way].append(one)
            labels += found
        assert all(np.array_equal(one, labels[0]) for one in labels)
        pairs, tree = (Taken(*np.median(taken[way], axis=0).tolist()) for way in ways)
        print(f"DBSCAN, one radius, 0.28, min_samples {least}, {n} points")
        print(f"  by near pairs {pairs.seconds:.2f} s, by the tree {tree.seconds:.2f} s")
        print(f"  {tree.over(pairs).strip()}; same labels: yes", flush=True)


def spectral(points: np.ndarray, people: np.ndarray) -> None:
    k = len(np.unique(people))
    slow, theirs = timed(
        lambda _: sklearn.cluster.SpectralClustering(k, gamma=1.0, random_state=0), [0], points
    )
    fast, mine = cold(lambda _: SpectralClustering(k, gamma=1.0, random_state=0), [0], points)
    print(f"SpectralClustering, K = {k}, {len(points)} points")
    told = [f"{adjusted_rand_score(people, labels[0]):.3f}" for labels in (theirs, mine)]
    print(f"  scikit-learn           {slow.seconds:8.2f} s, ARI {told[0]}")
    print(f"  facetrack, cold        {fast.seconds:8.2f} s, ARI {told[1]}: {slow.over(fast)}")


def kmeans(points: np.ndarray, people: np.ndarray) -> None:
    """As Table I has it: ten starts; once more with the starts alone."""
    k = len(np.unique(people))
    seconds, found = [], []
    for kind in (sklearn.cluster.KMeans, KMeans):
        for max_iter in (300, 1):
            cache.clear()
            start = time.perf_counter()
            found.append(kind(k, n_init=10, max_iter=max_iter, random_state=0).fit(points))
            seconds.append(time.perf_counter() - start)
    same = np.array_equal(found[0].labels_, found[2].labels_)
    print(f"KMeans, K = {k}, ten starts, {len(points)} points")
    print(f"  scikit-learn           {seconds[0]:8.2f} s, one step only {seconds[1]:.2f} s")
    print(
        f"  facetrack              {seconds[2]:8.2f} s, one step only {seconds[3]:.2f} s: "
        f"{seconds[0] / seconds[2]:.1f} times as fast"
    )
    print(f"  same labels, to the last one: {'yes' if same else 'NO'}", flush=True)


def product_rate(points: np.ndarray) -> None:
    """How far DBSCAN's ways are from one matrix product of their size."""
    distinct = np.unique(points, axis=0)
    n, d = distinct.shape
    products = []
    for _ in range(5):
        start = time.perf_counter()
        distinct @ distinct.T
        products.append(time.perf_counter() - start)
    pairs, _ = cold(DBSCAN, [0.3], points)
    tree, _ = cold(lambda eps: ByTree(DBSCAN(eps)), [0.3], points)
    product = min(products)
    rate = 2 * n * n * d / product / 1e9
    print(f"{n} distinct points: one {n} x {d} x {n} matrix product {1e3 * product:.0f} ms")
    print(f"  ({rate:.0f} GFLOP/s); DBSCAN by near pairs {1e3 * pairs.seconds:.0f} ms,")
    print(f"  with its tree {1e3 * tree.seconds:.0f} ms", flush=True)


def main() -> None:
    with np.load(Path(sys.argv[1])) as stored:
        vectors, labels = scale_to_unit(stored["embeddings"]), stored["labels"]
    drawn = Bootstrap().draw(len(vectors), 0, "lfw", 0)
    points, people = vectors[drawn], labels[drawn]
    compare(
        "MeanShift",
        lambda jobs, value: sklearn.cluster.MeanShift(bandwidth=value, n_jobs=jobs),
        lambda value: MeanShift(value),
        BANDWIDTHS,
        points,
    )
    for (name, values), least in itertools.product(RADII.items(), (1, 3)):
        compare(
            f"DBSCAN, eps {name}, min_samples {least}",
            functools.partial(their_dbscan, least),
            functools.partial(DBSCAN, min_samples=least),
            values,
            points,
        )
    kmeans(points, people)
    one_radius(vectors, 20_000)
    spectral(points, people)
    product_rate(points)


if __name__ == "__main__":
    main()
