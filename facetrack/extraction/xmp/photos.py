"""The regions of a photo, from its sidecars and from the file itself."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.core.faces import Picture
from facetrack.extraction.picture import read_header
from facetrack.extraction.xmp import document, reading
from facetrack.extraction.xmp.reading import are_one, overlap
from facetrack.extraction.xmp.regions import Frame, Region

SUFFIX = ".xmp"


@dataclass(frozen=True)
class Tagged:
    """What XMP says of a photo. faces: each once. remarks: why something of it was not used."""

    frame: Frame | None
    faces: tuple[Region, ...] = ()
    remarks: tuple[str, ...] = ()


class Sidecars:
    """The sidecars of some pictures: photo.jpg.xmp, and photo.xmp where that can be of one only."""

    def __init__(self, pictures: Iterable[Picture]) -> None:
        self._stems = Counter(
            _stem(one.path) for one in {one.path: one for one in pictures}.values()
        )

    def read(self, path: Path) -> Tagged:
        """The faces on a photo. What stands in a sidecar counts before what is in the file."""
        try:
            header = read_header(path)
        except UserError:
            return Tagged(None)  # that is told where it is decoded
        frame = Frame(header.width, header.height, header.orientation)
        faces: list[Region] = []
        remarks: list[str] = []
        for place, content in self._list_documents(path, header.xmp, remarks):
            try:
                found = reading.read_faces(document.parse(content), frame)
            except UserError as error:
                remarks.append(f"{place} {error}, so left out")
                continue
            if found is None:
                remarks.append(f"{place} has regions of a picture of another shape, so left out")
                continue
            faces += [one for one in found if not any(_is_known(one, known) for known in faces)]
        return Tagged(frame, tuple(faces), tuple(remarks))

    def _list_documents(
        self, path: Path, packets: Iterable[bytes], remarks: list[str]
    ) -> list[tuple[str, bytes]]:
        """What there is, by what it is called, the first the most telling."""
        found: list[tuple[str, bytes]] = []
        names = [f"{path.name}{SUFFIX}", f"{path.name}{SUFFIX.upper()}"]
        only = self._stems[_stem(path)] <= 1
        names += [f"{path.stem}{SUFFIX}", f"{path.stem}{SUFFIX.upper()}"]
        for index, name in enumerate(names):
            called = f"its {path.suffix if index < 2 else ''}{SUFFIX}"
            try:
                content = document.read_file(path.with_name(name), follow=True)
            except UserError as error:
                remarks.append(f"{called} {error}, so left out")
                continue
            if content is None or any(content == known for _, known in found):
                continue
            if index >= 2 and not only:
                remarks.append(f"{called} may be of several pictures, so left out")
            else:
                found.append((called, content))
        return found + [("the XMP in it", packet) for packet in packets]


def _is_known(face: Region, known: Region) -> bool:
    """Whether another source has a face already; one without a name may be of another size.

    Cameras and phones write such ones, often larger or smaller than programs do.
    """
    if face.name and known.name:
        return are_one(face, known)
    return overlap(face, known) >= 0.5 * min(face.area, known.area)


def _stem(path: Path) -> Path:
    return path.with_suffix("")
