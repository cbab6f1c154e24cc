"""The t-SNE picture to point at: a page with the faces, that colours, tells and isolates them.

plotly's script and a small picture of every face are inside. Points are SVG, not WebGL: that needs
no graphics driver and no script that compiles code of its own, and 7,500 faces move fluently.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack.core.labels import NOISE, separate_noise
from facetrack.figures.assets import read_plotly, read_static
from facetrack.figures.encoding import encode_json
from facetrack.figures.pages import render_page
from facetrack.figures.study_plots import PLOTLY
from facetrack.figures.table import make_printable
from facetrack.figures.tsne_styles import (
    GREY,
    MOST,
    OTHERS,
    Style,
    choose_cluster_styles,
    choose_styles,
    lighten,
)

# What figures/tsne_styles.py calls the markers, as plotly does.
_SYMBOLS = {"o": "circle", "s": "square", "^": "triangle-up", "X": "x"}
_SINGLE, _NOISE = (GREY, "circle-open"), (GREY, "x-thin-open")

# A selection would dim the others as isolating one does; a click again shows them, however soon.
_CONFIG = {
    **PLOTLY,
    "doubleClick": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d"],
}


@dataclass(frozen=True)
class Sheet:
    """Faces on one picture, row by row.

    jpeg: the picture. columns: faces a row. side: of a face, in pixels.
    tiles: (n,) int64, the place of each of n faces on it; -1 for one that may not be shown.
    """

    jpeg: bytes
    columns: int
    side: int
    tiles: NDArray[np.int64]


@dataclass(frozen=True)
class TsnePage:
    """n faces at (n, 2) coordinates, drawn as in `draw_tsne`.

    title, about: any text. people, pictures: n names; None where nobody said who is who.
    clusters: (n,) integers, -1 is noise; they are numbered as in clusters.csv.
    """

    title: str
    about: str
    coordinates: NDArray[np.float32]
    people: Sequence[str] | None
    clusters: NDArray[np.integer]
    pictures: Sequence[str]
    sheet: Sheet

    @property
    def kinds(self) -> Sequence[str]:
        """What faces can be coloured by."""
        return ("cluster",) if self.people is None else ("person", "cluster")

    @property
    def groupings(self) -> list[dict[str, Any]]:
        """For each of `kinds`: the names of its groups, how they are drawn, and whose is whose."""
        if self.people is None:
            return [_group_by_cluster(self.clusters, None)]
        names, numbers = np.unique(np.asarray(self.people, dtype=object), return_inverse=True)
        styles = choose_styles(numbers, self.clusters)
        by_person = _describe_groups(
            "person", "people", list(names), numbers, list(styles.values())
        )
        return [by_person, _group_by_cluster(self.clusters, numbers, styles)]

    @property
    def hint(self) -> str:
        """Who is in colour, where not everybody is; a sentence."""
        n = 0 if self.people is None else len(set(self.people))
        if n <= MOST:
            return ""
        return (
            f"In colour are the {MOST // 2} people with most faces and the {MOST // 2} that are "
            f"most confused, of {n:,}; the others are grey."
        )

    @property
    def tile(self) -> int:
        """The side of a face that is pointed at, twice that on the sheet, in pixels."""
        return 2 * self.sheet.side


def render_tsne_page(page: TsnePage) -> str:
    """The page."""
    groupings = page.groupings
    order = _put_grey_first(groupings[0])
    for one in groupings:
        one["of"] = [one["of"][face] for face in order]
    x, y = np.round(page.coordinates[order].T.astype(np.float64), 2).tolist()
    data = {
        "x": x,
        "y": y,
        "size": round(float(np.clip(200 / np.sqrt(len(x)), 5, 12)), 1),
        "groupings": groupings,
        "pictures": [make_printable(page.pictures[face]) for face in order],
        "tiles": page.sheet.tiles[order].tolist(),
        "columns": page.sheet.columns,
        "side": page.sheet.side,
        "grey": GREY,
        "others": OTHERS,
        "config": _CONFIG,
    }
    scripts = [read_plotly(), f"const DATA = {encode_json(data)};", read_static("tsne.js")]
    return render_page("tsne.html", page.title, page, scripts=scripts)


def _put_grey_first(grouping: Mapping[str, Any]) -> list[int]:
    """The faces in the order they are drawn in: those in colour above the others."""
    coloured = [grouping["colours"][group] != OTHERS for group in grouping["of"]]
    return sorted(range(len(coloured)), key=coloured.__getitem__)


def _group_by_cluster(
    clusters: NDArray[np.integer],
    people: NDArray[np.int64] | None,
    of_people: Mapping[int, Style] | None = None,
) -> dict[str, Any]:
    noise = clusters == NOISE
    numbers = separate_noise(clusters)
    n = int(numbers[~noise].max()) + 1 if not noise.all() else 0
    found = choose_cluster_styles(np.where(noise, NOISE, numbers), people, of_people)
    styles = [found.get(number, _SINGLE) for number in range(n)]
    names = [f"cluster {number}" for number in range(n)]
    if noise.any():
        names.append("in no cluster")
        styles.append(_NOISE)
    return _describe_groups("cluster", "clusters", names, np.where(noise, n, numbers), styles)


def _describe_groups(
    one: str, many: str, names: Sequence[str], of: NDArray[np.int64], styles: Sequence[Style]
) -> dict[str, Any]:
    return {
        "one": one,
        "many": many,
        "names": [make_printable(name) for name in names],
        "of": of.tolist(),
        "colours": [colour for colour, _ in styles],
        "dark": [lighten(style) for style in styles],
        "symbols": [_SYMBOLS.get(shape, shape) for _, shape in styles],
    }
