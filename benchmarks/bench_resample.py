"""One resample of Table I, method by method, in seconds of processor time on one thread.

    python benchmarks/bench_resample.py EMBEDDINGS.npz [CHECKOUT]

EMBEDDINGS.npz holds `embeddings` (n, d) and `labels` (n,). With the checkout of another version
(`git worktree add`) that one is run before and after this one, and the faster of both counts. A
method's radii are summed; kernels are compiled before.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import sklearn.cluster
from sklearn.metrics import adjusted_rand_score

from facetrack import clusterer
from facetrack.clusterer.shared import cache
from facetrack.core.faces import scale_to_unit
from facetrack.evaluation import metrics
from facetrack.evaluation.resampling import Bootstrap

HERE = Path(__file__).resolve().parents[1]
RADII = tuple(round(0.04 * i, 2) for i in range(1, 13))


def _own(name: str) -> Any:
    """A class of facetrack's; of a version without it scikit-learn's."""
    return getattr(clusterer, name, None) or getattr(sklearn.cluster, name)


def make_methods(k: int) -> dict[str, list[Callable[[], Any]]]:
    """What makes the estimators of each method, for k people."""
    return {
        "kmeans": [partial(_own("KMeans"), k, n_init=10, random_state=1)],
        "agglomerative": [partial(_own("AgglomerativeClustering"), k)],
        "spectral": [partial(clusterer.SpectralClustering, k, random_state=1)],
        "dbscan": [partial(clusterer.DBSCAN, radius, 1) for radius in RADII],
        "meanshift": [partial(clusterer.MeanShift, radius) for radius in RADII],
    }


def measure(embeddings: Path, results: Path) -> None:
    """Write seconds and labels of this version."""
    with np.load(embeddings) as stored:
        vectors, names = scale_to_unit(stored["embeddings"]), stored["labels"]
    people = np.unique(names, return_inverse=True)[1]
    for makes in make_methods(60).values():
        for make in makes:
            make().fit(vectors[:1800])
    drawn = Bootstrap().draw(len(vectors), 0, "lfw", 0)
    points, known = vectors[drawn], people[drawn]
    cache.clear()
    found: dict[str, Any] = {"scores": 0.0}
    for method, makes in make_methods(len(np.unique(known))).items():
        start = time.process_time()
        labels = [make().fit_predict(points) for make in makes]
        found[method], found[f"{method} labels"] = time.process_time() - start, labels
        start = time.process_time()
        for one in labels:
            metrics.scores(known, one)
        found["scores"] += time.process_time() - start
    np.savez(results, **found)


def run(version: Path, embeddings: Path) -> dict[str, Any]:
    """What a checkout measures."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.npz"
        subprocess.run(
            [sys.executable, __file__, str(embeddings), "--measure", str(results)],
            env={**os.environ, "PYTHONPATH": str(version), "OMP_NUM_THREADS": "1"},
            check=True,
        )
        with np.load(results) as stored:
            return dict(stored)


def tell(now: list[dict[str, Any]], before: list[dict[str, Any]]) -> None:
    methods = [*make_methods(1), "scores"]
    quickest = [
        {method: min(float(one[method]) for one in runs) for method in methods}
        for runs in (now, before)
        if runs
    ]
    sums = [sum(one.values()) for one in quickest]
    print(f"{'':14}   now  share   before  ratio  the same labels")
    for method in methods:
        seconds = [one[method] for one in quickest]
        line = f"{method:14} {seconds[0]:5.2f}   {seconds[0] / sums[0]:4.0%}"
        if before:
            line += f"   {seconds[1]:6.2f}   {seconds[0] / seconds[1]:4.2f}"
        if before and method != "scores":
            pairs = zip(now[0][f"{method} labels"], before[0][f"{method} labels"], strict=True)
            same = all(adjusted_rand_score(one, other) == 1.0 for one, other in pairs)
            line += f"  {'yes' if same else 'NO'}"
        print(line)
    print(f"{'in all':14} {sums[0]:5.2f}", end="")
    print(f"          {sums[1]:6.2f}   {sums[0] / sums[1]:4.2f}" if before else "", flush=True)


def main() -> None:
    embeddings, *rest = sys.argv[1:]
    path = Path(embeddings).resolve()
    if rest[:1] == ["--measure"]:
        measure(path, Path(rest[1]))
        return
    other = [Path(one).resolve() for one in rest]
    before = [run(one, path) for one in other]
    now = [run(HERE, path)]
    before += [run(one, path) for one in other]
    now.append(run(HERE, path))
    tell(now, before)


if __name__ == "__main__":
    main()
