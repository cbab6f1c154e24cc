"""Names of files and folders made from any text, and what to call them where that is refused."""

import itertools
import os
import re
import unicodedata
from collections.abc import Iterator

from facetrack.core.texts import make_readable

_LONGEST = 200  # bytes of a file's name, below the 255 of file systems so that numbers fit
_SHORT = 120  # the same below the 143 of encrypted file systems
_RESERVED = re.compile(r'[<>:"|?*]')  # on FAT, NTFS and SMB
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)", re.IGNORECASE)


def file_name(text: str, longest: int = _LONGEST) -> str:
    """Text as the name of a file or folder: one part, no control characters, not too long."""
    name = make_readable(text).replace("/", "_").replace("\\", "_").replace("\0", "_").strip()
    name = name.lstrip(".") or "_"
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix.encode()) > 10:
        stem, suffix = name, ""
    else:
        suffix = f".{suffix}"
    room = longest - len(suffix.encode())
    stem = stem.encode("utf-8", "replace")[:room].decode("utf-8", "ignore").strip()
    # Some systems drop dots and spaces at the end, and would not find the folder again.
    return f"{stem}{suffix}".rstrip(". ") or "_"


def versions(name: str) -> Iterator[str]:
    """A name, and what to call the file instead where a disk refuses that."""
    yield name
    portable = _DEVICES.sub(r"\1_", _RESERVED.sub("_", name))
    portable = file_name(portable, _SHORT)
    # Some disks are mounted with a set of characters of their own.
    plain = unicodedata.normalize("NFKD", portable)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = file_name(re.sub(r"[^ -~]", "_", plain), _SHORT)
    yield from (other for other in dict.fromkeys((portable, plain)) if other != name)


def add_numbers(name: str) -> Iterator[str]:
    """A name, and what to call the next ones of that name: "a (2).jpg"."""
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    yield name
    for number in itertools.count(2):
        yield f"{stem} ({number}){suffix}"


def fold(name: str) -> str:
    """Equal for names that some file systems take for the same: case, and forms of Unicode."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
