"""What each kernel costs as the number of faces grows, with the fitted exponent.

    python benchmarks/bench_growth.py EMBEDDINGS.npz [PICTURE.png]

Faces beyond the stored ones are drawn from them with a little noise, so that none is a duplicate.
A DBSCAN sweep is twelve radii; memory is the process's peak until then. The picture is log-log.
"""

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from facetrack import figures
from facetrack.clusterer import DBSCAN, MeanShift, SpectralClustering
from facetrack.clusterer.shared import cache
from facetrack.core.faces import scale_to_unit

NOISE = 0.01
RADII = tuple(round(0.04 * i, 2) for i in range(1, 13))


def dbscan(points: np.ndarray) -> None:
    for eps in RADII:
        DBSCAN(eps, min_samples=1).fit(points)


def mean_shift(points: np.ndarray) -> None:
    MeanShift(0.28).fit(points)


def spectral(points: np.ndarray) -> None:
    SpectralClustering(len(points) // 7, random_state=0).fit(points)


KERNELS: dict[str, tuple[Callable[[np.ndarray], None], tuple[int, ...]]] = {
    "SpectralClustering, K = n / 7": (spectral, (1000, 2000, 4000, 8000)),
    "MeanShift, bandwidth 0.28": (mean_shift, (1000, 3000, 10_000, 30_000)),
    "DBSCAN, 12 radii": (dbscan, (1000, 3000, 10_000, 30_000, 100_000)),
}


def main() -> None:
    with np.load(Path(sys.argv[1])) as stored:
        vectors = scale_to_unit(stored["embeddings"])
    curves = {}
    for name, (fit, sizes) in KERNELS.items():
        print(name)
        seconds = []
        for n in sizes:
            random = np.random.RandomState(0)
            drawn = vectors[random.randint(0, len(vectors), n)]
            points = scale_to_unit(
                drawn + NOISE * random.normal(size=drawn.shape).astype(np.float32)
            )
            cache.clear()
            start = time.perf_counter()
            fit(points)
            seconds.append(time.perf_counter() - start)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            print(f"  n = {n:7}  {seconds[-1]:8.2f} s   peak {peak:.1f} GiB", flush=True)
        # Small sizes are fixed costs: the last three show how it grows.
        exponent = np.polyfit(np.log(sizes[-3:]), np.log(seconds[-3:]), 1)[0]
        print(f"  exponent of the last three: {exponent:.2f}", flush=True)
        curves[f"{name}: n^{exponent:.2f}"] = (sizes, seconds)
    if len(sys.argv) > 2:
        draw(curves, Path(sys.argv[2]))


def draw(curves: dict[str, tuple[tuple[int, ...], list[float]]], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    for name, (sizes, seconds) in curves.items():
        axes.loglog(sizes, seconds, marker="o", label=name)
    axes.set_xlabel("faces")
    axes.set_ylabel("seconds")
    axes.grid(which="both", color="0.9")
    axes.legend(frameon=False)
    path.write_bytes(figures.encode_png(figure))


if __name__ == "__main__":
    main()
