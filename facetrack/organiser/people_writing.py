"""people.yaml as it is written to: what is in it stays, but for lines that an answer changes."""

import contextlib
import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.organiser import shared_file
from facetrack.organiser.people import folder_name
from facetrack.organiser.people_file import FILE, decode, read_content, understand

_PATIENCE, _PAUSE = 1, 0.05  # seconds; an editor takes less to save a file
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
#   also: [IMG_4.jpg]        # this face is hers, whoever had it
#   hide: true               # not of interest: last on the page, in no suggestion
#
# nobody: [IMG_5.jpg]        # this face is no person's: a statue, a poster
#
# Photos are named as in the folder of photos; the file's name alone will do. IMG_4.jpg@412,188 is
# the face there: pixels from the left and from the top. Persons may be given by name in merge and
# different. What has a colon or other signs in it is put in quotes: name: "Anna: the first".
# facetrack adds new persons at the end and changes nothing that is here.
"""


def add(path: Path, persons: Collection[int], names: Mapping[int, str] | None = None) -> str | None:
    """Append entries for persons the file does not have yet; why not, where that cannot be done.

    names: of XMP, for persons who have none in the file. The file is read again: what the user has
    written since the start of the run stays, and so does what is saved meanwhile. Raises OSError
    where there is no room.
    """
    told, last, until = "", None, time.monotonic() + _PATIENCE
    while not told or time.monotonic() < until:
        if told:
            time.sleep(_PAUSE)
        before = None
        try:
            before = read_content(path)
            text = decode(path, before or b"")
            said = understand(text, path)
        except UserError as error:
            # Perhaps half of what an editor is writing; the same again is what it wrote.
            again, told = bool(told), f"no new persons are in {FILE}: {error}"
            if again and before == last:
                break
            last = before
            continue
        called = {one: name for one, name in (names or {}).items() if one not in said.names}
        missing = sorted((set(persons) - said.persons) | called.keys())
        if text and not missing:
            return None
        added = _entries(text, missing, called)
        if not _is_added(text + added, said.persons | set(missing), path):
            return f"{FILE} is written such that nothing can be added: no new persons are in it"
        try:
            if shared_file.append(path, before, added.encode()):
                return None
        except PermissionError as error:
            return f"{FILE} may not be written to ({error.strerror}): no new persons are in it"
        told = f"{FILE} was being changed all the time: no new persons are in it"
    return told


def change(path: Path, known: str, edit: Callable[[str], str]) -> tuple[bytes, str]:
    """Change the file as it is now; returns what was in it before, and its text from now on.

    known: its text as it was last seen. edit: makes the new text; called again where somebody saves
    meanwhile. Raises UserError where it cannot be written to, or does not stay the same for long
    enough.
    """
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        before = read_content(path)
        if before is not None and before != known.encode() and _is_fresh(path):
            time.sleep(_PAUSE)  # an editor may not be done
            continue
        text = edit(decode(path, before or b""))
        try:
            if shared_file.exchange(path, before, text.encode()):
                return before or b"", text
        except OSError as error:
            raise UserError(f"{path} cannot be written to ({error.strerror})") from error
        time.sleep(_PAUSE)
    raise UserError(f"{path} is being changed all the time: save it, then answer again")


def _is_fresh(path: Path) -> bool:
    """Whether somebody has written to a file less than half a second ago."""
    with contextlib.suppress(OSError):
        return 0 <= time.time() - path.stat().st_mtime < _PATIENCE / 2
    return True


def put(path: Path, text: str) -> None:
    """Make a text the file's content, whose owner, group, mode and links stay. Raises OSError."""
    shared_file.put(path, text.encode())


def finish(path: Path) -> None:
    """Take back half an addition, left by a run that was killed."""
    shared_file.finish(path)


def _is_added(text: str, persons: set[int], path: Path) -> bool:
    """Whether a text has these persons; what is added to a flow mapping, say, is not in it."""
    try:
        return understand(text, path).persons == persons
    except UserError:
        return False


def _entries(text: str, persons: Collection[int], names: Mapping[int, str]) -> str:
    """What is appended to a text for persons, some with a name."""
    start = "" if not text or text.endswith("\n") else "\n"
    said = {one: f" {json.dumps(name, ensure_ascii=False)} # in XMP" for one, name in names.items()}
    added = "".join(f"\n{folder_name(one)}:\n  name:{said.get(one, '')}\n" for one in persons)
    added = f"{start}{added}" if text else f"{_HEAD}{added}"
    return added.replace("\n", "\r\n") if "\r\n" in text else added


def add_corrections(path: Path, corrections: Mapping[str, Sequence[str]]) -> str | None:
    """Append sections with settings, as the page suggests them; why not, if that cannot be done.

    corrections: settings by section, such as {"person-001": ["merge: [person-004]"]}. What makes
    no sense with what is there is not written. Raises OSError where there is no room.
    """
    text, until = write_corrections(corrections), time.monotonic() + _PATIENCE
    while True:
        try:
            before = read_content(path)
            there = decode(path, before or b"")
            start = "" if not there or there.endswith("\n") else "\n"
            added = f"{start}\n{text}"
            understand(there + added, path)
            if "\r\n" in there:
                added = added.replace("\n", "\r\n")
            if shared_file.append(path, before, added.encode()):
                return None
        except UserError as error:
            return f"the answers' corrections are not in {FILE}: {error}"
        except PermissionError as error:
            return f"{FILE} may not be written to ({error.strerror})"
        if time.monotonic() >= until:
            return f"{FILE} is being changed: the answers' corrections are not in it yet"
        time.sleep(_PAUSE)


def write_corrections(corrections: Mapping[str, Sequence[str]]) -> str:
    """Corrections as people.yaml has them: a section once for each of its settings' lists."""
    sections = []
    for section, settings in corrections.items():
        by_name: dict[str, list[str]] = {}
        for setting in settings:
            name, _, value = setting.partition(": ")
            by_name.setdefault(name, []).append(value.strip("[]"))
        lines = [f"  {name}: [{', '.join(values)}]" for name, values in by_name.items()]
        sections.append("\n".join([f"{section}:", *lines]))
    return "\n\n".join(sections) + "\n" if sections else ""
