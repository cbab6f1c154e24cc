"""The photos to organise: every face on them, each content once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from omegaconf import DictConfig

from facetrack.data import Boxes, Picture, Pictures, Skipped, Vectors
from facetrack.extract import NO_FACE, extract
from facetrack.home import home
from facetrack.make import make
from facetrack.organise.state import is_inside
from facetrack.store import Store


@dataclass(frozen=True)
class Photos:
    """What was found. Photos of the same content count once, under the first of their names.

    vectors: (n, d); boxes: (n, 4); contents: n, the SHA-256 of each face's photo; keys: n, what
    the state calls each face. pictures: one for each content, without a face too; names: all its
    names. faceless: contents without a face. n_pictures: all that were looked at, twins included.
    """

    vectors: Vectors
    boxes: Boxes
    contents: Sequence[str]
    keys: Sequence[str]
    pictures: Mapping[str, Picture]
    names: Mapping[str, Sequence[str]]
    faceless: Sequence[str]
    skipped: Sequence[Skipped]
    n_pictures: int

    @property
    def n_twins(self) -> int:
        """How many photos are copies of another one."""
        return sum(len(names) - 1 for names in self.names.values())


def found(config: DictConfig, out: Path, known: Collection[str] | None) -> Photos:
    """Find the faces of a config's dataset.

    out: photos in it are facetrack's own. known: only these faces, or None for all.
    Raises UserError where no photo gives a face.
    """
    listing = _not_ours(make(config.dataset).load(), out)
    with Store(home()) as store:
        detector, embedder = make(config.detector), make(config.embedder)
        whole = extract(listing, detector, embedder, store, config.extract.engine)
    first: dict[str, str] = {}
    pictures: dict[str, Picture] = {}
    names: dict[str, list[str]] = {}
    rows = []
    for row, (content, picture) in enumerate(zip(whole.contents, whole.pictures, strict=True)):
        if first.setdefault(content, picture.name) == picture.name:
            rows.append(row)
            pictures[content] = picture
        if picture.name not in names.setdefault(content, []):
            names[content].append(picture.name)
    by_name = {picture.name: picture for picture in listing.pictures}
    faceless: list[str] = []
    for one in whole.skipped:
        if one.reason == NO_FACE and one.content is not None:
            names.setdefault(one.content, []).append(one.name)
            if pictures.setdefault(one.content, by_name[one.name]).name == one.name:
                faceless.append(one.content)
    keys = [
        f"{whole.contents[row]}:{','.join(map(str, whole.boxes[row].tolist()))}" for row in rows
    ]
    if known is not None:
        chosen = [place for place, key in enumerate(keys) if key in known]
        rows, keys = [rows[place] for place in chosen], [keys[place] for place in chosen]
    return Photos(
        vectors=whole.vectors[np.array(rows, dtype=np.int64)],
        boxes=whole.boxes[np.array(rows, dtype=np.int64)],
        contents=[whole.contents[row] for row in rows],
        keys=keys,
        pictures=pictures,
        names=names,
        faceless=faceless,
        skipped=[one for one in whole.skipped if one.reason != NO_FACE],
        n_pictures=len(listing.pictures),
    )


def _not_ours(listing: Pictures, out: Path) -> Pictures:
    """Without pictures that a link in the folder of photos brings in from `out`."""
    inside = {
        parent: is_inside(parent, out) for parent in {one.path.parent for one in listing.pictures}
    }
    return Pictures(
        [one for one in listing.pictures if not inside[one.path.parent]],
        [
            *listing.skipped,
            *(
                Skipped(one.name, "in task.out, so facetrack's own")
                for one in listing.pictures
                if inside[one.path.parent]
            ),
        ],
    )
