"""What each effect does to the embeddings of real faces, and to their clusters."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from facetrack.core.errors import UserError
from facetrack.core.faces import (
    Detector,
    Embedder,
    Embeddings,
    Face,
    Image,
    Picture,
    Pictures,
    Vectors,
    scale_to_unit,
)
from facetrack.core.labels import separate_noise
from facetrack.core.overlaps import match_boxes
from facetrack.core.progress import Progress
from facetrack.evaluation.experiment import fit, limit_threads
from facetrack.evaluation.metrics import scores
from facetrack.evaluation.resampling import start_accessories
from facetrack.extraction import landmarks
from facetrack.extraction.picture import read_bytes
from facetrack.extraction.thumbnails import read_photo
from facetrack.tasks.accessories.effects import EFFECTS
from facetrack.tasks.accessories.frame import Portrayed

BARE = "none"
_TOO_FEW = "two people with two faces or more are needed: add pictures, or raise task.people"
_SHOWN = 5  # example pairs of each effect


@dataclass(frozen=True)
class Model:
    """An embedder with the radius of its distances, and what clusters its vectors."""

    name: str
    embedder: Embedder
    radius: float
    estimator: BaseEstimator


@dataclass(frozen=True)
class Plan:
    """What is asked. effects: by name. people, faces: at most so many, and of each of them."""

    effects: Sequence[str]
    people: int
    faces: int
    dataset: str
    seed: int


@dataclass(frozen=True)
class Pair:
    """A face without and with an effect. moved: by model, in its radii."""

    bare: Image
    worn: Image
    moved: Mapping[str, float]


@dataclass(frozen=True)
class Outcome:
    """What an effect does to one model's vectors.

    moved: (n,) how far each face's vector moves, in radii. The clusters are of all faces, half of
    each person's with the effect (`after`) and none (`before`); split: people in several of them.
    lost: of those faces, the share that none of the other faces of their person is with.
    undetected: of the faces that the detector finds, all without the effect, the share that it no
    longer finds with it, whatever the model; NaN where it finds none.
    """

    effect: str
    model: str
    moved: NDArray[np.float64]
    lost_before: float
    lost_after: float
    split_before: int
    split_after: int
    ari_before: float
    ari_after: float
    recall_before: float
    recall_after: float
    undetected: float


@dataclass(frozen=True)
class Found:
    """What was measured. faces, people: of whom; gone: pictures that cannot be read any more.

    pairs: examples by effect.
    """

    faces: int
    people: int
    gone: int
    outcomes: Sequence[Outcome]
    pairs: Mapping[str, Sequence[Pair]]


def choose_pictures(listing: Pictures, plan: Plan) -> Pictures:
    """Some pictures of some people who have two or more.

    Raises UserError where nobody is named, or there are not two such people.
    """
    by_person: dict[str, list[Picture]] = {}
    for picture in listing.pictures:
        if picture.person is not None:
            by_person.setdefault(picture.person, []).append(picture)
    if not by_person:
        raise UserError(
            "which people split is asked of people, and nobody says who is on these pictures: give "
            "a sub-folder per person, or dataset.labels=FILE"
        )
    random = start_accessories(plan.seed, plan.dataset)
    several = [person for person, own in sorted(by_person.items()) if len(own) > 1]
    if len(several) < 2:
        raise UserError(_TOO_FEW)
    drawn = [several[at] for at in random.permutation(len(several))[: plan.people]]
    chosen = [
        by_person[person][at]
        for person in drawn
        for at in random.permutation(len(by_person[person]))[: plan.faces]
    ]
    return replace(listing, pictures=sorted(chosen, key=lambda one: one.name))


def keep_people_of_two(embeddings: Embeddings) -> Embeddings:
    """The faces of people who have two or more. Raises UserError where two such people are not."""
    people = embeddings.people
    assert people is not None
    several = np.bincount(people)[people] > 1
    if len(np.unique(people[several])) < 2:
        raise UserError(_TOO_FEW)
    return embeddings.some(np.flatnonzero(several))


def measure(
    embeddings: Embeddings,
    detector: Detector,
    models: Sequence[Model],
    plan: Plan,
    progress: Progress,
) -> Found:
    """All of it, of people with two faces or more. Raises UserError where none can be read."""
    wardrobe = _Wardrobe(detector, models, plan.effects)
    bar = progress.bar(
        range(len(embeddings.vectors)),
        total=len(embeddings.vectors),
        description="Dressing",
        unit="face",
    )
    rows = [row for row in bar if wardrobe.dress(embeddings, row)]
    if len(rows) < 2:
        raise UserError("the pictures of these faces cannot be read any more: run again")
    left = embeddings.some(np.array(rows))
    assert left.people is not None
    people, worn = left.people, _choose_worn(left.people, plan)
    with limit_threads(len(rows)):
        outcomes = [
            _judge(wardrobe, effect, model, people, worn)
            for effect in plan.effects
            for model in models
        ]
    gone = len(embeddings.vectors) - len(rows)
    return Found(len(rows), len(left.names), gone, outcomes, wardrobe.pairs)


class _Wardrobe:
    """Faces one after the other, with every effect, embedded by every model.

    pairs: by effect, the first few faces that may be shown.
    """

    def __init__(self, detector: Detector, models: Sequence[Model], effects: Sequence[str]) -> None:
        self.pairs: dict[str, list[Pair]] = {effect: [] for effect in effects}
        self._detector, self._models, self._effects = detector, models, [BARE, *effects]
        self._detected: dict[str, list[bool]] = {effect: [] for effect in self._effects}
        self._vectors: dict[tuple[str, str], list[Vectors]] = {
            (effect, model.name): [] for effect in self._effects for model in models
        }
        self._shown: set[str | None] = set()

    def dress(self, embeddings: Embeddings, row: int) -> bool:
        """Take a face up; False where its picture cannot be read any more."""
        picture = embeddings.pictures[row]
        content = read_photo([picture.path], embeddings.contents[row])
        if content is None:
            return False
        bare = _portray(read_bytes(content), embeddings, row)
        faces = [bare, *(EFFECTS[effect](bare) for effect in self._effects[1:])]
        for effect, face in zip(self._effects, faces, strict=True):
            boxes = list(self._detector.detect(face.image).boxes)
            self._detected[effect].append(bool(match_boxes([face.box], boxes)))
        given = embeddings.landmarks is not None
        seen = [Face(one.image, one.box, one.points if given else None) for one in faces]
        seen = landmarks.add_corners(seen)
        whole = landmarks.complete(seen)
        moved: dict[str, Vectors] = {}
        for model in self._models:
            needs = landmarks.are_needed(model.embedder)
            raw = model.embedder.embed(whole if needs else seen)
            vectors = scale_to_unit(raw) if model.embedder.normalize else raw
            for effect, vector in zip(self._effects, vectors, strict=True):
                self._vectors[effect, model.name].append(vector)
            moved[model.name] = np.linalg.norm(vectors - vectors[0], axis=1) / model.radius
        # One face of each person, so that the examples are not of one alone.
        if picture.publishable and picture.person not in self._shown and len(self._shown) < _SHOWN:
            self._shown.add(picture.person)
            for at, effect in enumerate(self._effects[1:], start=1):
                far = {name: float(one[at]) for name, one in moved.items()}
                self.pairs[effect].append(Pair(_show(bare), _show(faces[at]), far))
        return True

    def get(self, effect: str, model: Model) -> Vectors:
        """(n, d) of all faces taken up."""
        return np.stack(self._vectors[effect, model.name])

    def find_undetected(self, effect: str) -> float:
        """The share of the faces detected without an effect that are not with it."""
        before = np.array(self._detected[BARE])
        after = np.array(self._detected[effect])[before]
        return float(1 - after.mean()) if len(after) else math.nan


def _portray(image: Image, embeddings: Embeddings, row: int) -> Portrayed:
    """A face with its points: those of its detector, or those that follow from dlib's."""
    box = embeddings.boxes[row]
    if embeddings.landmarks is not None:
        return Portrayed(image, box, embeddings.landmarks[row]).cut()
    (known,) = landmarks.complete([Face(image, box)])
    assert known.landmarks is not None
    return Portrayed(image, box, known.landmarks).cut()


def _show(face: Portrayed) -> Image:
    """A face with a little around it, small."""
    import cv2

    left, top, width, height = face.box.tolist()
    edge = round(0.35 * max(width, height))
    rows = slice(max(top - edge, 0), top + height + edge)
    columns = slice(max(left - edge, 0), left + width + edge)
    part = face.image[rows, columns]
    by = 128 / max(part.shape[:2])
    size = max(1, round(by * part.shape[1])), max(1, round(by * part.shape[0]))
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)


def _choose_worn(people: NDArray[np.int64], plan: Plan) -> NDArray[np.bool_]:
    """(n,) half of each person's faces, at random; one at least stays bare."""
    random = start_accessories(plan.seed, plan.dataset)
    worn = np.zeros(len(people), bool)
    for person in np.unique(people):
        own = random.permutation(np.flatnonzero(people == person))
        worn[own[: len(own) // 2]] = True
    return worn


def _judge(
    wardrobe: _Wardrobe,
    effect: str,
    model: Model,
    people: NDArray[np.int64],
    worn: NDArray[np.bool_],
) -> Outcome:
    bare, dressed = wardrobe.get(BARE, model), wardrobe.get(effect, model)
    before = _cluster(model, bare, people)
    after = _cluster(model, np.where(worn[:, None], dressed, bare), people)
    told = [scores(people, one, information=False) for one in (before, after)]
    return Outcome(
        effect=effect,
        model=model.name,
        moved=np.linalg.norm(dressed - bare, axis=1).astype(np.float64) / model.radius,
        lost_before=_find_lost(people, before, worn),
        lost_after=_find_lost(people, after, worn),
        split_before=_count_split(people, before),
        split_after=_count_split(people, after),
        ari_before=told[0]["ari"],
        ari_after=told[1]["ari"],
        recall_before=told[0]["bcubed_recall"],
        recall_after=told[1]["bcubed_recall"],
        undetected=wardrobe.find_undetected(effect),
    )


def _cluster(model: Model, vectors: Vectors, people: NDArray[np.int64]) -> NDArray[np.int64]:
    return separate_noise(fit(model.estimator, vectors, people, (0, "accessories", 0)).labels)


def _find_lost(
    people: NDArray[np.int64], clusters: NDArray[np.int64], worn: NDArray[np.bool_]
) -> float:
    """The share of the worn faces in whose cluster no other face of their person is bare."""
    cells = list(zip(people.tolist(), clusters.tolist(), strict=True))
    bare = {cell for cell, own in zip(cells, worn.tolist(), strict=True) if not own}
    return float(np.mean([cells[face] not in bare for face in np.flatnonzero(worn).tolist()]))


def _count_split(people: NDArray[np.int64], clusters: NDArray[np.int64]) -> int:
    """How many people have faces in several clusters."""
    cells = np.unique(np.stack([people, clusters]), axis=1)
    return int((np.bincount(cells[0]) > 1).sum())
