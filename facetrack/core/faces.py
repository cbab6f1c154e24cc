"""What flows through the pipeline, and the seams between its stages.

| name      | what it is                                                               |
|-----------|--------------------------------------------------------------------------|
| image     | (h, w, 3) uint8 RGB, upright (EXIF orientation applied)                  |
| box       | (4,) int: left, top, width, height in pixels of the image                |
| boxes     | (m, 4) int64                                                             |
| points    | (5, 2) float32: x, y of a face's landmarks in pixels of the image, where |
|           | (0, 0) is the middle of its first pixel: the eye that is left in the     |
|           | picture, the right one, the tip of the nose, the left and the right      |
|           | corner of the mouth                                                      |
| landmarks | (m, 5, 2) float32, the points of each face                               |
| scores    | (m,) float32, how sure a detector is of each face: the higher, the surer |
| vectors   | (n, d) float32, one embedding a row                                      |
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Boxes = NDArray[np.int64]
Landmarks = NDArray[np.float32]
Scores = NDArray[np.float32]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture file of a dataset.

    name: path below the dataset's root with "/" between folders; the same on every machine.
    person: who is on it, or None where nobody said.
    publishable: whether the dataset's terms allow this picture in a figure.
    factors: pairs (factor, value) of what is known of how it was taken, ("glasses", "yes"); each
    factor once. Whoever made the dataset says so, or the user: nothing here looks for it.
    """

    path: Path
    name: str
    person: str | None = None
    publishable: bool = True
    factors: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A picture (or folder) left out, and why; `name` as in `Picture`.

    pictures: how many pictures of the dataset that is; 0 for a remark on what is no part of it.
    content: the SHA-256 of a picture that was read, in hex.
    """

    name: str
    reason: str
    pictures: int = 1
    content: str | None = None


@dataclass(frozen=True, slots=True)
class Pictures:
    """A dataset's pictures sorted by name, and what was left out while listing them."""

    pictures: Sequence[Picture]
    skipped: Sequence[Skipped] = ()


@dataclass(frozen=True, slots=True)
class Face:
    """A face as an embedder gets it: its whole picture, so that it can align, and its box.

    landmarks: its points, (5, 2), or None where nobody says. score: how sure its detector was.
    corners: (5, 2) int64, the five points of dlib's predictor, or None where it was not asked.
    """

    image: Image
    box: NDArray[np.int64]
    landmarks: Landmarks | None = None
    score: float | None = None
    corners: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True)
class Detection:
    """The m faces that a detector found on a picture, in its own order.

    boxes: (m, 4). scores: (m,), landmarks: (m, 5, 2); None from a detector that gives none.
    """

    boxes: Boxes
    scores: Scores | None = None
    landmarks: Landmarks | None = None

    def some(self, rows: NDArray[np.int64]) -> "Detection":
        """Some of the faces, (k,) indices among the m."""
        return Detection(
            self.boxes[rows],
            None if self.scores is None else self.scores[rows],
            None if self.landmarks is None else self.landmarks[rows],
        )

    def enlarge(self, by: int) -> "Detection":
        """The same faces on the picture of which this one's was made, smaller by a whole factor.

        A pixel of the smaller picture is the mean of `by` x `by` pixels.
        """
        shift = (by - 1) / 2  # from the middle of the first of them to that of all
        return Detection(
            by * self.boxes,
            self.scores,
            None if self.landmarks is None else (by * self.landmarks + shift).astype(np.float32),
        )


@dataclass(frozen=True)
class Embeddings:
    """A dataset's faces, in the order of its pictures.

    vectors: (n, d) float32, unit rows unless the embedder says `normalize: false`.
    boxes: (n, 4) int64, each within its picture.
    pictures: n pictures, the one each face is on.
    skipped: pictures that gave no face, and why.
    n_pictures: how many pictures were looked at.
    contents: n SHA-256 digests in hex, of the content of the picture each face is on.
    scores: (n,), landmarks: (n, 5, 2), as the detector gave them; None where it gave none.
    sharpness: (n,) float32, see extraction/quality.py; NaN, or None for all, where it is not known.
    looks: by content, of pictures with and without a face (see extraction/looks.py); where known.
    """

    vectors: Vectors
    boxes: Boxes
    pictures: Sequence[Picture]
    skipped: Sequence[Skipped]
    n_pictures: int
    contents: Sequence[str]
    scores: Scores | None = None
    landmarks: Landmarks | None = None
    sharpness: NDArray[np.float32] | None = None
    looks: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def names(self) -> list[str]:
        """The K people that have a face, sorted; empty for a set without labels."""
        return sorted({picture.person for picture in self.pictures if picture.person is not None})

    @cached_property
    def people(self) -> NDArray[np.int64] | None:
        """(n,) int64, each face's person as an index into `names`; None without labels."""
        if not self.names:
            return None
        number = {name: index for index, name in enumerate(self.names)}
        return np.array([number[str(picture.person)] for picture in self.pictures], dtype=np.int64)

    @cached_property
    def digest(self) -> str:
        """16 hex digits that stand for vectors, picture names and people."""
        content = hashlib.sha256(np.ascontiguousarray(self.vectors).tobytes())
        for picture in self.pictures:
            content.update(f"{picture.name}\0{picture.person}\0".encode())
        return content.hexdigest()[:16]

    def some(self, rows: NDArray[np.int64]) -> "Embeddings":
        """Some of the faces, (k,) indices among the n.

        What was skipped stays as it is: those pictures were looked at.
        """
        return replace(
            self,
            vectors=self.vectors[rows],
            boxes=self.boxes[rows],
            pictures=[self.pictures[row] for row in rows.tolist()],
            contents=[self.contents[row] for row in rows.tolist()],
            scores=None if self.scores is None else self.scores[rows],
            landmarks=None if self.landmarks is None else self.landmarks[rows],
            sharpness=None if self.sharpness is None else self.sharpness[rows],
        )

    def of_people(self, people: NDArray[np.int64]) -> tuple["Embeddings", NDArray[np.int64]]:
        """The faces of some people, (k,) indices into `names`; and which of the n they are."""
        assert self.people is not None
        faces = np.flatnonzero(np.isin(self.people, people))
        return self.some(faces), faces


class Dataset(Protocol):
    """Finds the pictures."""

    @property
    def name(self) -> str:
        """Seeds the resamples and names the dataset in every table."""
        ...

    def load(self) -> Pictures:
        """Make the pictures available on this machine and list them. Raises UserError."""
        ...


@runtime_checkable
class Embedded(Protocol):
    """A dataset that brings its embeddings: a detector and an embedder have nothing to do."""

    def embeddings(self) -> Embeddings:
        """The faces. Raises UserError."""
        ...


class Detector(Protocol):
    """Finds faces. `choose` and `border` say which of them count (see detector/choice.py)."""

    @property
    def choose(self) -> str:
        """Which of several faces counts."""
        ...

    @property
    def border(self) -> int:
        """Faces starting this near to the left or top edge, in pixels, do not count."""
        ...

    def identity(self) -> str:
        """Everything a detection depends on, as text: the key of stored ones."""
        ...

    def detect(self, image: Image) -> Detection:
        """All faces of an image, in the detector's own order.

        A class of a user's own may give boxes, (m, 4), alone.
        """
        ...


class Embedder(Protocol):
    """Turns faces into vectors.

    One with a true `needs_landmarks` gets faces with landmarks, whatever the detector. An embedder
    or a detector may have a method `prepare`, called once before there is work: it gets weights,
    and raises UserError where it cannot.
    """

    @property
    def normalize(self) -> bool:
        """Whether the pipeline divides vectors by their L2 norm; the store holds raw ones."""
        ...

    @property
    def batch(self) -> int:
        """How many faces `embed` likes at once."""
        ...

    @property
    def parallel(self) -> bool:
        """True when a call keeps one core busy, so that several processes pay off."""
        ...

    def identity(self) -> str:
        """Everything the vectors depend on, weights included, as text: their key in the store."""
        ...

    def embed(self, faces: Sequence[Face]) -> Vectors:
        """(len(faces), d) float32, raw (not unit length)."""
        ...


class Sampling(Protocol):
    """Draws the faces of a resample."""

    def draw(self, n: int, seed: int, dataset: str, i: int) -> NDArray[np.int64]:
        """Indices (m,) among n faces, depending on nothing but the four arguments."""
        ...


def scale_to_unit(vectors: Vectors) -> Vectors:
    """Rows divided by their L2 norm, with a floor of 1e-10 under the root.

    It is the last step in PROTOCOL, "From picture to embedding".
    """
    squares = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    lengths = np.sqrt(np.maximum(squares, 1e-10))
    scaled: Vectors = (vectors / lengths[:, None]).astype(np.float32)
    return scaled
