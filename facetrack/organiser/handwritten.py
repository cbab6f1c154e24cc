"""YAML that somebody wrote by hand: its nodes, each with its line, and what is wrong with it.

Values stay the text that is there: a name such as "no" is a name. What multiplies (anchors and
aliases), nests or goes on without end is refused, so that no file takes long or much memory.
"""

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from facetrack.core.errors import UserError
from facetrack.system.yaml_loader import LOADER

_DEEPEST = 6  # people.yaml needs four
_MOST_NODES = 500_000  # of 100,000 persons
_LONGEST_ADVICE = 300  # characters of a line
_CONTROL = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")  # as YAML counts lines
_ENTRY = re.compile(r"\s*([\w-]+)\s*:\s+(\S.*?)(?:\s+#.*)?\s*")
# Where these begin is where they are wrong; of others it is where reading stopped.
_WHOLE = ("while scanning a quoted scalar", "while parsing a flow ")


@dataclass(frozen=True)
class Text:
    """A word or a text. line: from 1. plain: without quotes."""

    line: int
    text: str
    plain: bool

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is written there: no value, or YAML's words for that."""
        return self.plain and self.text in ("", "~", "null")


@dataclass(frozen=True)
class Items:
    """A list."""

    line: int
    items: tuple["Node", ...]


@dataclass(frozen=True)
class Pairs:
    """Keys and values, in the order they are in, a key as often as it is there."""

    line: int
    pairs: tuple[tuple["Node", "Node"], ...]


Node = Text | Items | Pairs


def error_in(path: Path, line: int, told: str) -> UserError:
    """The error for a line of a file."""
    return UserError(f"{path}, line {line}: {told}; nothing was changed")


@functools.lru_cache(maxsize=1)  # a run reads people.yaml four times
def parse(text: str, path: Path) -> Node | None:
    """The node of a text, None for an empty one. path: only named.

    Raises UserError with the line where it is not YAML, or more of it than is needed.
    """
    lines = _BREAK.split(text)
    control = _CONTROL.search(text)
    if control:
        line = len(_BREAK.findall(text, 0, control.start())) + 1
        raise error_in(
            path, line, f"not YAML (control character U+{ord(control[0]):04X}): remove it"
        )
    for number, one in enumerate(lines, 1):
        if one.startswith("%"):  # many take libyaml minutes
            raise error_in(
                path, number, "not YAML that facetrack reads: put in quotes what begins so"
            )
    try:
        return _document(yaml.parse(text, Loader=LOADER), lines, path)
    except yaml.MarkedYAMLError as error:
        whole = (error.context or "").startswith(_WHOLE)
        mark = (error.context_mark if whole else None) or error.problem_mark or error.context_mark
        last = len(_BREAK.findall(text.rstrip())) + 1  # what lacks an end is found missing below
        line = min(mark.line + 1, last) if mark else last
        told = f"not YAML ({error.problem or error.context}){_advice(lines, line)}"
        raise error_in(path, line, told) from error
    except yaml.YAMLError as error:
        told = " ".join(str(error).split())[:200]
        raise UserError(f"{path} is not YAML ({told}); nothing was changed") from error


def _document(events: Iterator[Any], lines: list[str], path: Path) -> Node | None:
    top: Node | None = None
    count, depth = 0, 0

    def node(event: Any) -> Node:
        nonlocal count, depth
        line = event.start_mark.line + 1
        count += 1
        if count > _MOST_NODES:
            raise error_in(
                path, line, f"more than {_MOST_NODES:,} values: expected a list of people"
            )
        if event.anchor is not None or getattr(event, "tag", None) is not None:
            told = f"what begins with *, & or ! is no name for YAML{_advice(lines, line)}"
            raise error_in(path, line, told)
        if isinstance(event, yaml.ScalarEvent):
            return Text(line, event.value, event.implicit[0])
        depth += 1
        if depth > _DEEPEST:
            raise error_in(path, line, "lists in lists in lists: expected a list of people")
        is_pairs, inside = isinstance(event, yaml.MappingStartEvent), list[Any]()
        while not isinstance(event := next(events), yaml.CollectionEndEvent):
            one = node(event)
            inside.append((one, node(next(events))) if is_pairs else one)
        depth -= 1
        return Pairs(line, tuple(inside)) if is_pairs else Items(line, tuple(inside))

    for event in events:
        if isinstance(event, yaml.NodeEvent):
            one = node(event)
            if top is not None:
                raise error_in(path, one.line, "a second document: expected one")
            top = one
    return top


def _advice(lines: list[str], line: int) -> str:
    """What to do about a line; nothing where there is no telling."""
    text = lines[line - 1] if line <= len(lines) else ""
    if "\t" in text[: len(text) - len(text.lstrip())]:
        return ": indent with spaces, not with tabs"
    entry = _ENTRY.fullmatch(text) if len(text) < _LONGEST_ADVICE else None
    if entry is None:
        return ""
    key, value = entry[1], entry[2]
    if _is_sound(f"{key}: {value}"):
        return ": is it indented as the lines around it are?"
    if key in ("merge", "different", "not", "split", "also", "nobody"):
        return ': put names with : , [ ] { } # * & ! in quotes, such as ["a: b.jpg"]'
    if value[0] in "\"'":
        value = value.strip(value[0])
    return f": put it in quotes, {key}: {json.dumps(value, ensure_ascii=False)}"


def _is_sound(text: str) -> bool:
    try:
        events = list(yaml.parse(text, Loader=LOADER))
    except yaml.YAMLError:
        return False
    return not any(
        isinstance(one, yaml.NodeEvent) and (one.anchor or getattr(one, "tag", None))
        for one in events
    )
