"""Scores as the number of people grows: panels per score, curves per method, rows per dataset."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from facetrack.figures.canvas import make_figure, use_shipped_settings
from facetrack.figures.tsne import format_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCORES = ("ARI", "precision", "recall")
_COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#e377c2")
_MARKS = "osD^vP*X"


@dataclass(frozen=True, slots=True)
class Size:
    """One job: how many people, and the means of the three SCORES."""

    dataset: str
    method: str
    people: int
    scores: tuple[float, float, float]


@use_shipped_settings()
def draw_growth(sizes: Sequence[Size]) -> "Figure":
    """The curves as a matplotlib figure, people on a logarithmic axis.

    Raises ValueError for no sizes.
    """
    from matplotlib.ticker import NullFormatter, ScalarFormatter

    if not sizes:
        raise ValueError("growth needs at least one job")
    datasets = list(dict.fromkeys(size.dataset for size in sizes))
    methods = list(dict.fromkeys(size.method for size in sizes))
    figure = make_figure(13, 4.5 * len(datasets) + 0.5)
    grid = figure.subplots(len(datasets), len(SCORES), squeeze=False)
    for dataset, line in zip(datasets, grid, strict=True):
        ticks = sorted({size.people for size in sizes if size.dataset == dataset})
        for score, axes in enumerate(line):
            for number, method in enumerate(methods):
                curve = sorted(
                    (size.people, size.scores[score])
                    for size in sizes
                    if (size.dataset, size.method) == (dataset, method)
                )
                axes.plot(
                    [people for people, _ in curve],
                    [value for _, value in curve],
                    color=_COLOURS[number % len(_COLOURS)],
                    marker=_MARKS[number % len(_MARKS)],
                    markersize=5,
                    label=format_label(method, longest=50),
                )
            axes.set_xscale("log")
            axes.set_xticks(ticks)
            axes.xaxis.set_major_formatter(ScalarFormatter())
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.set_ylim(min(0.0, *axes.get_ylim()), 1.02)
            axes.set_title(f"{format_label(dataset)}: {SCORES[score]}")
            axes.set_xlabel("people")
            axes.grid(color="0.9")
            axes.set_axisbelow(True)
    handles, names = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), frameon=False)
    return figure
