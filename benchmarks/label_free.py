"""Ways to choose DBSCAN's eps without labels, by what they lose: writes docs/label_free.md.

    python benchmarks/label_free.py FOLDER

FOLDER holds lfw_dlib_embeddings.npz and orl_faces.tgz. The regret of a way is the best ARI over the
radii minus the ARI at the radius it chose, all faces clustered once.
"""

import itertools
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import silhouette_score

from facetrack.archive import extract as unpack
from facetrack.clusterer import DBSCAN, MeanShift
from facetrack.data import Dataset, Detector, Vectors
from facetrack.dataset import Folder, Portraits
from facetrack.detector import Haar, Whole
from facetrack.embedder import DlibResNet
from facetrack.extract import extract, unit
from facetrack.home import home
from facetrack.label_free import separation
from facetrack.metrics import scores
from facetrack.resample import subsample
from facetrack.store import Store

ROOT = Path(__file__).resolve().parents[1]
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
    "separation (facetrack's)": lambda vectors, at: separation(vectors, dbscan(vectors, at)),
    "mean silhouette": silhouette,
    "stability of subsamples": stability,
    "fewest merges around it": gap,
}


def datasets(folder: Path) -> dict[str, Faces]:
    with np.load(folder / "lfw_dlib_embeddings.npz") as stored:
        lfw = unit(stored["embeddings"]), np.unique(stored["labels"], return_inverse=True)[1]
    found = {"LFW": lfw}
    for people, seed in ((500, 1), (500, 2), (200, 3), (200, 4), (50, 5), (50, 6), (10, 7)):
        some = np.random.RandomState(seed).permutation(lfw[1].max() + 1)[:people]
        inside = np.isin(lfw[1], some)
        found[f"LFW, {people} people ({seed})"] = lfw[0][inside], lfw[1][inside]
    with tempfile.TemporaryDirectory() as pictures, Store(home()) as store:
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


def main() -> None:
    lines = [
        ["set", "faces", "best eps", "ARI", *WAYS, "separation, mean-shift"],
        ["---", *["---:"] * (4 + len(WAYS))],
    ]
    for name, (vectors, people) in datasets(Path(sys.argv[1])).items():
        true = [scores(people, dbscan(vectors, at), information=False)["ari"] for at in RADII]
        cells = [name, str(len(vectors)), f"{RADII[np.argmax(true)]:.2f}", f"{max(true):.3f}"]
        for way in WAYS.values():
            chosen = int(np.argmax([way(vectors, at) for at in RADII]))
            cells.append(f"{max(true) - true[chosen]:.3f} (eps {RADII[chosen]:.2f})")
        shifted = [mean_shift(vectors, at) for at in RADII]
        true = [scores(people, labels, information=False)["ari"] for labels in shifted]
        chosen = int(np.argmax([separation(vectors, labels) for labels in shifted]))
        cells.append(f"{max(true) - true[chosen]:.3f} (bandwidth {RADII[chosen]:.2f})")
        lines.append(cells)
        print(" | ".join(cells), flush=True)
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    text = f"""# Choosing the radius without labels

What each way to choose loses: the best ARI over eps 0.08 to 0.60 in steps of 0.01, minus the ARI at
the eps it chose (in brackets); dlib's embeddings, all faces clustered once. Written by
`python benchmarks/label_free.py`.

{table}

- **separation** is what `task.objective=label_free` and unlabelled folders use: the silhouette, a
  face weighing the square root of its cluster's size, negative silhouettes five times, mixed with
  one that looks at other clusters of two faces or more only (facetrack/label_free.py).
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
