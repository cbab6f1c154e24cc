"""How right the methods are, and a radius that follows from the number of faces.

    python benchmarks/bench_methods.py FOLDER

FOLDER holds LFW's vectors, lfw_dlib_embeddings.npz, lfw_mobilefacenet_embeddings.npz and
lfw_all_mobilefacenet_embeddings.npz, and for people of other pictures yale_faces.tgz and
orl_faces.tgz; what needs a file that is not there is left out, saying so.
"""

import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from compositions import compositions
from numpy.typing import NDArray

import facetrack
from facetrack.clusterer import DBSCAN, AverageLinkage, ChineseWhispers, Infomap
from facetrack.core.faces import Vectors, scale_to_unit
from facetrack.core.scale import Scale
from facetrack.evaluation.metrics import scores
from facetrack.evaluation.resampling import Bootstrap
from facetrack.system.archive import extract as unpack
from facetrack.system.choices import choose

Labels = NDArray[np.int64]
SHARES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
EXPECTED = (0.02, 0.05, 0.1, 0.2, 0.5)  # false neighbours per face that are tried
METHODS: dict[str, Callable[[float], Any]] = {
    "DBSCAN": DBSCAN,
    "average linkage": AverageLinkage,
    "Chinese whispers": ChineseWhispers,
    "Infomap": Infomap,
}


@dataclass(frozen=True)
class Embedder:
    """Vectors of an embedder. copy: how far a copy of a photo lies from it. radii: to try."""

    name: str
    file: str
    scale: Scale
    copy: float
    radii: tuple[float, ...]


EMBEDDERS = (
    Embedder(
        "dlib",
        "lfw_dlib_embeddings.npz",
        Scale.read({"radius": 0.3, **choose("embedder", "dlib").facts}),
        0.1,
        tuple(np.round(np.arange(0.26, 0.43, 0.01), 2)),
    ),
    Embedder(
        "MobileFaceNet",
        "lfw_mobilefacenet_embeddings.npz",
        Scale(
            0.94, ((1e-6, 0.94), (1e-5, 1.006), (1e-4, 1.072), (1e-3, 1.142), (1e-2, 1.216)), 0.1
        ),
        0.3,
        tuple(np.round(np.arange(0.80, 1.23, 0.03), 2)),
    ),
)


def read(path: Path) -> tuple[Vectors, Labels]:
    """Unit vectors and who they are."""
    with np.load(path) as opened:
        vectors = scale_to_unit(opened["embeddings"].astype(np.float32))
        return vectors, np.unique(opened["labels"], return_inverse=True)[1]


def measure_strangers(vectors: Vectors, people: Labels) -> tuple[tuple[float, float], ...]:
    """The distance that each of SHARES of all pairs of different people is nearer than.

    The first by the line through the next two: so few pairs are mostly mistakes of the labels.
    """
    edges = np.linspace(0, 1.6, 3201)
    counts = np.zeros(len(edges) - 1)
    for start in range(0, len(vectors), 500):
        rows = slice(start, start + 500)
        squares = np.maximum(2 - 2 * vectors[rows] @ vectors.T, 0)
        strangers = people[rows, None] != people
        counts += np.histogram(np.sqrt(squares[strangers]), edges)[0]
    below = np.cumsum(counts) / counts.sum()
    there = below > 0
    logs = np.log(SHARES[1:])
    found = np.interp(logs, np.log(below[there]), edges[1:][there])
    first = found[0] - (found[1] - found[0])
    return tuple(zip(SHARES, (float(one) for one in (first, *found)), strict=True))


def cluster(method: Callable[[float], Any], radius: float, vectors: Vectors) -> Labels:
    labels: Labels = method(float(radius)).fit_predict(vectors)
    return labels


def judge(vectors: Vectors, people: Labels, scale: Scale) -> tuple[float, float]:
    """ARI and BCubed F of Infomap at the radius for so many faces."""
    found = cluster(Infomap, scale.find_distance_for(len(vectors)), vectors)
    told = scores(people, found, information=False)
    return told["ari"], told["bcubed_f"]


def halve(people: Labels, seed: int) -> NDArray[np.bool_]:
    """Which faces are of the first half of the people."""
    order = np.random.default_rng(seed).permutation(int(people.max()) + 1)
    return np.isin(people, order[: len(order) // 2])


def tell_best_radii(embedder: Embedder, vectors: Vectors, people: Labels) -> None:
    print(f"{embedder.name}: all {len(vectors)} faces of {people.max() + 1} people")
    print("  method             best radius    ARI  BCubed F  clusters   within .005 of that ARI")
    for name, method in METHODS.items():
        told = {
            radius: scores(people, cluster(method, radius, vectors), information=False)
            for radius in embedder.radii
        }
        best = max(told, key=lambda radius: told[radius]["ari"])
        near = [at for at, one in told.items() if one["ari"] > told[best]["ari"] - 0.005]
        print(
            f"  {name:18} {best:11.2f}  {told[best]['ari']:.3f}     {told[best]['bcubed_f']:.3f}"
            f"     {told[best]['n_clusters']:5.0f}   {min(near):.2f} to {max(near):.2f}"
        )


def tell_halves(embedder: Embedder, vectors: Vectors, people: Labels) -> None:
    """Strangers' distances and q of one half of the people, judged on the other."""
    print(f"{embedder.name}, Infomap: fitted on half of the people, judged on the others, 5 ways")
    judged = []
    for seed in range(5):
        first = halve(people, seed)
        strangers = measure_strangers(vectors[first], people[first])
        tried = [replace(embedder.scale, strangers=strangers, false_neighbors=q) for q in EXPECTED]
        sets = [(vectors[first], people[first])]
        sets += list_compositions(embedder, vectors[first], people[first], seed)
        means = [np.mean([judge(*one, scale)[1] for one in sets]) for scale in tried]
        fitted = tried[int(np.argmax(means))]
        kept = replace(embedder.scale, strangers=strangers)
        others = (vectors[~first], people[~first])
        judged.append([*judge(*others, fitted), *judge(*others, kept)])
        print(f"  seed {seed}: q {fitted.false_neighbors:g} {tell_pairs(judged[-1])}")
    print(f"  mean         {tell_pairs(np.mean(judged, axis=0))}")
    print(f"  worst        {tell_pairs(np.min(judged, axis=0))}")


def tell_pairs(values: Iterable[float]) -> str:
    fitted_ari, fitted_f, ari, f = values
    return (
        f"ARI {fitted_ari:.4f}, BCubed F {fitted_f:.4f}; "
        f"with the q that facetrack has {ari:.4f}, {f:.4f}"
    )


def list_compositions(
    embedder: Embedder, vectors: Vectors, people: Labels, seed: int
) -> list[tuple[Vectors, Labels]]:
    own = np.unique(people, return_inverse=True)[1]
    return [
        (one.vectors, one.people) for one in compositions(vectors, own, seed, copy=embedder.copy)
    ]


def tell_compositions(embedder: Embedder, vectors: Vectors, people: Labels) -> None:
    found: dict[str, list[tuple[float, str]]] = {"Infomap": [], "DBSCAN": []}
    assert embedder.scale.radius is not None
    for seed in range(11, 16):
        for one in compositions(vectors, people, seed, copy=embedder.copy):
            told = f"{one.name}, seed {seed}"
            found["Infomap"].append((judge(one.vectors, one.people, embedder.scale)[1], told))
            labels = cluster(DBSCAN, embedder.scale.radius, one.vectors)
            single = scores(one.people, labels, information=False)["bcubed_f"]
            found["DBSCAN"].append((single, told))
    print(f"{embedder.name}: {len(found['DBSCAN'])} collections of many shapes, BCubed F")
    for name, values in found.items():
        how = "by the rule" if name == "Infomap" else f"at {embedder.scale.radius:g}"
        worst = ", ".join(f"{f:.3f} ({told})" for f, told in sorted(values)[:3])
        print(f"  {name} {how}: mean {np.mean([f for f, _ in values]):.4f}, worst {worst}")


def tell_all_of_lfw(path: Path, scale: Scale) -> None:
    vectors, people = read(path)
    alone = np.bincount(people)[people] == 1
    print(f"All of LFW, MobileFaceNet: {len(vectors)} faces, {people.max() + 1} people")
    rule = scale.find_distance_for(len(vectors))
    tried = (
        (DBSCAN, 0.86),
        (DBSCAN, 0.94),
        (AverageLinkage, 1.0),
        (AverageLinkage, 1.05),
        (ChineseWhispers, rule),
        (Infomap, 0.95),
        (Infomap, 1.05),
        (Infomap, rule),
    )
    print("  method            radius    ARI  BCubed P, R, F       one-picture people in a group")
    for method, radius in tried:
        labels = np.unique(cluster(method, radius, vectors), return_inverse=True)[1]
        told = scores(people, labels, information=False)
        joined = (np.bincount(labels)[labels] > 1)[alone].mean()
        print(
            f"  {method.__name__:16} {radius:7.3f}  {told['ari']:.4f}  "
            f"{told['bcubed_precision']:.3f} {told['bcubed_recall']:.3f} {told['bcubed_f']:.3f}"
            f"   {joined:.1%}{'   (the rule)' if radius == rule else ''}"
        )


def tell_bootstraps(embedder: Embedder, vectors: Vectors, people: Labels) -> None:
    """30 resamples of 80 %, as PROTOCOL draws them, copies and all."""
    for share, method in ((1e-4, Infomap), (1e-3, AverageLinkage)):
        radius = embedder.scale.find_distance(share)
        found = []
        for i in range(30):
            drawn = Bootstrap(0.8).draw(len(vectors), 0, "lfw", i)
            labels = cluster(method, radius, vectors[drawn])
            found.append(scores(people[drawn], labels, information=False)["ari"])
        print(
            f"{embedder.name}, {method.__name__} at {radius:g}: ARI over 30 bootstraps "
            f"{np.mean(found):.4f} ± {2 * np.std(found):.4f}"
        )


def tell_others(archive: Path) -> None:
    """People whom no embedder has seen: Yale, ORL."""
    with tempfile.TemporaryDirectory() as folder:
        unpack(archive, Path(folder) / "unpacked")
        faces = facetrack.embed(Path(folder) / "unpacked" / archive.stem)
        assert faces.labels is not None
        print(f"{archive.stem}: {len(faces)} faces of {len(faces.people)} people, Haar and dlib")
        for name, method in METHODS.items():
            told = {
                radius: scores(
                    faces.labels, cluster(method, radius, faces.embeddings), information=False
                )["ari"]
                for radius in EMBEDDERS[0].radii
            }
            best = max(told, key=lambda radius: told[radius])
            print(f"  {name:18} best ARI {told[best]:.3f} at {best:g}")
        ari, f = judge(faces.embeddings, faces.labels, EMBEDDERS[0].scale)
        print(f"  Infomap by the rule: ARI {ari:.3f}, BCubed F {f:.3f}")


def main() -> None:
    folder = Path(sys.argv[1])
    for embedder in EMBEDDERS:
        if not (path := folder / embedder.file).exists():
            print(f"left out: {path.name} is not there")
            continue
        vectors, people = read(path)
        for tell in (tell_best_radii, tell_halves, tell_compositions, tell_bootstraps):
            tell(embedder, vectors, people)
    if (path := folder / "lfw_all_mobilefacenet_embeddings.npz").exists():
        tell_all_of_lfw(path, EMBEDDERS[1].scale)
    for name in ("yale_faces.tgz", "orl_faces.tgz"):
        if (path := folder / name).exists():
            tell_others(path)


if __name__ == "__main__":
    main()
