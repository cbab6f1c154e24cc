"""people.yaml: the names and corrections a user writes, and the persons facetrack adds to it.

The file is the user's. facetrack only ever appends to it; what is in it stays as it was written.
"""

import re
import time
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.figures import make_printable
from facetrack.organiser import shared_file
from facetrack.organiser.handwritten import Items, Node, Pairs, Text, parsed, wrong

FILE = "people.yaml"
_MOST_BYTES = 4 << 20
_LONGEST_NAME = 100
_PATIENCE, _PAUSE = 1, 0.05  # seconds; an editor takes less to save a file
_PERSON = re.compile(r"(?:person-)?0*([1-9]\d{0,8})")
_SETTINGS = ("name", "merge", "different", "split", "not")
_EXPECTED = "expected name, merge, different, split or not"
_A_PHOTO = "expected a list of photos, such as [IMG_1.jpg]"
_A_PERSON = "expected a list of persons, such as [person-004]"
_NO_COLON = re.compile(rf"(?:{'|'.join(_SETTINGS)})(?:[\s:].*)?", re.DOTALL)
_HEAD = """\
# Who is who. Write names and corrections here, then run the same command again.
#
# person-001: Anna           # the folder becomes "person-001 Anna"; and with more to say:
#
# person-001:
#   name: Anna
#   merge: [person-004]      # person-004 is the same person, and goes into this folder
#   different: [person-008]  # person-008 is somebody else, and not suggested again
#   not: [IMG_1.jpg]         # this person is not on this photo
#   split: [IMG_2.jpg, trip/IMG_3.jpg]   # on these photos it is another person: a new folder
#
# Photos are named as in the folder of photos; the file's name alone will do. Persons may be given
# by name in merge and different. What has a colon or other signs in it is put in quotes:
# name: "Anna: the first". facetrack adds new persons at the end and changes nothing that is here.
"""


@dataclass(frozen=True)
class Photo:
    """A photo as a user named it, and the line of people.yaml it is on."""

    name: str
    line: int


@dataclass
class Corrections:
    """What people.yaml says. Persons are numbers, lines are counted from 1.

    called: names of persons, and their lines. merge: for each person who is another one, that one;
    merge_lines: where it says so. split: persons and the photos to split off; bar: persons and
    photos they are not on. different: (person, other person, line), who are two. sections: persons,
    and whether anything is said of them, line by line. remarks: (line, what the user should know).
    """

    called: dict[int, tuple[str, int]] = field(default_factory=dict)
    merge: dict[int, int] = field(default_factory=dict)
    merge_lines: dict[int, int] = field(default_factory=dict)
    split: list[tuple[int, list[Photo]]] = field(default_factory=list)
    bar: list[tuple[int, Photo]] = field(default_factory=list)
    different: list[tuple[int, int, int]] = field(default_factory=list)
    sections: list[tuple[int, int, bool]] = field(default_factory=list)
    remarks: list[tuple[int, str]] = field(default_factory=list)
    _names: dict[int, str] | None = field(default=None, compare=False)
    _shortcuts: dict[int, int] = field(default_factory=dict, compare=False)

    @property
    def persons(self) -> set[int]:
        """Who is in the file."""
        return {number for number, _, _ in self.sections}

    @property
    def names(self) -> dict[int, str]:
        """Names of persons, which those merged into them may have brought.

        Where they brought several, the nearest in the chain of merges counts, then the first line.
        """
        if self._names is None:
            nearest: dict[int, tuple[int, int, str]] = {}
            steps: dict[int, int] = {}
            for number, (name, line) in self.called.items():
                person = self.person(number)
                this = (self._steps(number, steps), line, name)
                nearest[person] = min(this, nearest.get(person, this))
            self._names = {person: name for person, (_, _, name) in nearest.items()}
        return self._names

    def person(self, number: int) -> int:
        """The person that a number stands for, merges followed."""
        if number not in self.merge:
            return number
        passed = []
        while (into := self._shortcuts.get(number, self.merge.get(number))) is not None:
            passed.append(number)
            number = into
        self._shortcuts.update(dict.fromkeys(passed, number))
        return number

    def apart(self) -> set[frozenset[int]]:
        """Pairs of persons who are two, as the user says; merges are followed."""
        pairs = [(self.person(one), self.person(other)) for one, other, _ in self.different]
        return {frozenset(pair) for pair in pairs if pair[0] != pair[1]}

    def join(self, other: int, number: int, line: int) -> None:
        """Merge a person, who is not merged yet, into another one."""
        self.merge[other] = number
        self.merge_lines[other] = line
        self._names = None

    def part(self, other: int) -> None:
        """Undo a merge."""
        del self.merge[other], self.merge_lines[other]
        self._names = None
        self._shortcuts.clear()

    def _steps(self, number: int, known: dict[int, int]) -> int:
        """How many merges a number is away from its person. known: of other numbers, added to."""
        passed = []
        while number in self.merge and number not in known:
            passed.append(number)
            number = self.merge[number]
        steps = known.get(number, 0)
        for one in reversed(passed):
            known[one] = steps = steps + 1
        return steps


def number_of(text: str) -> int | None:
    """The number of a person called person-004 or 4, None where it is something else."""
    match = _PERSON.fullmatch(text)
    return int(match[1]) if match else None


def folder_name(number: int) -> str:
    """A person's folder as long as there is no name: person-001."""
    return f"person-{number:03d}"


def read(path: Path) -> tuple[str, Corrections]:
    """The file's text and what it says; nothing where there is no file.

    Raises UserError with the line where it is no such file.
    """
    text = _text(path, shared_file.read(path, _MOST_BYTES) or b"")
    return text, _understood(text, path)


def add(path: Path, persons: Collection[int]) -> str | None:
    """Append entries for persons the file does not have yet; why not, where that cannot be done.

    The file is read again: what the user has written since the start of the run stays, and so does
    what is saved meanwhile. Raises OSError where there is no room.
    """
    told, last, until = "", None, time.monotonic() + _PATIENCE
    while not told or time.monotonic() < until:
        if told:
            time.sleep(_PAUSE)
        before = None
        try:
            before = shared_file.read(path, _MOST_BYTES)
            text = _text(path, before or b"")
            said = _understood(text, path)
        except UserError as error:
            # Perhaps half of what an editor is writing; the same again is what it wrote.
            again, told = bool(told), f"no new persons are in {FILE}: {error}"
            if again and before == last:
                break
            last = before
            continue
        missing = sorted(set(persons) - said.persons)
        if text and not missing:
            return None
        added = _entries(text, missing)
        if not _is_added(text + added, said.persons | set(missing), path):
            return f"{FILE} is written such that nothing can be added: no new persons are in it"
        try:
            if shared_file.append(path, before, added.encode()):
                return None
        except PermissionError as error:
            return f"{FILE} may not be written to ({error.strerror}): no new persons are in it"
        told = f"{FILE} was being changed all the time: no new persons are in it"
    return told


def put(path: Path, text: str) -> None:
    """Make a text the file's content, whose owner, group, mode and links stay. Raises OSError."""
    shared_file.put(path, text.encode())


def finish(path: Path) -> None:
    """Take back half an addition, left by a run that was killed."""
    shared_file.finish(path)


def parsed_or_nothing(text: str, path: Path) -> Corrections:
    """What a text of an earlier people.yaml said; nothing where it is none."""
    try:
        return _understood(text, path)
    except UserError:
        return Corrections()


def text_of(path: Path) -> str:
    """The file's text as it is; what is no text in it as "?"."""
    try:
        return (shared_file.read(path, _MOST_BYTES) or b"").decode("utf-8", "replace")
    except UserError:
        return ""


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text ({error}): save it as UTF-8") from error


def _is_added(text: str, persons: set[int], path: Path) -> bool:
    """Whether a text has these persons; what is added to a flow mapping, say, is not in it."""
    try:
        return _understood(text, path).persons == persons
    except UserError:
        return False


def _entries(text: str, persons: Collection[int]) -> str:
    """What is appended to a text for persons."""
    start = "" if not text or text.endswith("\n") else "\n"
    added = "".join(f"\n{folder_name(person)}:\n  name:\n" for person in persons)
    added = f"{start}{added}" if text else f"{_HEAD}{added}"
    return added.replace("\n", "\r\n") if "\r\n" in text else added


def _understood(text: str, path: Path) -> Corrections:
    top = parsed(text, path)
    said = Corrections()
    if top is None or (isinstance(top, Text) and top.is_nothing):
        return said
    if not isinstance(top, Pairs):
        raise wrong(path, top.line, "expected persons, such as person-001:")
    others: list[tuple[int, str, Text]] = []
    # A person may be there several times: what the page suggests can be put at the end.
    for key, node in top.pairs:
        number = _number(key)
        if number is None:
            raise wrong(path, key.line, f"expected a person such as person-001, got {_shown(key)}")
        nothing = isinstance(node, Text) and node.is_nothing
        said.sections.append((number, key.line, not nothing))
        for setting, value in _settings(node, number, path):
            others += _noted(said, number, setting, value, path)
    _resolve(said, others, path)
    _check_different(said)
    _check_photos(said)
    return said


def _settings(node: Node, number: int, path: Path) -> Iterator[tuple[str, Node]]:
    """What is said of a person."""
    if isinstance(node, Text):  # person-001: Anna
        if node.plain and _NO_COLON.fullmatch(node.text):
            told = f"{_shown(node)} lacks a colon and a space, as in name: Anna"
            raise wrong(path, node.line, told)
        yield "name", node
        return
    if not isinstance(node, Pairs):
        raise wrong(path, node.line, f"{_EXPECTED} below {folder_name(number)}")
    seen = set()
    for key, value in node.pairs:
        setting = key.text if isinstance(key, Text) else ""
        if setting not in _SETTINGS:
            raise wrong(path, key.line, f"{_EXPECTED}, got {_shown(key)}")
        if setting in seen:
            raise wrong(path, key.line, f"{_shown(key)} is there twice")
        seen.add(setting)
        yield setting, value


def _noted(
    said: Corrections, number: int, setting: str, value: Node, path: Path
) -> list[tuple[int, str, Text]]:
    """Add one setting of a person. Returns other persons, to be found when all names are known."""
    if setting == "name":
        _note_name(said, number, value, path)
    elif setting == "split":
        # Several lists are several persons to split off.
        lists = value.items if isinstance(value, Items) else ()
        several = bool(lists) and all(isinstance(one, Items) for one in lists)
        for one in lists if several else [value]:
            said.split.append((number, _photos(said, one, path)))
    elif setting == "not":
        said.bar += [(number, photo) for photo in _photos(said, value, path)]
    else:
        return [(number, setting, item) for item in _texts(said, value, path, _A_PERSON)]
    return []


def _photos(said: Corrections, value: Node, path: Path) -> list[Photo]:
    return [Photo(item.text, item.line) for item in _texts(said, value, path, _A_PHOTO)]


def _note_name(said: Corrections, number: int, value: Node, path: Path) -> None:
    if not isinstance(value, Text) or len(value.text) > _LONGEST_NAME:
        raise wrong(
            path,
            value.line,
            f"expected a name of at most {_LONGEST_NAME} characters, in quotes if it has signs",
        )
    if value.is_nothing:
        if value.text == "null":
            said.remarks.append((value.line, "null is no name; in quotes it is"))
        return
    name = unicodedata.normalize("NFC", value.text.strip())
    if not any(_is_seen(letter) for letter in name):
        said.remarks.append((value.line, "a name of which nothing can be seen is none"))
        return
    first, line = said.called.setdefault(number, (name, value.line))
    if first != name:
        raise wrong(path, value.line, f"{folder_name(number)} has two names")
    if line != value.line:
        said.remarks.append((value.line, f"that name is on line {line} already"))


def _is_seen(letter: str) -> bool:
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
            raise wrong(path, item.line, expected)
        if item.is_nothing or not item.text.strip():
            said.remarks.append((item.line, "nothing is written there"))
        else:
            yield item


def _check_photos(said: Corrections) -> None:
    """Keep each photo that is split off, or barred, of a person once."""
    lines: dict[tuple[str, int, str], int] = {}

    def is_new(what: str, number: int, photo: Photo) -> bool:
        first = lines.get((what, number, photo.name))
        if first is None:
            lines[what, number, photo.name] = photo.line
            return True
        said.remarks.append(
            (photo.line, f"{make_printable(photo.name)} is on line {first} already")
        )
        return False

    said.bar = [one for one in said.bar if is_new("not", *one)]
    said.split = [
        (number, [photo for photo in photos if is_new("split", number, photo)])
        for number, photos in said.split
    ]
    said.split = [(number, photos) for number, photos in said.split if photos]


def _resolve(said: Corrections, others: list[tuple[int, str, Text]], path: Path) -> None:
    """Merge persons and tell them apart. others: (person, "merge" or "different", who)."""
    by_name: dict[str, list[int]] = {}
    for number, (name, _) in said.called.items():
        by_name.setdefault(name, []).append(number)
    persons = said.persons
    named = []
    for number, setting, item in others:
        other = _number(item)
        # 1984 is person-1984, unless there is only somebody of that name.
        if other is None or (other not in persons and item.text in by_name):
            named.append((number, setting, item))
        elif setting == "merge":
            _merge(said, other, number, item.line, path)
        else:
            said.different.append((number, other, item.line))
    # Names last: who they are depends on who is merged.
    for number, setting, item in sorted(named, key=lambda one: one[1] == "different"):
        found = _called(said, number, item, by_name)
        if found is not None and setting == "merge":
            _merge(said, found, number, item.line, path)
        elif found is not None:
            said.different.append((number, found, item.line))


def _called(
    said: Corrections, number: int, item: Text, by_name: dict[str, list[int]]
) -> int | None:
    """Who else has a name; None, and a remark, where there is no telling."""
    name = unicodedata.normalize("NFC", item.text.strip())
    everyone = {said.person(other) for other in by_name.get(name, [])}
    found = sorted(everyone - {said.person(number)})
    if len(found) == 1:
        return found[0]
    shown = make_printable(name)[:60]
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
        raise wrong(path, line, told)
    elif said.person(number) == other:
        raise wrong(path, line, f"{folder_name(other)} would be merged into itself")
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


def _number(node: Node) -> int | None:
    return number_of(node.text) if isinstance(node, Text) else None


def _shown(node: Node) -> str:
    return repr(node.text)[:60] if isinstance(node, Text) else "a list"
