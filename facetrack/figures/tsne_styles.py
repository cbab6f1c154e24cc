"""Colours and shapes of faces on a plane: whose stand out, and that every eye tells them apart.

The colours are those of Okabe and Ito (Color Universal Design, 2008), which people with each kind
of colour blindness can tell apart. A few dozen people are as many as colours and shapes can tell:
of more, the largest and the most confused have some, and the others are grey.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from facetrack.core.labels import NOISE, separate_noise

# Colours first: neighbours in number always differ in colour, and those of equal colour in shape.
COLOURS = (
    *("#0072B2", "#E69F00", "#009E73", "#D55E00"),
    *("#56B4E9", "#CC79A7", "#000000", "#F0E442"),
)
SHAPES = ("o", "s", "^")
SPLIT_OFF = "X"
MOST = len(COLOURS) * len(SHAPES)
"""So many people, or clusters where nobody is named, have a colour and a shape of their own."""
GREY = "#8c8c8c"
"""Of faces that are alone: hollow in a cluster of their own, crosses in none."""
OTHERS = "#c4c4c4"
"""Of people past `MOST`, and of their clusters."""

Style = tuple[str, str]
"""A colour and a marker."""


def choose_styles(people: NDArray[np.integer], clusters: NDArray[np.integer]) -> dict[int, Style]:
    """How each person is drawn. people: (n,) numbers from 0; clusters: (n,), -1 is noise.

    Up to `MOST` people have a style of their own; of more, half of those styles go to the largest
    and half to the most confused.
    """
    n = int(people.max()) + 1 if len(people) else 0
    shown = range(n) if n <= MOST else sorted(choose_shown(people, clusters))
    places = {person: place for place, person in enumerate(shown)}
    return {
        person: _make_style(places[person]) if person in places else (OTHERS, SHAPES[0])
        for person in range(n)
    }


def choose_shown(people: NDArray[np.integer], clusters: NDArray[np.integer]) -> list[int]:
    """The people to show among more than `MOST`: the largest, then the most confused others."""
    sizes = np.bincount(people)
    largest = np.argsort(-sizes, kind="stable")[: MOST // 2].tolist()
    most_wrong = np.argsort(-_count_wrong(people, clusters), kind="stable").tolist()
    known = set(largest)
    return [*largest, *(one for one in most_wrong if one not in known)][:MOST]


def choose_cluster_styles(
    clusters: NDArray[np.integer],
    people: NDArray[np.integer] | None,
    of_people: Mapping[int, Style] | None = None,
) -> dict[int, Style]:
    """A style for every cluster of two faces or more.

    The largest cluster in which a person is the most frequent has that person's; further ones are
    darker crosses. Where nobody is named, the largest clusters have one each.

    clusters: (n,) integers, -1 is noise. people: (n,) numbers from 0, or None. of_people: their
    styles.
    """
    labels, sizes = np.unique(clusters[clusters != NOISE], return_counts=True)
    largest_first = np.argsort(-sizes, kind="stable")
    known = dict(of_people or {})
    styles: dict[int, Style] = {}
    seen: set[int] = set()
    for rank, index in enumerate(largest_first[: np.count_nonzero(sizes > 1)]):
        inside = clusters == labels[index]
        if people is None:
            owner, style = rank, _make_style(rank) if rank < MOST else (OTHERS, SHAPES[0])
        else:
            owner = int(np.bincount(people[inside]).argmax())
            style = known[owner]
        split = owner in seen
        styles[int(labels[index])] = (_darken(style[0]), SPLIT_OFF) if split else style
        seen.add(owner)
    return styles


def lighten(style: Style) -> str:
    """The colour of a style on a dark ground."""
    colour, marker = style
    if colour == OTHERS:
        return "#5a5a5a"
    if colour == "#000000" and marker != SPLIT_OFF:
        return "#ffffff"
    return _blend(colour, 255, 0.5) if marker == SPLIT_OFF else colour


def _make_style(place: int) -> Style:
    return COLOURS[place % len(COLOURS)], SHAPES[place // len(COLOURS) % len(SHAPES)]


def _count_wrong(people: NDArray[np.integer], clusters: NDArray[np.integer]) -> NDArray[np.int64]:
    """(P,) int64, the pairs with a face of each person that are wrongly together, or apart."""
    apart = separate_noise(clusters)
    sizes, of_cluster = np.bincount(people), np.bincount(apart)
    cells, counts = np.unique(np.stack([people, apart]), axis=1, return_counts=True)
    wrong = sizes * (sizes - 1) // 2
    np.subtract.at(wrong, cells[0], counts * (counts - 1) // 2)
    np.add.at(wrong, cells[0], counts * (of_cluster[cells[1]] - counts))
    return wrong.astype(np.int64)


def _darken(colour: str) -> str:
    return _blend(colour, 0, 0.45)


def _blend(colour: str, other: int, share: float) -> str:
    """A colour with a share of a grey, 0 to 255."""
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round((1 - share) * one + share * other):02x}" for one in parts)
