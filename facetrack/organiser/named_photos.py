"""Who is on which photo, as the last run has left it and people.yaml says now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import UserError
from facetrack.extraction.xmp.reading import clean_name
from facetrack.organiser import people_file, state
from facetrack.organiser.grouping import NOBODY
from facetrack.organiser.recognition import box_of, content_of


@dataclass(frozen=True)
class NamedFace:
    """A face of a person. box: (4,), in pixels of the upright photo. name: empty for none."""

    person: int
    name: str
    box: NDArray[np.int64]


@dataclass(frozen=True)
class NamedPhoto:
    """A photo with persons on it. names: where the user has it, below the folder of photos.

    copies: where facetrack has made it, below the organised folder.
    """

    content: str
    names: Sequence[str]
    copies: Sequence[str]
    faces: Sequence[NamedFace]


@dataclass(frozen=True)
class Named:
    """photos: those with a person on them. stale: people.yaml was changed since the last run."""

    photos: Sequence[NamedPhoto]
    stale: bool

    @property
    def people(self) -> Mapping[int, str]:
        """All persons, with their names."""
        return {face.person: face.name for photo in self.photos for face in photo.faces}


def read_named(out: Path) -> Named:
    """Who is on the photos of an organised folder. Raises UserError where it is none."""
    if not state.exists(out):
        raise UserError(
            f"task.out={out} is no folder that task=organise has made, which names are taken from: "
            "name one"
        )
    last = state.load(out)
    text, said = people_file.read(out / people_file.FILE)
    faces: dict[str, list[NamedFace]] = {}
    for key, number in last.faces.items():
        person = said.person(number)
        if person != NOBODY:
            face = NamedFace(person, clean_name(said.names.get(person, "")), box_of(key))
            faces.setdefault(content_of(key), []).append(face)
    copies: dict[str, list[str]] = {}
    for path, file in last.files.items():
        copies.setdefault(file.content, []).append(path)
    photos = [
        NamedPhoto(
            content,
            last.photos[content].names if content in last.photos else [],
            copies.get(content, []),
            found,
        )
        for content, found in faces.items()
    ]
    photos.sort(key=lambda one: list(one.names)[:1])
    return Named(photos, text != last.people)
