"""The photos to organise: every face on them, each content once.

A photo whose original is gone counts as long as its copy in the organised folder is there: it is
read from the copy.
"""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import (
    Boxes,
    Dataset,
    Detector,
    Embedder,
    Embeddings,
    Picture,
    Pictures,
    Skipped,
    Vectors,
    scale_to_unit,
)
from facetrack.core.progress import QUIET, Progress
from facetrack.core.scale import Scale
from facetrack.extraction.pipeline import NO_FACE, extract_any
from facetrack.extraction.quality import are_low
from facetrack.extraction.store import Store, box_bytes
from facetrack.extraction.stored import load_vectors
from facetrack.organiser import state
from facetrack.organiser.copies import look_at_made
from facetrack.organiser.recognition import (
    Seen,
    box_of,
    content_of,
    find_superseded,
    recall,
    recognise,
)
from facetrack.organiser.state import State, is_inside
from facetrack.system.home import find_home


@dataclass(frozen=True)
class Photos:
    """What was found. Photos of the same content count once, under the first of their names.

    vectors: (n, d); boxes: (n, 4); contents: n, the SHA-256 of each face's photo; keys: n, what
    the state calls each face. pictures: one for each content, without a face too; names: all its
    names. faceless: contents without a face. gone: contents of which only the copy is there.
    looks: see `store.Store.looks`, by content. sharpness: (n,) of each face, NaN where it is not
    known (see extraction/quality.py). unread: contents that gave no picture.
    skipped: photos that were not read; noted: what else is to be said of files and folders.
    n_pictures: all that were looked at, twins included, without those that are gone.
    """

    vectors: Vectors
    boxes: Boxes
    sharpness: NDArray[np.float32]
    contents: Sequence[str]
    keys: Sequence[str]
    pictures: Mapping[str, Picture]
    names: Mapping[str, Sequence[str]]
    faceless: Sequence[str]
    gone: Collection[str]
    looks: Mapping[str, bytes]
    unread: Collection[str]
    skipped: Sequence[Skipped]
    noted: Sequence[Skipped]
    n_pictures: int

    @property
    def n_twins(self) -> int:
        """How many photos are copies of another one."""
        return sum(
            len(names) - 1 for content, names in self.names.items() if content not in self.gone
        )

    @property
    def present(self) -> dict[str, Sequence[str]]:
        """All names of each photo that is where the user has it."""
        return {one: names for one, names in self.names.items() if one not in self.gone}

    @property
    def low(self) -> NDArray[np.bool_]:
        """(n,) which faces are too blurred or small to say who they are."""
        return are_low(self.sharpness)

    def seen(self) -> Seen:
        """These faces and photos, to be known again."""
        vectors = dict(zip(self.keys, self.vectors, strict=True))
        return Seen(self.keys, self.present, self.looks, vectors)

    def some(self, keep: NDArray[np.bool_]) -> "Photos":
        """Of the faces only some. keep: (n,)."""
        rows = np.flatnonzero(keep).tolist()
        return replace(
            self,
            vectors=self.vectors[rows],
            boxes=self.boxes[rows],
            sharpness=self.sharpness[rows],
            contents=[self.contents[row] for row in rows],
            keys=[self.keys[row] for row in rows],
        )


@dataclass(frozen=True)
class Stages:
    """What finds faces, and tells how near they are to each other.

    engine: who does the work (see `pipeline.ENGINES`). scale: the embedder's distances, with a
    radius. settings: the embedder's, as version 1 of the state has them. detector_name,
    embedder_name: what the two are called in the state.
    """

    detector: Detector
    embedder: Embedder
    engine: str
    scale: Scale
    settings: Mapping[str, object] = field(default_factory=dict)
    detector_name: str = ""
    embedder_name: str = ""

    @property
    def radius(self) -> float:
        """Within which two faces are usually one person, by single linkage."""
        assert self.scale.radius is not None
        return self.scale.radius


@dataclass(frozen=True)
class Known:
    """Photos, of which those of the last run are known again.

    before: the last state, its faces called what they are called now. edited: for each old content
    of an edited photo the content that took its place. names: faces that the last state calls
    otherwise, and what it calls them.
    """

    photos: Photos
    before: State
    edited: Mapping[str, str]
    names: Mapping[str, str]


def know_again(
    dataset: Dataset, stages: Stages, out: Path, last: State, progress: Progress = QUIET
) -> Known:
    """Find the photos, and know those and their faces again that the last state has.

    Raises UserError where there are no photos.
    """
    photos = find_photos(dataset, stages, out, progress)
    # Of the same embedder or of another one: what is stored is only compared where it can be.
    now = set(photos.keys)
    stored = load_stored(stages, [key for key in last.faces if key not in now])
    past = recall(last.faces, last.photos, stored)
    seen = photos.seen()
    names = recognise(seen, past, stages.radius)
    edited = find_superseded(seen, past, names)
    copies = copies_of_gone(photos, out, last, edited)
    if copies:
        photos = add_gone(photos, stages, copies, last, progress)
    before = state.rename_faces(last, names, set(photos.keys), edited)
    return Known(photos, before, edited, names)


def find_photos(dataset: Dataset, stages: Stages, out: Path, progress: Progress = QUIET) -> Photos:
    """Find the faces of a dataset; photos in `out` are facetrack's own.

    Raises UserError where there are no photos.
    """
    return _find(stages, _leave_out_ours(dataset.load(), out), progress)


def copies_of_gone(
    photos: Photos, out: Path, before: State, replaced: Collection[str]
) -> dict[str, Path]:
    """By content, facetrack's copies in `out` of photos of which nothing else is left.

    replaced: contents of photos that have been edited since: their copies do not count.
    """
    known = {*photos.names, *photos.unread, *replaced}
    return {
        file.content: out / path
        for path, file in sorted(before.files.items())
        if file.kind == "copy"
        and file.content not in known
        and look_at_made(out / path, file) is not None
    }


def add_gone(
    photos: Photos,
    stages: Stages,
    copies: Mapping[str, Path],
    before: State,
    progress: Progress = QUIET,
) -> Photos:
    """The photos, and those that are read from their copies. copies: of `copies_of_gone`."""
    names = {
        content: before.photos[content].names if content in before.photos else [path.name]
        for content, path in copies.items()
    }
    pictures = [
        Picture(path, f"{(names[content] or [path.name])[0]} (original gone)")
        for content, path in copies.items()
    ]
    gone = _find(stages, Pictures(pictures), progress)
    # What the user has made of a copy is the user's.
    gone = gone.some(np.array([content in copies for content in gone.contents], dtype=bool))
    mine = {content: one for content, one in gone.pictures.items() if content in copies}
    vectors = [one.vectors for one in (photos, gone) if len(one.vectors)]
    return replace(
        photos,
        vectors=np.concatenate(vectors) if vectors else photos.vectors,
        boxes=np.concatenate([photos.boxes, gone.boxes]),
        sharpness=np.concatenate([photos.sharpness, gone.sharpness]),
        contents=[*photos.contents, *gone.contents],
        keys=[*photos.keys, *gone.keys],
        pictures={**photos.pictures, **mine},
        names={**photos.names, **{content: names[content] for content in mine}},
        faceless=[*photos.faceless, *(one for one in gone.faceless if one in copies)],
        gone=frozenset(mine),
        looks={**photos.looks, **gone.looks},
        skipped=[*photos.skipped, *gone.skipped],
        noted=[*photos.noted, *gone.noted],
    )


def load_stored(stages: Stages, keys: Iterable[str]) -> dict[str, NDArray[np.float32]]:
    """The vectors that are stored of faces, as the state calls them."""
    keys = list(keys)
    faces = [(bytes.fromhex(content_of(key)), box_of(key)) for key in keys]
    with Store(find_home()) as store:
        stored = load_vectors(store, stages.detector, stages.embedder, faces)
    raw = {
        key: stored[content, box_bytes(box)]
        for key, (content, box) in zip(keys, faces, strict=True)
        if (content, box_bytes(box)) in stored
    }
    if not raw or not stages.embedder.normalize:
        return raw
    return dict(zip(raw, scale_to_unit(np.stack(list(raw.values()))), strict=True))


def _find(stages: Stages, listing: Pictures, progress: Progress) -> Photos:
    with Store(find_home()) as store:
        whole = extract_any(
            listing, stages.detector, stages.embedder, store, stages.engine, progress
        )
    return _gather(whole, listing)


def _gather(whole: Embeddings, listing: Pictures) -> Photos:
    """Each content once. whole: the faces of a listing."""
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
    for skipped in whole.skipped:
        if skipped.reason == NO_FACE and skipped.content is not None:
            names.setdefault(skipped.content, []).append(skipped.name)
            if pictures.setdefault(skipped.content, by_name[skipped.name]).name == skipped.name:
                faceless.append(skipped.content)
    keys = {
        row: f"{whole.contents[row]}:{','.join(map(str, whole.boxes[row].tolist()))}"
        for row in rows
    }
    assert whole.sharpness is not None
    chosen = np.array(rows, dtype=np.int64)
    return Photos(
        vectors=whole.vectors[chosen],
        boxes=whole.boxes[chosen],
        sharpness=whole.sharpness[chosen],
        contents=[whole.contents[row] for row in rows],
        keys=list(keys.values()),
        pictures=pictures,
        names=names,
        faceless=faceless,
        gone=frozenset(),
        looks=whole.looks,
        unread={one.content for one in whole.skipped if one.content is not None} - names.keys(),
        skipped=[one for one in whole.skipped if one.pictures and one.reason != NO_FACE],
        noted=[one for one in whole.skipped if not one.pictures],
        n_pictures=len(listing.pictures),
    )


def _leave_out_ours(listing: Pictures, out: Path) -> Pictures:
    """Without pictures that a link in the folder of photos brings in from `out`."""
    folders = [os.path.dirname(one.path) for one in listing.pictures]  # noqa: PTH120 - of many
    inside = {folder: is_inside(Path(folder), out) for folder in set(folders)}
    ours = [inside[folder] for folder in folders]
    mine = [one for one, is_ours in zip(listing.pictures, ours, strict=True) if is_ours]
    return Pictures(
        [one for one, is_ours in zip(listing.pictures, ours, strict=True) if not is_ours],
        [*listing.skipped, *(Skipped(one.name, "in task.out, so facetrack's own") for one in mine)],
    )
