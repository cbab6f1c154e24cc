"""What the page shows: which faces of each person, and their thumbnails."""

import base64
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facetrack.figures import data_uri
from facetrack.files import replace
from facetrack.organise.grouping import NOBODY, Numbers
from facetrack.organise.page import Card, Pair, Shown
from facetrack.organise.people import Corrections, folder_name
from facetrack.organise.photos import Photos
from facetrack.organise.state import File, thumbnail_path
from facetrack.progress import bar
from facetrack.thumbnail import thumbnail
from facetrack.workers import cores, in_order

SIDE = 64
_MOST, _LEAST = 24, 4  # faces of a person; fewer where there are many persons
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
    ) -> None:
        self._photos, self._far, self._said = photos, far, said
        self._rows = {
            person: np.flatnonzero(persons == person) for person in np.unique(persons).tolist()
        }
        self._each = int(np.clip(_IN_ALL // max(1, len(self._rows)), _LEAST, _MOST))
        self._paths = {(file.folder, file.content): path for path, file in files.items()}
        self._images = self._thumbnails(own)

    def card(self, person: int) -> Card | None:
        """A person's card; the unknown faces' for NOBODY; None where there are no such faces."""
        rows = self._rows.get(person)
        if rows is None:
            return None
        id_ = "unknown" if person == NOBODY else folder_name(person)
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
                    self._images.get(self._photos.keys[row]),
                    bool(self._far[row]),
                )
                for row in self._shown(rows)
            ],
            n_faces=len(rows),
            n_doubtful=int(self._far[rows].sum()),
        )

    def pairs(self, alike: Sequence[tuple[int, int, float]]) -> list[Pair]:
        """Pairs of persons as the page shows them."""
        found = []
        for first, second, distance in alike:
            cards = self.card(first), self.card(second)
            if cards[0] is not None and cards[1] is not None:
                found.append(Pair(cards[0], cards[1], distance))
        return found

    def _shown(self, rows: Numbers) -> list[int]:
        """Some faces: those in the middle of the person first, the doubtful ones at the end."""
        vectors = self._photos.vectors[rows]
        away = np.linalg.norm(vectors - vectors.mean(axis=0), axis=1)
        order = rows[np.argsort(away, kind="stable")]
        sure, far = order[~self._far[order]], order[self._far[order]]
        n_far = min(len(far), max(self._each // 2, self._each - len(sure)))
        return [*sure[: self._each - n_far].tolist(), *far[len(far) - n_far :].tolist()]

    def _thumbnails(self, own: Path) -> dict[str, str]:
        """Data URIs by face; photos that have gone have none."""
        thumbnail_path(own, "").parent.mkdir(mode=0o700, exist_ok=True)
        wanted = [row for rows in self._rows.values() for row in self._shown(rows)]

        def image(row: int) -> str | None:
            key = self._photos.keys[row]
            path = thumbnail_path(own, key)
            try:
                return f"data:image/jpeg;base64,{base64.b64encode(path.read_bytes()).decode()}"
            except OSError:
                picture = self._photos.pictures[self._photos.contents[row]]
                face = thumbnail(picture.path, self._photos.boxes[row], SIDE)
                if face is None:
                    return None
                uri = data_uri(face)
                replace(path, base64.b64decode(uri.partition(",")[2]))
                return uri

        with ThreadPoolExecutor(cores()) as pool:
            images = bar(
                in_order(pool, image, wanted, window=64),
                total=len(wanted),
                description="Faces for the page",
                unit="face",
            )
            return {
                self._photos.keys[row]: uri
                for row, uri in zip(wanted, images, strict=True)
                if uri is not None
            }
