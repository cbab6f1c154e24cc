"""Scores of groups with their intervals: a panel per score, a line per group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facetrack.figures.canvas import make_figure, use_shipped_settings
from facetrack.figures.tsne import format_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST = 60


@dataclass(frozen=True)
class GroupScores:
    """A group's scores by name: value, low and high of each. family: groups that stand together."""

    family: str
    name: str
    scores: Mapping[str, tuple[float, float, float]]


@use_shipped_settings()
def draw_groups(groups: Sequence[GroupScores], title: str) -> "Figure":
    """The first 60 groups, in their order; a colour per family. Raises ValueError for no groups."""
    if not groups:
        raise ValueError("a figure of groups needs at least one")
    shown = groups[:_MOST]
    left = len(groups) - len(shown)
    names = list(shown[0].scores)
    figure = make_figure(3.2 * len(names) + 2, 0.28 * len(shown) + 1.6)
    panels = figure.subplots(1, len(names), squeeze=False, sharey=True)[0]
    families = list(dict.fromkeys(one.family for one in shown))
    for axes, name in zip(panels, names, strict=True):
        for at, one in enumerate(shown):
            value, low, high = one.scores[name]
            colour = f"C{families.index(one.family) % 10}"
            axes.plot([low, high], [at, at], color=colour, linewidth=1.5)
            axes.plot([value], [at], color=colour, marker="o", markersize=5)
        axes.set_title(name)
        axes.grid(axis="x", color="0.9")
        axes.set_axisbelow(True)
    labels = [format_label(f"{one.family}: {one.name}", longest=40) for one in shown]
    panels[0].set_yticks(range(len(shown)), labels)
    panels[0].invert_yaxis()
    more = f" ({left} groups not shown)" if left else ""
    figure.suptitle(format_label(f"{title}{more}", longest=100))
    return figure
