"""The folder in outputs/ that Hydra makes for a command: there only with something in it."""

import contextlib
from pathlib import Path

_made: list[Path] = []


def expect(folder: Path) -> None:
    """Remember what of a folder's path is not there yet. Called before Hydra makes it."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    _made[:] = [one.absolute() for one in missing]


def leave_none_empty() -> None:
    """Remove what of it was made and holds nothing. Called when the command has done its work."""
    with contextlib.suppress(OSError):  # not empty: neither are those above it
        for folder in _made:
            folder.rmdir()
    _made.clear()
