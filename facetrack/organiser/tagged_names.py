"""Names that other programs have given to faces, in XMP, as names of persons.

A person takes the name that most of their named faces have, where people.yaml has none for them.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from facetrack.core.faces import Skipped
from facetrack.core.progress import QUIET, Progress
from facetrack.core.texts import make_readable, write_count
from facetrack.extraction.xmp.labels import find_names
from facetrack.organiser.grouping import NOBODY, Numbers
from facetrack.organiser.people import Corrections, folder_name
from facetrack.organiser.photos import Photos


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
