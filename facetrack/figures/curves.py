"""Mean score against a swept parameter (Figure 3): a panel per method, a curve per dataset."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from facetrack.core.scores import clip_score
from facetrack.figures.canvas import make_figure, use_shipped_settings
from facetrack.figures.study_plots import PlotsPage, render_plots_page
from facetrack.figures.table import escape_tags
from facetrack.figures.tsne import format_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ARTICLE = {"personal_faces": "#d62728", "lfw": "#2ca02c", "muct": "#1f77b4"}
_OTHERS = ("#ff7f0e", "#9467bd", "#17becf", "#8c564b", "#e377c2", "#bcbd22", "#1a1a6e")
_DASHES = ("dash", "dot", "dashdot", "longdash", "longdashdot")  # plotly's names
_PATTERNS = {
    "dash": (0, (5, 3)),
    "dot": (0, (1, 2)),
    "dashdot": (0, (5, 2, 1, 2)),
    "longdash": (0, (9, 3)),
    "longdashdot": (0, (9, 2, 1, 2)),
}
_MOST_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Point:
    """One job of a sweep.

    value: of the swept parameter; NaN for a method that has none, drawn as a dashed line.
    mean, two_std: the score's mean over the resamples and twice its standard deviation; NaN where
    that is not known, drawn without a band.
    """

    dataset: str
    method: str
    parameter: str
    value: float
    mean: float
    two_std: float


@dataclass(frozen=True)
class _Panel:
    """A method's curves by dataset, each in the order of its values."""

    method: str
    parameter: str
    curves: dict[str, list[Point]]

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest value, a little apart even where there is but one."""
        values = [point.value for curve in self.curves.values() for point in curve] or [0.0, 1.0]
        low, high = min(values), max(values)
        margin = 0.03 * (high - low) or 0.5 * abs(low) or 0.5
        return low - margin, high + margin


@use_shipped_settings()
def draw_curves(points: Sequence[Point], score: str = "ARI") -> "Figure":
    """The curves as a matplotlib figure; each curve's best point is ringed and in the legend.

    Bands are mean ± 2·std. Raises ValueError where no point has a finite mean.
    """
    panels, lines = _sort_into_panels(points)
    colours = _choose_colours(points)
    dashes = _choose_dashes(lines)
    columns = min(len(panels), _MOST_COLUMNS)
    rows = math.ceil(len(panels) / columns)
    width = max(7, 5 * columns) + (3.5 if lines else 0)
    figure = make_figure(width, 5 * rows)
    grid = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    for axes, panel in zip(grid, panels, strict=False):
        for dataset, curve in panel.curves.items():
            _draw_curve(axes, curve, colours[dataset], format_label(dataset))
        for line in lines:
            axes.axhline(
                line.mean,
                color=colours[line.dataset],
                linestyle=_PATTERNS[dashes[line.method]],
                linewidth=1.2,
                label=f"{format_label(line.method)}, {format_label(line.dataset)}: "
                f"{_format_point(line)}",
            )
        axes.set_xlim(panel.ends)
        axes.set_ylim(*_find_range(points))
        axes.set_ylabel(f"mean {score}")
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
        if panel.curves:
            axes.set_title(format_label(panel.method, longest=50))
            axes.set_xlabel(format_label(panel.parameter))
            handles = [one for one in axes.get_lines() if one.get_gid() == "curve"]
            axes.legend(
                handles,
                [str(one.get_label()) for one in handles],
                loc="upper center",
                bbox_to_anchor=(0.5, -0.12),
                frameon=False,
                fontsize="small",
            )
        else:
            axes.set_xticks([])
    if lines:
        handles = list(figure.axes[0].get_lines())[-len(lines) :]
        figure.legend(
            handles,
            [str(one.get_label()) for one in handles],
            loc="outside right upper",
            frameon=False,
            fontsize="small",
        )
    return figure


def render_curves_page(points: Sequence[Point], score: str = "ARI", plot: Any = None) -> str:
    """The curves as one HTML page that works offline: plotly's script (5 MB) is inside.

    plot: what `plot_curves` makes of the points, where that is there already. Raises
    ValueError where no point has a finite mean.
    """
    return render_plots_page(
        PlotsPage(f"Mean {score}", {"": plot_curves(points, score) if plot is None else plot})
    )


def plot_curves(points: Sequence[Point], score: str = "ARI") -> Any:
    """The curves as plotly's figure.

    Hovering shows dataset, method, value and mean ± 2·std; the legend shows and hides curves.
    Raises ValueError where no point has a finite mean.
    """
    from plotly.subplots import make_subplots

    panels, lines = _sort_into_panels(points)
    colours = _choose_colours(points)
    dashes = _choose_dashes(lines)
    columns = min(len(panels), _MOST_COLUMNS)
    rows = math.ceil(len(panels) / columns)
    figure = make_subplots(
        rows, columns, subplot_titles=[escape_tags(panel.method) for panel in panels]
    )
    for number, panel in enumerate(panels):
        place = {"row": number // columns + 1, "col": number % columns + 1}
        for dataset, curve in panel.curves.items():
            name = f"{escape_tags(dataset)}, {escape_tags(panel.method)}"
            group = f"{number} {dataset}"
            figure.add_trace(_trace_band(curve, colours[dataset], group), **place)
            figure.add_trace(_trace_curve(curve, colours[dataset], name, group, score), **place)
        for index, line in enumerate(lines):
            style = {"color": colours[line.dataset], "dash": dashes[line.method]}
            trace = _trace_line(line, panel.ends, style, score)
            trace.update(legendgroup=f"line {index}", showlegend=number == 0)
            figure.add_trace(trace, **place)
        figure.update_xaxes(
            title_text=escape_tags(panel.parameter),
            range=list(panel.ends),
            showticklabels=bool(panel.curves),
            **place,
        )
    figure.update_yaxes(title_text=f"mean {score}", range=list(_find_range(points)))
    figure.update_layout(template="plotly_white", hovermode="closest")
    if rows > 1:  # else as high as the window
        figure.update_layout(height=450 * rows)
    return figure


def _sort_into_panels(points: Sequence[Point]) -> tuple[list[_Panel], list[Point]]:
    """The methods with a swept value, and the points that have none."""
    finite = [point for point in points if math.isfinite(point.mean)]
    if not finite:
        raise ValueError("curves need at least one point with a finite mean")
    lines = [point for point in finite if math.isnan(point.value)]
    panels: dict[str, _Panel] = {}
    for point in sorted(finite, key=lambda point: point.value):
        if not math.isnan(point.value):
            panel = panels.setdefault(point.method, _Panel(point.method, point.parameter, {}))
            panel.curves.setdefault(point.dataset, []).append(point)
    order = [point.method for point in finite]
    return sorted(panels.values(), key=lambda panel: order.index(panel.method)) or [
        _Panel("", "", {})
    ], lines


def _choose_colours(points: Sequence[Point]) -> dict[str, str]:
    datasets = sorted({point.dataset for point in points})
    others = [dataset for dataset in datasets if dataset not in _ARTICLE]
    return _ARTICLE | {name: _OTHERS[i % len(_OTHERS)] for i, name in enumerate(others)}


def _choose_dashes(lines: Sequence[Point]) -> dict[str, str]:
    methods = dict.fromkeys(line.method for line in lines)
    return {method: _DASHES[i % len(_DASHES)] for i, method in enumerate(methods)}


def _find_range(points: Sequence[Point]) -> tuple[float, float]:
    """0 to 1, and below where a mean is (a score corrected for chance can be negative)."""
    lowest = min(point.mean for point in points if math.isfinite(point.mean))
    return min(0.0, lowest) - 0.02, 1.02


def _draw_curve(axes: "Axes", curve: Sequence[Point], colour: str, name: str) -> None:
    values = [point.value for point in curve]
    means = [point.mean for point in curve]
    spreads = [point.two_std for point in curve]
    best = max(curve, key=lambda point: point.mean)
    (line,) = axes.plot(values, means, color=colour, marker="o", markersize=4)
    line.set_gid("curve")
    line.set_label(f"{name}: best {_format_point(best)} at {best.value:.4g}")
    if len(curve) > 1:
        low = [clip_score(mean - spread) for mean, spread in zip(means, spreads, strict=True)]
        high = [clip_score(mean + spread) for mean, spread in zip(means, spreads, strict=True)]
        axes.fill_between(values, low, high, color=colour, alpha=0.2, linewidth=0)
    else:
        (mean,), (spread,) = means, spreads
        ends = [[mean - clip_score(mean - spread)], [clip_score(mean + spread) - mean]]
        axes.errorbar(values, means, ends, color=colour, capsize=4)
    axes.plot(
        best.value, best.mean, marker="o", markersize=11, color="none", markeredgecolor=colour
    )


def _trace_band(curve: Sequence[Point], colour: str, group: str) -> Any:
    from plotly import graph_objects

    there = [(point.value, clip_score(point.mean + point.two_std)) for point in curve]
    back = [(point.value, clip_score(point.mean - point.two_std)) for point in reversed(curve)]
    return graph_objects.Scatter(
        x=[value for value, _ in there + back],
        y=[edge for _, edge in there + back],
        mode="lines",
        line={"width": 1 if len(curve) == 1 else 0, "color": colour},
        fill="toself",
        fillcolor=f"rgba({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))}, 0.2)",
        legendgroup=group,
        showlegend=False,
        hoverinfo="skip",
    )


def _trace_curve(curve: Sequence[Point], colour: str, name: str, group: str, score: str) -> Any:
    from plotly import graph_objects

    return graph_objects.Scatter(
        x=[point.value for point in curve],
        y=[point.mean for point in curve],
        mode="lines+markers",
        line={"color": colour},
        name=name,
        legendgroup=group,
        hovertext=[
            f"{name}<br>{escape_tags(point.parameter)} = {point.value:g}"
            f"<br>mean {score} {_format_point(point)}"
            for point in curve
        ],
        hoverinfo="text",
    )


def _trace_line(line: Point, ends: tuple[float, float], style: dict[str, str], score: str) -> Any:
    from plotly import graph_objects

    name = f"{escape_tags(line.dataset)}, {escape_tags(line.method)}"
    return graph_objects.Scatter(
        x=list(ends),
        y=[line.mean, line.mean],
        mode="lines",
        line=style,
        name=name,
        legendrank=2000,  # below the curves, whose rank is 1000
        hovertext=f"{name}<br>mean {score} {_format_point(line)}",
        hoverinfo="text",
    )


def _format_point(point: Point) -> str:
    spread = "" if math.isnan(point.two_std) else f" ± {point.two_std:.3f}"
    return f"{point.mean:.3f}{spread}"
