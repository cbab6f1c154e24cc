"""Photos of an organised folder, found by content where the user has them, or as copies."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.extraction.picture import read_header
from facetrack.extraction.xmp.regions import Frame
from facetrack.organiser.named_photos import NamedPhoto


@dataclass(frozen=True)
class Original:
    """A photo by one of its names below the folder of photos. path: a file that has it."""

    name: str
    path: Path
    frame: Frame


def find_originals(
    photo: NamedPhoto, listed: Mapping[str, Path] | None, out: Path
) -> list[Original]:
    """All files of a photo; none where they are gone, or are others by now.

    listed: the files of the folder of photos by name. None for a folder that nobody named: then the
    copies in `out` stand for the names that the last run saw.
    """
    if listed is None:
        for copy in photo.copies:
            frame = _read_frame(out / copy, photo.content)
            if frame is not None:
                return [Original(name, out / copy, frame) for name in photo.names]
        return []
    found = []
    for name in photo.names:
        frame = _read_frame(listed[name], photo.content) if name in listed else None
        if frame is not None:
            found.append(Original(name, listed[name], frame))
    return found


def _read_frame(path: Path, content: str) -> Frame | None:
    """How a photo is stored; None where it is not there, or the file is another one by now."""
    try:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != content:
            return None
        header = read_header(data)
    except (OSError, UserError):
        return None
    return Frame(header.width, header.height, header.orientation)
