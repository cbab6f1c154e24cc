"""Ways to choose DBSCAN's eps without labels, by what they lose: writes docs/label_free.md.

    python benchmarks/label_free.py FOLDER

FOLDER holds lfw_dlib_embeddings.npz and orl_faces.tgz. The regret of a way is the best ARI over the
radii minus the ARI at the radius it chose, all faces clustered once. Below it stand collections of
many shapes (compositions.py), all of LFW's people and halves of them.
"""

import itertools
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from compositions import Composition, compositions
from numpy.typing import NDArray
from sklearn.metrics import silhouette_score

from facetrack.clusterer import DBSCAN, MeanShift
from facetrack.core.faces import Dataset, Detector, Vectors, scale_to_unit
from facetrack.dataset import Folder, Portraits
from facetrack.detector import Haar, Whole
from facetrack.embedder import DlibResNet
from facetrack.evaluation.label_free import Search, separation
from facetrack.evaluation.metrics import scores
from facetrack.evaluation.resampling import subsample
from facetrack.extraction.pipeline import extract
from facetrack.extraction.store import Store
from facetrack.system.archive import extract as unpack
from facetrack.system.home import find_home

ROOT = Path(__file__).resolve().parents[1]
NATURAL = 0.3  # dlib's
RADII = np.round(np.arange(0.08, 0.605, 0.01), 2)
Labels = NDArray[np.int64]
Faces = tuple[Vectors, Labels]


def dbscan(vectors: Vectors, radius: float) -> Labels:
    labels: Labels = DBSCAN(radius, min_samples=1).fit_predict(vectors)
    return labels


def mean_shift(vectors: Vectors, radius: float) -> Labels:
    labels: Labels = MeanShift(radius).fit_predict(vectors)
    return labels


def silhouette(vectors: Vectors, radius: float) -> float:
    labels = dbscan(vectors, radius)
    if not 1 < len(np.unique(labels)) < len(labels):
        return -1.0
    return float(silhouette_score(vectors, labels))


def stability(vectors: Vectors, radius: float) -> float:
    """Mean ARI between clusterings of subsamples, on the faces that two of them share."""
    n = len(vectors)
    found = []
    for i in range(5):
        drawn = np.sort(subsample(n, 0.8, np.random.RandomState(i)))
        labels = np.full(n, -1)
        labels[drawn] = dbscan(vectors[drawn], radius)
        found.append(labels)
    if len(np.unique(found[0])) in (2, len(drawn) + 1):  # one cluster, or every face alone
        return -1.0
    agreements = []
    for one, other in itertools.combinations(found, 2):
        shared = (one >= 0) & (other >= 0)
        agreements.append(scores(one[shared], other[shared], information=False)["ari"])
    return float(np.mean(agreements))


def gap(vectors: Vectors, radius: float) -> float:
    """How few clusters join between a little below the radius and a little above it."""
    clusters = [
        len(np.unique(dbscan(vectors, at))) for at in (radius - 0.01, radius, radius + 0.01)
    ]
    return -float(clusters[0] - clusters[2]) if 1 < clusters[1] < len(vectors) else -np.inf


WAYS: dict[str, Callable[[Vectors, float], float]] = {
    "separation alone": lambda vectors, at: separation(vectors, dbscan(vectors, at)),
    "mean silhouette": silhouette,
    "stability of subsamples": stability,
    "fewest merges around it": gap,
}


def datasets(folder: Path) -> dict[str, Faces]:
    with np.load(folder / "lfw_dlib_embeddings.npz") as stored:
        lfw = (
            scale_to_unit(stored["embeddings"]),
            np.unique(stored["labels"], return_inverse=True)[1],
        )
    found = {"LFW": lfw}
    for people, seed in ((500, 1), (500, 2), (200, 3), (200, 4), (50, 5), (50, 6), (10, 7)):
        some = np.random.RandomState(seed).permutation(lfw[1].max() + 1)[:people]
        inside = np.isin(lfw[1], some)
        found[f"LFW, {people} people ({seed})"] = lfw[0][inside], lfw[1][inside]
    with tempfile.TemporaryDirectory() as pictures, Store(find_home()) as store:
        unpack(folder / "orl_faces.tgz", Path(pictures) / "orl")
        sets: dict[str, tuple[Dataset, Detector]] = {
            "ORL": (Folder(Path(pictures) / "orl/orl_faces"), Whole()),
            "portraits": (Portraits(), Haar()),
        }
        for name, (dataset, detector) in sets.items():
            faces = extract(dataset.load(), detector, DlibResNet(), store)
            assert faces.people is not None
            found[name] = faces.vectors, faces.people
    return found


def chosen(vectors: Vectors, cluster: Callable[[Vectors, float], Labels]) -> float:
    """facetrack's radius."""
    return Search(vectors, lambda at: cluster(vectors, at), NATURAL).best()[0]


def regrets(folder: Path) -> str:
    lines = [
        ["set", "faces", "best eps", "ARI", "facetrack's", *WAYS, "facetrack's, mean-shift"],
        ["---", *["---:"] * (5 + len(WAYS))],
    ]
    for name, (vectors, people) in datasets(folder).items():
        true = [ari(people, dbscan(vectors, at)) for at in RADII]
        own = chosen(vectors, dbscan)
        cells = [name, str(len(vectors)), f"{RADII[np.argmax(true)]:.2f}", f"{max(true):.3f}"]
        cells.append(f"{loss(true, ari(people, dbscan(vectors, own)))} (eps {own:.3f})")
        for way in WAYS.values():
            at = int(np.argmax([way(vectors, radius) for radius in RADII]))
            cells.append(f"{loss(true, true[at])} (eps {RADII[at]:.2f})")
        true = [ari(people, mean_shift(vectors, at)) for at in RADII]
        own = chosen(vectors, mean_shift)
        regret = loss(true, ari(people, mean_shift(vectors, own)))
        cells.append(f"{regret} (bandwidth {own:.3f})")
        lines.append(cells)
        print(" | ".join(cells), flush=True)
    return table(lines)


def loss(true: list[float], got: float) -> str:
    return f"{round(max(true) - got, 3) + 0.0:.3f}"  # without a sign before 0


def ari(people: Labels, labels: Labels) -> float:
    return scores(people, labels, information=False)["ari"]


def bcubed(one: Composition, radius: float) -> float:
    return scores(one.people, dbscan(one.vectors, radius), information=False)["bcubed_f"]


def shapes(vectors: Vectors, people: Labels) -> str:
    """Every composition, the worst one marked; facetrack's way, the measure alone, a fixed eps."""
    rows = []
    for one in compositions(vectors, people, seed=1):
        alone = int(np.argmax([separation(one.vectors, dbscan(one.vectors, at)) for at in RADII]))
        ways = (chosen(one.vectors, dbscan), float(RADII[alone]), NATURAL)
        rows.append((one, ways, [bcubed(one, radius) for radius in ways]))
        print(one.name, *ways, *rows[-1][2], flush=True)
    found = np.array([row[2] for row in rows])
    worst = found.argmin(axis=0)
    lines = [
        ["collection", "faces", "facetrack's", "separation alone", f"eps {NATURAL:g} always"],
        ["---", *["---:"] * 4],
    ]
    for place, (one, ways, values) in enumerate(rows):
        cells = [
            f"**{value:.3f}** (eps {radius:.3g})"
            if place == worst[way]
            else f"{value:.3f} (eps {radius:.3g})"
            for way, (radius, value) in enumerate(zip(ways, values, strict=True))
        ]
        lines.append([one.name, str(len(one.people)), *cells])
    lines.append(["mean", "", *(f"{mean:.3f}" for mean in found.mean(axis=0))])
    return table(lines)


def halves(vectors: Vectors, people: Labels) -> str:
    """Both halves of the people by a seed: mean and worst over the compositions of each."""
    lines = [
        ["seed", "tuned on: mean F", "worst", "judged on: mean F", "worst", "which"],
        ["---:"] * 5 + ["---"],
    ]
    for seed in range(5):
        mixed = np.random.default_rng(seed).permutation(people.max() + 1)
        cells = [str(seed)]
        for half in np.array_split(mixed, 2):
            inside = np.isin(people, half)
            found = {
                one.name: bcubed(one, chosen(one.vectors, dbscan))
                for one in compositions(vectors[inside], people[inside], seed)
            }
            worst = min(found, key=lambda name: found[name])
            cells += [f"{np.mean(list(found.values())):.3f}", f"{found[worst]:.3f}"]
        lines.append([*cells, worst])
        print(" | ".join(lines[-1]), flush=True)
    return table(lines)


def table(lines: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    folder = Path(sys.argv[1])
    with np.load(folder / "lfw_dlib_embeddings.npz") as stored:
        vectors = scale_to_unit(stored["embeddings"])
        people = np.unique(stored["labels"], return_inverse=True)[1]
    of_shapes, of_halves = shapes(vectors, people), halves(vectors, people)
    text = f"""# Choosing the radius without labels

Written by `python benchmarks/label_free.py`, with dlib's embeddings (natural radius {NATURAL:g}).

## What is chosen, and what for

Unlabelled faces get, where DBSCAN or mean-shift groups them, the radius that separates them best;
that of infomap, by which folders are organised, follows their number alone. It is found by the
silhouette, a face weighing the square root of its cluster's size, negative silhouettes five times,
mixed with one that looks at other clusters of two faces or more only (see
facetrack/evaluation/label_free.py). Two
things guard it:

- It looks at **distinct faces**: of those within half the embedder's radius of each other, one. So
  a burst, or a copy that a messenger has made, counts once, and adding copies moves little.
- It chooses **near the radius to expect** for n distinct faces: 1.18 - 0.05 ln(n / 100) times the
  embedder's, and no less than 0.8 or more than 1.3 times. Eleven radii within 0.125 of that are
  tried. Where the best separation is below 0.1, as it is for one person alone, for strangers only
  and for a few people among many strangers, the expected radius is taken as it is.

`task.objective=label_free` searches the same range of radii, unless `task.space` names another, and
looks at the same distinct faces; it takes the best it finds, told by the faces or not.

What that means, and what it does not hold for:

- The radius says at which distance the groups of *this* collection lie apart as a whole. It is no
  probability that two faces are one person, and one radius serves dense and sparse people alike.
- DBSCAN with one radius is single linkage: one face between two people joins them whatever the
  radius was chosen by. The more faces there are, the likelier that is. Beyond the sizes below
  (thousands of faces) the expected radius is a continuation of the line, not a measurement.
- The three constants were tuned on dlib's embeddings of news photographs of adults. Other embedders
  get them in units of their own radius, which is only as right as that radius. Children, twins and
  masks were not looked at.
- In a folder of a few faces, their number decides more than they do.
- A face within half a radius of another one counts as its copy here (not in the groups): frames of
  a film weigh little, which is meant.

## Collections of many shapes

BCubed F at the eps that was chosen (in brackets), DBSCAN; the worst of each column in bold. The
collections are drawn from LFW by a seed (benchmarks/compositions.py); a copy is the same face moved
by 0.1, further than most smaller, recompressed copies of a photo (0.06 at the median). *Separation
alone* is the measure over eps 0.08 to 0.60 on all faces, without the two guards.

{of_shapes}

Judged on others: the constants were tuned on the first half of the people of each seed, and are
judged on the second; of those equally good on the first, one that suits all of LFW was taken.
Expected radii of 1.13 to 1.20 at 100 faces, falls of 0.03 to 0.05 and 0.10 to 0.16 around them
differ by less than 0.002 of the mean.

{of_halves}

## What each way to choose loses

The best ARI over eps 0.08 to 0.60 in steps of 0.01, minus the ARI at the eps it chose (in
brackets); all faces clustered once. (A negative loss: an eps between two steps was better.)

{regrets(folder)}

- **facetrack's**: as above. **separation alone**: without the two guards.
- **mean silhouette** (Rousseeuw 1987) chooses radii that are too large on thousands of faces, where
  two big clusters joined by a chain cost few faces much.
- **stability**: 5 subsamples of 80 %, mean ARI between their clusterings on shared faces. Radii at
  which hardly anything is joined are stable, too.
- **fewest merges**: the radius where the number of clusters changes least, a gap in the merge
  heights of single linkage. Nearly everything joined is such a place.
"""
    (ROOT / "docs/label_free.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
