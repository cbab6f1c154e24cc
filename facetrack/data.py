"""What flows through the pipeline, and the seams between its stages.

| name    | what it is                                                              |
|---------|-------------------------------------------------------------------------|
| image   | (h, w, 3) uint8 RGB, upright (EXIF orientation applied)                 |
| box     | (4,) int: left, top, width, height in pixels of the image               |
| boxes   | (m, 4) int64                                                            |
| vectors | (n, d) float32, one embedding a row                                     |
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Boxes = NDArray[np.int64]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture file of a dataset.

    name: path below the dataset's root with "/" between folders; the same on every machine.
    person: who is on it, or None where nobody said.
    publishable: whether the dataset's terms allow this picture in a figure.
    """

    path: Path
    name: str
    person: str | None = None
    publishable: bool = True


@dataclass(frozen=True, slots=True)
class Skipped:
    """A picture (or folder) left out, and why; `name` as in `Picture`."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Pictures:
    """A dataset's pictures sorted by name, and what was left out while listing them."""

    pictures: Sequence[Picture]
    skipped: Sequence[Skipped] = ()


@dataclass(frozen=True, slots=True)
class Face:
    """A face as an embedder gets it: the whole picture, so that it can align as it must, and the box."""

    image: Image
    box: NDArray[np.int64]


class Dataset(Protocol):
    """Finds the pictures; `name` seeds the resamples and names the dataset in every table."""

    name: str

    def load(self) -> Pictures:
        """Make the pictures available on this machine and list them. Raises UserError."""
        ...


class Detector(Protocol):
    """Finds faces. `choose` and `border` say which of them count (see detector/choose.py)."""

    choose: str
    border: int

    def identity(self) -> str:
        """Everything the boxes depend on, as text: the key of stored detections."""
        ...

    def detect(self, image: Image) -> Boxes:
        """All faces of an image, in the detector's own order; (0, 4) when there is none."""
        ...


class Embedder(Protocol):
    """Turns faces into vectors.

    normalize: whether the pipeline divides vectors by their L2 norm. The store holds raw ones.
    batch: how many faces `embed` likes at once.
    parallel: True when one core is used a call, so that several processes pay off.
    """

    normalize: bool
    batch: int
    parallel: bool

    def identity(self) -> str:
        """Everything the vectors depend on (weights included), as text: the key of stored vectors."""
        ...

    def embed(self, faces: Sequence[Face]) -> Vectors:
        """(len(faces), d) float32, raw (not unit length)."""
        ...
