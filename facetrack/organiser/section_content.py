"""What a section of people.yaml says, to see that a change of it is the one that was wanted."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from facetrack.organiser.handwritten import Items, Node, Pairs, Text, parse
from facetrack.organiser.people_file import FILE
from facetrack.organiser.references import is_cut_point

Said = dict[str, Any]
"""A text, or nothing, by "name" and "hide"; a list by the others, of lists by "split"."""


def read_section(part: str) -> Said:
    """What a section says, as people_file.py understands it."""
    top = parse(part, Path(FILE))
    assert isinstance(top, Pairs)
    key, node = top.pairs[0]
    if isinstance(key, Text) and key.text == "nobody":
        return {"nobody": _read_list(node)}
    if not isinstance(node, Pairs):
        return {"name": _read_text(node)}
    said: Said = {}
    for setting, value in node.pairs:
        assert isinstance(setting, Text)
        if setting.text in ("name", "hide"):
            said[setting.text] = _read_text(value)
        elif setting.text == "split":
            several = isinstance(value, Items) and any(
                isinstance(one, Items) for one in value.items
            )
            lists = value.items if several and isinstance(value, Items) else (value,)
            said["split"] = [found for one in lists if (found := _read_list(one))]
        else:
            said[setting.text] = _read_list(value)
    return said


def _read_text(node: Node) -> str | None:
    return None if not isinstance(node, Text) or node.is_nothing else node.text


def _read_list(node: Node) -> list[str]:
    items = node.items if isinstance(node, Items) else (node,)
    found: list[str] = []
    cut = False
    for item in items:
        if not isinstance(item, Text) or item.is_nothing:
            continue
        if cut and item.plain and item.text.isdecimal():
            found[-1] += f",{item.text}"
            cut = False
        else:
            found.append(item.text)
            cut = item.plain and is_cut_point(item.text)
    return found


def flatten(items: Sequence[Any]) -> Iterator[str]:
    """The items of a list, or of its lists."""
    for item in items:
        if isinstance(item, list):
            yield from item
        else:
            yield item


def leave_out(items: Sequence[Any], gone: set[str]) -> list[Any]:
    """A list, or its lists, without some items, and without lists that are empty then."""
    if items and isinstance(items[0], list):
        inner = [[one for one in some if one not in gone] for some in items]
        return [some for some in inner if some]
    return [one for one in items if one not in gone]


def drop_empty(said: Said) -> Said:
    """Without settings that say nothing."""
    return {key: value for key, value in said.items() if value}
