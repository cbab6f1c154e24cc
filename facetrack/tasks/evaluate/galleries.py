"""The confusions of a run as contact sheets, page and tables (the article's Figures 4 to 6)."""

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Embeddings, Image, Picture
from facetrack.core.labels import NOISE, separate_noise
from facetrack.core.likelihood import Odds, find_pair_sharpness
from facetrack.core.texts import write_count
from facetrack.evaluation import confusion
from facetrack.evaluation.confusion import MOST, Confusion
from facetrack.extraction.thumbnails import Face, draw_thumbnail
from facetrack.figures import ErrorPage, Listing, render_error_page
from facetrack.figures.galleries import FACE, Group, Section, draw_gallery
from facetrack.figures.table import format_csv
from facetrack.tasks.evaluate.strays import find_factors

_GROUPS, _FACES = 8, 3  # shown of a confusion, and of each of its groups
_ABOUT_ODDS = (
    " What is said of two faces, such as 73 % one person, is the share of one person's pairs among "
    "all pairs of this set that are so far apart."
)
_OF_CLUSTER = 12  # faces shown of a cluster where nobody knows who is who


@dataclass(frozen=True)
class _Kind:
    """The worst confusions of one kind, and how they are shown.

    heading: what they are, in a word; title: in a few. about: in a sentence; none: the sentence
    where there are none.
    """

    heading: str
    title: str
    about: str
    none: str
    confusions: Sequence[Confusion]
    sections: Sequence[Section]

    @property
    def listing(self) -> Listing:
        """As the page has them."""
        return Listing(self.heading, self.about if self.confusions else self.none, self.sections)

    def contact_sheet(self, title: str) -> bytes:
        """As a PNG. title: of the run."""
        return draw_gallery(f"{self.heading}: {self.title}. {title}", self.sections, self.none)


def name_files(embeddings: Embeddings) -> list[str]:
    """The files of `make_files`."""
    if embeddings.people is None:
        return ["faces.csv", "groups.html"]
    tables = ("faces.csv", "confused.csv", "clusters.csv", "people.csv")
    return ["errors.html", "merged.png", "split.png", *tables]


def make_files(
    embeddings: Embeddings,
    clusters: NDArray[np.int64],
    title: str,
    tsne: bytes,
    odds: Odds | None = None,
) -> dict[str, str | bytes]:
    """faces.csv by name, and what there is to see of the clusters.

    With labels that is errors.html, merged.png, split.png, confused.csv, clusters.csv and
    people.csv; without, groups.html.

    clusters: (n,) labels of all faces. tsne: a PNG of them. odds: what a distance says of two
    faces, where that is known. Faces that the dataset's terms do not
    let be shown are counted, not drawn, and a picture that has gone meanwhile as well.
    """
    people, names = embeddings.people, embeddings.names
    sizes = np.bincount(separate_noise(clusters))
    made: dict[str, str | bytes] = {"faces.csv": _format_faces(embeddings, clusters)}
    told = write_count(len(clusters), "face")
    if people is None:
        summary = f"{told} in {write_count(len(sizes), 'cluster')}."
        page = ErrorPage(title, summary, [_find_largest(embeddings, clusters)], tsne, sizes, None)
        return made | {"groups.html": render_error_page(page)}
    by_cluster = confusion.by_cluster(people, clusters)
    by_person = confusion.by_person(people, clusters)
    n_mergers = sum(row["people"] > 1 for row in by_cluster)
    n_splits = sum(row["clusters"] > 1 for row in by_person)
    mergers = _find_mergers(embeddings, people, clusters, n_mergers, odds)
    splits = _find_splits(embeddings, people, clusters, n_splits, odds)
    summary = (
        f"{told} of {write_count(len(names), 'person', 'people')} in "
        f"{write_count(len(sizes), 'cluster')}. Clusters that "
        f"hold several people: {n_mergers:,}; people in several clusters: {n_splits:,}."
        f"{'' if odds is None else _ABOUT_ODDS}"
    )
    listings = [mergers.listing, splits.listing]
    page = ErrorPage(title, summary, listings, tsne, sizes, np.bincount(people))
    return made | {
        "errors.html": render_error_page(page),
        "merged.png": mergers.contact_sheet(title),
        "split.png": splits.contact_sheet(title),
        "confused.csv": _format_rows(
            [_make_row("merged", embeddings, one, odds) for one in mergers.confusions]
            + [_make_row("split", embeddings, one, odds) for one in splits.confusions]
        ),
        "clusters.csv": _format_rows(_name_people(by_cluster, names)),
        "people.csv": _format_rows(_name_people(by_person, names)),
    }


def _find_mergers(
    embeddings: Embeddings,
    people: NDArray[np.int64],
    clusters: NDArray[np.int64],
    n: int,
    odds: Odds | None,
) -> _Kind:
    """Clusters of several people. n: how many there are in all."""
    names = embeddings.names
    worst = confusion.find_merged(embeddings.vectors, people, clusters)
    sections = [
        _make_section(
            embeddings,
            one,
            f"cluster {one.of}: {_count_faces(one)} people, {_count_pairs(one)} wrongly together, "
            f"the closest at {_tell_distance(one, embeddings, odds)}",
            [names[person] for person in one.names],
            ("cluster", "person"),
            odds,
        )
        for one in worst
    ]
    about = (
        f"Clusters that hold several people{_count_shown(n)}, those with most pairs of faces "
        "wrongly together first. The colour of a frame stands for a person."
    )
    none = "No cluster holds faces of several people."
    return _Kind("Merged", "clusters with several people", about, none, worst, sections)


def _find_splits(
    embeddings: Embeddings,
    people: NDArray[np.int64],
    clusters: NDArray[np.int64],
    n: int,
    odds: Odds | None,
) -> _Kind:
    """People over several clusters. n: how many there are in all."""
    names = embeddings.names
    worst = confusion.find_split(embeddings.vectors, people, clusters)
    sections = [
        _make_section(
            embeddings,
            one,
            f"{names[one.of]}: {_count_faces(one)} clusters, {_count_pairs(one)} wrongly apart, "
            f"the closest at {_tell_distance(one, embeddings, odds)}",
            [f"cluster {cluster}" for cluster in one.names],
            ("person", "cluster"),
            odds,
        )
        for one in worst
    ]
    about = (
        f"People whose faces are in several clusters{_count_shown(n)}, those with most pairs of "
        "faces wrongly apart first. The colour of a frame stands for a cluster."
    )
    none = "Nobody's faces are in several clusters."
    return _Kind("Split", "people in several clusters", about, none, worst, sections)


def _count_shown(n: int) -> str:
    return f" ({MOST} of {n:,})" if n > MOST else ""


def _tell_distance(one: Confusion, embeddings: Embeddings, odds: Odds | None) -> str:
    told = f"{one.distance:.3f}"
    if odds is None:
        return told
    return f"{told} ({odds.tell(one.distance, _find_sharpness(one, embeddings))})"


def _find_sharpness(one: Confusion, embeddings: Embeddings) -> float:
    """That of the closest pair, whose faces stand first in the first two groups."""
    if embeddings.sharpness is None:
        return math.nan
    first, second = (embeddings.sharpness[int(group[0])] for group in one.groups[:2])
    return float(find_pair_sharpness(first, second))


def _count_faces(one: Confusion) -> str:
    faces = sum(len(group) for group in one.groups)
    return f"{write_count(faces, 'face')}, {len(one.groups)}"


def _count_pairs(one: Confusion) -> str:
    return write_count(one.pairs, "pair")


def _make_section(
    embeddings: Embeddings,
    one: Confusion,
    title: str,
    names: Sequence[str],
    kinds: tuple[str, str],
    odds: Odds | None,
) -> Section:
    """kinds: what the confusion is of and what its groups are, "cluster" and "person"."""
    groups = [
        _make_group(embeddings, names[i], faces, _FACES, f"{kinds[1]}-{one.names[i]}", leads=i < 2)
        for i, faces in enumerate(one.groups[:_GROUPS])
    ]
    left = len(one.groups) - len(groups)
    return Section(
        f"{title}{f' ({left} of them not shown)' if left else ''}",
        groups,
        f"{kinds[0]}-{one.of}",
        one.distance,
        None if odds is None else odds.tell(one.distance, _find_sharpness(one, embeddings)),
        find_factors(one, embeddings.pictures),
    )


def _make_group(
    embeddings: Embeddings,
    name: str,
    faces: NDArray[np.int64],
    most: int,
    anchor: str = "",
    *,
    leads: bool = False,
) -> Group:
    found = [
        _read_thumbnail(
            embeddings.pictures[face],
            embeddings.contents[face],
            tuple(embeddings.boxes[face].tolist()),
        )
        for face in faces[:most].tolist()
    ]
    shown = [face for face in found if face is not None]
    return Group(name, shown, len(faces) - len(shown), anchor, leads and found[0] is not None)


@functools.lru_cache(maxsize=4000)  # the jobs of a sweep show many faces again; 27 kB each
def _read_thumbnail(picture: Picture, content: str, box: tuple[int, ...]) -> Image | None:
    face = Face([picture.path], content, np.array(box))
    return draw_thumbnail(face, FACE) if picture.publishable else None


def _find_largest(embeddings: Embeddings, clusters: NDArray[np.int64]) -> Listing:
    """The largest clusters, where nobody said who is who."""
    labels = separate_noise(clusters)
    sizes = np.bincount(labels)
    several = int(np.count_nonzero(sizes > 1))
    sections = []
    for cluster in np.argsort(-sizes, kind="stable")[: min(MOST, several)].tolist():
        group = _make_group(embeddings, "", np.flatnonzero(labels == cluster), _OF_CLUSTER)
        sections.append(
            Section(
                f"cluster {cluster}: {write_count(sizes[cluster], 'face')}",
                [group],
                f"cluster-{cluster}",
            )
        )
    about = f"Clusters of several faces{_count_shown(several)}, the largest first."
    return Listing("Groups", about if sections else "No two faces are in one cluster.", sections)


def _format_faces(embeddings: Embeddings, clusters: NDArray[np.int64]) -> str:
    """Which face is in which cluster, numbered as in clusters.csv, and which are noise."""
    return format_csv(
        ("picture", "person", "cluster", "noise"),
        (
            (picture.name, picture.person or "", str(cluster), "yes" if noise else "")
            for picture, cluster, noise in zip(
                embeddings.pictures, separate_noise(clusters), clusters == NOISE, strict=True
            )
        ),
    )


def _make_row(
    kind: str, embeddings: Embeddings, one: Confusion, odds: Odds | None
) -> dict[str, str | float]:
    first, second = (embeddings.pictures[int(group[0])] for group in one.groups[:2])
    return {
        "kind": kind,
        "of": str(one.of) if kind == "merged" else str(first.person),
        "pairs": str(one.pairs),
        "distance": one.distance,
        "probability": (
            "" if odds is None else odds.find(one.distance, _find_sharpness(one, embeddings))
        ),
        "picture": first.name,
        "person": str(first.person),
        "other_picture": second.name,
        "other_person": str(second.person),
    }


def _name_people(
    rows: Sequence[Mapping[str, float]], names: Sequence[str]
) -> list[dict[str, str | float]]:
    """The rows with people's names in place of their numbers."""
    return [{**row, "person": names[int(row["person"])]} for row in rows]


def _format_rows(rows: Sequence[Mapping[str, str | float]]) -> str:
    return format_csv(list(rows[0]), (row.values() for row in rows)) if rows else ""
