"""The kernels against scikit-learn, on one resample of faces, in one run.

    python benchmarks/bench_kernels.py EMBEDDINGS.npz

EMBEDDINGS.npz holds `embeddings` (n, d) and `labels` (n,). scikit-learn gets the better of one
and two jobs. Cold: nothing kept from an earlier fit. Sweep: as within one process.
"""

import functools
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sklearn.cluster
from sklearn.metrics import adjusted_rand_score

from facetrack.clusterer import DBSCAN, KMeans, MeanShift, SpectralClustering
from facetrack.clusterer.shared import cache
from facetrack.core.faces import scale_to_unit
from facetrack.evaluation.resampling import Bootstrap

BANDWIDTHS = (0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.8)
EPS = tuple(round(0.1 * i, 1) for i in range(1, 13))
SMALL_EPS = tuple(round(0.04 * i, 2) for i in range(1, 13))

Labels = list[np.ndarray]
Make = Callable[[float], Any]  # an estimator of a radius


def timed(
    make: Callable[[float], Any], values: Sequence[float], points: np.ndarray
) -> tuple[float, Labels]:
    """Seconds of all fits, one after the other, and their labels."""
    labels = []
    start = time.perf_counter()
    for value in values:
        labels.append(make(value).fit_predict(points))
    return time.perf_counter() - start, labels


def cold(
    make: Callable[[float], Any], values: Sequence[float], points: np.ndarray
) -> tuple[float, Labels]:
    """The same, with nothing kept between the fits."""
    total, labels = 0.0, []
    for value in values:
        cache.clear()
        seconds, found = timed(make, [value], points)
        total += seconds
        labels += found
    return total, labels


def compare(
    name: str,
    theirs: Callable[[int, float], Any],
    mine: Make,
    values: Sequence[float],
    points: np.ndarray,
) -> None:
    slow = []
    for jobs in (1, 2):
        slow.append(timed(functools.partial(theirs, jobs), values, points))
    alone, labels = cold(mine, values, points)
    cache.clear()
    together, _ = timed(mine, values, points)
    best = min(seconds for seconds, _ in slow)
    same = all(
        adjusted_rand_score(one, other) == 1.0
        for one, other in zip(labels, slow[0][1], strict=True)
    )
    print(f"{name}, {len(values)} values, {len(points)} points")
    print(f"  scikit-learn, n_jobs=1 {slow[0][0]:8.2f} s, n_jobs=2 {slow[1][0]:8.2f} s")
    print(f"  facetrack, cold        {alone:8.2f} s: {best / alone:6.1f} times as fast")
    print(f"  facetrack, in a sweep  {together:8.2f} s: {best / together:6.1f} times as fast")
    print(f"  same labels: {'yes' if same else 'NO'}", flush=True)


def spectral(points: np.ndarray, people: np.ndarray) -> None:
    k = len(np.unique(people))
    slow, theirs = timed(
        lambda _: sklearn.cluster.SpectralClustering(k, gamma=1.0, random_state=0), [0], points
    )
    fast, mine = cold(lambda _: SpectralClustering(k, gamma=1.0, random_state=0), [0], points)
    print(f"SpectralClustering, K = {k}, {len(points)} points")
    print(
        f"  scikit-learn           {slow:8.2f} s, ARI {adjusted_rand_score(people, theirs[0]):.3f}"
    )
    print(
        f"  facetrack, cold        {fast:8.2f} s, ARI {adjusted_rand_score(people, mine[0]):.3f}: "
        f"{slow / fast:6.1f} times as fast",
        flush=True,
    )


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
    """How far the spanning tree is from one matrix product of its size."""
    distinct = np.unique(points, axis=0)
    n, d = distinct.shape
    products = []
    for _ in range(5):
        start = time.perf_counter()
        distinct @ distinct.T
        products.append(time.perf_counter() - start)
    cache.clear()
    start = time.perf_counter()
    DBSCAN(0.3, min_samples=1).fit(points)
    tree = time.perf_counter() - start
    product = min(products)
    print(f"{n} distinct points: one {n} x {d} x {n} matrix product {1e3 * product:.0f} ms")
    print(f"  ({2 * n * n * d / product / 1e9:.0f} GFLOP/s); DBSCAN with its tree")
    print(f"  {1e3 * tree:.0f} ms, {tree / product:.1f} times as long", flush=True)


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
    for name, values in (("0.1 to 1.2", EPS), ("0.04 to 0.48", SMALL_EPS)):
        compare(
            f"DBSCAN, eps {name}",
            lambda jobs, value: sklearn.cluster.DBSCAN(eps=value, min_samples=1, n_jobs=jobs),
            lambda value: DBSCAN(value, min_samples=1),
            values,
            points,
        )
    kmeans(points, people)
    spectral(points, people)
    product_rate(points)


if __name__ == "__main__":
    main()
