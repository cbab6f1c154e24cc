"""What blurred and small faces do, and what facetrack makes of them.

    python benchmarks/bench_quality.py FOLDER

FOLDER holds lfw-deepfunneled.tgz, orl_faces.tgz and yale_faces.tgz. Three in ten pictures
of each set are blurred or made smaller, or both, by a seed. What is embedded is kept in
FACETRACK_HOME. Told are the pairs of two people in one group with and without what the organiser
does with low faces, and how far probabilities are from what happens with and without sharpness, for
people who took no part in fitting them.
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from facetrack.clusterer import Infomap
from facetrack.core.faces import Embeddings
from facetrack.core.likelihood import Ratios, find_probability
from facetrack.core.scale import Scale
from facetrack.dataset import Folder
from facetrack.evaluation.calibration import (
    count_by_sharpness,
    find_calibration_error,
    fit_blurred_ratios,
)
from facetrack.evaluation.metrics import scores
from facetrack.extraction.picture import read
from facetrack.extraction.pipeline import extract
from facetrack.extraction.quality import are_low
from facetrack.extraction.store import Store
from facetrack.organiser.low_quality import find_reach, join_low
from facetrack.system.archive import extract as unpack
from facetrack.system.choices import choose, make_default
from facetrack.system.home import find_home
from facetrack.system.progress import TERMINAL

SETS = {"LFW": "lfw-deepfunneled.tgz", "ORL": "orl_faces.tgz", "Yale": "yale_faces.tgz"}
Models = tuple[str, str]
MODELS: tuple[Models, ...] = (("yunet", "mobilefacenet"), ("dlib_hog", "dlib"))
SHARE = 0.3
KINDS = np.array([0.002, 0.004, 0.007, 0.012, 0.02, 0.035])
MIDDLES = (np.arange(2000) + 0.5) / 1000


@dataclass(frozen=True)
class Labelled:
    """Faces of a set by two models, and its scale. bad: (n,) which pictures were made worse."""

    faces: Embeddings
    scale: Scale
    bad: NDArray[np.bool_]

    @property
    def people(self) -> NDArray[np.int64]:
        assert self.faces.people is not None
        return self.faces.people


def degrade(folder: Path, out: Path, seed: int = 0) -> set[str]:
    """Copy a folder's pictures, three in ten blurred or made smaller; returns which those are."""
    random = np.random.default_rng(seed)
    worse = set()
    for one in Folder(folder, min_pictures=2).load().pictures:
        image: MatLike = np.ascontiguousarray(read(one.path)[:, :, ::-1])
        bad, which, blur, small = random.random(4)
        if bad < SHARE:
            worse.add(str(Path(one.name).with_suffix(".png")))
            if which < 0.67:  # of a face as large as LFW's
                sigma = (1 + 4 * blur) * len(image) / 250
                image = cv2.GaussianBlur(image, (0, 0), sigma)
            if which > 0.33:
                by = 0.12 + 0.48 * small
                image = cv2.resize(image, None, fx=by, fy=by, interpolation=cv2.INTER_AREA)
        path = (out / one.name).with_suffix(".png")
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), image, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return worse


def embed(folder: Path, worse: set[str], models: Models) -> Labelled:
    detector, embedder = models
    stages = make_default("detector", detector), make_default("embedder", embedder)
    with Store(find_home()) as store:
        faces = extract(Folder(folder).load(), *stages, store, progress=TERMINAL)
    facts = choose("embedder", embedder).facts
    scale = Scale.read({"radius": getattr(stages[1], "radius", None), **facts})
    return Labelled(faces, scale, np.array([one.name in worse for one in faces.pictures]))


def count_wrong(
    clusters: NDArray[np.int64], people: NDArray[np.int64], some: NDArray[np.bool_]
) -> int:
    """The pairs of two people in one cluster in which at least a face of some takes part."""
    wrong = 0
    for cluster in np.unique(clusters):
        rows = np.flatnonzero(clusters == cluster)
        apart = people[rows][:, None] != people[rows]
        part = some[rows][:, None] | some[rows]
        wrong += int(np.count_nonzero(apart & part)) // 2
    return wrong


def cluster(of: Labelled, low: NDArray[np.bool_], ratios: Ratios) -> NDArray[np.int64]:
    """As the organiser does, by Infomap at the radius for so many faces."""
    vectors = of.faces.vectors
    eps = of.scale.find_distance_for(len(vectors))
    found = Infomap(eps).fit_predict(vectors[~low]).astype(np.int64)
    each = [str(row) for row in range(len(vectors))]  # every face is on a photo of its own
    assert of.faces.sharpness is not None
    reach = find_reach(ratios, eps, of.faces.sharpness[low])
    return join_low([found], vectors, each, low, reach)[0]


def tell_groups(name: str, of: Labelled, ratios: Ratios) -> None:
    """A line for each way to treat low faces, of the pictures as they were and with the worse."""
    sharpness = of.faces.sharpness
    assert sharpness is not None
    low = are_low(sharpness)
    worst = sharpness <= np.quantile(sharpness, 0.1)
    everyone = np.ones_like(worst)
    for kind, rows in (("as it is", ~of.bad), ("three in ten worse", everyone)):
        some = Labelled(of.faces.some(np.flatnonzero(rows)), of.scale, of.bad[rows])
        for how, left in (("all alike", np.zeros_like(low)), ("low ones join", low)):
            groups = cluster(some, left[rows], ratios)
            score = scores(some.people, groups)
            wrong = count_wrong(groups, some.people, worst[rows])
            total = count_wrong(groups, some.people, everyone[rows])
            print(
                f"| {name} | {kind} | {how} | {int(left[rows].sum()):,} of {rows.sum():,} | "
                f"{wrong:,} of {total:,} | {score['ari']:.4f} | {score['bcubed_f']:.4f} |"
            )


def tell_calibration(name: str, of: Labelled, table: Ratios) -> None:
    """The errors without sharpness and with it, for as many pairs of each kind, and as they are."""
    assert of.faces.sharpness is not None
    sharpness = of.faces.sharpness
    same, different = count_by_sharpness(of.faces.vectors, of.people, sharpness, KINDS)
    steps = np.interp(np.arange(len(same)) / 8, np.arange(len(KINDS)), np.log(KINDS))
    sharp = np.broadcast_to(np.exp(steps)[:, None], same.shape)
    at = np.broadcast_to(MIDDLES, same.shape)
    folder = float(same.sum() / (same.sum() + different.sum()))
    found = []
    for prior in (0.5, folder):
        weights = (same * prior / same.sum(), different * (1 - prior) / different.sum())
        for blur in (np.full_like(sharp, np.nan), sharp):
            said = find_probability(table, at, prior, blur)
            found.append(find_calibration_error(said.ravel(), *(one.ravel() for one in weights)))
    print(f"| {name} | " + " | ".join(f"{one:.5f}" for one in found) + " |")


def fit(of: Labelled) -> Ratios:
    """What sharp faces are known to say, and what less sharp ones of these do."""
    assert of.faces.sharpness is not None
    assert of.scale.likelihood is not None
    ratios = of.scale.likelihood
    if len(ratios[0]) > 2:
        ratios = tuple((row[0], row[-1]) for row in ratios[1:])
    counts = count_by_sharpness(of.faces.vectors, of.people, of.faces.sharpness, KINDS)
    return fit_blurred_ratios(ratios, *counts, KINDS)


def halve(of: Labelled) -> tuple[Labelled, Labelled]:
    """Two sets with other people in each."""
    first = np.isin(of.people, np.random.default_rng(0).permutation(of.people.max() + 1)[::2])
    a, b = (
        Labelled(of.faces.some(np.flatnonzero(rows)), of.scale, of.bad[rows])
        for rows in (first, ~first)
    )
    return a, b


def read_sets(data: Path, place: Path) -> dict[tuple[str, Models], Labelled]:
    """The faces of every set by every pair of models."""
    sets = {}
    for name, archive in SETS.items():
        unpack(data / archive, place / name)
        out = place / f"{name} worse"
        worse = degrade(next((place / name).iterdir()), out)
        for models in MODELS:
            sets[name, models] = embed(out, worse, models)
    return sets


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        sets = read_sets(Path(sys.argv[1]), Path(place))
    tables, judged = {}, dict(sets)
    for models in MODELS:
        fitted, judged["LFW", models] = halve(sets["LFW", models])
        tables[models] = fit(fitted)
    print(
        "\nWhat blurred faces say was fitted on one half of LFW's people; LFW is the other half. "
        "The worst tenth are the faces with the least sharpness; groups are Infomap's at the "
        "radius for so many faces, as the organiser makes them.\n\n"
        "| set, models | pictures | how | low faces | wrong pairs with the worst tenth | ARI | "
        "BCubed F |\n|---|---|---|---|---|---|---|"
    )
    for (name, models), of in judged.items():
        tell_groups(f"{name}, {' + '.join(models)}", of, tables[models])
    print(
        "\nHow far probabilities are from what happens (10 bins of equal mass), three in ten "
        "pictures worse: with as many pairs of one person as of two, and as they are.\n\n"
        "| set, models | half and half, without sharpness | with | as they are, without | with |\n"
        "|---|---|---|---|---|"
    )
    for (name, models), of in judged.items():
        tell_calibration(f"{name}, {' + '.join(models)}", of, tables[models])
    for models in MODELS:
        head, *rows = fit(sets["LFW", models])
        print(f"\nFitted on all of LFW, as in conf/embedder/{models[1]}.yaml:\n")
        for row in (head, *rows):
            print("    - [" + ", ".join(f"{number:.4g}" for number in row) + "]")


if __name__ == "__main__":
    main()
