"""Faces on a plane by t-SNE: the true people beside the clusters found (Figure 1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from facetrack.core.labels import NOISE
from facetrack.core.texts import write_count
from facetrack.figures.canvas import make_figure, use_shipped_settings
from facetrack.figures.table import make_printable
from facetrack.figures.tsne_styles import (
    GREY,
    OTHERS,
    SHAPES,
    SPLIT_OFF,
    Style,
    choose_cluster_styles,
    choose_styles,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LONGEST_NAME = 26
# Around a marker, so that yellow is seen on white.
_EDGE, _EDGE_WIDTH = "#00000059", 0.3


@dataclass(frozen=True)
class Named:
    """names: of the people, sorted. numbers: (n,) each face's place in it. styles: by place."""

    names: Sequence[str]
    numbers: NDArray[np.int64]
    styles: Mapping[int, Style]


@use_shipped_settings()
def draw_tsne(
    coordinates: NDArray[np.float32],
    people: Sequence[str] | None,
    clusters: NDArray[np.integer],
    title: str,
) -> "Figure":
    """True people (left) and the clusters found (right) at (n, 2) coordinates; 1400 by 700 pixels.

    people: n names, or None: the clusters alone, 700 by 700 pixels. Of many the largest and the
    most confused are in colour.
    clusters: (n,) integers, -1 is noise. The largest cluster in which a person is the most
    frequent has that person's colour and shape; further ones are darker crosses: a person's
    colour in the wrong place is a face in the wrong cluster.
    """
    named = name_styles(people, clusters)
    figure = draw_people(coordinates, named)
    draw_clusters(figure.axes[-1], coordinates, clusters, named)
    figure.suptitle(write_title(title, named))
    return figure


def write_title(title: str, named: Named | None) -> str:
    """The title as it fits above the panels."""
    return format_label(title, longest=120 if named is not None else 70)


def name_styles(people: Sequence[str] | None, clusters: NDArray[np.integer]) -> Named | None:
    """Who the people are and how each is drawn; None where nobody is named."""
    if people is None:
        return None
    names, numbers = np.unique(np.asarray(people, dtype=object), return_inverse=True)
    return Named(list(names), numbers, choose_styles(numbers, clusters))


def draw_people(coordinates: NDArray[np.float32], named: Named | None) -> "Figure":
    """The figure of `draw_tsne` without clusters and title; its last panel is for the clusters."""
    figure = make_figure(7 if named is None else 14, 7)
    panels = figure.subplots(1, 1 if named is None else 2, squeeze=False)[0]
    if named is not None:
        _scatter(panels[0], coordinates, named.numbers, named.styles)
        _rasterize(panels[0])
        _name_people(panels[0], named.names, named.styles)
    for axes in panels:
        axes.set(xticks=[], yticks=[])
        axes.set_aspect("equal", adjustable="datalim")
    return figure


def draw_clusters(
    axes: "Axes",
    coordinates: NDArray[np.float32],
    clusters: NDArray[np.integer],
    named: Named | None,
) -> None:
    """Draw the clusters into the last panel of `draw_people`, in place of those it has."""
    size = _choose_marker_size(len(clusters))
    for before in list(axes.collections):
        before.remove()
    labels, sizes = np.unique(clusters[clusters != NOISE], return_counts=True)
    single = np.isin(clusters, labels[sizes == 1])
    noise = clusters == NOISE
    axes.scatter(
        coordinates[single, 0],
        coordinates[single, 1],
        s=size,
        c="none",
        edgecolors=GREY,
        linewidths=0.7,
    )
    axes.scatter(
        coordinates[noise, 0], coordinates[noise, 1], s=size, c=GREY, marker="x", linewidths=0.7
    )
    numbers, of_people = (None, None) if named is None else (named.numbers, named.styles)
    _scatter(axes, coordinates, clusters, choose_cluster_styles(clusters, numbers, of_people))
    told = [write_count(len(labels), "cluster")]
    if single.any():
        told.append(write_count(int(single.sum()), "of them a single face", "of them single faces"))
    if noise.any():
        told.append(write_count(int(noise.sum()), "face in none", "faces in none"))
    axes.set_title(", ".join(told))
    _rasterize(axes)


def format_label(name: str, longest: int = _LONGEST_NAME) -> str:
    """A name as matplotlib text: one line, cut to `longest` characters, and no formula."""
    name = make_printable(name)
    name = name if len(name) <= longest else name[: longest - 1] + "…"
    return name.replace("$", r"\$")


def _scatter(
    axes: "Axes",
    coordinates: NDArray[np.float32],
    labels: NDArray[np.integer],
    styles: Mapping[int, Style],
) -> None:
    """Draw the faces whose label has a style; a call a marker, since matplotlib takes no more."""
    size = _choose_marker_size(len(labels))
    grey = {label: style for label, style in styles.items() if style[0] == OTHERS}
    coloured = {label: style for label, style in styles.items() if label not in grey}
    for some, edge in ((grey, 0.0), (coloured, _EDGE_WIDTH)):  # the grey ones below
        for marker in (*SHAPES, SPLIT_OFF):
            colours = {label: style[0] for label, style in some.items() if style[1] == marker}
            chosen = np.isin(labels, list(colours))
            if chosen.any():
                axes.scatter(
                    coordinates[chosen, 0],
                    coordinates[chosen, 1],
                    s=size,
                    c=[colours[int(one)] for one in labels[chosen]],
                    marker=marker,
                    edgecolors=_EDGE,
                    linewidths=edge,
                )


def _rasterize(axes: "Axes") -> None:
    """Have the points of a panel be pixels, also where somebody saves it as PDF or SVG."""
    for drawn in axes.collections:
        drawn.set_rasterized(True)


def _name_people(axes: "Axes", names: Sequence[str], styles: Mapping[int, Style]) -> None:
    """How many people there are, and a legend of those in colour."""
    from matplotlib.lines import Line2D

    shown = [number for number, style in styles.items() if style[0] != OTHERS]
    left = len(names) - len(shown)
    told = f", {len(shown)} of them in colour" if left else ""
    axes.set_title(f"{write_count(len(names), 'person', 'people')}{told}")
    labels = [format_label(names[number]) for number in shown]
    drawn = [styles[number] for number in shown]
    if left:
        labels, drawn = [*labels, f"{left} others"], [*drawn, (OTHERS, SHAPES[0])]
    handles = [
        Line2D([], [], linestyle="", color=colour, marker=marker) for colour, marker in drawn
    ]
    assert axes.figure is not None
    axes.figure.legend(handles, labels, loc="outside right upper", frameon=False)


def _choose_marker_size(n: int) -> float:
    """Area in square points: 45 for a family's photos, 6 for thousands."""
    return float(np.clip(6000 / max(n, 1), 6, 45))
