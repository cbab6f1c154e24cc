"""A study of one radius that is known at every radius: a picture, and a page to point at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from facetrack.figures.canvas import make_figure, use_shipped_settings
from facetrack.figures.tsne import format_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BLUE, _RED, _GREEN = "#1f77b4", "#d62728", "#2ca02c"
_AXIS = "eps"
_TITLES = (
    "At every radius: mean ± 2·std over the resamples",
    "Around the best: grey within {:g} of it, red within one standard error",
    "Judged on the other half of the people",
)


@dataclass(frozen=True)
class RadiusStudy:
    """What a study of one radius has found.

    title: what it is of. score: the objective. best: the best radius and its mean. within: the
    radii around it within one standard error; nearly: those that are worse by no more than
    `margin`. curve: radii, means and standard deviations over the resamples. near: radii around the
    best and their means. judged: for each half of the people the radius that is best for the
    others, its score there, and the best that it has at any.
    """

    title: str
    score: str
    best: tuple[float, float]
    within: tuple[float, float]
    nearly: tuple[float, float]
    margin: float
    curve: tuple[Sequence[float], Sequence[float], Sequence[float]]
    near: tuple[Sequence[float], Sequence[float]]
    judged: Sequence[tuple[float, float, float]]


@use_shipped_settings()
def draw_radius_study(study: RadiusStudy) -> "Figure":
    """The study as a matplotlib figure."""
    panels = [_draw_all, _draw_near, *([_draw_judged] if study.judged else [])]
    figure = make_figure(5 * len(panels), 4.5)
    for axes, panel in zip(figure.subplots(1, len(panels)), panels, strict=True):
        panel(axes, study)
        axes.set_xlabel(_AXIS)
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
    figure.suptitle(format_label(study.title, longest=80))
    return figure


def _draw_all(axes: "Axes", study: RadiusStudy) -> None:
    radii, means, stds = map(np.asarray, study.curve)
    axes.plot(radii, means, color=_BLUE)
    axes.fill_between(
        radii, means - 2 * stds, means + 2 * stds, color=_BLUE, alpha=0.2, linewidth=0
    )
    axes.axvline(study.best[0], color=_RED, linewidth=1)
    axes.set_ylabel(f"{study.score}, mean ± 2·std")
    axes.set_title(f"best at {_AXIS} = {study.best[0]:.4g}")


def _draw_near(axes: "Axes", study: RadiusStudy) -> None:
    axes.step(*study.near, color=_BLUE, where="post")
    axes.axvspan(*study.nearly, color="0.92", linewidth=0)
    axes.axvspan(*study.within, color=_RED, alpha=0.15, linewidth=0)
    axes.axvline(study.best[0], color=_RED, linewidth=1)
    axes.set_ylabel(f"mean {study.score}")
    axes.set_title(f"around the best; grey: within {study.margin:g}, red: one standard error")


def _draw_judged(axes: "Axes", study: RadiusStudy) -> None:
    radii, scores, bests = zip(*study.judged, strict=True)
    axes.vlines(radii, scores, bests, color="0.6", linewidth=1)
    ring = axes.plot(radii, bests, "o", color=_GREEN, markersize=8, label="at its own best radius")
    ring[0].set_fillstyle("none")
    axes.plot(radii, scores, "o", color=_BLUE, markersize=5, label="at this radius")
    axes.axvline(study.best[0], color=_RED, linewidth=1)
    axes.set_ylabel(study.score)
    axes.set_title("at the best radius of the other half of the people")
    axes.legend(frameon=False, fontsize="small")


def plot_radius_study(study: RadiusStudy) -> dict[str, Any]:
    """plotly's figures of the study, by heading, for a page (see study_plots.py)."""
    closer = _TITLES[1].format(study.margin)
    plots = {_TITLES[0]: _plot_all(study), closer: _plot_near(study)}
    if study.judged:
        plots[_TITLES[2]] = _plot_judged(study)
    return plots


def _plot_all(study: RadiusStudy) -> Any:
    radii, means, stds = map(np.asarray, study.curve)
    ends = [means - 2 * stds, means + 2 * stds]
    plot = _begin(f"mean {study.score}")
    for end, fill in zip(ends, (None, "tonexty"), strict=True):
        plot.add_scatter(
            x=radii,
            y=end,
            fill=fill,
            fillcolor="rgba(31, 119, 180, 0.2)",
            line={"width": 0, "color": _BLUE},
            hoverinfo="skip",
            showlegend=False,
        )
    plot.add_scatter(x=radii, y=means, line={"color": _BLUE}, mode="lines", name=study.score)
    return _mark_best(plot, study)


def _plot_near(study: RadiusStudy) -> Any:
    radii, means = study.near
    plot = _begin(f"mean {study.score}")
    plot.add_scatter(
        x=radii, y=means, line={"color": _BLUE, "shape": "hv"}, mode="lines", name=study.score
    )
    for ends, colour, opacity in ((study.nearly, "black", 0.06), (study.within, _RED, 0.15)):
        plot.add_vrect(*ends, fillcolor=colour, opacity=opacity, line_width=0)
    return _mark_best(plot, study)


def _plot_judged(study: RadiusStudy) -> Any:
    radii, scores, bests = zip(*study.judged, strict=True)
    plot = _begin(study.score)
    ring = {"color": _GREEN, "size": 13, "symbol": "circle-open"}
    dot = {"color": _BLUE, "size": 8}
    named = ((bests, ring, "at its own best radius"), (scores, dot, "at this radius"))
    for values, marker, name in named:
        plot.add_scatter(x=radii, y=values, mode="markers", marker=marker, name=name)
    return _mark_best(plot, study)


def _begin(label: str) -> Any:
    import plotly.graph_objects

    plot = plotly.graph_objects.Figure()
    plot.update_layout(template="plotly_white", xaxis_title=_AXIS, yaxis_title=label)
    return plot


def _mark_best(plot: Any, study: RadiusStudy) -> Any:
    plot.add_vline(
        study.best[0],
        line={"color": _RED, "width": 1},
        annotation_text=f"best: {study.best[0]:.4g}",
    )
    return plot
