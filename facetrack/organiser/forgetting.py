"""Forgetting photos in an organised folder: in its states, its thumbnails and its page.

The folder keeps several states, and a restore under way holds two more in one file. They are
cleaned as JSON, whatever version of facetrack has written them: everything that is kept by a
photo's content, or by a face on it, goes, save which files facetrack made. Files and people.yaml
are the user's. What the states remember of people.yaml loses the persons who are forgotten.
"""

import contextlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from facetrack.core.errors import UserError
from facetrack.organiser import audit_answers, near_pairs, people_file, state
from facetrack.organiser.answer_log import AnswerLog
from facetrack.organiser.journal import Journal
from facetrack.organiser.people import Corrections, folder_name, number_of
from facetrack.system.files import replace

_PHOTOS = ("split", "not", "also", "nobody")  # lists of photos in people.yaml, not of persons


@dataclass(frozen=True)
class Known:
    """Who somebody is in an organised folder.

    persons: their numbers; none where nobody is called so. contents: SHA-256 in hex of the photos
    they are on, each with the names it is known to have had.
    """

    persons: frozenset[int]
    contents: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class _File:
    """A file of states. stored: what is in it; None where that is no JSON."""

    path: Path
    text: str
    stored: Any

    def states(self) -> Iterator[dict[str, Any]]:
        """The states in it, to read or to change."""
        return _states(self.stored)


def check(out: Path) -> None:
    """Raises UserError where a folder is none of facetrack's."""
    own = state.own_folder(out)
    if own.is_symlink() or not own.is_dir():
        raise UserError(
            f"task.out={out} is no folder that facetrack organised: name one, or leave task.out out"
        )


def find_person(out: Path, called: str) -> Known:
    """A person by number ("person-003") or name. Raises UserError for a broken people.yaml.

    Of several states that know a face the last run's decides whose it is. Names are those of
    people.yaml; where nobody has the name there, those that the states remember.
    """
    with _demand_sound(out):
        states = [one for file in reversed(_files(out)) for one in file.states()]
        owners: dict[str, int] = {}
        for stored in states:
            owners = {face: int(of) for face, of in stored["faces"].items()} | owners
    said = [people_file.read(out / people_file.FILE)[1]]
    for stored in states:
        said.append(
            people_file.parse_or_nothing(str(stored.get("people", "")), out / people_file.FILE)
        )
    known = (_find_called(called, one, owners.values()) for one in said)
    numbers = next((numbers for numbers in known if numbers), frozenset[int]())
    contents = {_content(face) for face, of in owners.items() if of in numbers}
    with _demand_sound(out):
        return Known(numbers, _with_names(states, contents))


def find_photo(out: Path, name: str) -> Mapping[str, frozenset[str]]:
    """Contents that photos of this name have had by what the states remember, with all names."""
    with _demand_sound(out):
        states = [one for file in _files(out) for one in file.states()]
        wanted = {
            content
            for one in states
            for content, names in (*_list_seen(one), *_list_made(one))
            if name in names or name in {known.rpartition("/")[2] for known in names}
        }
        return _with_names(states, wanted)


def count(out: Path, contents: Collection[str], persons: Collection[int]) -> dict[Path, int]:
    """How much each file of states knows of photos and persons, where it knows something."""
    counts = {file.path: _scrub_file(file, contents, persons) for file in _files(out)}
    journal = Journal(state.own_folder(out))
    counts[journal.path] = journal.knows(contents)
    log = AnswerLog(out)
    counts[log.path] = log.count(persons) if not contents else log.n_lines
    counts |= audit_answers.count(out, contents)
    near = near_pairs.find_file(out)
    counts[near] = int(near.exists() and bool(contents))
    return {path: count for path, count in counts.items() if count}


def clean(out: Path, contents: Collection[str], persons: Collection[int]) -> None:
    """Make the states forget photos and persons, the last run's last. Raises OSError.

    A file that is no JSON any more, and has one of the photos in it, is removed, and so is what a
    run that was killed has noted of its work. Answers given on the page go as a whole, since any of
    them may tell of anybody: people.yaml keeps what they have led to, and none can be taken back.
    Near faces that are remembered go as a whole, too: the next run finds them again.
    """
    audit_answers.clean(out, contents)
    if contents:
        near_pairs.find_file(out).unlink(missing_ok=True)
    for file in _files(out):
        if not _scrub_file(file, contents, persons):
            continue
        if file.stored is None:
            file.path.unlink()
        else:
            replace(file.path, json.dumps(file.stored).encode())
    journal = Journal(state.own_folder(out))
    if journal.knows(contents):
        journal.remove()
    log = AnswerLog(out)
    if contents or log.count(persons):
        log.remove()


def find_thumbnails(out: Path, contents: Collection[str]) -> list[Path]:
    """Pictures of faces that are on these photos, or on none that a state knows."""
    own = state.own_folder(out)
    kept = {
        path(own, face)
        for path in state.THUMBNAILS
        for file in _files(out)
        for one in file.states()
        for face in one["faces"]
        if _content(face) not in contents
    }
    return sorted(set(state.thumbnail_path(own, "").parent.glob("*")) - kept)


def without(text: str, persons: Collection[int]) -> str:
    """A people.yaml's text without the sections of persons, whose names are in no other one.

    Nothing is left where it cannot be taken apart.
    """
    try:
        top = yaml.compose(text, Loader=yaml.SafeLoader)
        if not isinstance(top, MappingNode):
            return text
        numbers = [_number(key) for key, _ in top.value]
        if not any(number in persons for number in numbers):
            return text
        if top.flow_style:
            return ""
        names = _names_of(top, persons)
        starts = [key.start_mark.index for key, _ in top.value]
        kept = text[: starts[0]]
        for (_, section), number, start, end in zip(
            top.value, numbers, starts, [*starts[1:], len(text)], strict=True
        ):
            if number not in persons:
                kept += _rename(text, start, end, section, names)
    except (yaml.YAMLError, RecursionError):
        return ""
    told = [re.compile(rf"(?<!\w){re.escape(name)}(?!\w)") for name in names]
    return "".join(
        line
        for line in kept.splitlines(keepends=True)
        if not (line.lstrip().startswith("#") and any(one.search(line) for one in told))
    )


@contextlib.contextmanager
def _demand_sound(out: Path) -> Iterator[None]:
    """Raises UserError where what is in a file of states is none."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"what {out} remembers cannot be used ({str(error)[:100]}): remove the damaged file in "
            f"{state.own_folder(out)}, or name the person's pictures with picture=FILE"
        ) from error


def _files(out: Path) -> list[_File]:
    """All files of states, the last run's at the end."""
    paths = set(state.own_folder(out).glob("*.json")) - {audit_answers.find_file(out)}
    found = []
    for path in sorted(paths, key=lambda one: (one.name == state.LAST, one.name)):
        text = path.read_text(encoding="utf-8", errors="replace")
        try:
            found.append(_File(path, text, json.loads(text)))
        except (ValueError, RecursionError):
            found.append(_File(path, text, None))
    return found


def _states(stored: Any) -> Iterator[dict[str, Any]]:
    if isinstance(stored, dict):
        if isinstance(stored.get("faces"), dict):
            yield stored
        else:
            for value in stored.values():
                yield from _states(value)


def _scrub_file(file: _File, contents: Collection[str], persons: Collection[int]) -> int:
    """Take photos and persons out of a file's states; returns how many things that were."""
    if file.stored is None:
        return int(any(content in file.text for content in contents))
    return sum(_scrub(one, contents, persons) for one in file.states())


def _scrub(one: dict[str, Any], contents: Collection[str], persons: Collection[int]) -> int:
    count = 0
    for key, value in one.items():
        # The files stay where they are, and facetrack's.
        if key == "files" or not isinstance(value, dict | list):
            continue
        kept = [item for item in value if _content(item) not in contents]
        count += len(value) - len(kept)
        one[key] = {item: value[item] for item in kept} if isinstance(value, dict) else kept
    text = str(one.get("people", ""))
    if (rest := without(text, persons)) != text:
        one["people"] = rest
        count += 1
    if count and "logged" in one:
        one["logged"] = ""  # the page that was in MLflow goes as well
    return count


def _content(item: object) -> str:
    """The content that a photo or a face on it ("content:box") is kept by."""
    return str(item).partition(":")[0]


def _find_called(called: str, said: Corrections, numbers: Collection[int]) -> frozenset[int]:
    """The numbers of faces and sections that stand for somebody, merges followed."""
    return frozenset(
        number
        for number in {*numbers, *said.persons, *said.merge}
        if number
        and called in (folder_name(said.person(number)), said.names.get(said.person(number)))
    )


def _list_seen(one: Mapping[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """Contents with the names that their photos had where the user has them."""
    for content, photo in one.get("photos", {}).items():
        yield content, {str(name) for name in photo["names"]}


def _list_made(one: Mapping[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """Contents with the names that facetrack has given to their copies."""
    for path, file in one.get("files", {}).items():
        yield file["content"], {path, path.rpartition("/")[2]}


def _with_names(
    states: Collection[Mapping[str, Any]], contents: Collection[str]
) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {content: set() for content in contents}
    for stored in states:
        for content, names in _list_seen(stored):
            if content in found:
                found[content] |= names
    return {content: frozenset(names) for content, names in found.items()}


def _names_of(top: MappingNode, persons: Collection[int]) -> dict[str, int]:
    """The names of persons, as in `person-001: Anna` or below `name`, with their numbers."""
    names = {}
    for key, section in top.value:
        number = _number(key)
        if number is None or number not in persons:
            continue
        inner = section.value if isinstance(section, MappingNode) else []
        for node in (section, *(value for setting, value in inner if setting.value == "name")):
            if isinstance(node, ScalarNode) and node.value.strip():
                names[node.value.strip()] = number
    return names


def _rename(text: str, start: int, end: int, section: Node, names: Mapping[str, int]) -> str:
    """A section's text, where the persons with these names are called by their numbers."""
    part, shift = "", start
    lists_photos = text.startswith(_PHOTOS, start)
    for node in () if isinstance(section, ScalarNode) or lists_photos else _scalars(section):
        number = names.get(node.value.strip())
        if number is not None:
            part += text[shift : node.start_mark.index] + folder_name(number)
            shift = node.end_mark.index
    return part + text[shift:end]


def _scalars(node: Node) -> Iterator[ScalarNode]:
    """The scalars in lists of persons below a node, in their order."""
    if isinstance(node, MappingNode):
        for setting, value in node.value:
            if not isinstance(value, ScalarNode) and setting.value not in _PHOTOS:
                yield from _scalars(value)
    elif isinstance(node, SequenceNode):
        for value in node.value:
            yield from _scalars(value)
    elif isinstance(node, ScalarNode):
        yield node


def _number(key: Node) -> int | None:
    return number_of(key.value) if isinstance(key, ScalarNode) else None
