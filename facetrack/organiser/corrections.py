"""Carrying out what people.yaml says: splits and faces that are not a person's.

Merges and names need nothing done: they are read anew each time (`Corrections.person`). What has no
effect is told, with its line.
"""

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from facetrack.core.texts import make_readable
from facetrack.organiser.grouping import NOBODY, Earlier, Numbers
from facetrack.organiser.people import Corrections, Photo, folder_name
from facetrack.organiser.people_file import FILE
from facetrack.organiser.photos import Photos
from facetrack.organiser.state import State

Remark = tuple[int, str]  # a line of people.yaml, and what is to be said of it


def recall_earlier(photos: Photos, before: State, said: Corrections, settled: bool) -> Earlier:
    """What the last run knew of these faces."""
    pinned = set(before.pinned)
    still = bars(before, said)
    groups = _groups({*before.faces.values(), *said.merge}, said)
    barred: dict[int, set[int]] = {}
    for row, key in enumerate(photos.keys):
        for person in still.get(key, {}):
            barred.setdefault(row, {person}).update(groups.get(said.person(person), ()))
    numbers = [before.faces.get(key, NOBODY) for key in photos.keys]
    # Who is different from somebody is somebody, with a name or without.
    known = said.names.keys() | {person for pair in said.apart() for person in pair}
    return Earlier(
        numbers=np.array(numbers, dtype=np.int64),
        pinned=np.array([key in pinned for key in photos.keys], dtype=bool),
        named={number for number in set(before.faces.values()) if said.person(number) in known},
        barred=barred,
        settled=settled,
    )


def bars(before: State, said: Corrections) -> dict[str, dict[int, str]]:
    """For each face, the persons it is not; a line taken out of people.yaml no longer holds."""
    wanted = {(said.person(person), photo.name) for person, photo in said.bar}
    kept = {
        key: {of: name for of, name in bars.items() if (said.person(of), name) in wanted}
        for key, bars in before.barred.items()
    }
    return {key: bars for key, bars in kept.items() if bars}


def carry_out(
    numbers: Numbers, photos: Photos, before: State, now: State, said: Corrections
) -> list[str]:
    """Apply splits and bars to the faces' numbers, and remember them in the new state.

    numbers: (n,), changed. said: merges of persons who never were are taken out. Returns what had
    no effect, and what else the user should know of people.yaml, a text each, by lines.
    """
    remarks = [*said.remarks, *_without_unknown(said, now.following)]
    faces = _Faces(numbers, photos, before, said)
    known = {(said.person(of), by) for bars in before.barred.values() for of, by in bars.items()}
    for person, photo in said.bar:
        if person >= now.following:
            continue
        on = faces.on(person, photo.name)
        for face in on:
            now.barred.setdefault(photos.keys[face], {})[person] = photo.name
            numbers[face] = NOBODY
        if not on and (said.person(person), photo.name) not in known:
            remarks.append(faces.missing(person, photo))
    for person, listed in said.split:
        if person < now.following:
            remarks += _split(person, listed, faces, now)
    remarks += _idle(numbers, photos, before, now, said)
    return [f"{FILE}, line {line}: {told}" for line, told in sorted(remarks)]


class _Faces:
    """Faces as people.yaml names them: a person's, on a photo.

    A photo goes by its name in the folder of photos, its name in the person's folder, its file's
    name, or one that only looks the same.
    """

    def __init__(self, numbers: Numbers, photos: Photos, before: State, said: Corrections) -> None:
        self.numbers, self.said = numbers, said
        self.keys = photos.keys
        self._merged = _groups(said.merge, said)
        self._rows: dict[str, list[int]] = {}
        for row, content in enumerate(photos.contents):
            self._rows.setdefault(content, []).append(row)
        self._exact: dict[str, set[str]] = {}
        self._alike: dict[str, set[str]] = {}
        for content, names in photos.names.items():
            for name in names:
                self._exact.setdefault(name, set()).add(content)
                for looks in {_looks(name), _looks(PurePosixPath(name).name)}:
                    self._alike.setdefault(looks, set()).add(content)
        self._copied: dict[tuple[str, str], str] = {}
        for path, file in before.files.items():
            self._copied[file.folder, Path(path).name] = file.content

    def on(self, person: int, name: str) -> list[int]:
        """A person's faces on a photo, those of persons merged into them included."""
        of = self.said.person(person)
        return self._find(name, [person, of], self._group(person))

    def on_number(self, number: int, name: str) -> list[int]:
        """The faces of one number on a photo."""
        return self._find(name, [number], {number})

    def count(self, person: int) -> int:
        """How many faces a person has."""
        return int(np.isin(self.numbers, list(self._group(person))).sum())

    def missing(self, person: int, photo: Photo) -> Remark:
        """What to say of a photo that a person is not on."""
        none = "" if _looks(photo.name) in self._alike else ", and no photo has that name"
        told = f"{folder_name(person)} is on no photo {make_readable(photo.name)}{none}"
        return photo.line, f"{told}, so nothing was done"

    def _group(self, person: int) -> set[int]:
        """All numbers of a person."""
        of = self.said.person(person)
        return self._merged.get(of, set()) | {of}

    def _find(self, name: str, folders: Sequence[int], numbers: Collection[int]) -> list[int]:
        """Rows of faces with some numbers on the photos of a name; the nearest such name counts.

        folders: of the persons in whose folders the name may be.
        """
        copied = [self._copied.get((folder_name(number), name)) for number in folders]
        for contents in (
            self._exact.get(name, set()),
            *({content} for content in copied if content is not None),
            self._alike.get(_looks(name), set()),
        ):
            rows = [row for content in contents for row in self._rows.get(content, ())]
            if found := [row for row in rows if int(self.numbers[row]) in numbers]:
                return sorted(found)
        return []


def _looks(name: str) -> str:
    """A name as the page shows it, however its letters are put together."""
    return unicodedata.normalize("NFC", make_readable(name))


def _split(person: int, listed: Sequence[Photo], faces: _Faces, now: State) -> list[Remark]:
    """Split a person off another one."""
    said, remarks = faces.said, list[Remark]()
    already = _find_split_off(person, listed, faces, now)
    chosen: set[int] = set()
    for photo in listed:
        on = faces.on(person, photo.name)
        chosen.update(on)
        if not on and (already is None or not faces.on_number(already, photo.name)):
            remarks.append(faces.missing(person, photo))
    if not chosen:
        return remarks
    first = listed[0].line
    if already is not None and said.person(already) == said.person(person):
        told = (
            f"{folder_name(already)}, who was split off, is merged with {folder_name(person)} "
            f"again (line {_merge_line(already, person, said)}): take out one of the two"
        )
        return [*remarks, (first, told)]
    if len(chosen) == faces.count(person):
        told = f"these are all photos of {folder_name(person)}, so there is nobody to split off"
        return [*remarks, (first, told)]
    if already is None:
        already = now.following
        now.following += 1
        now.parted[already] = said.person(person)
    rows = sorted(chosen)
    faces.numbers[rows] = already
    pinned = set(now.pinned)
    now.pinned += [key for row in rows if (key := faces.keys[row]) not in pinned]
    return remarks


def _merge_line(one: int, other: int, said: Corrections) -> int:
    """The last line of those that make two numbers one person."""
    chains = []
    for number in (one, other):
        chain = [number]
        while chain[-1] in said.merge:
            chain.append(said.merge[chain[-1]])
        chains.append(chain)
    both = set(chains[0]) & set(chains[1])
    return max(
        said.merge_lines[number] for chain in chains for number in chain if number not in both
    )


def _find_split_off(person: int, listed: Sequence[Photo], faces: _Faces, now: State) -> int | None:
    """The person that an earlier run has split off for these photos."""
    for number, of in now.parted.items():
        if faces.said.person(of) == faces.said.person(person) and any(
            faces.on_number(number, photo.name) for photo in listed
        ):
            return number
    return None


def _without_unknown(said: Corrections, following: int) -> list[Remark]:
    """Take out merges of persons who never were, and say so. following: the first such number."""
    remarks = []
    for other, number in list(said.merge.items()):
        if max(other, number) >= following:
            unknown = number if number >= following else other
            remarks.append(
                (said.merge_lines[other], f"{_tell_unknown(unknown)}, so nothing was done")
            )
            said.part(other)
    return remarks


def _idle(
    numbers: Numbers, photos: Photos, before: State, now: State, said: Corrections
) -> list[Remark]:
    """What of names, merges and persons told apart has no effect, or contradicts something."""
    gone = before.faces.keys() - set(photos.keys)
    alive = {*np.unique(numbers).tolist(), *(before.faces[key] for key in gone)} - {NOBODY}
    for number in list(alive):
        while (number := said.merge.get(number, NOBODY)) not in alive and number != NOBODY:
            alive.add(number)
    following = now.following
    remarks = [
        (line, f"{_tell_unknown(number)}, so what is below does nothing")
        for number, line, _ in said.sections
        if number >= following
    ]
    remarks += [
        (said.merge_lines[other], f"{_tell_gone(other)}, so nothing was done")
        for other in said.merge
        if other not in alive
    ]
    remarks += _names(said, alive, following)
    for number, other, line in said.different:
        if number >= following:
            continue
        if other >= following:
            remarks.append((line, f"{_tell_unknown(other)}, so nothing was done"))
        elif said.person(number) == said.person(other):
            merged = _merge_line(number, other, said)
            told = f"{folder_name(number)} and {folder_name(other)} are merged by line {merged}"
            remarks.append((line, f"{told}: take out one of the two"))
        else:
            dead = [one for one in (number, other) if said.person(one) not in alive]
            remarks += [(line, f"{_tell_gone(one)}, so nothing was done") for one in dead[:1]]
    return remarks


def _names(said: Corrections, alive: Iterable[int], following: int) -> list[Remark]:
    """Names that nobody goes by, and that two persons do. alive: those with faces."""
    remarks, alive, apart = [], set(alive), said.apart()
    shared: dict[str, dict[int, int]] = {}  # by name: persons, and the lines with it
    for number, (name, line) in said.called.items():
        person = said.person(number)
        stays = said.names[person]
        if number >= following:
            continue
        if person not in alive:
            remarks.append((line, f"{_tell_gone(number)}, so the name does nothing"))
        elif stays != name:
            told = f"{folder_name(number)} is merged into {folder_name(person)}"
            remarks.append((line, f"{told}, whose name {make_readable(stays)} stays"))
        else:
            others = shared.setdefault(name, {})
            if person in others:
                continue
            same = next((one for one in others if frozenset((one, person)) not in apart), None)
            others[person] = line
            if same is not None:
                told = (
                    f"{folder_name(person)} has the name of {folder_name(same)} (line "
                    f"{others[same]}), {make_readable(name)}: write merge: [{folder_name(person)}] "
                    f"below {folder_name(same)} if they are one, else different: "
                    f"[{folder_name(person)}]"
                )
                remarks.append((line, told))
    return remarks


def _tell_unknown(number: int) -> str:
    return f"there is no {folder_name(number)}"


def _tell_gone(number: int) -> str:
    return f"{folder_name(number)} has no faces any more"


def _groups(numbers: Iterable[int], said: Corrections) -> dict[int, set[int]]:
    """The numbers that each person has gone by."""
    groups: dict[int, set[int]] = {}
    for number in numbers:
        if number != NOBODY:
            groups.setdefault(said.person(number), set()).add(number)
    return groups
