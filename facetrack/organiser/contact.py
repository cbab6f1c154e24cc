"""What the page shows: which faces of each person, and their thumbnails."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facetrack.core.progress import QUIET, Progress
from facetrack.extraction.thumbnails import Face, draw_thumbnails
from facetrack.figures.encoding import JPEG, encode_file, encode_jpeg
from facetrack.figures.people_page import Card, Pair, Shown
from facetrack.organiser.grouping import NOBODY, Numbers, list_faces
from facetrack.organiser.lookalikes import Alike
from facetrack.organiser.people import Corrections, folder_name
from facetrack.organiser.photos import Photos
from facetrack.organiser.places import UNKNOWN
from facetrack.organiser.references import refer_to
from facetrack.organiser.state import File, thumbnail_path
from facetrack.system.files import make_folder, replace

SIDE = 64
# Faces of a person; fewer where there are many persons: with four each of 6,419 a browser took 18 s
# for the page, with two half of that.
_MOST, _LEAST = 24, 2
_IN_ALL = 6000  # of 2 kB each


class Contact:
    """Cards of persons, whose thumbnails are made together at the end and kept for the next page.

    own: facetrack's own part of the organised folder, where thumbnails are kept.
    """

    def __init__(
        self,
        photos: Photos,
        persons: Numbers,
        far: NDArray[np.bool_],
        files: Mapping[str, File],
        said: Corrections,
        own: Path,
        progress: Progress = QUIET,
    ) -> None:
        self._photos, self._far, self._said = photos, far, said
        self._low = photos.low
        self._rows = list_faces(persons)
        self._each = int(np.clip(_IN_ALL // max(1, len(self._rows)), _LEAST, _MOST))
        self._paths = {(file.folder, file.content): path for path, file in files.items()}
        self._shown = {person: self._some(rows) for person, rows in self._rows.items()}
        self._images = self._draw_missing(own, progress)

    def card(self, person: int) -> Card | None:
        """A person's card; the unknown faces' for NOBODY; None where there are no such faces."""
        rows = self._rows.get(person)
        if rows is None:
            return None
        id_ = UNKNOWN if person == NOBODY else folder_name(person)
        contents = list(dict.fromkeys(self._photos.contents[row] for row in rows.tolist()))
        place = {content: index for index, content in enumerate(contents)}
        files = [self._paths.get((id_, content), "") for content in contents]
        folder = next((str(Path(path).parent) for path in files if path), None)
        return Card(
            id=id_,
            name=self._said.names.get(person, ""),
            folder=folder,
            photos=[self._photos.pictures[content].name for content in contents],
            files=files,
            faces=[
                Shown(
                    place[self._photos.contents[row]],
                    self._images.get(row),
                    bool(self._far[row]),
                    bool(self._low[row]),
                    self._refer_to(row),
                )
                for row in self._shown[person]
            ],
            n_faces=len(rows),
            n_doubtful=int(self._far[rows].sum()),
            hidden=person in self._said.hidden,
        )

    def _refer_to(self, row: int) -> str:
        """What people.yaml calls a face."""
        content = self._photos.contents[row]
        # Of a photo that has gone, and that the version before knew, only the copy has a name.
        name = next(iter(self._photos.names[content]), self._photos.pictures[content].path.name)
        return refer_to(name, self._photos.boxes[row])

    def pairs(self, alike: Sequence[Alike]) -> list[Pair]:
        """Pairs of persons as the page shows them."""
        found = []
        for one in alike:
            cards = self.card(one.first), self.card(one.second)
            if cards[0] is not None and cards[1] is not None:
                found.append(Pair(cards[0], cards[1], one.distance, one.likely))
        return found

    def _some(self, rows: Numbers) -> list[int]:
        """Some faces: those in the middle of the person first, so that none that is doubtful or too
        blurred stands for them; those come at the end.
        """
        vectors = self._photos.vectors[rows]
        away = np.linalg.norm(vectors - vectors.mean(axis=0), axis=1)
        order = rows[np.argsort(away, kind="stable")]
        last = (self._far | self._low)[order]
        sure, far = order[~last], order[last]
        n_far = min(len(far), max(self._each // 2, self._each - len(sure)))
        return [*sure[: self._each - n_far].tolist(), *far[len(far) - n_far :].tolist()]

    def _draw_missing(self, own: Path, progress: Progress) -> dict[int, str]:
        """Data URIs by row; photos that have gone and have no copy have none."""
        make_folder(thumbnail_path(own, "").parent)
        photos, images, missing = self._photos, dict[int, bytes](), list[int]()
        for row in (row for rows in self._shown.values() for row in rows):
            try:
                images[row] = thumbnail_path(own, photos.keys[row]).read_bytes()
            except OSError:
                missing.append(row)
        of_missing = {photos.contents[row] for row in missing}
        copies = {
            content: own.parent / path
            for (_, content), path in self._paths.items()
            if content in of_missing
        }
        faces = []
        for row in missing:
            content = photos.contents[row]
            paths = [photos.pictures[content].path]
            if content in copies:
                paths.append(copies[content])
            faces.append(Face(paths, content, photos.boxes[row]))
        drawn = draw_thumbnails(faces, SIDE, "Faces for the page", progress)
        for row, face in zip(missing, drawn, strict=True):
            if face is not None:
                images[row] = encode_jpeg(face)
                replace(thumbnail_path(own, photos.keys[row]), images[row])
        return {row: encode_file(image, JPEG) for row, image in images.items()}
