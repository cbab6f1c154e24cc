"""people.yaml as it is read: nobody's edits are lost on the way, and what is wrong has its line."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.organiser import shared_file
from facetrack.organiser.handwritten import Items, Node, Pairs, Text, error_in, parse
from facetrack.organiser.people import NOBODY, Corrections, Photo, folder_name
from facetrack.organiser.people_completion import Mention, complete, number_in
from facetrack.organiser.references import is_cut_point

FILE = "people.yaml"
_MOST_BYTES = 4 << 20
_LONGEST_NAME = 100
_NOBODY = "nobody"
_SETTINGS = ("name", "merge", "different", "split", "not", "also", "hide")
_EXPECTED = "expected name, merge, different, split, not, also or hide"
_HIDDEN = {"true": True, "yes": True, "false": False, "no": False}
_A_PHOTO = "expected a list of photos, such as [IMG_1.jpg]"
_A_PERSON = "expected a list of persons, such as [person-004]"
_NO_COLON = re.compile(rf"(?:{'|'.join(_SETTINGS)})(?:[\s:].*)?", re.DOTALL)


def read(path: Path) -> tuple[str, Corrections]:
    """The file's text and what it says; nothing where there is no file.

    Raises UserError with the line where it is no such file.
    """
    text = decode(path, read_content(path) or b"")
    return text, understand(text, path)


def read_content(path: Path) -> bytes | None:
    """What is in the file, None where there is none. Raises UserError where it cannot be read."""
    return shared_file.read(path, _MOST_BYTES)


def parse_or_nothing(text: str, path: Path) -> Corrections:
    """What a text of an earlier people.yaml said; nothing where it is none."""
    try:
        return understand(text, path)
    except UserError:
        return Corrections()


def text_of(path: Path) -> str:
    """The file's text as it is; what is no text in it as "?"."""
    try:
        return (read_content(path) or b"").decode("utf-8", "replace")
    except UserError:
        return ""


def decode(path: Path, content: bytes) -> str:
    """The text of the file's content. Raises UserError where it is none."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text ({error}): save it as UTF-8") from error


def understand(text: str, path: Path) -> Corrections:
    """What a text says. path: only named. Raises UserError with the line that is wrong."""
    top = parse(text, path)
    said = Corrections()
    if top is None or (isinstance(top, Text) and top.is_nothing):
        return said
    if not isinstance(top, Pairs):
        raise error_in(path, top.line, "expected persons, such as person-001:")
    others: list[Mention] = []
    # A person may be there several times: what the page suggests can be put at the end.
    for key, node in top.pairs:
        if isinstance(key, Text) and key.text == _NOBODY:
            said.bar += [(NOBODY, face) for face in _photos(said, node, path)]
            continue
        number = number_in(key)
        if number is None:
            raise error_in(
                path, key.line, f"expected a person such as person-001, got {_show(key)}"
            )
        nothing = isinstance(node, Text) and node.is_nothing
        said.sections.append((number, key.line, not nothing))
        for setting, value in _settings(node, number, path):
            others += _note(said, number, setting, value, path)
    complete(said, others, path)
    return said


def _settings(node: Node, number: int, path: Path) -> Iterator[tuple[str, Node]]:
    """What is said of a person."""
    if isinstance(node, Text):  # person-001: Anna
        if node.plain and _NO_COLON.fullmatch(node.text):
            told = f"{_show(node)} lacks a colon and a space, as in name: Anna"
            raise error_in(path, node.line, told)
        yield "name", node
        return
    if not isinstance(node, Pairs):
        raise error_in(path, node.line, f"{_EXPECTED} below {folder_name(number)}")
    seen = set()
    for key, value in node.pairs:
        setting = key.text if isinstance(key, Text) else ""
        if setting not in _SETTINGS:
            raise error_in(path, key.line, f"{_EXPECTED}, got {_show(key)}")
        if setting in seen:
            raise error_in(path, key.line, f"{_show(key)} is there twice")
        seen.add(setting)
        yield setting, value


def _note(said: Corrections, number: int, setting: str, value: Node, path: Path) -> list[Mention]:
    """Add one setting of a person. Returns other persons, to be found when all names are known."""
    if setting == "name":
        _note_name(said, number, value, path)
    elif setting == "split":
        # Several lists are several persons to split off.
        lists = value.items if isinstance(value, Items) else ()
        several = bool(lists) and all(isinstance(one, Items) for one in lists)
        for listed in lists if several else [value]:
            said.split.append((number, _photos(said, listed, path)))
    elif setting == "not":
        said.bar += [(number, photo) for photo in _photos(said, value, path)]
    elif setting == "also":
        said.also += [(number, face) for face in _photos(said, value, path)]
    elif setting == "hide":
        _note_hidden(said, number, value, path)
    else:
        return [Mention(number, setting, item) for item in _texts(said, value, path, _A_PERSON)]
    return []


def _photos(said: Corrections, value: Node, path: Path) -> list[Photo]:
    """Photos, or faces on them. A comma ends a word in brackets, also that of NAME@X,Y."""
    found: list[Photo] = []
    cut = False
    for item in _texts(said, value, path, _A_PHOTO):
        if cut and item.plain and item.text.isdecimal():
            name = f"{found.pop().name},{item.text}"
            cut = False
        else:
            name, cut = item.text, item.plain and is_cut_point(item.text)
        found.append(Photo(name, item.line))
    return found


def _note_hidden(said: Corrections, number: int, value: Node, path: Path) -> None:
    if isinstance(value, Text) and value.is_nothing:
        return
    hidden = _HIDDEN.get(value.text.lower()) if isinstance(value, Text) else None
    if hidden is None:
        raise error_in(path, value.line, "expected hide: true")
    if hidden and said.hide_lines.setdefault(number, value.line) != value.line:
        first = said.hide_lines[number]
        said.remarks.append((value.line, f"that they are hidden is on line {first} already"))


def _note_name(said: Corrections, number: int, value: Node, path: Path) -> None:
    if not isinstance(value, Text) or len(value.text) > _LONGEST_NAME:
        raise error_in(
            path,
            value.line,
            f"expected a name of at most {_LONGEST_NAME} characters, in quotes if it has signs",
        )
    if value.is_nothing:
        if value.text == "null":
            said.remarks.append((value.line, "null is no name; in quotes it is"))
        return
    name = unicodedata.normalize("NFC", value.text.strip())
    if not any(_is_visible(letter) for letter in name):
        said.remarks.append((value.line, "a name of which nothing can be seen is none"))
        return
    first, line = said.called.setdefault(number, (name, value.line))
    if first != name:
        raise error_in(path, value.line, f"{folder_name(number)} has two names")
    if line != value.line:
        said.remarks.append((value.line, f"that name is on line {line} already"))


def _is_visible(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LNPS"


def _texts(said: Corrections, value: Node, path: Path, expected: str) -> Iterator[Text]:
    """The items of a list, or the only one without a list; those that say nothing are told."""
    if isinstance(value, Text) and value.is_nothing:
        return
    items = value.items if isinstance(value, Items) else (value,)
    if not items:
        said.remarks.append((value.line, "an empty list"))
    for item in items:
        if not isinstance(item, Text):
            raise error_in(path, item.line, expected)
        if item.is_nothing or not item.text.strip():
            said.remarks.append((item.line, "nothing is written there"))
        else:
            yield item


def _show(node: Node) -> str:
    return repr(node.text)[:60] if isinstance(node, Text) else "a list"
