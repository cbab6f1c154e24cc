"""What names show: themselves, and nothing that commands a terminal or turns a text around."""

import unicodedata

import pytest

from facetrack.core.texts import make_readable
from facetrack.system.terminal import make_harmless

_NAMES = {
    "Persian, with a ZWNJ": "\u0645\u0647\u0631\u06cc\u200c\u0633\u0627\u062f\u0627\u062a",
    "Hindi, with a ZWJ": "\u0936\u0930\u094d\u200d\u092e\u093e",
    "Sinhala, with a ZWJ": "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
    "a family": "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "a heart, with a variation selector": "\u2764\ufe0f",
    "Wales, with tags": "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
    "Khmer, with a space of no width": "\u179f\u17bb\u1781\u200b\u179f\u17b6\u1793\u17d2\u178f",
    "a soft hyphen": "Donau\u00addampf",
    "an Arabic number sign": "\u0600\u0661",
    "of a newer Unicode": "\U0001fadd",
    "private": "\uf8ff",
    "decomposed": "Ame\u0301lie",
}


@pytest.mark.parametrize("name", _NAMES.values(), ids=_NAMES.keys())
def test_names_stay_as_they_are(name: str) -> None:
    assert make_readable(name) == name
    assert make_harmless(f"{name}\n{name}") == f"{name}\n{name}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb\x07\x9b\x7f", "a?[2Jb???"),
        ("\u202egnp.exe\u202c", "?gnp.exe?"),
        ("\u2066a\u2067b\u2068c\u2069", "?a?b?c?"),
        ("\u200ea\u200f\u061c\u202a\u202b\u202d", "?a?????"),
        ("\u206a\u206f", "??"),
        ("a\nb\tc\u2028d\u2029e\u00a0f\u3000g\x85h", "a b c d e f g h"),
        ("\udcff\ud800", "??"),
        ("\ufffe\uffff\ufdd0\U0010ffff", "????"),
        ("\0", "?"),
    ],
)
def test_what_would_do_more_than_be_read_is_shown_as_a_question(text: str, shown: str) -> None:
    assert make_readable(text) == shown


def test_whatever_turns_a_text_is_replaced() -> None:
    turning = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
    marks = [c for c in map(chr, range(0x3000)) if unicodedata.bidirectional(c) in turning]
    assert len(marks) == 9
    assert make_readable("".join(marks)) == "?" * 9


def test_lines_stay_and_passwords_do_not() -> None:
    assert make_harmless("a\r\nhttp://me:secret@host/\x1b") == "a \nhttp://me:***@host/?"
