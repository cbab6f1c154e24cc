"""Text for a terminal, which takes some characters for commands, and may be kept in a log."""

from facetrack.masked import masked


def harmless(text: str) -> str:
    """A text as it may be shown, its lines kept: no escape sequence, bidi control or password.

    File names may hold the first two, arguments the last, and messages of libraries all of them.
    """
    return "".join(
        c if c.isprintable() or c == "\n" else " " if c.isspace() else "?" for c in masked(text)
    )
