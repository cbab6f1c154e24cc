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
from facetrack.extract import unit
from facetrack.metrics import scores

EPS = 0.28
NOISE = 0.002  # in each of 128 directions: two draws of one face are 0.03 apart
SIZES = {"exact": (10_000, 30_000, 100_000), "faiss": (10_000, 30_000, 100_000, 300_000, 1_000_000)}
CLUSTER = 100_000_000


def faces(stored: Path, n: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, d) float32 unit vectors and who they are, (n,) int64."""
    with np.load(stored) as opened:
        vectors = unit(opened["embeddings"]).astype(np.float64)
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
        points[rows] = unit((turned + NOISE * random.normal(size=turned.shape)).astype(np.float32))
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


def curve(fits: dict[int, Fit]) -> tuple[float, float]:
    """The exponent of the last three fits, and the seconds of the last."""
    sizes = sorted(fits)[-3:]
    seconds = [fits[n].seconds for n in sizes]
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0]), seconds[-1]


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
    exact, last_exact = curve(fits["exact"])
    faiss, last_faiss = curve(fits["faiss"])
    n_exact, n_faiss = max(fits["exact"]), max(fits["faiss"])
    every_pair = last_exact * (CLUSTER / n_exact) ** exact
    # The search compares n faces with 64 lists of √n / 4: its share grows to all of the time.
    grows = max(faiss, 1.5)
    factor = (CLUSTER / n_faiss) ** grows
    memory = fits["faiss"][n_faiss].gigabytes * CLUSTER / n_faiss
    core_seconds = fits["faiss"][n_faiss].cpu * factor
    machines = 16
    return textwrap.fill(
        f"What 100 million faces would need: an extrapolation by a factor of "
        f"{CLUSTER // n_faiss}, not a measurement. Every pair: {hours(every_pair)} on these two "
        f"cores. faiss, with n^{grows:.2f} (measured {faiss:.2f}; 64 lists of √n / 4 faces for "
        f"each face make it 1.5 in the end): {hours(last_faiss * factor)} on these two cores, "
        f"{core_seconds / 3600:.0f} core hours, and {memory:.0f} GB if memory grows with n as it "
        f"did here. On {machines} machines of 16 such cores and {1.5 * memory / machines:.0f} GB "
        f"(half as much again to spare) that is {hours(core_seconds / (16 * machines))} if nothing "
        f"is lost to waiting. The centres are trained once, on 64 faces for each of the 40,000 "
        f"lists, and go to all machines; a machine keeps the lists of its share of the centres, "
        f"{CLUSTER * 512 / machines / 1e9:.1f} GB of vectors; a face is sent to the machines that "
        f"keep its 64 nearest lists; each joins what it finds and passes on at most one join a "
        f"face, {CLUSTER * 16 / 1e9:.1f} GB in all, to the one that joins the rest. facetrack does "
        f"none of this: it works on one machine. Nor is it known how many neighbours 64 of 40,000 "
        f"lists hold, and the people here are apart by construction: among 100 million real faces "
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
    for neighbors, sizes in SIZES.items():
        print(f"neighbors={neighbors}")
        done = fits.setdefault(neighbors, {})
        for n in sizes:
            done[n] = in_a_process(stored, n, neighbors)
            print(line(n, done[n]), flush=True)
        exponent, last = curve(done)
        print(f"  exponent of the last three: {exponent:.2f}")
        for n in SIZES["faiss"]:
            if n > max(sizes):
                print(
                    f"  n = {n:8}  {last * (n / max(sizes)) ** exponent:7.0f} s   by that exponent"
                )
    for n, exact in fits["exact"].items():
        same = adjusted_rand_score(exact.labels, fits["faiss"][n].labels)
        print(f"ARI of the two at n = {n}: {same:.6f}")
    told = fits["faiss"][max(fits["faiss"])].scores
    print(
        f"n = {max(fits['faiss'])}: {told['n_people']:.0f} people, "
        f"{told['n_clusters']:.0f} clusters\n"
    )
    print(beyond(fits))
    if len(sys.argv) > 2:
        curves = {
            f"neighbors={neighbors}: n^{curve(done)[0]:.2f}": (
                tuple(done),
                [one.seconds for one in done.values()],
            )
            for neighbors, done in fits.items()
        }
        draw(curves, Path(sys.argv[2]))


if __name__ == "__main__":
    main()
