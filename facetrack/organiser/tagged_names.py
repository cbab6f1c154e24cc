"""Names that other programs have given to faces, in XMP, as names of persons.

A person takes the name that most of their named faces have, where people.yaml has none for them.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from facetrack.core.faces import Picture, Skipped
from facetrack.core.progress import QUIET, Progress
from facetrack.core.texts import make_readable, write_count
from facetrack.extraction.xmp.labels import find_names
from facetrack.organiser.grouping import NOBODY, Numbers
from facetrack.organiser.people import Corrections, folder_name
from facetrack.organiser.photos import Photos
from facetrack.organiser.recognition import box_of, content_of
from facetrack.organiser.state import Photo
from facetrack.system.files import sha256


@dataclass(frozen=True)
class TaggedNames:
    """names: of persons who have none by hand. lines: what the user should know of them.

    noted: named faces that were not found, and what could not be read.
    """

    names: Mapping[int, str] = field(default_factory=dict)
    lines: Sequence[str] = ()
    noted: Sequence[Skipped] = ()


def find_tagged_names(
    photos: Photos, persons: Numbers, said: Corrections, progress: Progress = QUIET
) -> TaggedNames:
    """Read the XMP of all photos. persons: (n,) of each face."""
    pictures = [photos.pictures[content] for content in photos.contents]
    found = find_names(list(photos.pictures.values()), pictures, photos.boxes, progress)
    votes: dict[int, Counter[str]] = defaultdict(Counter)
    for person, name in zip(persons.tolist(), found.names, strict=True):
        if name is not None and person != NOBODY:
            votes[person][name] += 1
    names, lines, others = {}, [found.told], 0
    for person, counts in sorted(votes.items()):
        (name, most), *rest = counts.most_common(2)
        if person in said.names:
            others += counts.total() - counts[said.names[person]]
        elif rest and rest[0][1] == most:
            told = " and ".join(make_readable(one) for one in sorted([name, rest[0][0]]))
            lines.append(
                f"{folder_name(person)} has as many faces called {told} in XMP, so no name"
            )
        else:
            names[person] = name
            others += counts.total() - most
    if others:
        faces = write_count(others, "face has", "faces have")
        lines.append(f"{faces} another name in XMP than their person")
    lines += _tell_shared(names, said)
    return TaggedNames(names, lines, found.remarks)


def find_face_names(
    keys: Sequence[str],
    stored: Mapping[str, Photo],
    listing: Sequence[Picture],
    progress: Progress = QUIET,
) -> dict[str, str]:
    """The names of faces of an organised folder in XMP, by key; says how many there are.

    keys: of faces, see `recognition`. stored: where the last run saw each photo, by content.
    listing: the photos that there are; one that is another by now names nobody.
    """
    there = {picture.name: picture for picture in listing}
    place = {
        content: there[name]
        for content, photo in stored.items()
        for name in photo.names
        if name in there
    }
    faces = [key for key in keys if content_of(key) in place]
    pictures = [place[content_of(key)] for key in faces]
    boxes = np.array([box_of(key) for key in faces], np.int64).reshape(-1, 4)
    found = find_names(listing, pictures, boxes, progress)
    progress.say(f"  {found.told}")
    named = {key: name for key, name in zip(faces, found.names, strict=True) if name is not None}
    contents = {content_of(key) for key in named}
    same = {content for content in contents if sha256(place[content].path).hex() == content}
    return {key: name for key, name in named.items() if content_of(key) in same}


def _tell_shared(names: Mapping[int, str], said: Corrections) -> list[str]:
    """Persons who would have a name that another one has, by hand or in XMP."""
    apart = said.apart()
    first = {name: person for person, name in sorted(said.names.items(), reverse=True)}
    lines = []
    for person, name in names.items():
        other = first.setdefault(name, person)
        if other != person and frozenset((other, person)) not in apart:
            lines.append(
                f"{folder_name(person)} is {make_readable(name)} in XMP, as {folder_name(other)} "
                f"is: write merge: [{folder_name(person)}] below {folder_name(other)} in "
                "people.yaml if they are one"
            )
    return lines
