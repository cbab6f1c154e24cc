"""YAML that is read, changed and written again, with the comments and quotes that were in it."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from facetrack.organiser.references import is_cut_point

_BLOCKS = ("also", "not", "nobody", "split")  # a face a line; persons in brackets
_NOT_PLAIN = frozenset(":#,[]{}\"'&*!|>%@`\\")
_AT_FIRST = frozenset("-?=~<")
_WIDTH = 1 << 20
_NULL = "tag:yaml.org,2002:null"


class _Resolver(VersionedResolver):
    """Takes every word for a text, as facetrack does: names such as no or 1984 stay as they are."""

    @property
    def versioned_resolver(self) -> dict[str, list[Any]]:
        return {"": [(_NULL, re.compile(""))]}


def make_yaml(part: str) -> YAML:
    """What reads and writes a text; lists are indented as they are there."""
    made = YAML(typ="rt", pure=True)
    made.Resolver = _Resolver
    made.preserve_quotes = True
    made.width = _WIDTH
    lists = [line for line in part.split("\n") if line.lstrip().startswith("- ")]
    keys = [line for line in part.split("\n") if line.startswith(" ") and line not in lists]
    step = min((_indent(line) for line in keys if not line.lstrip().startswith("#")), default=2)
    outer = step if keys else 0
    inner = max(0, min((_indent(line) for line in lists), default=outer + 2) - outer)
    made.indent(mapping=step, sequence=inner + 2, offset=inner)
    return made


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def list_comments(node: Any) -> Iterator[str]:
    """All comments below a node, without the lines that are empty."""
    if isinstance(node, CommentedMap | CommentedSeq):
        yield from _list_tokens([node.ca.comment, list(node.ca.items.values()), node.ca.end])
        for one in node.values() if isinstance(node, CommentedMap) else node:
            yield from list_comments(one)


def _list_tokens(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _list_tokens(one)
    elif value is not None:
        yield from (line.strip() for line in value.value.split("\n") if line.strip())


def add_items(below: CommentedMap, name: str, items: Sequence[str]) -> None:
    """Add to the list that is there by a name, or begin one; of split a list of its own."""
    value = below.get(name)
    if not isinstance(value, CommentedSeq):
        old = [] if value is None else [value]
        value = CommentedSeq(old)
        if name not in _BLOCKS:
            value.fa.set_flow_style()
        below[name] = value
    flow = value.fa.flow_style() is True
    if name != "split":
        value.extend([make_scalar(item) for item in items])
        return
    if not all(isinstance(one, CommentedSeq) for one in value):
        inner = value
        value = CommentedSeq([inner])
        if flow:
            value.fa.set_flow_style()
        below[name] = value
    new = CommentedSeq([make_scalar(item) for item in items])
    new.fa.set_flow_style()
    value.append(new)


def take_items(value: Any, gone: set[str]) -> Any:
    """A list without some items; nothing where none is left."""
    if not isinstance(value, CommentedSeq):
        return None if value in gone else value
    for row in range(len(value) - 1, -1, -1):
        one = value[row]
        if isinstance(one, CommentedSeq):
            if not take_items(one, gone):
                del value[row]
        elif one in gone:
            del value[row]
        elif row + 1 < len(value) and f"{one},{value[row + 1]}" in gone and is_cut_point(one):
            del value[row + 1], value[row]
    return value or None


def make_scalar(text: str) -> str:
    """A text as it is written: in quotes where YAML would take it for something else."""
    plain = (
        text.isprintable()
        and text == text.strip()
        and text not in ("", "null")
        and text[0] not in _AT_FIRST
        and _NOT_PLAIN.isdisjoint(text)
    )
    return text if plain else DoubleQuotedScalarString(text)
