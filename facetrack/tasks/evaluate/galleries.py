"""The confusions of a run as contact sheets, page and tables (the article's Figures 4 to 6)."""

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Embeddings, Image, Picture
from facetrack.core.labels import NOISE, noise_alone
from facetrack.core.texts import counted
from facetrack.evaluation import confusion
from facetrack.evaluation.confusion import MOST, Confusion
from facetrack.extraction.thumbnails import Face, draw_thumbnail
from facetrack.figures import Listing, error_page
from facetrack.figures.galleries import FACE, Group, Section, gallery
from facetrack.figures.table import csv_text

_GROUPS, _FACES = 8, 3  # shown of a confusion, and of each of its groups
_OF_CLUSTER = 12  # faces shown of a cluster where nobody knows who is who


def files(
    embeddings: Embeddings, clusters: NDArray[np.int64], title: str, tsne: bytes
) -> dict[str, str | bytes]:
    """faces.csv by name, and what there is to see of the clusters.

    With labels that is errors.html, merged.png, split.png, confused.csv, clusters.csv and
    people.csv; without, groups.html.

    clusters: (n,) labels of all faces. tsne: a PNG of them. Faces that the dataset's terms do not
    let be shown are counted, not drawn, and a picture that has gone meanwhile as well.
    """
    people = embeddings.people
    sizes = np.bincount(noise_alone(clusters))
    made: dict[str, str | bytes] = {"faces.csv": _faces_csv(embeddings, clusters)}
    if people is None:
        largest = _largest(embeddings, clusters)
        faces = counted(len(clusters), "face")
        summary = f"{faces} in {counted(len(sizes), 'cluster')}."
        return made | {"groups.html": error_page(title, summary, [largest], tsne, sizes, None)}
    names = embeddings.names
    mergers = confusion.merged(embeddings.vectors, people, clusters)
    splits = confusion.split(embeddings.vectors, people, clusters)
    merged_sections = [
        _section(
            embeddings,
            one,
            f"cluster {one.of}: {_counted(one)} people, {_pairs(one)} wrongly together, "
            f"the closest at {one.distance:.3f}",
            [names[person] for person in one.names],
            ("cluster", "person"),
        )
        for one in mergers
    ]
    split_sections = [
        _section(
            embeddings,
            one,
            f"{names[one.of]}: {_counted(one)} clusters, {_pairs(one)} wrongly apart, "
            f"the closest at {one.distance:.3f}",
            [f"cluster {cluster}" for cluster in one.names],
            ("person", "cluster"),
        )
        for one in splits
    ]
    by_cluster = confusion.by_cluster(people, clusters)
    by_person = confusion.by_person(people, clusters)
    n_mergers = sum(row["people"] > 1 for row in by_cluster)
    n_splits = sum(row["clusters"] > 1 for row in by_person)
    nobody_merged = "No cluster holds faces of several people."
    nobody_split = "Nobody's faces are in several clusters."
    merged = (
        f"Clusters that hold several people{_most(n_mergers)}, those with most pairs of faces "
        "wrongly together first. The colour of a frame stands for a person."
    )
    split = (
        f"People whose faces are in several clusters{_most(n_splits)}, those with most pairs of "
        "faces wrongly apart first. The colour of a frame stands for a cluster."
    )
    listings = [
        Listing("Merged", merged if mergers else nobody_merged, merged_sections),
        Listing("Split", split if splits else nobody_split, split_sections),
    ]
    summary = (
        f"{counted(len(people), 'face')} of {counted(len(names), 'person', 'people')} in "
        f"{counted(len(sizes), 'cluster')}. Clusters that "
        f"hold several people: {n_mergers:,}; people in several clusters: {n_splits:,}."
    )
    return made | {
        "errors.html": error_page(title, summary, listings, tsne, sizes, np.bincount(people)),
        "merged.png": gallery(
            f"Merged: clusters with several people. {title}", merged_sections, nobody_merged
        ),
        "split.png": gallery(
            f"Split: people in several clusters. {title}", split_sections, nobody_split
        ),
        "confused.csv": _csv(
            [_row("merged", embeddings, one) for one in mergers]
            + [_row("split", embeddings, one) for one in splits]
        ),
        "clusters.csv": _csv(_named(by_cluster, names)),
        "people.csv": _csv(_named(by_person, names)),
    }


def _most(n: int) -> str:
    return f" ({MOST} of {n:,})" if n > MOST else ""


def _counted(one: Confusion) -> str:
    faces = sum(len(group) for group in one.groups)
    return f"{counted(faces, 'face')}, {len(one.groups)}"


def _pairs(one: Confusion) -> str:
    return counted(one.pairs, "pair")


def _section(
    embeddings: Embeddings,
    one: Confusion,
    title: str,
    names: Sequence[str],
    kinds: tuple[str, str],
) -> Section:
    """kinds: what the confusion is of and what its groups are, "cluster" and "person"."""
    groups = [
        _group(embeddings, names[i], faces, _FACES, f"{kinds[1]}-{one.names[i]}", leads=i < 2)
        for i, faces in enumerate(one.groups[:_GROUPS])
    ]
    left = len(one.groups) - len(groups)
    return Section(
        f"{title}{f' ({left} of them not shown)' if left else ''}",
        groups,
        f"{kinds[0]}-{one.of}",
        one.distance,
    )


def _group(
    embeddings: Embeddings,
    name: str,
    faces: NDArray[np.int64],
    most: int,
    anchor: str = "",
    *,
    leads: bool = False,
) -> Group:
    found = [
        _thumbnail(
            embeddings.pictures[face],
            embeddings.contents[face],
            tuple(embeddings.boxes[face].tolist()),
        )
        for face in faces[:most].tolist()
    ]
    shown = [face for face in found if face is not None]
    return Group(name, shown, len(faces) - len(shown), anchor, leads and found[0] is not None)


@functools.lru_cache(maxsize=4000)  # the jobs of a sweep show many faces again; 27 kB each
def _thumbnail(picture: Picture, content: str, box: tuple[int, ...]) -> Image | None:
    face = Face([picture.path], content, np.array(box))
    return draw_thumbnail(face, FACE) if picture.publishable else None


def _largest(embeddings: Embeddings, clusters: NDArray[np.int64]) -> Listing:
    """The largest clusters, where nobody said who is who."""
    labels = noise_alone(clusters)
    sizes = np.bincount(labels)
    several = int(np.count_nonzero(sizes > 1))
    sections = []
    for cluster in np.argsort(-sizes, kind="stable")[: min(MOST, several)].tolist():
        group = _group(embeddings, "", np.flatnonzero(labels == cluster), _OF_CLUSTER)
        sections.append(
            Section(
                f"cluster {cluster}: {counted(sizes[cluster], 'face')}",
                [group],
                f"cluster-{cluster}",
            )
        )
    about = f"Clusters of several faces{_most(several)}, the largest first."
    return Listing("Groups", about if sections else "No two faces are in one cluster.", sections)


def _faces_csv(embeddings: Embeddings, clusters: NDArray[np.int64]) -> str:
    """Which face is in which cluster, numbered as in clusters.csv, and which are noise."""
    return csv_text(
        ("picture", "person", "cluster", "noise"),
        (
            (picture.name, picture.person or "", str(cluster), "yes" if noise else "")
            for picture, cluster, noise in zip(
                embeddings.pictures, noise_alone(clusters), clusters == NOISE, strict=True
            )
        ),
    )


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
