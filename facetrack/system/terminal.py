"""Text for a terminal, which takes some characters for commands, and may be kept in a log."""

import os
import sys

from facetrack.core.texts import make_readable
from facetrack.system.masking import mask


def make_harmless(text: str) -> str:
    """A text as it may be shown, its lines kept: no escape sequence, bidi control or password.

    File names may hold the first two, arguments the last, and messages of libraries all of them.
    """
    return "\n".join(map(make_readable, mask(text).split("\n")))


def print_anything() -> None:
    """Let this process and those it starts print characters that standard output cannot take.

    With LC_ALL=C and without Python's UTF-8 mode that is every "±": it becomes a "?".
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if encoding.lower().replace("-", "") != "utf8":
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr] # a TextIOWrapper
        os.environ["PYTHONIOENCODING"] = f"{encoding}:replace"


def refuse(message: str) -> int:
    """Say a user's mistake on standard error; returns the exit status that stands for it."""
    print(f"facetrack: {make_harmless(message)}", file=sys.stderr)
    return 2


def can_ask() -> bool:
    """Whether somebody sits at the terminal who can answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str) -> bool:
    """Ask somebody at the terminal; anything but yes is no."""
    print(f"{make_harmless(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
