"""Counts, numbers and names as people read them."""

import unicodedata

# They turn the text around them: U+061C, U+200E and F, the embeddings, overrides and isolates, and
# what Unicode has given up of their kind.
_DIRECTION = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
) | {chr(code) for code in range(0x206A, 0x2070)}
_DIGITS = 10  # enough for any setting; what is behind them is left over from binary fractions


def write_count(n: int, singular: str, plural: str = "") -> str:
    """A count with what is counted: "1 photo", "1,204 photos".

    plural: what several are called where that is not `singular` with an s.
    """
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


def fold(text: str) -> str:
    """The same text for all that is typed for a name: without case, accents, and blanks around."""
    letters = unicodedata.normalize("NFKD", text)
    bare = "".join(one for one in letters if not unicodedata.category(one).startswith("M"))
    return " ".join(bare.lower().split())


def write_number(value: object) -> str:
    """A setting's value as text, a fraction as it was meant: 0.30000000000000004 is "0.3"."""
    text = str(value)
    if isinstance(value, bool) or text.lstrip("+-").isdecimal():
        return text
    try:
        return f"{float(text):.{_DIGITS}g}"
    except ValueError:
        return text


def write_range(low: float, high: float) -> str:
    """Two numbers with four digits, or as many as tell them apart, "0.29 to 0.31"."""
    for digits in range(4, 10):
        ends = [f"{end:.{digits}g}" for end in (low, high)]
        if ends[0] != ends[1]:
            break
    return " to ".join(ends)


def make_readable(text: str) -> str:
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
