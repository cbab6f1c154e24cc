"""Text for a terminal, which takes some characters for commands, and may be kept in a log."""

import os
import sys
import unicodedata

from facetrack.masked import masked

# They turn the text around them: U+061C, U+200E and F, the embeddings, overrides and isolates, and
# what Unicode has given up of their kind.
_DIRECTION = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
) | {chr(code) for code in range(0x206A, 0x2070)}


def harmless(text: str) -> str:
    """A text as it may be shown, its lines kept: no escape sequence, bidi control or password.

    File names may hold the first two, arguments the last, and messages of libraries all of them.
    """
    return "\n".join(map(readable, masked(text).split("\n")))


def print_anything() -> None:
    """Let this process and those it starts print characters that standard output cannot take.

    With LC_ALL=C and without Python's UTF-8 mode that is every "±": it becomes a "?".
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if encoding.lower().replace("-", "") != "utf8":
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr] # a TextIOWrapper
        os.environ["PYTHONIOENCODING"] = f"{encoding}:replace"


def readable(text: str) -> str:
    """A text in one line in which nothing does more than be read.

    Control characters (escapes are such), direction marks, lone surrogates and what is no character
    become "?", white space of any kind a space. Everything else stays: letters are joined or kept
    apart by U+200C and U+200D (Persian and Indian names, families among the emoji), and what else
    cannot be seen, such as soft hyphens, places where a word of Khmer ends and the tags in flags,
    changes nothing around it. Characters of a newer Unicode, and private ones, stay as well.
    """
    return text if text.isprintable() else "".join(map(_readable, text))


def _readable(character: str) -> str:
    if character.isprintable():
        return character
    if character.isspace():
        return " "
    kept = unicodedata.category(character) in ("Cf", "Co", "Cn") and character not in _DIRECTION
    return character if kept and not _is_none(ord(character)) else "?"


def _is_none(code: int) -> bool:
    """Whether Unicode has set a code aside for no character ever."""
    return 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
