"""What the graph methods cost beside other packages, and as the number of faces grows.

    python benchmarks/bench_graph.py EMBEDDINGS.npz

EMBEDDINGS.npz is LFW's of dlib. Beside facetrack's Infomap runs what a user would put together
otherwise: scikit-learn's neighbours and the package `infomap`, a trial each, two levels; beside
average linkage SciPy's. Up to 1,000,000 faces are drawn as in bench_million.py, which has DBSCAN's
figures for the same faces; a fit is a process of its own, which tells its peak memory, data
included.
"""

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from bench_million import faces
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.neighbors import NearestNeighbors

from facetrack.clusterer import AverageLinkage, Infomap
from facetrack.clusterer.shared import cache
from facetrack.core.faces import scale_to_unit
from facetrack.evaluation.metrics import scores

EPS, AVERAGE = 0.34, 0.39
K = 80
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]
METHODS: dict[str, Callable[[], Any]] = {
    "Infomap": lambda: Infomap(EPS),
    "average linkage": lambda: AverageLinkage(AVERAGE),
}
LARGEST = {"Infomap": 1_000_000, "average linkage": 100_000}


def run_package(vectors: Vectors) -> Labels:
    """scikit-learn's neighbours, and the package infomap on their links."""
    import infomap

    n = len(vectors)
    distances, near = NearestNeighbors(n_neighbors=K + 1).fit(vectors).kneighbors()
    within = distances[:, :K] < EPS
    source = np.repeat(np.arange(n), np.count_nonzero(within, axis=1))
    target, weights = near[:, :K][within], 1 - distances[:, :K][within] / EPS
    search = infomap.Infomap(two_level=True, silent=True, num_trials=1, seed=1)
    search.add_links(np.column_stack([source, target, weights]))
    search.run()
    labels = np.arange(n, 2 * n)
    for node, module in search.modules:
        labels[node] = module
    return labels


def run_infomap(vectors: Vectors) -> Labels:
    labels: Labels = Infomap(EPS, neighbors="exact").fit_predict(vectors)
    return labels


def run_scipy(vectors: Vectors) -> Labels:
    labels: Labels = fcluster(linkage(vectors.astype(np.float64), "average"), AVERAGE, "distance")
    return labels


def run_average(vectors: Vectors) -> Labels:
    labels: Labels = AverageLinkage(AVERAGE, neighbors="exact").fit_predict(vectors)
    return labels


def race(
    title: str, mine: Callable[[Vectors], Labels], other: Callable[[Vectors], Labels], stored: Path
) -> None:
    """Five fits of each, one after the other; nothing is kept between them but compiled code."""
    with np.load(stored) as opened:
        vectors = scale_to_unit(opened["embeddings"])
        people = np.unique(opened["labels"], return_inverse=True)[1]
    mine(vectors[:500]), other(vectors[:500])
    seconds: dict[str, list[float]] = {"facetrack": [], "other": []}
    ari = {}
    for _ in range(5):
        for name, run in (("facetrack", mine), ("other", other)):
            cache.clear()
            start = time.perf_counter()
            labels = run(vectors)
            seconds[name].append(time.perf_counter() - start)
            ari[name] = scores(people, labels, information=False)["ari"]
    ratio = np.median(np.divide(seconds["facetrack"], seconds["other"]))
    told = (
        f"{name} {np.median(values):.2f} s (ARI {ari[name]:.4f})"
        for name, values in seconds.items()
    )
    print(f"{title}, {len(vectors)} faces: {', '.join(told)}; median ratio {ratio:.2f}", flush=True)


def fit(stored: Path, n: int, method: str) -> tuple[float, float, dict[str, float], float | None]:
    """Seconds, peak memory in GB, scores, and recall of neighbours."""
    points, truth = faces(stored, n)
    METHODS[method]().fit(points[:1000])  # compiled code is read, once
    cache.clear()
    start = time.perf_counter()
    found = METHODS[method]().fit(points)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    return seconds, peak, scores(truth, found.labels_, information=False), found.neighbors_recall_


def tell_growth(stored: Path) -> None:
    context = multiprocessing.get_context("spawn")
    for method in METHODS:
        print(f"{method}: seconds, GB, pairwise precision, recall, F, recall of neighbours")
        seconds = {}
        for n in (size for size in SIZES if size <= LARGEST[method]):
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                seconds[n], peak, told, recall = pool.submit(fit, stored, n, method).result()
            pairs = [told[f"pairwise_{name}"] for name in ("precision", "recall", "f")]
            print(
                f"  n = {n:8}  {seconds[n]:6.1f}  {peak:4.1f}   "
                f"{' '.join(f'{one:.4f}' for one in pairs)}   "
                f"{'exact' if recall is None else f'{recall:.5f}'}",
                flush=True,
            )
        sizes = sorted(seconds)
        exponent = np.polyfit(np.log(sizes), np.log([seconds[n] for n in sizes]), 1)[0]
        print(f"  exponent: {exponent:.2f}")


def main() -> None:
    stored = Path(sys.argv[1])
    race("Infomap from vectors", run_infomap, run_package, stored)
    race("Average linkage", run_average, run_scipy, stored)
    tell_growth(stored)


if __name__ == "__main__":
    main()
