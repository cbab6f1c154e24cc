"""The confusions of a run as contact sheets and tables (the article's Figures 4 to 6)."""

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from facetrack import confusion
from facetrack.confusion import Confusion
from facetrack.data import Embeddings, Image, Picture
from facetrack.embedder.crop import crop
from facetrack.errors import UserError
from facetrack.figures.gallery import FACE, Group, Section, gallery
from facetrack.figures.table import csv_text
from facetrack.picture import read

_GROUPS, _FACES = 8, 3  # shown of a confusion, and of each of its groups
_MARGIN = 5  # pixels around a face's box


def files(
    embeddings: Embeddings, clusters: NDArray[np.int64], title: str
) -> dict[str, str | bytes]:
    """merged.png, split.png, confused.csv, clusters.csv and people.csv by name.

    clusters: (n,) labels of all faces. Nothing for a set without labels. Faces that the dataset's
    terms do not let be shown are counted, not drawn, and a picture that has gone meanwhile as well.
    """
    people = embeddings.people
    if people is None:
        return {}
    names = embeddings.names
    mergers = confusion.merged(embeddings.vectors, people, clusters)
    splits = confusion.split(embeddings.vectors, people, clusters)
    merged_sections = [
        _section(
            embeddings,
            one,
            f"cluster {one.of}: {_counted(one)} people, {one.pairs} pairs wrongly together, "
            f"the closest at {one.distance:.3f}",
            [names[person] for person in one.names],
        )
        for one in mergers
    ]
    split_sections = [
        _section(
            embeddings,
            one,
            f"{names[one.of]}: {_counted(one)} clusters, {one.pairs} pairs wrongly apart, "
            f"the closest at {one.distance:.3f}",
            [f"cluster {cluster}" for cluster in one.names],
        )
        for one in splits
    ]
    return {
        "merged.png": gallery(
            f"Merged: clusters with several people. {title}",
            merged_sections,
            "No cluster holds faces of several people.",
        ),
        "split.png": gallery(
            f"Split: people in several clusters. {title}",
            split_sections,
            "Nobody's faces are in several clusters.",
        ),
        "confused.csv": _csv(
            [_row("merged", embeddings, one) for one in mergers]
            + [_row("split", embeddings, one) for one in splits]
        ),
        "clusters.csv": _csv(_named(confusion.by_cluster(people, clusters), names)),
        "people.csv": _csv(_named(confusion.by_person(people, clusters), names)),
    }


def _counted(one: Confusion) -> str:
    faces = sum(len(group) for group in one.groups)
    return f"{faces} faces, {len(one.groups)}"


def _section(embeddings: Embeddings, one: Confusion, title: str, names: Sequence[str]) -> Section:
    groups = []
    for name, faces in zip(names[:_GROUPS], one.groups[:_GROUPS], strict=True):
        found = [
            _thumbnail(embeddings.pictures[face], tuple(embeddings.boxes[face].tolist()))
            for face in faces[:_FACES].tolist()
        ]
        shown = [face for face in found if face is not None]
        groups.append(Group(name, shown, len(faces) - len(shown)))
    left = len(one.groups) - len(groups)
    return Section(f"{title}{f' ({left} of them not shown)' if left else ''}", groups)


@functools.lru_cache(maxsize=4000)  # the jobs of a sweep show many faces again; 27 kB each
def _thumbnail(picture: Picture, box: tuple[int, ...]) -> Image | None:
    if not picture.publishable:
        return None
    try:
        face = crop(read(picture.path), np.array(box), _MARGIN)
    except (UserError, ValueError):
        return None
    return np.asarray(Pillow.fromarray(face).resize((FACE, FACE), Pillow.Resampling.BILINEAR))


def _row(kind: str, embeddings: Embeddings, one: Confusion) -> dict[str, str | float]:
    first, second = (embeddings.pictures[int(group[0])] for group in one.groups[:2])
    return {
        "kind": kind,
        "of": str(one.of) if kind == "merged" else str(first.person),
        "pairs": str(one.pairs),
        "distance": one.distance,
        "picture": first.name,
        "person": str(first.person),
        "other_picture": second.name,
        "other_person": str(second.person),
    }


def _named(
    rows: Sequence[Mapping[str, float]], names: Sequence[str]
) -> list[dict[str, str | float]]:
    """The rows with people's names in place of their numbers."""
    return [{**row, "person": names[int(row["person"])]} for row in rows]


def _csv(rows: Sequence[Mapping[str, str | float]]) -> str:
    return csv_text(list(rows[0]), (row.values() for row in rows)) if rows else ""
