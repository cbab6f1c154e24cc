"""A command's own folder, outputs/<date>/: it is there while something is in it, and no longer."""

import contextlib
from collections.abc import Mapping
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

from facetrack.system.files import make_folder, replace


def find_folder() -> Path:
    """Where this command's files go, as Hydra says it; it need not be there."""
    return Path(HydraConfig.get().runtime.output_dir)


def write(contents: Mapping[str, str | bytes], into: Path | None = None) -> Path:
    """Write files, their owner's alone: they show faces. Returns the folder as it is told.

    into: another folder than this command's own, such as that of its sweep.
    """
    place = find_folder() if into is None else into
    make_folder(place)
    place.chmod(0o700)  # Hydra has made it for all to look into
    for name, content in contents.items():
        replace(place / name, content.encode() if isinstance(content, str) else content)
    return tell_path(place)


def tell_path(path: Path) -> Path:
    """A path as it is told: from the working directory where it is below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def leave_no_empty_folder() -> None:
    """Remove the folder where nothing is in it: Hydra makes one always.

    And outputs/ with it; not the folder of a sweep, where other jobs are making theirs.
    """
    # Asked first: where it is gone, nothing at all is to be done (see `task.restore`).
    if HydraConfig.initialized() and find_folder().is_dir():
        with contextlib.suppress(OSError):
            find_folder().rmdir()
            if HydraConfig.get().mode is not RunMode.MULTIRUN:
                find_folder().parent.rmdir()
