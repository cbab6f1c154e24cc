"""Single changes of people.yaml's text, in which everything else stays as somebody wrote it.

Only the lines of one person are taken apart, by a library that keeps comments and quotes, and put
together again; a comment that stood beside what is taken out stays below it. What comes out is
looked at: it says what was wanted and nothing else.
"""

import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from facetrack.core.errors import UserError
from facetrack.organiser.people import NOBODY, number_of
from facetrack.organiser.people_file import FILE, understand
from facetrack.organiser.people_sections import Section, begin_section, check_whole, find_sections
from facetrack.organiser.round_trip import (
    add_items,
    list_comments,
    make_scalar,
    make_yaml,
    take_items,
)
from facetrack.organiser.section_content import (
    Said,
    drop_empty,
    flatten,
    leave_out,
    read_section,
)

_Change = Callable[[CommentedMap], None]


def set_name(text: str, number: int, name: str | None) -> str:
    """Give a person a name, or take it away. Raises UserError where that cannot be done."""
    if name is not None:
        _demand_name(name)
    changed = text
    sections = find_sections(text, number)
    # A person who is there twice has one name: the first that has one gets it, others lose it.
    having = [one for one in sections if read_section(one.of(text)).get("name")]
    if name is None and not having:
        return text
    listed: list[Section | None] = [*(having or sections[:1])]
    first = listed[0] if listed else None
    for section in reversed(listed or [None]):
        to = name if section is first else None

        def change(said: CommentedMap, to: str | None = to) -> None:
            if to is not None or "name" in said:
                said["name"] = None if to is None else make_scalar(to)

        changed = _edit(changed, section, number, change, _with(name=to))
    check_whole(text, changed)
    return changed


def set_hidden(text: str, number: int, hidden: bool) -> str:
    """Say that a person is of no interest, or no longer. Raises UserError."""
    changed = text
    sections = find_sections(text, number)
    said = [read_section(section.of(text)) for section in sections]
    if hidden and not any(one.get("hide") in ("true", "yes") for one in said):
        at = next((row for row, one in enumerate(said) if "hide" in one), 0)
        first = sections[at] if sections else None
        changed = _edit(text, first, number, _put_hidden, _with(hide="true"))
    for section in [] if hidden else reversed(sections):
        if "hide" in read_section(section.of(text)):
            changed = _edit(changed, section, number, _take_hidden, _with(hide=None))
    check_whole(text, changed)
    return changed


def add(text: str, number: int, setting: str, items: Sequence[str]) -> str:
    """Add to a list of a person: merge, different, split, not or also; number 0: of nobody.

    What is there already is not added again. Each addition to split is another new person. Raises
    UserError where that cannot be done.
    """
    sections = find_sections(text, number)
    said = [read_section(section.of(text)) for section in sections]
    name = _name(number, setting)
    there = {_identify(name, item) for one in said for item in flatten(one.get(name, []))}
    new = [item for item in dict.fromkeys(items) if _identify(name, item) not in there]
    if not new:
        return text
    at = next((row for row, one in enumerate(said) if name in one), 0)

    def change(below: CommentedMap) -> None:
        add_items(below, name, new)

    def expect(before: Said) -> Said:
        more: list[Any] = [new] if name == "split" else new
        return before | {name: [*before.get(name, []), *more]}

    changed = _edit(text, sections[at] if sections else None, number, change, expect)
    check_whole(text, changed)
    return changed


def remove(text: str, number: int, setting: str, items: Sequence[str]) -> str:
    """Take out of a list of a person what `add` adds; an empty list goes. Raises UserError."""
    name, changed = _name(number, setting), text
    wanted = {_identify(name, item) for item in items}
    for section in reversed(find_sections(text, number)):
        there = flatten(read_section(section.of(text)).get(name, []))
        gone = {item for item in there if _identify(name, item) in wanted}
        if gone:
            take, expect = _take(name, gone, number), _expect_without(name, gone)
            changed = _edit(changed, section, number, take, expect)
    check_whole(text, changed)
    return changed


def edit(text: str, edits: Iterable[Sequence[Any]]) -> str:
    """Carry several out: what to do, whose lines, and what that takes. Raises UserError."""
    kinds: Mapping[str, Callable[..., str]] = {
        "name": set_name,
        "hide": set_hidden,
        "add": add,
        "remove": remove,
    }
    for what, number, *values in edits:
        text = kinds[what](text, number, *values)
    return text


def drop(text: str, number: int) -> str:
    """Take out a person's lines, or those of nobody, where they say nothing and have no remark."""
    for section in reversed(find_sections(text, number)):
        part = section.of(text)
        if not drop_empty(read_section(part)) and "#" not in part:
            # With the empty line before it, which `add` has made as well.
            for blank in ("\n", "\r\n"):
                if text[: section.start].endswith(2 * blank):
                    section = replace(section, start=section.start - len(blank))
            text = section.put(text, "")
    return text


def _take(name: str, gone: set[str], number: int) -> _Change:
    def change(below: CommentedMap) -> None:
        left = take_items(below[name], gone)
        if left or number == NOBODY:
            below[name] = left
        else:
            del below[name]

    return change


def _expect_without(name: str, gone: set[str]) -> Callable[[Said], Said]:
    return lambda before: before | {name: leave_out(before[name], gone)}


def _identify(name: str, item: str) -> str | int:
    """The same for the same person, whichever way they are written."""
    number = number_of(item) if name in ("merge", "different") else None
    return item if number is None else number


def _demand_name(name: str) -> None:
    """Raises UserError for what is no name."""
    try:
        said = understand(f"1:\n  name: {json.dumps(name, ensure_ascii=False)}\n", Path(FILE))
    except UserError:
        said = None
    if said is None or not said.called:
        raise UserError("expected a name of at most 100 characters, some of which can be seen")


def _name(number: int, setting: str) -> str:
    return "nobody" if number == NOBODY else setting


def _with(**values: str | None) -> Callable[[Said], Said]:
    return lambda before: before | values


def _put_hidden(said: CommentedMap) -> None:
    said["hide"] = "true"


def _take_hidden(said: CommentedMap) -> None:
    del said["hide"]


# One section


def _edit(
    text: str,
    section: Section | None,
    number: int,
    change: _Change,
    expect: Callable[[Said], Said],
) -> str:
    """The text with one section changed; it is put at the end where there is none."""
    if section is None:
        begun = begin_section(number)
        gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
        newline = "\r\n" if "\r\n" in text else "\n"
        part = begun.replace("\n", newline)
        return text + gap.replace("\n", newline) + _change_part(part, change, expect)
    return section.put(text, _change_part(section.of(text), change, expect))


def _change_part(part: str, change: _Change, expect: Callable[[Said], Said]) -> str:
    before = part.replace("\r\n", "\n")
    try:
        document = make_yaml(before).load(before)
        comments = Counter(list_comments(document))
        key = next(iter(document))
        if key == "nobody":
            change(document)
        else:
            short = not isinstance(document[key], CommentedMap)
            below = _open(document, key)
            change(below)
            if not below or (short and list(below) == ["name"]):
                document[key] = below.get("name")
        written = io.StringIO()
        make_yaml(before).dump(document, written)
        after = written.getvalue()
        lost = comments - Counter(list_comments(make_yaml(after).load(after)))
        understand(after, Path(FILE))
    except (YAMLError, UserError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise _refuse(before) from error
    after += "".join(f"  {comment}\n" for comment in lost.elements())
    if drop_empty(read_section(after)) != drop_empty(expect(read_section(before))):
        raise _refuse(before)
    if not part.endswith("\n"):
        after = after.removesuffix("\n")
    return after.replace("\n", "\r\n") if "\r\n" in part else after


def _refuse(part: str) -> UserError:
    first = part.partition("\n")[0][:60]
    return UserError(
        f"what {FILE} says below {first!r} is written such that it cannot be changed here: "
        "edit it by hand"
    )


def _open(document: CommentedMap, key: str) -> CommentedMap:
    """What is said of a person, as keys and values: person-001: Anna has a name."""
    below = document[key]
    if not isinstance(below, CommentedMap):
        below = CommentedMap({} if below is None else {"name": below})
        document[key] = below
    return below
