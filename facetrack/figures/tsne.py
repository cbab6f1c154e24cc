"""Faces on a plane by t-SNE: the true people beside the clusters found (Figure 1)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Vectors
from facetrack.core.labels import NOISE
from facetrack.core.texts import write_count
from facetrack.figures.canvas import encode_png, make_figure, use_shipped_settings
from facetrack.figures.table import make_printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colours first: neighbours in number always differ in colour, and those of equal colour in shape.
_COLOURS = (
    *("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd"),
    *("#8c564b", "#f07ac8", "#a8a800", "#17becf", "#1a1a6e"),
)
_SHAPES = ("o", "s", "^", "D", "v", "P")
_SPLIT_OFF = "X"
GREY = "#8c8c8c"
"""Of faces that are alone: hollow in a cluster of their own, crosses in none."""
_MOST_NAMES = 20
_LONGEST_NAME = 26

Style = tuple[str, str]
"""A colour and a marker."""


def compute_coordinates(vectors: Vectors, seed: int) -> NDArray[np.float32]:
    """t-SNE of (n, d) vectors in two components, scikit-learn's defaults: (n, 2) float32.

    The perplexity, 30 by default, must be below n: it is (n - 1) / 3 for 30 faces or fewer.
    """
    n = len(vectors)
    if n == 0 or (vectors == vectors[0]).all():
        # One place for all. scikit-learn would divide by their spread and crash.
        return np.zeros((n, 2), dtype=np.float32)
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    # One thread: the number of BLAS threads shows in the result, and on a machine with
    # other jobs two threads took 2 (7,500 faces) to 12 times (600 faces) as long as one.
    with threadpool_limits(1):
        perplexity = 30.0 if n > 30 else (n - 1) / 3
        model = TSNE(n_components=2, perplexity=perplexity, random_state=seed)
        return np.asarray(model.fit_transform(vectors), dtype=np.float32)


@use_shipped_settings()
def draw_tsne(
    coordinates: NDArray[np.float32],
    people: Sequence[str] | None,
    clusters: NDArray[np.integer],
    title: str,
) -> "Figure":
    """True people (left) and the clusters found (right) at (n, 2) coordinates; 1400 by 700 pixels.

    people: n names, or None: the clusters alone, 700 by 700 pixels.
    clusters: (n,) integers, -1 is noise. The largest cluster in which a person is the most
    frequent has that person's colour and shape; further ones are darker crosses: a person's
    colour in the wrong place is a face in the wrong cluster.
    """
    figure = make_figure(7 if people is None else 14, 7)
    figure.suptitle(format_label(title, longest=120 if people is not None else 70))
    panels = figure.subplots(1, 1 if people is None else 2, squeeze=False)[0]
    numbers = None
    if people is not None:
        names, numbers = np.unique(np.asarray(people, dtype=object), return_inverse=True)
        styles = {number: choose_style(number) for number in range(len(names))}
        _scatter(panels[0], coordinates, numbers, styles)
        panels[0].set_title(write_count(len(names), "person", "people"))
        if len(names) <= _MOST_NAMES:
            _add_legend(figure, list(names), styles)

    labels, sizes = np.unique(clusters[clusters != NOISE], return_counts=True)
    single = np.isin(clusters, labels[sizes == 1])
    noise = clusters == NOISE
    axes, size = panels[-1], _choose_marker_size(len(clusters))
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
    _scatter(axes, coordinates, clusters, choose_cluster_styles(clusters, numbers))
    told = [write_count(len(labels), "cluster")]
    if single.any():
        told.append(write_count(int(single.sum()), "of them a single face", "of them single faces"))
    if noise.any():
        told.append(write_count(int(noise.sum()), "face in none", "faces in none"))
    axes.set_title(", ".join(told))

    for axes in panels:
        axes.set(xticks=[], yticks=[])
        axes.set_aspect("equal", adjustable="datalim")
        for drawn in axes.collections:
            drawn.set_rasterized(True)
    return figure


def draw_tsne_png(
    coordinates: NDArray[np.float32],
    people: Sequence[str] | None,
    clusters: NDArray[np.integer],
    title: str,
) -> bytes:
    """What `draw_tsne` draws, as PNG; the same arguments give the same bytes."""
    return encode_png(draw_tsne(coordinates, people, clusters, title))


def format_label(name: str, longest: int = _LONGEST_NAME) -> str:
    """A name as matplotlib text: one line, cut to `longest` characters, and no formula."""
    name = make_printable(name)
    name = name if len(name) <= longest else name[: longest - 1] + "…"
    return name.replace("$", r"\$")


def choose_style(number: int) -> Style:
    """How the person of a number is drawn."""
    shape = number // len(_COLOURS) % len(_SHAPES)
    return _COLOURS[number % len(_COLOURS)], _SHAPES[shape]


def choose_cluster_styles(
    clusters: NDArray[np.integer], people: NDArray[np.integer] | None
) -> dict[int, Style]:
    """A style for every cluster of two faces or more, as `draw_tsne` describes it.

    clusters: (n,) integers, -1 is noise. people: (n,) numbers from 0, or None.
    """
    labels, sizes = np.unique(clusters[clusters != NOISE], return_counts=True)
    largest_first = np.argsort(-sizes, kind="stable")
    styles: dict[int, Style] = {}
    seen: set[int] = set()
    for rank, index in enumerate(largest_first[: np.count_nonzero(sizes > 1)]):
        inside = clusters == labels[index]
        owner = rank if people is None else int(np.bincount(people[inside]).argmax())
        colour, shape = choose_style(owner)
        styles[int(labels[index])] = (
            (_darken(colour), _SPLIT_OFF) if owner in seen else (colour, shape)
        )
        seen.add(owner)
    return styles


def _darken(colour: str) -> str:
    from matplotlib.colors import to_hex, to_rgb

    red, green, blue = to_rgb(colour)
    return to_hex((0.55 * red, 0.55 * green, 0.55 * blue))


def _scatter(
    axes: "Axes",
    coordinates: NDArray[np.float32],
    labels: NDArray[np.integer],
    styles: dict[int, Style],
) -> None:
    """Draw the faces whose label has a style; a call a marker, since matplotlib takes no more."""
    size = _choose_marker_size(len(labels))
    for marker in (*_SHAPES, _SPLIT_OFF):
        colours = {label: style[0] for label, style in styles.items() if style[1] == marker}
        chosen = np.isin(labels, list(colours))
        if chosen.any():
            axes.scatter(
                coordinates[chosen, 0],
                coordinates[chosen, 1],
                s=size,
                c=[colours[int(one)] for one in labels[chosen]],
                marker=marker,
                linewidths=0,
            )


def _add_legend(figure: "Figure", names: Sequence[str], styles: dict[int, Style]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], linestyle="", color=colour, marker=marker)
        for colour, marker in styles.values()
    ]
    figure.legend(
        handles, [format_label(name) for name in names], loc="outside right upper", frameon=False
    )


def _choose_marker_size(n: int) -> float:
    """Area in square points: 45 for a family's photos, 6 for thousands."""
    return float(np.clip(6000 / max(n, 1), 6, 45))
