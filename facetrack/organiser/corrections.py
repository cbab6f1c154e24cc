"""Carrying out what people.yaml says: splits and faces that are not a person's.

Which faces are given to somebody or to nobody is found before (given.py). Merges and names need
nothing done: they are read anew each time (`Corrections.person`). What has no effect is told, with
its line.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from facetrack.core.texts import make_readable
from facetrack.organiser.given import GivenFaces, Remark
from facetrack.organiser.grouping import NOBODY, Earlier, Numbers
from facetrack.organiser.named_faces import NamedFaces, group_numbers
from facetrack.organiser.people import Corrections, Photo, folder_name
from facetrack.organiser.people_file import FILE
from facetrack.organiser.photos import Photos
from facetrack.organiser.references import split_point
from facetrack.organiser.state import State


def recall_earlier(
    photos: Photos, before: State, said: Corrections, found: GivenFaces, settled: bool
) -> Earlier:
    """What the last run knew of these faces, and whom people.yaml gives them to."""
    pinned = {*before.pinned, *found.given}
    still = bars(before, said)
    groups = group_numbers({*before.faces.values(), *said.merge}, said)
    barred: dict[int, set[int]] = {}
    for row, key in enumerate(photos.keys):
        for person in still.get(key, {}):
            barred.setdefault(row, {person}).update(groups.get(said.person(person), ()))
    # Who is different from somebody is somebody, with a name or without.
    known = said.names.keys() | {person for pair in said.apart() for person in pair}
    there = {*before.faces.values(), *found.numbers.tolist()}
    return Earlier(
        numbers=found.numbers,
        pinned=np.array([key in pinned for key in photos.keys], dtype=bool),
        named={number for number in there if said.person(number) in known},
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
    numbers: Numbers,
    photos: Photos,
    before: State,
    now: State,
    said: Corrections,
    found: GivenFaces,
) -> list[str]:
    """Apply splits and bars to the faces' numbers, and remember what is said in the new state.

    numbers: (n,), changed. said: merges of persons who never were are taken out. Returns what had
    no effect, and what else the user should know of people.yaml, a text each, by lines.
    """
    remarks = [*said.remarks, *found.remarks, *_without_unknown(said, now.following)]
    faces = NamedFaces(numbers, found.names, said)
    now.given = dict(found.given)
    now.barred = {key: dict(of) for key, of in now.barred.items()}
    for of in now.barred.values():
        of.pop(NOBODY, None)
    for key, name in found.nobody.items():
        now.barred.setdefault(key, {})[NOBODY] = name
    now.barred = {key: of for key, of in now.barred.items() if of}
    remarks += _bar(faces, before, now, found)
    for person, listed in said.split:
        if person < now.following:
            remarks += _split(person, listed, faces, now, found)
    remarks += _idle(numbers, photos, before, now, said)
    return [f"{FILE}, line {line}: {told}" for line, told in sorted(remarks)]


def _bar(faces: NamedFaces, before: State, now: State, found: GivenFaces) -> list[Remark]:
    """Take faces from persons whose they are not."""
    said, remarks = faces.said, list[Remark]()
    known: dict[tuple[int, str], set[str]] = {}
    for key, bars in before.barred.items():
        for of, by in bars.items():
            known.setdefault((said.person(of), by), set()).add(key)
    alive = set(faces.keys)
    for person, photo in said.bar:
        if person == NOBODY or person >= now.following:
            continue
        of = said.person(person)
        once = known.get((of, photo.name), set())
        if split_point(photo.name)[1] is not None and once & alive:
            continue  # it means the face that it has meant, wherever that is on an edited photo
        on = faces.on(person, photo.name)
        theirs = [row for row in on if row in found.lines]
        for face in set(on).difference(theirs):
            now.barred.setdefault(faces.keys[face], {})[person] = photo.name
            faces.numbers[face] = NOBODY
        # Given to somebody else whose it was not: both lines say so.
        left = [row for row in faces.at(photo.name) if _was(row, faces, found) == of]
        for face in left:
            now.barred.setdefault(faces.keys[face], {})[person] = photo.name
        if theirs and len(theirs) == len(on):
            told = f"{make_readable(photo.name)} is {folder_name(of)}'s by line"
            told = f"{told} {found.lines[theirs[0]]}: take out one of the two"
            remarks.append((photo.line, told))
        elif not on and not left and not once:
            remarks.append((photo.line, faces.tell_missing(person, photo.name)))
    return remarks


def _was(row: int, faces: NamedFaces, found: GivenFaces) -> int | None:
    """Whose a face was that is given to somebody else now, or is no person's."""
    given = found.given.get(faces.keys[row]) if row in found.lines else None
    if given is None or faces.said.person(given.person) == faces.said.person(given.was):
        return None
    return faces.said.person(given.was)


def _split(
    person: int, listed: Sequence[Photo], faces: NamedFaces, now: State, found: GivenFaces
) -> list[Remark]:
    """Split a person off another one."""
    said, remarks = faces.said, list[Remark]()
    already = _find_split_off(person, listed, faces, now)
    chosen: set[int] = set()
    for photo in listed:
        on = faces.on(person, photo.name)
        kept = [row for row in on if row in found.lines]
        chosen.update(set(on).difference(kept))
        if kept and len(kept) == len(on):
            told = f"{make_readable(photo.name)} is {folder_name(said.person(person))}'s by line"
            told = f"{told} {found.lines[kept[0]]}: take out one of the two"
            remarks.append((photo.line, told))
        elif not on and (already is None or not faces.on_number(already, photo.name)):
            remarks.append((photo.line, faces.tell_missing(person, photo.name)))
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


def _find_split_off(
    person: int, listed: Sequence[Photo], faces: NamedFaces, now: State
) -> int | None:
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
    remarks += [*_names(said, alive, following), *_hidden(said, alive, following)]
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


def _hidden(said: Corrections, alive: Iterable[int], following: int) -> list[Remark]:
    """Who is hidden in vain. alive: those with faces."""
    remarks, alive = [], set(alive)
    for number, line in said.hide_lines.items():
        person = said.person(number)
        if number >= following:
            continue
        if person not in alive:
            remarks.append((line, f"{_tell_gone(number)}, so hiding them does nothing"))
        elif person not in said.hidden:
            told = f"{folder_name(number)} is merged into {folder_name(person)}, who is not hidden"
            remarks.append((line, told))
    return remarks


def _tell_unknown(number: int) -> str:
    return f"there is no {folder_name(number)}"


def _tell_gone(number: int) -> str:
    return f"{folder_name(number)} has no faces any more"
