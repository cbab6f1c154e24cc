"""Organised folders of made faces, whose people are known: as far apart as dlib's vectors are."""

import numpy as np
import yaml
from numpy.typing import NDArray

from facetrack.core.faces import scale_to_unit
from facetrack.core.likelihood import Ratios, check_ratios
from facetrack.evaluation.audit.frame import Faces
from facetrack.system.shipped import CONF

Labels = NDArray[np.int64]
# Squares of the parts that all faces share, those of a person, and those of a single picture:
# strangers are 0.57 apart, pictures of one person 0.30.
PARTS = (0.8376, 0.1174, 0.045)


def make_vectors(people: Labels, seed: int) -> NDArray[np.float32]:
    random = np.random.default_rng(seed)
    shared, own, alone = (
        random.normal(size=(n, 128)) / np.sqrt(128) for n in (1, people.max() + 1, len(people))
    )
    one, two, three = np.sqrt(PARTS)
    return scale_to_unit((one * shared + two * own[people] + three * alone).astype(np.float32))


def make_folder(
    seed: int, n_people: int = 20, each: int = 6, *, moved: int = 0, split: int = 0
) -> tuple[Faces, Labels]:
    """Faces of so many people, of whom `split` are two groups each and `moved` are misplaced."""
    random = np.random.default_rng(seed)
    people = np.repeat(np.arange(n_people), each)
    groups = people.copy()
    for person in range(split):
        rows = np.flatnonzero(people == person)
        groups[rows[: each // 2]] = n_people + person
    wrong = random.choice(np.flatnonzero(people >= split), moved, replace=False)
    groups[wrong] = (people[wrong] + 1 - split) % (n_people - split) + split
    groups = np.unique(groups, return_inverse=True)[1].astype(np.int64)
    faces = Faces(make_vectors(people, seed), groups, np.arange(len(people)), read_ratios())
    return faces, people


def read_ratios() -> Ratios:
    """dlib's."""
    settings = yaml.safe_load((CONF / "embedder/dlib.yaml").read_text())
    return check_ratios(settings["likelihood"], "embedder.likelihood")
