"""people.yaml: the names and corrections a user writes, and the persons facetrack adds to it.

The file is the user's. facetrack only ever appends to it; what is in it stays as it was written.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from facetrack.errors import UserError
from facetrack.files import replace

FILE = "people.yaml"
_MOST_BYTES = 4 << 20
_LONGEST_NAME = 100
_PERSON = re.compile(r"(?:person-)?0*([1-9]\d{0,8})")
_NULL = "tag:yaml.org,2002:null"
_HEAD = """\
# Who is who. Write names and corrections here, then run the same command again.
#
# person-001:
#   name: Anna               # the folder becomes "person-001 Anna"
#   merge: [person-004]      # person-004 is the same person, and goes into this folder
#   not: [IMG_1.jpg]         # this person is not on this photo
#   split: [IMG_2.jpg, trip/IMG_3.jpg]   # on these photos it is another person: a new folder
#
# Photos are named as in the folder of photos; the file's name alone will do. facetrack adds new
# persons at the end and changes nothing that is here.
"""


@dataclass
class Corrections:
    """What people.yaml says. Persons are numbers; photos are names as the user wrote them.

    names: of persons. merge: for each person who is another one, that one. split, bar: (person,
    photos, line of the file).
    """

    names: dict[int, str] = field(default_factory=dict)
    merge: dict[int, int] = field(default_factory=dict)
    split: list[tuple[int, list[str], int]] = field(default_factory=list)
    bar: list[tuple[int, list[str], int]] = field(default_factory=list)
    persons: set[int] = field(default_factory=set)

    def chain(self, number: int) -> list[int]:
        """A number and the persons it is merged into, one after the other; never in a circle."""
        chain = [number]
        while chain[-1] in self.merge:
            chain.append(self.merge[chain[-1]])
        return chain

    def person(self, number: int) -> int:
        """The person that a number stands for, merges followed."""
        return self.chain(number)[-1]


def folder_name(number: int) -> str:
    """A person's folder as long as there is no name: person-001."""
    return f"person-{number:03d}"


def read(path: Path) -> tuple[str, Corrections]:
    """The file's text and what it says; nothing where there is no file.

    Raises UserError with the line where it is no such file.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UserError(
                f"{path} is larger than {_MOST_BYTES >> 20} MB: expected a list of people"
            )
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return "", Corrections()
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text ({error}): save it as UTF-8") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror})") from error
    return text, _parsed(text, path)


def add(path: Path, persons: Collection[int]) -> bool:
    """Append entries for persons the file does not have yet; False where that cannot be done.

    The file is read again: what the user has written since the start of the run stays.
    """
    try:
        text, said = read(path)
        missing = sorted(set(persons) - said.persons)
        if not missing and text:
            return True
        added = text or _HEAD
        if not added.endswith("\n"):
            added += "\n"
        added += "".join(f"\n{folder_name(person)}:\n  name:\n" for person in missing)
        # Appended lines mean something else where the file is one flow mapping, say.
        if _parsed(added, path).persons != said.persons | set(missing):
            return False
    except UserError:
        return False
    replace(path, added.encode())
    return True


def parsed_or_nothing(text: str, path: Path) -> Corrections:
    """What a text of an earlier people.yaml said; nothing where it is none."""
    try:
        return _parsed(text, path)
    except UserError:
        return Corrections()


def put(path: Path, text: str) -> None:
    """Write the whole file anew. Raises OSError."""
    replace(path, text.encode())


def text_of(path: Path) -> str:
    """The file's text as it is; what is no text in it as "?"."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _parsed(text: str, path: Path) -> Corrections:
    def wrong(node: Node, told: str) -> UserError:
        return UserError(f"{path}, line {node.start_mark.line + 1}: {told}; nothing was changed")

    try:
        # The nodes, not the values: they know their lines, and a name such as "no" stays a name.
        top = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise UserError(
            f"{path}{line}: not YAML ({error.problem or error.context}); nothing was changed"
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        told = " ".join(str(error).split())[:200]
        raise UserError(f"{path} is not YAML ({told}); nothing was changed") from error
    said = Corrections()
    if top is None or top.tag == _NULL:
        return said
    # A person may be there several times: what the page suggests can be put at the end.
    for key, node in _entries(top, wrong, "expected persons, such as person-001:"):
        number = _number(key)
        if number is None:
            raise wrong(key, f"expected a person such as person-001, got {_shown(key)}")
        said.persons.add(number)
        if node.tag == _NULL:
            continue
        expected = f"expected name, merge, split or not below {folder_name(number)}"
        for setting, value in _pairs(node, wrong, expected):
            _note(said, number, setting, value, wrong)
    return said


Wrong = Callable[[Node, str], UserError]


def _note(said: Corrections, number: int, setting: Node, value: Node, wrong: Wrong) -> None:
    """Add one setting of a person."""
    what = setting.value if isinstance(setting, ScalarNode) else ""
    if what not in ("name", "merge", "split", "not"):
        raise wrong(setting, f"expected name, merge, split or not, got {_shown(setting)}")
    if value.tag == _NULL:
        return
    line = value.start_mark.line + 1
    if what == "name":
        if not isinstance(value, ScalarNode) or len(value.value) > _LONGEST_NAME:
            raise wrong(value, f"expected a name of at most {_LONGEST_NAME} characters")
        name = value.value.strip()
        if name and said.names.setdefault(number, name) != name:
            raise wrong(value, f"{folder_name(number)} has two names")
        return
    lists = [value] if isinstance(value, ScalarNode) else value.value
    if what == "merge":
        for item in lists:
            other = _number(item)
            if other is None:
                raise wrong(item, f"expected a person such as person-004, got {_shown(item)}")
            if other in said.chain(number):
                raise wrong(item, f"{folder_name(other)} would be merged into itself")
            if said.merge.setdefault(other, number) != number:
                raise wrong(item, f"{folder_name(other)} is merged into two persons")
        return
    # Several lists are several persons to split off.
    several = bool(lists) and all(isinstance(item, SequenceNode) for item in lists)
    for photos in [item.value for item in lists] if several else [lists]:
        if not photos or not all(isinstance(photo, ScalarNode) for photo in photos):
            raise wrong(value, "expected a list of photos, such as [IMG_1.jpg]")
        names = [str(photo.value) for photo in photos]
        (said.split if what == "split" else said.bar).append((number, names, line))


def _entries(node: Node, wrong: Wrong, expected: str) -> list[tuple[Node, Node]]:
    if not isinstance(node, MappingNode):
        raise wrong(node, expected)
    return list(node.value)


def _pairs(node: Node, wrong: Wrong, expected: str) -> Iterator[tuple[Node, Node]]:
    seen = set()
    for key, value in _entries(node, wrong, expected):
        if isinstance(key, ScalarNode) and key.value in seen:
            raise wrong(key, f"{_shown(key)} is there twice")
        seen.add(key.value if isinstance(key, ScalarNode) else None)
        yield key, value


def _number(node: Node) -> int | None:
    match = _PERSON.fullmatch(node.value) if isinstance(node, ScalarNode) else None
    return int(match[1]) if match else None


def _shown(node: Node) -> str:
    return repr(node.value)[:60] if isinstance(node, ScalarNode) else "a list"
