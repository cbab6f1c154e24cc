"""DBSCAN of up to a million faces: every pair, and neighbours by faiss.

    python benchmarks/bench_million.py EMBEDDINGS.npz [PICTURE.png]

EMBEDDINGS.npz holds `embeddings` (n, d) and `labels` (n,). The faces are drawn from the stored ones
with replacement and a little noise, one stored set after the other. So that the people of each set
are new ones, it is turned about the mean face by a random orthogonal matrix: all sets lie in the
same part of the space, as real faces do, and within a set distances are as stored. Truth is (set,
person). Each fit is a process of its own, which tells its peak memory, data included. The picture
is log-log.
"""

import multiprocessing
import resource
import sys
import textwrap
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from bench_growth import draw
from sklearn.metrics import adjusted_rand_score

from facetrack.clusterer import DBSCAN
from facetrack.core.faces import scale_to_unit
from facetrack.evaluation.metrics import scores

EPS = 0.28
NOISE = 0.002  # in each of 128 directions: two draws of one face are 0.03 apart
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
NEIGHBORS = ("exact", "faiss")
CLUSTER = 100_000_000
# What grows fastest decides in the end: all pairs; 64 lists of √n / 4 faces for each face. Small
# sizes hide it, so nothing is extrapolated with less.
LEAST_EXPONENT = {"exact": 2.0, "faiss": 1.5}


def faces(stored: Path, n: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, d) float32 unit vectors and who they are, (n,) int64."""
    with np.load(stored) as opened:
        vectors = scale_to_unit(opened["embeddings"]).astype(np.float64)
        people = np.unique(opened["labels"], return_inverse=True)[1]
    random = np.random.RandomState(0)
    d = vectors.shape[1]
    mean = vectors.mean(axis=0)
    axes = np.linalg.qr(np.column_stack([mean, random.normal(size=(d, d - 1))]))[0]
    points = np.empty((n, d), np.float32)
    truth = np.empty(n, np.int64)
    for start in range(0, n, len(vectors)):
        some = random.randint(0, len(vectors), min(len(vectors), n - start))
        rows = slice(start, start + len(some))
        turn = np.eye(d)
        turn[1:, 1:] = np.linalg.qr(random.normal(size=(d - 1, d - 1)))[0]
        turned = vectors[some] @ axes @ turn @ axes.T
        points[rows] = scale_to_unit(
            (turned + NOISE * random.normal(size=turned.shape)).astype(np.float32)
        )
        truth[rows] = people[some] + start  # a set's numbers are below its number of faces
    return points, truth


@dataclass(frozen=True)
class Fit:
    """What a fit took and found. gigabytes: peak memory of its process. recall: of neighbours.

    cpu: seconds of all cores together, which programs beside it lengthen less.
    """

    seconds: float
    cpu: float
    gigabytes: float
    recall: float | None
    labels: np.ndarray
    scores: dict[str, float]


def fit(stored: Path, n: int, neighbors: str) -> Fit:
    points, truth = faces(stored, n)
    start, cpu = time.perf_counter(), time.process_time()
    found = DBSCAN(EPS, neighbors=neighbors).fit(points)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    told = scores(truth, found.labels_, information=False)
    return Fit(seconds, cpu, peak, found.neighbors_recall_, found.labels_, told)


def in_a_process(stored: Path, n: int, neighbors: str) -> Fit:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(fit, stored, n, neighbors).result()


def exponent(fits: dict[int, Fit]) -> float:
    """Of the last three fits."""
    sizes = sorted(fits)[-3:]
    return float(np.polyfit(np.log(sizes), np.log([fits[n].seconds for n in sizes]), 1)[0])


def growth(neighbors: str, fits: dict[int, Fit], n: int) -> tuple[float, float]:
    """The exponent with which a curve goes on, and how many times its last fit n faces take."""
    grows = max(exponent(fits), LEAST_EXPONENT[neighbors])
    return grows, (n / max(fits)) ** grows


def line(n: int, one: Fit) -> str:
    told = one.scores
    text = (
        f"  n = {n:8}  {one.seconds:6.1f} s ({one.cpu:6.1f} CPU)   {one.gigabytes:3.1f} GB   "
        f"{told['pairwise_precision']:.4f} {told['pairwise_recall']:.4f} "
        f"{told['pairwise_f']:.4f}"
    )
    return text if one.recall is None else f"{text}   {one.recall:.5f}"


def hours(seconds: float) -> str:
    if seconds < 3600:
        return f"{seconds / 60:.0f} minutes"
    if seconds < 72 * 3600:
        return f"{seconds / 3600:.1f} hours"
    days = seconds / 86400
    return f"{days:.0f} days" if days < 730 else f"{days / 365:.1f} years"


def beyond(fits: dict[str, dict[int, Fit]]) -> str:
    """What 100 million faces would need, worked out from the curves."""
    exact, faiss = fits["exact"], fits["faiss"]
    last_exact, last = exact[max(exact)], faiss[max(faiss)]
    _, factor_exact = growth("exact", exact, CLUSTER)
    grows, factor = growth("faiss", faiss, CLUSTER)
    memory = last.gigabytes * CLUSTER / max(faiss)
    core_seconds = last.cpu * factor
    machines = 16
    return textwrap.fill(
        f"What 100 million faces would need: an extrapolation by a factor of "
        f"{CLUSTER // max(faiss)}, not a measurement. Every pair: "
        f"{hours(last_exact.seconds * factor_exact)} on these two cores. faiss, with "
        f"n^{grows:.2f} (the search alone, 64 lists of √n / 4 faces for each face, is n^1.5): "
        f"{hours(last.seconds * factor)} on these two cores, "
        f"{core_seconds / 3600:.0f} core hours, and {memory:.0f} GB if memory grows with n as it "
        f"did here. On {machines} machines of 16 such cores and {1.5 * memory / machines:.0f} GB "
        f"(half as much again to spare) that is {hours(core_seconds / (16 * machines))} if nothing "
        f"is lost to waiting. The centres are trained once, on 64 faces for each of the 40,000 "
        f"lists, and go to all machines; a machine keeps the lists of its share of the centres, "
        f"{CLUSTER * 512 / machines / 1e9:.1f} GB of vectors; a face is sent to the machines that "
        f"keep its 64 nearest lists; each joins what it finds and passes on at most one join a "
        f"face, {CLUSTER * 16 / 1e9:.1f} GB in all, to the one that joins the rest. facetrack does "
        f"none of this: it works on one machine. The recall of neighbours fell to "
        f"{last.recall:.5f} at {max(faiss):,} faces, and 64 of 40,000 lists would find fewer "
        f"still. And the people here are apart by construction: among 100 million real faces "
        f"strangers within {EPS:g} of each other would chain groups together, so the radius would "
        f"have to be smaller.",
        100,
    )


def main() -> None:
    stored = Path(sys.argv[1])
    print(f"DBSCAN, eps {EPS:g}, min_samples 1, a process a fit. faiss-cpu {version('faiss-cpu')}.")
    print(
        "Seconds, peak memory with the faces themselves, precision, recall and F over all pairs of"
    )
    print("faces, and for faiss the recall of neighbours, as the run tells it")
    fits: dict[str, dict[int, Fit]] = {}
    for neighbors in NEIGHBORS:
        print(f"neighbors={neighbors}")
        done = fits.setdefault(neighbors, {})
        for n in SIZES:
            done[n] = in_a_process(stored, n, neighbors)
            print(line(n, done[n]), flush=True)
        print(f"  exponent of the last three: {exponent(done):.2f}")
    for n in SIZES:
        exact, found = (fits[neighbors][n] for neighbors in NEIGHBORS)
        same = adjusted_rand_score(exact.labels, found.labels)
        times = exact.seconds / found.seconds
        print(f"n = {n}: ARI of the two {same:.6f}; exact takes {times:.1f} times as long")
    told = fits["faiss"][max(fits["faiss"])].scores
    print(
        f"n = {max(fits['faiss'])}: {told['n_people']:.0f} people, "
        f"{told['n_clusters']:.0f} clusters\n"
    )
    print(beyond(fits))
    if len(sys.argv) > 2:
        curves = {
            f"neighbors={neighbors}: n^{exponent(done):.2f}": (
                tuple(done),
                [one.seconds for one in done.values()],
            )
            for neighbors, done in fits.items()
        }
        draw(curves, Path(sys.argv[2]))


if __name__ == "__main__":
    main()
