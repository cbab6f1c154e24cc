"""Text for a terminal, which takes some characters for commands."""


def harmless(text: str) -> str:
    """A text whose lines stay and which commands nothing: no escape sequences, no bidi controls.

    File names may hold them, and library messages file names.
    """
    return "".join(c if c.isprintable() or c == "\n" else " " if c.isspace() else "?" for c in text)
