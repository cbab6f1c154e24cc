"""Files to which a line at a time is appended, and what a kill or a full disk leaves of the last.

What is appended next would become the rest of such a line, and be lost with it.
"""

import os
from pathlib import Path
from typing import BinaryIO


def is_torn(opened: BinaryIO) -> bool:
    """Whether a file, open to read, ends in the middle of a line."""
    if not opened.seek(0, os.SEEK_END):
        return False
    opened.seek(-1, os.SEEK_END)
    return opened.read(1) != b"\n"


def cut_torn(opened: BinaryIO, aside: Path | None = None) -> int:
    """Take what follows the last whole line from a file, open to read and write; how many bytes.

    aside: a file to which that is appended before, so that nothing is lost; None where it is of no
    use. Nobody else may write to the file meanwhile. Raises OSError.
    """
    opened.seek(0)
    content = opened.read()
    whole = content.rfind(b"\n") + 1
    if aside is not None:
        with aside.open("ab") as kept:
            kept.write(content[whole:] + b"\n")
            kept.flush()
            os.fsync(kept.fileno())
    opened.truncate(whole)
    os.fsync(opened.fileno())
    return len(content) - whole
