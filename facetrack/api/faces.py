"""Faces as a notebook has them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Boxes, Embeddings, Picture, Skipped, Vectors
from facetrack.core.scale import Scale
from facetrack.core.texts import make_readable, write_count, write_number
from facetrack.extraction.thumbnails import Face, draw_thumbnails
from facetrack.figures.face_cards import Card, draw_cards
from facetrack.system.progress import TERMINAL

_MOST = 36  # faces that a notebook shows
_SIDE = 56  # of one of them, in pixels


@dataclass(frozen=True, eq=False, repr=False)
class Faces:
    """The n faces of some pictures with their embeddings.

    found: the faces. name: of the dataset; draws the resamples, with a seed. scale: their
    embedder's distances, from which the radius of methods follows that have one. source: who found
    and embedded them, in a few words.

    A slice, a mask (n,) or indices give some of them: `faces[:10]`, `faces[faces.labels == 3]`.

    >>> import facetrack
    >>> faces = facetrack.embed("portraits")
    >>> faces
    59 faces of 18 people on 59 pictures: portraits
    embeddings (59, 128) float32, by haar and dlib, radius 0.3
    0 pictures skipped
    >>> len(faces[faces.labels == faces.people.index("Ada")])
    4
    """

    found: Embeddings
    name: str
    scale: Scale = field(default_factory=lambda: Scale(None))
    source: str = "a file"

    @property
    def radius(self) -> float | None:
        """Below which two of them are usually one person, by single linkage; None: nobody says."""
        return self.scale.radius

    @property
    def embeddings(self) -> Vectors:
        """(n, d) float32, one embedding per row; of unit length unless the embedder does without.

        >>> import facetrack
        >>> facetrack.embed("portraits").embeddings.shape
        (59, 128)
        """
        return self.found.vectors

    @property
    def labels(self) -> NDArray[np.int64] | None:
        """(n,) int64, who each face is, as an index into `people`; None where nobody is named."""
        return self.found.people

    @property
    def people(self) -> list[str]:
        """The names of the people, sorted; none where nobody is named."""
        return self.found.names

    @property
    def pictures(self) -> Sequence[Picture]:
        """The picture that each of the n faces is on: its path, name and person."""
        return self.found.pictures

    @property
    def boxes(self) -> Boxes:
        """(n, 4) int64: left, top, width and height of each face in pixels of its picture."""
        return self.found.boxes

    @property
    def skipped(self) -> Sequence[Skipped]:
        """The pictures that gave no face, each with the reason."""
        return self.found.skipped

    def __len__(self) -> int:
        """How many faces there are."""
        return len(self.found.vectors)

    def __iter__(self) -> Iterator["Faces"]:
        """Each face by itself."""
        return (self[row] for row in range(len(self)))

    def __getitem__(self, which: Any) -> "Faces":
        """Some of the faces. which: a slice, a mask (n,) of booleans, indices or a single index."""
        rows = np.atleast_1d(np.arange(len(self))[which])
        return Faces(self.found.some(rows), self.name, self.scale, self.source)

    def __repr__(self) -> str:
        """Three lines: what there is, the embeddings, what was skipped."""
        n_pictures = len({one.name for one in self.pictures})
        people = f" of {write_count(len(self.people), 'person', 'people')}" if self.people else ""
        radius = "" if self.radius is None else f", radius {write_number(self.radius)}"
        pictures = write_count(n_pictures, "picture")
        lines = (
            f"{write_count(len(self), 'face')}{people} on {pictures}: {self.name}",
            f"embeddings {self.embeddings.shape} {self.embeddings.dtype}, by {self.source}{radius}",
            self._skipped_line(),
        )
        return "\n".join(map(make_readable, lines))

    def _skipped_line(self) -> str:
        missing = [one for one in self.skipped if one.pictures]
        line = f"{write_count(sum(one.pictures for one in missing), 'picture')} skipped"
        return f"{line}, as {missing[0].name}: {missing[0].reason}" if missing else line

    def _repr_html_(self) -> str:
        """The same with the first faces, small; those whose terms forbid it are not shown."""
        shown = [row for row, one in enumerate(self.pictures) if one.publishable][:_MOST]
        cut = [
            Face([self.pictures[row].path], self.found.contents[row], self.boxes[row])
            for row in shown
        ]
        pictures = draw_thumbnails(cut, _SIDE, "Thumbnails", TERMINAL)
        drawn = [
            Card(picture, self.pictures[row].person or "", self.pictures[row].name)
            for row, picture in zip(shown, pictures, strict=True)
            if picture is not None
        ]
        return draw_cards(repr(self).splitlines(), drawn, len(self) - len(drawn))
