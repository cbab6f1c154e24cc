"""Names from regions for the faces that a detector has found."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from facetrack.core.errors import UserError
from facetrack.core.faces import Boxes, Embeddings, Picture, Pictures, Skipped
from facetrack.core.overlaps import match_boxes
from facetrack.core.progress import QUIET, Progress
from facetrack.core.texts import write_count
from facetrack.dataset.folder import keep_people_of_enough
from facetrack.extraction.xmp.photos import Sidecars

NOT_FOUND = "a named face of XMP where none was found"
_PICTURE_REMARK = "XMP: "


@dataclass(frozen=True)
class FaceNames:
    """names: of each face, None where nobody said. n_regions: named ones that there are.

    remarks: of each named region that no face was found for, and of what could not be read.
    """

    names: list[str | None]
    n_regions: int
    remarks: list[Skipped]

    @property
    def told(self) -> str:
        """How many there were, and were used, in a sentence."""
        used = sum(one is not None for one in self.names)
        return (
            f"{write_count(self.n_regions, 'name')} in XMP: {used:,} on faces that were found, "
            f"{self.n_regions - used:,} on none; {write_count(len(self.names) - used, 'face')} "
            "without a name"
        )


def find_names(
    listing: Sequence[Picture],
    pictures: Sequence[Picture],
    boxes: Boxes,
    progress: Progress = QUIET,
) -> FaceNames:
    """The names of faces, by overlap with the regions of their pictures.

    listing: all pictures, those without a face as well. pictures: n, the one each face is on;
    boxes: (n, 4).
    """
    rows: dict[str, list[int]] = {}
    for row, picture in enumerate(pictures):
        rows.setdefault(picture.name, []).append(row)
    names: list[str | None] = [None] * len(pictures)
    remarks: list[Skipped] = []
    n_regions = 0
    sidecars = Sidecars(listing)
    shown = progress.bar(listing, total=len(listing), description="Reading XMP", unit="picture")
    for picture in shown:
        tagged = sidecars.read(picture.path)
        remarks += [Skipped(picture.name, f"{_PICTURE_REMARK}{one}", 0) for one in tagged.remarks]
        if tagged.frame is None or not tagged.faces:
            continue
        # A face that somebody has left without a name takes no neighbour's.
        areas = [tagged.frame.to_box(one) for one in tagged.faces]
        mine = rows.get(picture.name, [])
        pairs = match_boxes([boxes[row] for row in mine], areas)
        for face, at in pairs:
            names[mine[face]] = tagged.faces[at].name or None
        matched = {at for _, at in pairs}
        for index, region in enumerate(tagged.faces):
            n_regions += bool(region.name)
            if region.name and index not in matched:
                place = ",".join(map(str, areas[index].tolist()))
                remarks.append(Skipped(f"{picture.name} at {place}", NOT_FOUND, 0))
    return FaceNames(names, n_regions, remarks)


def label_faces(
    faces: Embeddings, listing: Pictures, min_pictures: int, progress: Progress = QUIET
) -> Embeddings:
    """The faces that have a name in XMP, each with its own; says how many have.

    min_pictures: people on fewer are left out. Raises UserError where nobody is left.
    """
    found = find_names(listing.pictures, faces.pictures, faces.boxes, progress)
    progress.say(f"  {found.told}")
    rows = np.flatnonzero([name is not None for name in found.names])
    if not len(rows):
        raise UserError(
            f"dataset.labels=xmp: {found.told}; expected regions with names in photo.jpg.xmp, in "
            "photo.xmp or in the pictures themselves, and faces found there (detector=yunet finds "
            "the most)"
        )
    named = faces.some(rows)
    pictures = [
        replace(picture, person=found.names[row])
        for row, picture in zip(rows.tolist(), named.pictures, strict=True)
    ]
    skipped = [*named.skipped, *found.remarks]
    counted = {(one.name, one.person): one for one in pictures}
    kept = keep_people_of_enough(list(counted.values()), skipped, min_pictures)
    people = {one.person for one in kept}
    chosen = np.flatnonzero([one.person in people for one in pictures])
    whole = replace(named, pictures=pictures, skipped=skipped)
    return whole if len(chosen) == len(pictures) else whole.some(chosen)
