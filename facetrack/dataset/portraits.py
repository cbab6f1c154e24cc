"""The portraits facetrack draws itself: 59 pictures of 18 imaginary people.

Free to show, the same on every machine and there without a download. Two of the people look
alike (Ada and Alma), and Mateo wears sunglasses on two of his pictures.
"""

import os
import random
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import PIL.Image

from facetrack.core.errors import UserError
from facetrack.core.faces import Picture, Pictures
from facetrack.dataset.sitters import SITTERS, Shot, Sitter, list_factors, shots
from facetrack.system.home import find_home
from facetrack.system.processes import cores
from facetrack.system.progress import bar

VERSION = 2  # raised whenever a picture changes, so that old files are not taken for new ones


@dataclass
class Portraits:
    """The drawn portraits, kept as PNG files in facetrack's own folder.

    name: names the dataset in tables.
    """

    name: str = "portraits"

    def load(self) -> Pictures:
        """List the pictures sorted by name, after drawing those that are missing.

        Raises UserError where they cannot be written.
        """
        root = find_home() / f"portraits-{VERSION}"
        wanted = [
            (f"{sitter.name}/{sitter.name}_{number:02d}.png", sitter, shot)
            for sitter in SITTERS
            for number, shot in enumerate(shots(sitter), start=1)
        ]
        missing = [one for one in wanted if not _is_there(root / one[0])]
        if missing:
            _draw(root, missing)
        pictures = [
            Picture(root / name, name, sitter.name, factors=list_factors(sitter, shot))
            for name, sitter, shot in wanted
        ]
        return Pictures(sorted(pictures, key=lambda one: one.name))


def _draw(root: Path, missing: Sequence[tuple[str, Sitter, Shot]]) -> None:
    """Draw pictures on all cores. Raises UserError where they cannot be written."""
    # Each process in an order of its own: those that draw at once share out the work.
    order = random.Random(os.getpid()).sample(missing, len(missing))
    with ThreadPoolExecutor(cores()) as pool:
        tasks = {
            pool.submit(_ensure, root / name, sitter, shot): root / name
            for name, sitter, shot in order
        }
        drawn = bar(
            as_completed(tasks),
            total=len(order),
            description="Drawing portraits",
            unit="picture",
        )
        try:
            for task in drawn:
                task.result()
        except OSError as error:
            raise UserError(
                f"the portrait {tasks[task]} cannot be written ({error.strerror or error}): "
                "free some space, or set FACETRACK_HOME to a folder you can write to"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _is_there(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _ensure(path: Path, sitter: Sitter, shot: Shot) -> None:
    """Draw a picture unless it is there.

    The file appears whole or not at all, and whoever draws it draws the same: so processes need
    not wait for each other, and after one that was killed the next draws the rest.
    """
    if _is_there(path):
        return
    # OpenCV takes long to import, and a run on drawn pictures does not need it here.
    from facetrack.dataset.drawing import draw

    # Not by parents=True, which makes folders in between that others may read.
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            PIL.Image.fromarray(draw(sitter, shot)).save(file, format="PNG")
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
