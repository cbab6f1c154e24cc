"""Carrying out what people.yaml says: splits and faces that are not a person's.

Merges and names need nothing done: they are read anew each time (`Corrections.person`).
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from facetrack.organise.grouping import NOBODY, Earlier, Numbers
from facetrack.organise.people import FILE, Corrections, folder_name
from facetrack.organise.photos import Photos
from facetrack.organise.state import State


def earlier(photos: Photos, before: State, said: Corrections, settled: bool) -> Earlier:
    """What the last run knew of these faces."""
    pinned = set(before.pinned)
    still = bars(before, said)
    barred: dict[int, set[int]] = {}
    for row, key in enumerate(photos.keys):
        for person in still.get(key, {}):
            barred.setdefault(row, set()).update(_all_numbers(person, before, said))
    numbers = [before.faces.get(key, NOBODY) for key in photos.keys]
    return Earlier(
        numbers=np.array(numbers, dtype=np.int64),
        pinned=np.array([key in pinned for key in photos.keys], dtype=bool),
        named={
            number for number in set(before.faces.values()) if said.person(number) in said.names
        },
        barred=barred,
        settled=settled,
    )


def bars(before: State, said: Corrections) -> dict[str, dict[int, str]]:
    """For each face, the persons it is not; a line taken out of people.yaml no longer holds."""
    wanted = {(said.person(person), name) for person, names, _ in said.bar for name in names}
    kept = {
        key: {of: name for of, name in bars.items() if (said.person(of), name) in wanted}
        for key, bars in before.barred.items()
    }
    return {key: bars for key, bars in kept.items() if bars}


def carry_out(
    numbers: Numbers, photos: Photos, before: State, now: State, said: Corrections
) -> list[str]:
    """Apply splits and bars to the faces' numbers, and remember them in the new state.

    numbers: (n,), changed. Returns what could not be done, a line each.
    """
    remarks = []
    for person, names, line in said.bar:
        for name in names:
            on = _faces_on(numbers, photos, before, said, person, name)
            for face in on:
                now.barred.setdefault(photos.keys[face], {})[person] = name
                numbers[face] = NOBODY
            if not len(on) and not _known(before, said, person, name):
                remarks.append(_missing(person, name, line))
    for person, names, line in said.split:
        faces = np.unique(
            np.concatenate(
                [_faces_on(numbers, photos, before, said, person, name) for name in names]
            )
        ).astype(np.int64)
        already = _split_off(numbers, photos, before, now, said, person, names)
        if not len(faces):
            if already is None:
                remarks.append(_missing(person, names[0], line))
            continue
        if len(faces) == np.count_nonzero(_of(numbers, person, said)):
            remarks.append(
                f"{FILE}, line {line}: these are all photos of {folder_name(person)}, so there is "
                "nobody to split off"
            )
            continue
        if already is None:
            already = now.following
            now.following += 1
            now.parted[already] = said.person(person)
        numbers[faces] = already
        pinned = set(now.pinned)
        now.pinned += [key for face in faces if (key := photos.keys[face]) not in pinned]
    return remarks


def _of(
    numbers: Numbers, person: int, said: Corrections
) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """(n,) which faces are a person's, those of merged ones included."""
    whose = {number: said.person(number) for number in np.unique(numbers).tolist()}
    own = [number for number, of in whose.items() if number and of == said.person(person)]
    return np.isin(numbers, own)


def _all_numbers(person: int, before: State, said: Corrections) -> set[int]:
    """The numbers that a person has gone by."""
    everyone = {person, *before.faces.values(), *said.merge}
    return {one for one in everyone if one and said.person(one) == said.person(person)}


def _faces_on(
    numbers: Numbers, photos: Photos, before: State, said: Corrections, person: int, name: str
) -> Numbers:
    """A person's faces on a photo that a user named."""
    faces = np.flatnonzero(_of(numbers, person, said)).tolist()
    contents = {photos.contents[face] for face in faces}
    chosen = _named(contents, photos, before, said.person(person), name)
    return np.array([face for face in faces if photos.contents[face] in chosen], dtype=np.int64)


def _named(contents: set[str], photos: Photos, before: State, person: int, name: str) -> set[str]:
    """Those of some photos that go by a name: as in their folder, as copied here, or the file's."""
    exact = {content for content in contents if name in photos.names[content]}
    if exact:
        return exact
    copied = {
        file.content
        for path, file in before.files.items()
        if file.folder == folder_name(person) and Path(path).name == name
    }
    if copied & contents:
        return copied & contents
    return {
        content
        for content in contents
        if any(PurePosixPath(one).name == name for one in photos.names[content])
    }


def _split_off(
    numbers: Numbers,
    photos: Photos,
    before: State,
    now: State,
    said: Corrections,
    person: int,
    names: Sequence[str],
) -> int | None:
    """The person that an earlier run has split off for these photos."""
    for number, of in now.parted.items():
        if said.person(of) == said.person(person):
            faces = np.flatnonzero(numbers == number).tolist()
            contents = {photos.contents[face] for face in faces}
            if any(_named(contents, photos, before, number, name) for name in names):
                return number
    return None


def _known(before: State, said: Corrections, person: int, name: str) -> bool:
    """Whether an earlier run has carried this out."""
    return any(
        said.person(of) == said.person(person) and by == name
        for bars in before.barred.values()
        for of, by in bars.items()
    )


def _missing(person: int, name: str, line: int) -> str:
    return f"{FILE}, line {line}: {folder_name(person)} is on no photo {name}, so nothing was done"
