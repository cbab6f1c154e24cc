"""Scores as the number of people grows: panels per score, curves per method, rows per dataset.

Where people are drawn several times, a curve is the mean over the draws, and a band reaches from
the lowest to the highest.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from facetrack.figures.canvas import make_figure, use_shipped_settings
from facetrack.figures.table import format_csv
from facetrack.figures.tsne import format_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

K = TypeVar("K", bound=Hashable)

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


def format_growth_csv(sizes: Sequence[Size]) -> str:
    """The curves as a table: means over the draws of so many people, the lowest and the highest."""
    head = ["dataset", "method", "people", "draws"]
    head += [f"{score} {what}" for score in SCORES for what in ("mean", "lowest", "highest")]
    rows = []
    for (dataset, method), of_curve in _group(sizes, lambda one: (one.dataset, one.method)).items():
        for people, drawn in sorted(_group(of_curve, lambda one: one.people).items()):
            scores = np.array([one.scores for one in drawn]).T
            cells = [[one.mean(), one.min(), one.max()] for one in scores]
            rows.append([dataset, method, people, len(drawn), *np.ravel(cells).tolist()])
    return format_csv(head, rows)


def _group(sizes: Iterable[Size], key: Callable[[Size], K]) -> dict[K, list[Size]]:
    """The sizes by what a function says of them, in their order."""
    found: dict[K, list[Size]] = {}
    for one in sizes:
        found.setdefault(key(one), []).append(one)
    return found


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
                of_curve = [one for one in sizes if (one.dataset, one.method) == (dataset, method)]
                drawn = {
                    people: [one.scores[score] for one in same]
                    for people, same in sorted(_group(of_curve, lambda one: one.people).items())
                }
                colour = _COLOURS[number % len(_COLOURS)]
                axes.fill_between(
                    list(drawn),
                    [min(values) for values in drawn.values()],
                    [max(values) for values in drawn.values()],
                    **{"color": colour, "alpha": 0.15, "linewidth": 0},
                )
                axes.plot(
                    list(drawn),
                    [fmean(values) for values in drawn.values()],
                    color=colour,
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
