"""Where facetrack commands run in a campaign, and what is looked at afterwards."""

import time
from collections.abc import Callable
from pathlib import Path

from facetrack.system.files import sha256


def timed(work: Callable[[], object]) -> float:
    """The seconds it takes."""
    start = time.monotonic()
    work()
    return time.monotonic() - start


def tree(folder: Path) -> dict[str, str]:
    """Content of the photos in a folder by path."""
    return {
        str(path.relative_to(folder)): sha256(path).hex()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".facetrack" not in path.parts and path.suffix == ".png"
    }
