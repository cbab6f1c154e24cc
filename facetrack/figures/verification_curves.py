"""How many pairs of one person are accepted, and of two people: ROC and DET curves.

The ROC has TAR over FAR, the DET the rates of both mistakes, each on an axis on which normally
distributed distances would make a straight line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from facetrack.figures.canvas import make_figure, use_shipped_settings
from facetrack.figures.study_plots import PlotsPage, render_plots_page
from facetrack.figures.table import escape_tags, make_printable
from facetrack.figures.tsne import format_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

_COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#e377c2")
_MARKED = (0.001, 0.01)
_DECADES = (0.0001, 0.001, 0.01, 0.1, 1.0)
_TICKS = (0.0001, 0.001, 0.01, 0.05, 0.2, 0.5)
_LEAST = 1e-5  # of a rate that is shown
_FAR, _TAR = "false accept rate (FAR)", "true accept rate (TAR)"
_FRR = "false reject rate (1 - TAR)"


@dataclass(frozen=True)
class Curve:
    """The rates at rising thresholds, (k,) float64 each.

    far, tar: between two points the earlier one's hold. distances: the thresholds. text: what the
    legend says behind the name.
    """

    name: str
    text: str
    far: Floats
    tar: Floats
    distances: Floats

    @property
    def steps(self) -> tuple[Floats, Floats]:
        """FAR and TAR of the line that is drawn, with its corners; it goes on to the right edge."""
        far = np.append(np.repeat(self.far, 2)[1:], 1.0)
        return far, np.repeat(self.tar, 2)


@use_shipped_settings()
def draw_verification(curves: Sequence[Curve], title: str) -> "Figure":
    """Both figures side by side, a line for each curve. Raises ValueError for no curves."""
    left, bottom = _find_ends(curves)
    figure = make_figure(11, 5 + 0.22 * len(curves))
    figure.suptitle(format_label(title, longest=90))
    roc, det = figure.subplots(1, 2)
    for number, curve in enumerate(curves):
        colour = _COLOURS[number % len(_COLOURS)]
        far, tar = curve.steps
        label = f"{format_label(curve.name, longest=50)}: {curve.text}"
        roc.plot(np.maximum(far, left), tar, color=colour, label=label)
        det.plot(_stretch(far, left), _stretch(1 - tar, left), color=colour)
    _set_roc(roc, left, bottom)
    _set_det(det, left)
    handles, names = roc.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", frameon=False)
    return figure


def render_verification_page(curves: Sequence[Curve], title: str) -> str:
    """The same as one HTML page that works offline. Raises ValueError for no curves."""
    return render_plots_page(PlotsPage(make_printable(title), {"": plot_verification(curves)}))


def plot_verification(curves: Sequence[Curve]) -> Any:
    """The same as plotly's figure, to point at: FAR, TAR, distance. Raises ValueError for none."""
    from plotly.subplots import make_subplots

    left, bottom = _find_ends(curves)
    figure = make_subplots(1, 2, subplot_titles=["ROC", "DET"])
    for number, curve in enumerate(curves):
        style = {"color": _COLOURS[number % len(_COLOURS)]}
        for column, trace in enumerate(_make_traces(curve, left), start=1):
            trace.update(line={**style, "shape": "hv"}, showlegend=column == 1)
            figure.add_trace(trace, row=1, col=column)
    decades = {"tickvals": _DECADES, "ticktext": [_write_rate(one) for one in _DECADES]}
    ends = [float(np.log10(left)), 0.0]
    figure.update_xaxes(title_text=_FAR, type="log", range=ends, **decades, row=1, col=1)
    figure.update_yaxes(title_text=_TAR, range=[bottom, 1 + 0.02 * (1 - bottom)], row=1, col=1)
    values, names = _list_ticks(left)
    ends = [float(one) for one in _stretch(np.array([left, 0.5]), left)]
    stretched = {"tickvals": values, "ticktext": names, "range": ends, "zeroline": False}
    figure.update_xaxes(title_text=_FAR, **stretched, row=1, col=2)
    figure.update_yaxes(title_text=_FRR, **stretched, row=1, col=2)
    for far in _MARKED:
        figure.add_vline(far, line={"color": "grey", "dash": "dot", "width": 1}, row=1, col=1)
    figure.update_layout(
        template="plotly_white",
        hovermode="closest",
        legend={"orientation": "h", "x": 0, "y": -0.15, "yanchor": "top"},
    )
    return figure


def _make_traces(curve: Curve, left: float) -> list[Any]:
    from plotly import graph_objects

    # The last rates hold up to the right edge.
    far, tar = np.append(curve.far, 1.0), np.append(curve.tar, curve.tar[-1])
    distances = np.append(curve.distances, curve.distances[-1])
    name = escape_tags(f"{curve.name}: {curve.text}")
    shared = {
        "mode": "lines",
        "name": name,
        "legendgroup": name,
        "hoverinfo": "text",
        "hovertext": [
            f"{escape_tags(curve.name)}<br>FAR {100 * false:.3g} %, TAR {100 * true:.2f} %"
            + (f"<br>distance up to {distance:.4g}" if np.isfinite(distance) else "")
            for false, true, distance in zip(far, tar, distances, strict=True)
        ],
    }
    places = [
        (np.maximum(far, left), tar),
        (_stretch(far, left), _stretch(1 - tar, left)),
    ]
    return [graph_objects.Scatter(x=x.tolist(), y=y.tolist(), **shared) for x, y in places]


def _find_ends(curves: Sequence[Curve]) -> tuple[float, float]:
    """The least FAR that is shown, half of the least there is, and a TAR below all that are."""
    if not curves:
        raise ValueError("a figure of verification needs at least one curve")
    rates = np.concatenate([rate for one in curves for rate in (one.far, 1 - one.tar)])
    above = rates[rates > 0]
    left = min(max(float(above.min()) / 2, _LEAST), _MARKED[0] / 2) if len(above) else _LEAST
    lowest = min(float(one.tar[np.searchsorted(one.far, 0.0, side="right") - 1]) for one in curves)
    return left, min(0.98, np.floor(10 * lowest) / 10)


def _stretch(rates: Floats, least: float) -> Floats:
    """Rates as quantiles of the normal distribution, none further out than what is shown."""
    from scipy.special import ndtri

    stretched: Floats = ndtri(np.clip(rates, least, 1 - least))
    return stretched


def _write_rate(rate: float) -> str:
    return f"{100 * rate:g} %"


def _list_ticks(left: float) -> tuple[list[float], list[str]]:
    """The ticks of a stretched axis and what stands at them."""
    shown = [one for one in _TICKS if one >= left]
    return _stretch(np.array(shown), left).tolist(), [_write_rate(one) for one in shown]


def _set_roc(axes: "Axes", left: float, bottom: float) -> None:
    decades = [one for one in _DECADES if one >= left]
    axes.set_xscale("log")
    axes.set_xlim(left, 1)
    axes.set_xticks(decades, [_write_rate(one) for one in decades])
    axes.set_ylim(bottom, 1 + 0.02 * (1 - bottom))
    axes.set_title("ROC")
    axes.set_xlabel(_FAR)
    axes.set_ylabel(_TAR)
    for far in _MARKED:
        axes.axvline(far, color="0.5", linestyle=":", linewidth=1)
    axes.grid(color="0.9")
    axes.set_axisbelow(True)


def _set_det(axes: "Axes", left: float) -> None:
    values, names = _list_ticks(left)
    low, high = (float(one) for one in _stretch(np.array([left, 0.5]), left))
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_xticks(values, names)
    axes.set_yticks(values, names)
    axes.plot([low, high], [low, high], color="0.5", linestyle=":", linewidth=1)
    axes.set_title("DET")
    axes.set_xlabel(_FAR)
    axes.set_ylabel(_FRR)
    axes.grid(color="0.9")
    axes.set_axisbelow(True)
