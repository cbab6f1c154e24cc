"""Organised folders of people who are known, good and bad, to calibrate and to judge an audit.

A third of LFW's people, those whose names have a CRC-32 that 3 divides, are judged on and on
nothing else; the calibration of evaluation/audit/calibration.py and the ratios here are of the
others.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import facetrack
from facetrack.clusterer import DBSCAN, AverageLinkage, Infomap
from facetrack.core.faces import scale_to_unit
from facetrack.core.labels import separate_noise
from facetrack.core.likelihood import Ratios
from facetrack.core.scale import Scale
from facetrack.evaluation.audit.frame import Faces
from facetrack.evaluation.calibration import count_distances, fit_ratios
from facetrack.system.archive import extract as unpack
from facetrack.system.choices import choose

Labels = NDArray[np.int64]
STORED = {"dlib": "lfw_dlib_embeddings.npz", "mobilefacenet": "lfw_mobilefacenet_embeddings.npz"}
STRANGERS = "lfw_all_mobilefacenet_embeddings.npz"
AT = {
    "dlib": np.array([0.1, 0.2, 0.26, 0.32, 0.38, 0.44, 0.5, 0.6, 0.8]),
    "mobilefacenet": np.array([0.4, 0.6, 0.8, 0.95, 1.05, 1.15, 1.25, 1.4, 1.55]),
}
METHODS = {"infomap": Infomap, "average": AverageLinkage, "dbscan": DBSCAN}
WIDEST = {"infomap": (0.8, 1.2), "average": (0.85, 1.2), "dbscan": (0.7, 1.05)}


class Kind(NamedTuple):
    """A kind of folder: of so many people and strangers, grouped with a multiple of the radius."""

    embedder: str
    method: str
    times: float
    people: int
    strangers: int = 0


KINDS = {
    "MobileFaceNet, Infomap": Kind("mobilefacenet", "infomap", 1, 60),
    "MobileFaceNet, average linkage, 100 strangers": Kind("mobilefacenet", "average", 1, 60, 100),
    "MobileFaceNet, 15 people and 80 strangers": Kind("mobilefacenet", "infomap", 1, 15, 80),
    "MobileFaceNet, DBSCAN, 0.8 radii": Kind("mobilefacenet", "dbscan", 0.8, 60),
    "MobileFaceNet, Infomap, 1.15 radii": Kind("mobilefacenet", "infomap", 1.15, 60),
    "dlib, Infomap": Kind("dlib", "infomap", 1, 60),
    "dlib, Infomap, 1.15 radii": Kind("dlib", "infomap", 1.15, 60),
    "dlib, average linkage": Kind("dlib", "average", 1, 60),
    "dlib, DBSCAN, 0.8 radii": Kind("dlib", "dbscan", 0.8, 60),
    "dlib, DBSCAN, 1.03 radii": Kind("dlib", "dbscan", 1.03, 60),
}
SHIFTED = {
    f"{name}, {embedder}": (name, embedder) for name in ("ORL", "Yale") for embedder in STORED
}


@dataclass(frozen=True)
class Pool:
    """Faces to draw folders from. vectors: (n, d) of length 1; people: (n,); strangers: (s, d)."""

    vectors: NDArray[np.float32]
    people: Labels
    strangers: NDArray[np.float32] | None = None


class Folder(NamedTuple):
    """A folder as it was organised, and who the faces are."""

    faces: Faces
    people: Labels


def is_judged(name: str) -> bool:
    return zlib.crc32(name.encode()) % 3 == 0


def read_pool(data: Path, embedder: str, *, judged: bool) -> Pool:
    with np.load(data / STORED[embedder]) as stored:
        names = np.array([str(one).split("/")[0] for one in stored["pictures"]])
        keep = np.array([is_judged(one) == judged for one in names])
        vectors = scale_to_unit(stored["embeddings"][keep])
        people = np.unique(names[keep], return_inverse=True)[1]
    if embedder != "mobilefacenet":
        return Pool(vectors, people)
    with np.load(data / STRANGERS) as stored:
        names = np.array([str(one).split("/")[1] for one in stored["pictures"]])
        alone = np.bincount(stored["labels"])[stored["labels"]] == 1
        keep = alone & np.array([is_judged(one) == judged for one in names])
        return Pool(vectors, people, scale_to_unit(stored["embeddings"][keep].astype(np.float32)))


def read_shifted(data: Path, name: str, embedder: str, unpacked: Path) -> Pool:
    folder = f"{name.lower()}_faces"
    if not (unpacked / folder).is_dir():
        unpack(data / f"{folder}.tgz", unpacked / folder)
    found = facetrack.embed(unpacked / folder / folder, detector="yunet", embedder=embedder)
    assert found.labels is not None
    return Pool(found.embeddings, np.unique(found.labels, return_inverse=True)[1])


def read_ratios(data: Path, embedder: str) -> Ratios:
    pool = read_pool(data, embedder, judged=False)
    return fit_ratios(*count_distances(pool.vectors, pool.people), AT[embedder])


def read_scale(embedder: str) -> Scale:
    return Scale.read(choose("embedder", embedder).settings)


def make_folder(pool: Pool, kind: Kind, ratios: Ratios, random: np.random.Generator) -> Folder:
    n_people = int(pool.people.max()) + 1
    who = random.choice(n_people, min(kind.people, n_people), replace=False)
    rows = np.flatnonzero(np.isin(pool.people, who))
    vectors, people = pool.vectors[rows], pool.people[rows]
    if kind.strangers and pool.strangers is not None:
        drawn = random.choice(len(pool.strangers), kind.strangers, replace=False)
        vectors = np.concatenate([vectors, pool.strangers[drawn]])
        people = np.concatenate([people, n_people + np.arange(kind.strangers)])
    people = np.unique(people, return_inverse=True)[1]
    radius = read_scale(kind.embedder).find_distance_for(len(vectors)) * kind.times
    labels = separate_noise(METHODS[kind.method](radius).fit_predict(vectors))
    groups = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    return Folder(Faces(vectors, groups, np.arange(len(vectors)), ratios), people)


def draw_kind(random: np.random.Generator) -> Kind:
    """Any kind of folder, to calibrate on."""
    embedder = list(STORED)[random.integers(len(STORED))]
    method = list(METHODS)[random.integers(len(METHODS))]
    times = random.uniform(*WIDEST[method])
    people = int(np.exp(random.uniform(np.log(12), np.log(150))))
    return Kind(embedder, method, times, people, int(random.choice([0, 0, 50, 150])))
