"""Files as a whole: written by name and content, replaced, and told apart by content."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def write(folder: Path, contents: Mapping[str, str | bytes]) -> None:
    """Write files into a folder, made when missing; text as UTF-8."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def sha256(path: Path) -> bytes:
    """The SHA-256 of a file's content. Raises OSError."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()


def replace(path: Path, content: bytes) -> None:
    """Write a file beside and move it into place, readable by its owner only.

    A process that is killed leaves the old file or the new one, never half of it.
    """
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        try:
            part.write(content)
            part.close()
            os.replace(part.name, path)  # noqa: PTH105
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise
