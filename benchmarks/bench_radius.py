"""What it costs to choose a radius for all faces on resamples of them.

    python benchmarks/bench_radius.py FOLDER

FOLDER holds LFW's vectors, lfw_dlib_embeddings.npz and lfw_mobilefacenet_embeddings.npz. For some
draws of people the radius that is best on 30 bootstraps, on 30 subsamples, and on all faces of half
of the people is judged on all faces: by how much ARI it is below the best radius there. Each is
found exactly (facetrack/evaluation/curve.py). The seeds are the numbers of the draws.
"""

import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from facetrack.clusterer import DBSCAN, AverageLinkage
from facetrack.core.faces import Vectors, scale_to_unit
from facetrack.evaluation.curve import Curve, trace
from facetrack.evaluation.other_people import halve_people
from facetrack.evaluation.resampling import Bootstrap, Subsample, draw_people

FILES = {
    "dlib": ("lfw_dlib_embeddings.npz", 0.3),
    "MobileFaceNet": ("lfw_mobilefacenet_embeddings.npz", 0.94),
}
METHODS = {"DBSCAN": DBSCAN, "average linkage": AverageLinkage}
DRAWS = ((100, 10), (200, 10), (450, 10), (901, 1))  # people, how often
RESAMPLES = 30


def main(folder: Path) -> None:
    """Print the table."""
    print("| embedder, method | people | bootstraps | subsamples | half of the people | seconds |")
    print("|---|---|---|---|---|---|")
    for embedder, (file, radius) in FILES.items():
        with np.load(folder / file) as stored:
            vectors = scale_to_unit(stored["embeddings"].astype(np.float32))
            people = np.unique(stored["labels"], return_inverse=True)[1]
        for method, kind in METHODS.items():
            for n, times in DRAWS:
                lost: list[list[float]] = []
                start = time.perf_counter()
                for draw in range(times):
                    drawn = draw_people(n, int(people.max()) + 1, draw, "lfw")
                    faces = np.isin(people, drawn)
                    lost.append(measure(kind(radius), vectors[faces], people[faces], draw))
                seconds = (time.perf_counter() - start) / times
                cells = [f"{one.mean():.4f}, {one.max():.4f}" for one in np.array(lost).T]
                print(
                    f"| {embedder}, {method} | {n} | {' | '.join(cells)} | {seconds:.0f} |",
                    flush=True,
                )


def measure(
    estimator: BaseEstimator, vectors: Vectors, people: NDArray[np.int64], seed: int
) -> list[float]:
    """By how much the three radii are below the best on all faces."""
    low, high = 0.25 * estimator.eps, 2 * estimator.eps
    whole = Curve([trace(estimator, vectors, people, "ari")], low, high)
    at_best = whole.best().mean
    chosen = []
    for sampling in (Bootstrap(), Subsample()):
        steps = []
        for i in range(RESAMPLES):
            drawn = sampling.draw(len(vectors), seed, "lfw", i)
            steps.append(trace(estimator, vectors[drawn], people[drawn], "ari"))
        chosen.append(Curve(steps, low, high).best().radius)
    names, numbers = np.unique(people, return_inverse=True)
    half = np.isin(numbers, halve_people(len(names), seed, "lfw", 0)[0])
    steps = [trace(estimator, vectors[half], people[half], "ari")]
    chosen.append(Curve(steps, low, high).best().radius)
    return [at_best - float(whole.at(radius)[0]) for radius in chosen]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
