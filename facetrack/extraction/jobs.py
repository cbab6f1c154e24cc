"""What is done for one picture: read it, find the faces that count, embed them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facetrack.core.errors import UserError
from facetrack.core.faces import Boxes, Detection, Detector, Embedder, Face, Image, Vectors
from facetrack.detector import choose
from facetrack.extraction import landmarks, picture
from facetrack.extraction.detections import DetectionRecord
from facetrack.extraction.quality import Qualities, measure
from facetrack.system import guard

_WHOLE_PIXELS = 40_000_000


@dataclass(frozen=True, slots=True)
class Job:
    """A picture content to look at; `detection` where it is known from before."""

    digest: bytes
    path: Path
    detection: DetectionRecord | None


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a job: all detections, the k faces that count and their (k, d) raw vectors.

    kept, vectors and qualities (k, 5) (see quality.py) are None where no face counts; `reason` says
    why a picture cannot be used.
    look: see `facetrack.extraction.looks`; cut: whether the file ends before the picture does.
    """

    digest: bytes
    detection: DetectionRecord | None = None
    kept: Detection | None = None
    vectors: Vectors | None = None
    qualities: Qualities | None = None
    reason: str | None = None
    look: bytes | None = None
    cut: bool = False


def look(job: Job, detector: Detector) -> tuple[Done, list[Face]]:
    """Read a picture and find the faces that count; their vectors are still to come.

    Raises UserError where the detector cannot be used.
    """
    with guard.looking():
        return _examine(job, detector)


def _examine(job: Job, detector: Detector) -> tuple[Done, list[Face]]:
    try:
        content = job.path.read_bytes()
        if hashlib.sha256(content).digest() != job.digest:
            return Done(job.digest, reason="it changed while facetrack was reading it"), []
        with guard.decoding():
            decoded = picture.decode(content, with_look=True)
        del content
    except OSError as error:
        return Done(job.digest, reason=f"cannot be read ({error.strerror})"), []
    except UserError as error:
        return Done(job.digest, reason=str(error)), []
    image = decoded.image
    height, width = image.shape[:2]
    detection = job.detection
    try:
        if detection is None:
            detection = DetectionRecord(width, height, _detect(detector, image))
    except UserError:
        raise  # not of the picture: weights that cannot be had
    except Exception as error:
        return Done(job.digest, reason=f"the detector failed on it ({_short(error)})"), []
    kept = choose(detection.found, width, height, detector.choose, detector.border)
    done = Done(job.digest, detection, look=decoded.look, cut=decoded.cut)
    if not len(kept.boxes):
        return done, []
    return replace(done, kept=kept), _faces(image, kept)


def _detect(detector: Detector, image: Image) -> Detection:
    # A class of a user's own may give boxes alone, as all did once.
    found: Detection | Boxes = detector.detect(image)
    return found if isinstance(found, Detection) else Detection(found)


def _faces(image: Image, kept: Detection) -> list[Face]:
    scores = [None] * len(kept.boxes) if kept.scores is None else kept.scores.tolist()
    points = [None] * len(kept.boxes) if kept.landmarks is None else kept.landmarks
    faces = [Face(image, *one) for one in zip(kept.boxes, points, scores, strict=True)]
    return [_cut(face) for face in faces]


def _cut(face: Face) -> Face:
    """A face with its picture; with what is around it only where the picture is very large."""
    image, box = face.image, face.box
    if image.shape[0] * image.shape[1] <= _WHOLE_PIXELS:
        return face
    left, top, width, height = (int(value) for value in box)
    around = max(width, height) // 2  # embedders align within the box and a little around it
    rows = slice(max(top - around, 0), top + height + around)
    columns = slice(max(left - around, 0), left + width + around)
    part = np.ascontiguousarray(image[rows, columns])
    corner = np.array([columns.start, rows.start])
    points = face.landmarks
    return replace(
        face,
        image=part,
        box=box - np.array([*corner, 0, 0], dtype=np.int64),
        landmarks=None if points is None else (points - corner).astype(np.float32),
    )


def embed(batch: Sequence[tuple[Done, list[Face]]], embedder: Embedder) -> list[Done]:
    """Add the vectors of some pictures' faces, each picture with one or more.

    One picture that makes the embedder fail does not take the batch with it. Raises UserError.
    """
    try:
        faces = landmarks.add_corners([face for _, faces in batch for face in faces])
        whole = landmarks.complete(faces)
        vectors = embedder.embed(whole if landmarks.are_needed(embedder) else faces)
        qualities = measure(whole)
    except UserError:
        raise
    except Exception as error:
        if len(batch) > 1:
            return [result for one in batch for result in embed([one], embedder)]
        done = batch[0][0]
        return [Done(done.digest, reason=f"the embedder failed on it ({_short(error)})")]
    ends = np.cumsum([len(faces) for _, faces in batch])
    return [
        replace(done, vectors=own, qualities=measured)
        if np.isfinite(own).all()
        else Done(done.digest, reason="the embedder gave values that are not finite")
        for (done, _), own, measured in zip(
            batch, np.split(vectors, ends[:-1]), np.split(qualities, ends[:-1]), strict=True
        )
    ]


def _short(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
