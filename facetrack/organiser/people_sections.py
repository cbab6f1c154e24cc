"""Where in the text of people.yaml somebody's lines are, so that only those are changed.

A file of 3,000 persons takes a YAML library a tenth of a second, so that lines which begin with a
person are found without one where the text is laid out as facetrack lays it out: no list, quoted
name or other sign of YAML reaches over the beginning of a line. Else the library says.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, ScalarNode

from facetrack.core.errors import UserError
from facetrack.organiser.people import NOBODY, folder_name, number_of
from facetrack.organiser.people_file import FILE, understand
from facetrack.system.yaml_loader import LOADER

_AT_LEFT = re.compile(r"^[^\s#].*", re.MULTILINE)
_KEY = re.compile(r"""(?P<sign>["']?)(?P<key>[\w-]+)(?P=sign):(?:\s|$)""")
_MARKED = re.compile(r"""^[^\S\n]*(?:- +)*(?:[\w"'-]+:[^\S\n]+)?(["'\[{].*)""", re.MULTILINE)
_OTHER_BREAK = re.compile("\r(?!\n)|[\x85\u2028\u2029]")
_REST = re.compile(r"(?:^[^\S\n]*(?:#[^\n]*)?(?:\n|\Z))*\Z", re.MULTILINE)
_WORD = "nobody"
_BY_HAND = f"{FILE} is written such that it cannot be changed here: edit it by hand"


@dataclass(frozen=True)
class Section:
    """A part of a text: start to end, both indices of characters."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """What is in it."""
        return text[self.start : self.end]

    def put(self, text: str, part: str) -> str:
        """The text with something else there."""
        return text[: self.start] + part + text[self.end :]


def find_sections(text: str, number: int) -> list[Section]:
    """Where a person's lines are, or those of nobody, without what is only remarked below them.

    Raises UserError for a text that is no list of people.
    """
    found = _find_keys(text) if _is_plain(text) else None
    starts = _ask_for_keys(text) if found is None else found
    ends = [*(start for start, _ in starts[1:]), *([len(text)] if starts else [])]
    return [
        Section(start, start + _REST.search(text[start:end]).start())  # type: ignore[union-attr]
        for (start, key), end in zip(starts, ends, strict=True)
        if _is_of(key, number)
    ]


def begin_section(number: int) -> str:
    """The lines of somebody of whom nothing is said yet."""
    return f"{_WORD}:\n" if number == NOBODY else f"{folder_name(number)}:\n  name:\n"


def check_whole(text: str, changed: str) -> None:
    """Raises UserError where a text that is not laid out plainly is another one after a change."""
    if _is_plain(text) and _find_keys(text) is not None:
        return
    before = understand(text, Path(FILE)).persons
    try:
        after = understand(changed, Path(FILE)).persons
    except UserError as error:
        raise UserError(_BY_HAND) from error
    if not before <= after or len(after) > len(before) + 1:
        raise UserError(_BY_HAND)


def _is_of(key: str, number: int) -> bool:
    return key == _WORD if number == NOBODY else number_of(key) == number


def _is_plain(text: str) -> bool:
    """Whether no quoted text and no list in brackets goes on in another line.

    Quotes within a word, as in D'Arcy, begin nothing.
    """
    return not _OTHER_BREAK.search(text) and all(map(_ends, _MARKED.findall(text)))


def _ends(value: str) -> bool:
    """Whether a value that begins with a quote or a bracket surely ends in its line."""
    if value[0] in "\"'":
        return value.count(value[0]) % 2 == 0
    opened = value.count("[") + value.count("{") - value.count("]") - value.count("}")
    return opened == 0 and value.count('"') % 2 == 0 and value.count("'") % 2 == 0


def _find_keys(text: str) -> list[tuple[int, str]] | None:
    """Where each key begins, and the key; None where something else is at the left."""
    found = []
    for line in _AT_LEFT.finditer(text):
        match = _KEY.match(line[0])
        if match is None:
            return None
        found.append((line.start(), match["key"]))
    return found


def _ask_for_keys(text: str) -> Sequence[tuple[int, str]]:
    understand(text, Path(FILE))
    top = yaml.compose(text, Loader=LOADER)
    if top is None or (isinstance(top, ScalarNode) and not top.value):
        return []
    if not isinstance(top, MappingNode) or top.flow_style:
        raise UserError(_BY_HAND)
    return [(key.start_mark.index, str(key.value)) for key, _ in top.value]
