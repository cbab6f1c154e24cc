"""Who is meant by what people.yaml says, and what in it has no effect."""

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from facetrack.core.texts import make_readable
from facetrack.organiser.handwritten import Node, Text, error_in
from facetrack.organiser.people import Corrections, Photo, folder_name, number_of


@dataclass(frozen=True)
class Mention:
    """Somebody whom a person's section names, by number or name.

    number: the person's. setting: what it says of the two, "merge" or "different".
    """

    number: int
    setting: str
    item: Text


def complete(said: Corrections, others: list[Mention], path: Path) -> None:
    """Merge persons and tell them apart, and leave out what is said twice.

    others: of all sections. path: only named. Raises UserError with the line that is wrong.
    """
    _resolve(said, others, path)
    _check_different(said)
    _check_photos(said)


def number_in(node: Node) -> int | None:
    """The number of a person that is written there; None where it is something else."""
    return number_of(node.text) if isinstance(node, Text) else None


def _resolve(said: Corrections, others: list[Mention], path: Path) -> None:
    """Merge persons and tell them apart."""
    by_name: dict[str, list[int]] = {}
    for number, (name, _) in said.called.items():
        by_name.setdefault(name, []).append(number)
    persons = said.persons
    named = []
    for mention in others:
        other = number_in(mention.item)
        # 1984 is person-1984, unless there is only somebody of that name.
        if other is None or (other not in persons and mention.item.text in by_name):
            named.append(mention)
        else:
            _relate(said, mention, other, path)
    # Names last: who they are depends on who is merged.
    for mention in sorted(named, key=lambda one: one.setting == "different"):
        found = _find_called(said, mention.number, mention.item, by_name)
        if found is not None:
            _relate(said, mention, found, path)


def _relate(said: Corrections, mention: Mention, other: int, path: Path) -> None:
    """Merge the other person, or tell them apart."""
    if mention.setting == "merge":
        _merge(said, other, mention.number, mention.item.line, path)
    else:
        said.different.append((mention.number, other, mention.item.line))


def _find_called(
    said: Corrections, number: int, item: Text, by_name: dict[str, list[int]]
) -> int | None:
    """Who else has a name; None, and a remark, where there is no telling."""
    name = unicodedata.normalize("NFC", item.text.strip())
    everyone = {said.person(other) for other in by_name.get(name, [])}
    found = sorted(everyone - {said.person(number)})
    if len(found) == 1:
        return found[0]
    shown = make_readable(name)[:60]
    if found:
        who = " and ".join(map(folder_name, found[:3]))
        told = f"{who}{' and more' if len(found) > 3 else ''} have the name {shown}: give a number"
    elif everyone:
        told = f"{shown} is {folder_name(number)} already, so nothing was done"
    else:
        told = f"nobody has the name {shown}, so nothing was done"
    said.remarks.append((item.line, told))
    return None


def _merge(said: Corrections, other: int, number: int, line: int, path: Path) -> None:
    if other == number:
        told = f"{folder_name(number)} is merged into itself, so nothing was done"
        said.remarks.append((line, told))
    elif said.merge.get(other) == number:
        first = said.merge_lines[other]
        told = f"{folder_name(other)} is merged into {folder_name(number)} on line {first} already"
        said.remarks.append((line, told))
    elif other in said.merge:
        first = said.merge_lines[other]
        told = f"{folder_name(other)} is merged into two persons, the other one on line {first}"
        raise error_in(path, line, told)
    elif said.person(number) == other:
        raise error_in(path, line, f"{folder_name(other)} would be merged into itself")
    else:
        said.join(other, number, line)


def _check_different(said: Corrections) -> None:
    """Keep who is told apart once."""
    lines: dict[frozenset[int], int] = {}
    kept = []
    for number, other, line in sorted(said.different, key=lambda one: one[2]):
        pair = frozenset((number, other))
        if number == other:
            told = f"{folder_name(number)} is not different from themselves, so nothing was done"
        elif pair in lines:
            told = f"that they are different is on line {lines[pair]} already"
        else:
            lines[pair] = line
            kept.append((number, other, line))
            continue
        said.remarks.append((line, told))
    said.different = kept


def _check_photos(said: Corrections) -> None:
    """Keep each photo that is split off, barred or given of a person once."""
    lines: dict[tuple[str, int, str], int] = {}

    def is_new(what: str, number: int, photo: Photo) -> bool:
        first = lines.get((what, number, photo.name))
        if first is None:
            lines[what, number, photo.name] = photo.line
            return True
        said.remarks.append((photo.line, f"{make_readable(photo.name)} is on line {first} already"))
        return False

    said.bar = [one for one in said.bar if is_new("not", *one)]
    said.also = [one for one in said.also if is_new("also", *one)]
    said.split = [
        (number, [photo for photo in photos if is_new("split", number, photo)])
        for number, photos in said.split
    ]
    said.split = [(number, photos) for number, photos in said.split if photos]
