"""Files given by name and content, as figures and tables are made."""

from collections.abc import Mapping
from pathlib import Path


def write(folder: Path, contents: Mapping[str, str | bytes]) -> None:
    """Write files into a folder, made when missing; text as UTF-8."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
