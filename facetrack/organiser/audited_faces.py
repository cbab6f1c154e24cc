"""The faces of an organised folder whose groups are audited, by people.yaml as it is now."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facetrack.clusterer.graph_estimator import AS_GOOD_AS_EQUAL
from facetrack.core.errors import UserError
from facetrack.core.likelihood import are_unit
from facetrack.evaluation.audit.frame import Faces
from facetrack.organiser import people_file
from facetrack.organiser.album import NO_PERSON, Album
from facetrack.organiser.audit_answers import Asked
from facetrack.organiser.grouping import NOBODY
from facetrack.organiser.people import Corrections
from facetrack.organiser.photos import Stages
from facetrack.organiser.presence import demand_organised
from facetrack.organiser.recognition import box_of, content_of
from facetrack.organiser.references import refer_to
from facetrack.organiser.state import State


@dataclass(frozen=True)
class Folder:
    """The faces of an organised folder. keys: n; persons: (n,), merges followed.

    following: a number that nobody has had. missing: how many faces have no stored vector.
    """

    keys: Sequence[str]
    persons: NDArray[np.int64]
    faces: Faces
    state: State
    said: Corrections
    following: int
    missing: int

    @cached_property
    def row_of(self) -> dict[str, int]:
        """The row of each face."""
        return {key: row for row, key in enumerate(self.keys)}

    def find(self, one: Asked) -> tuple[int, int] | None:
        """The rows of two faces that were asked about; None where one is not there any more."""
        first, second = self.row_of.get(one.first), self.row_of.get(one.second)
        return None if first is None or second is None else (first, second)

    def point_at(self, row: int) -> str | None:
        """A face as people.yaml names it; None where nobody knows what its photo is called."""
        key = self.keys[row]
        photo = self.state.photos.get(content_of(key))
        names = [] if photo is None else photo.names
        return refer_to(names[0], box_of(key).tolist()) if names else None


def read_folder(out: Path, stages: Stages) -> Folder:
    """The faces of an organised folder whose vectors are stored.

    Raises UserError where there is no such folder, the embedder's probabilities are not measured,
    and where no two faces are stored.
    """
    demand_organised(out)
    _, said = people_file.read(out / people_file.FILE)
    return look_at(Album.load(out, stages, said), stages)


def look_at(album: Album, stages: Stages) -> Folder:
    """The faces of an album as they are grouped now; what is no person is none of them.

    Raises UserError as `read_folder`.
    """
    if stages.scale.likelihood is None:
        raise UserError(
            f"an audit rests on what distances say, which is not measured for embedder="
            f"{stages.embedder_name}: expected mobilefacenet, dlib, or embedder.likelihood"
        )
    known = np.flatnonzero(album.known & (album.persons != NO_PERSON)).tolist()
    rows = np.array(sorted(known, key=lambda row: album.photos.keys[row]), dtype=np.int64)
    if len(rows) < 2:
        raise UserError(
            f"of the {len(album.persons):,} faces of {album.out} {len(rows)} are stored as "
            f"embedder={stages.embedder_name} has them: run task=organise on the folder again"
        )
    photos, persons = album.photos, album.persons[rows]
    vectors = photos.vectors[rows].astype(np.float32)
    if not are_unit(vectors):
        raise UserError("an audit needs vectors of length 1: leave out embedder.normalize=false")
    # Who is nobody is alone.
    alone = np.where(persons == NOBODY, -1 - np.arange(len(rows)), persons)
    contents = np.array([photos.contents[row] for row in rows.tolist()])
    faces = Faces(
        vectors=vectors,
        groups=np.unique(alone, return_inverse=True)[1].astype(np.int64),
        photos=np.unique(contents, return_inverse=True)[1].astype(np.int64),
        ratios=stages.scale.likelihood,
        sharpness=album.sharpness[rows],
        apart=AS_GOOD_AS_EQUAL * stages.radius,
    )
    return Folder(
        keys=[photos.keys[row] for row in rows.tolist()],
        persons=persons,
        faces=faces,
        state=album.last,
        said=album.said,
        following=max([album.following, *(number + 1 for number in album.said.persons)]),
        missing=int((~album.known).sum()),
    )
