"""t-SNE of up to a million faces: time, memory, and how whole neighbourhoods stay.

    python benchmarks/bench_tsne.py FOLDER [SIZE …]

FOLDER holds lfw_dlib_embeddings.npz and, where it is there, lfw_mobilefacenet_embeddings.npz. Up to
the stored faces layouts are set beside scikit-learn's with its defaults, in one run. More faces are
drawn as in bench_million.py. With sizes, only those faces are laid out, without scikit-learn. Each
layout is a process of its own, which tells its peak memory, faces included.
"""

import multiprocessing
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bench_million import faces
from scipy.spatial import KDTree
from sklearn.manifold import TSNE, trustworthiness
from threadpoolctl import threadpool_limits

from facetrack.core.faces import scale_to_unit
from facetrack.evaluation.tsne.layout import compute_layout

STORED = ("lfw_dlib_embeddings.npz", "lfw_mobilefacenet_embeddings.npz")
BESIDE = (300, 1000, 2000, 4000, 8000)  # of the stored faces; the last is all of them
SIZES = (15_000, 30_000, 100_000, 1_000_000)
# Whole neighbourhoods need every distance.
MOST_TRUSTED = 8000


@dataclass(frozen=True)
class Fit:
    """What a layout took and is worth.

    cpu: seconds of all cores together. gigabytes: peak memory. purity: of the faces whose person
    has another one, how many have one beside them. trust: scikit-learn's trustworthiness of 5 and
    of 30 neighbours.
    """

    seconds: float
    cpu: float
    gigabytes: float
    purity: float
    trust: tuple[float, ...]


def draw(stored: Path, n: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, d) unit vectors and who they are: some of the stored ones, or drawn from them."""
    with np.load(stored) as opened:
        vectors, people = scale_to_unit(opened["embeddings"]), opened["labels"]
    if n > MOST_TRUSTED:
        return faces(stored, n)
    some = np.sort(np.random.RandomState(0).permutation(len(vectors))[:n])
    return vectors[some], people[some]


def fit_scikit_learn(vectors: np.ndarray) -> np.ndarray:
    with threadpool_limits(1):
        return np.asarray(TSNE(random_state=0).fit_transform(vectors))


def fit_facetrack(vectors: np.ndarray) -> np.ndarray:
    return compute_layout(vectors, 0).coordinates


def fit(stored: Path, n: int, ours: bool) -> Fit:
    vectors, people = draw(stored, n)
    run = fit_facetrack if ours else fit_scikit_learn
    run(draw(stored, 1001 if n > 1000 else 59)[0])  # imports and compiling, which are paid once
    start, cpu = time.perf_counter(), time.process_time()
    places = run(vectors)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    nearest = KDTree(places).query(places, 2)[1]
    beside = np.where(nearest[:, 0] == np.arange(len(places)), nearest[:, 1], nearest[:, 0])
    several = np.unique(people, return_inverse=True, return_counts=True)[1:]
    asked = several[1][several[0]] > 1
    purity = float((people[beside] == people)[asked].mean())
    trust = (
        tuple(trustworthiness(vectors, places, n_neighbors=k) for k in (5, 30))
        if n <= MOST_TRUSTED
        else ()
    )
    return Fit(seconds, cpu, peak, purity, trust)


def in_a_process(stored: Path, n: int, ours: bool) -> Fit:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(fit, stored, n, ours).result()


def line(name: str, n: int, one: Fit) -> str:
    trust = "".join(f"  {value:.4f}" for value in one.trust)
    return (
        f"  {name:12} n = {n:7}  {one.seconds:6.1f} s ({one.cpu:6.1f} CPU)  "
        f"{one.gigabytes:4.2f} GB  {one.purity:.4f}{trust}"
    )


def exponent(fits: dict[int, Fit]) -> float:
    """Of the last three, by processor time."""
    sizes = sorted(fits)[-3:]
    return float(np.polyfit(np.log(sizes), np.log([fits[n].cpu for n in sizes]), 1)[0])


def compare(stored: Path) -> None:
    with np.load(stored) as opened:
        most = len(opened["embeddings"])
    fits: dict[str, dict[int, Fit]] = {"scikit-learn": {}, "facetrack": {}}
    for size in BESIDE:
        n = min(size, most)
        for name, done in fits.items():
            done[n] = in_a_process(stored, n, name == "facetrack")
            print(line(name, n, done[n]), flush=True)
        theirs, ours = (done[n].cpu for done in fits.values())
        print(f"  {theirs / ours:.1f} times as fast")
    for name, done in fits.items():
        print(f"  {name}: n^{exponent(done):.2f}")


def main() -> None:
    folder = Path(sys.argv[1])
    sizes = tuple(int(size) for size in sys.argv[2:])
    print("Seconds, peak memory, share of faces beside one of their person, and trustworthiness of")
    print("5 and of 30 neighbours. Up to 1,000 faces facetrack's layout is scikit-learn's.")
    for name in () if sizes else STORED:
        if (folder / name).exists():
            print(name)
            compare(folder / name)
    print(f"{STORED[0]}, drawn from; beyond 30,000 a sample of them and the rest beside it")
    fits = {}
    for n in sizes or SIZES:
        fits[n] = in_a_process(folder / STORED[0], n, True)
        print(line("facetrack", n, fits[n]), flush=True)


if __name__ == "__main__":
    main()
