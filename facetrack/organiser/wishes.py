"""Which photos should be in which folders."""

from collections.abc import Mapping

from facetrack.organiser.grouping import NOBODY, Numbers
from facetrack.organiser.names import file_name
from facetrack.organiser.people import folder_name
from facetrack.organiser.photos import Photos
from facetrack.organiser.places import FACELESS, UNKNOWN, Wanted


def want_photos(photos: Photos, persons: Numbers, names: Mapping[int, str]) -> list[Wanted]:
    """Each photo in the folders of all persons on it. persons: (n,) of each face; names: theirs."""
    folders: dict[tuple[str, str], list[str]] = {}
    for person, content in zip(persons.tolist(), photos.contents, strict=True):
        folder = UNKNOWN if person == NOBODY else folder_name(person)
        name = names.get(person)
        called = file_name(f"{folder} {name}") if name and person != NOBODY else folder
        folders.setdefault((folder, called), []).append(content)
    if photos.faceless:
        folders[FACELESS, FACELESS] = list(photos.faceless)
    return [
        Wanted(folder, called, content, photos.pictures[content])
        for (folder, called), contents in sorted(folders.items())
        for content in dict.fromkeys(contents)
    ]
