"""What a study found, as pictures, a page and tables: data in, files out."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState

from facetrack import figures
from facetrack.figures.canvas import make_figure, use_shipped_settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PLOTS: dict[str, Callable[[optuna.Study], Any]] = {
    "Optimisation history": optuna.visualization.plot_optimization_history,
    "Objective against each setting": optuna.visualization.plot_slice,
    "Empirical distribution": optuna.visualization.plot_edf,
}
_COMPLETE, _PRUNED, _BEST = "#1f77b4", "0.6", "#d62728"


@dataclass(frozen=True)
class Found:
    """A study at its end. names: its objectives. best: the trial to use."""

    name: str
    study: optuna.Study
    names: Sequence[str]
    best: FrozenTrial

    def trials(self, state: TrialState) -> list[FrozenTrial]:
        """The trials of a state, in the order they began."""
        return self.study.get_trials(deepcopy=False, states=(state,))

    def curve(self, axis: str) -> list[tuple[float, float]]:
        """(value, mean of the first objective) by value of a setting, whatever the others are."""
        points: dict[float, float] = {}
        for trial in self.trials(TrialState.COMPLETE):
            value, mean = trial.params[axis], float(trial.values[0])
            points[value] = max(mean, points.get(value, -math.inf))
        return sorted(points.items())

    def standard_error(self) -> float:
        """Of the best trial's mean over the resamples; 0 where it was not scored on resamples."""
        n = int(self.best.user_attrs.get(f"{self.names[0]} n", 1))
        std = float(self.best.user_attrs.get(f"{self.names[0]} std", 0.0))
        # The stored std is the population's; one of a sample is what an error is made of.
        return std / math.sqrt(n - 1) if n > 1 else 0.0

    def width(self, axis: str) -> tuple[float, float]:
        """Around the best, the values whose mean is within one standard error of its mean.

        Between two trials the curve is taken to be straight, save for whole numbers. The best value
        alone where there is no standard error: several objectives, or none on resamples.
        """
        curve = self.curve(axis)
        at = self.best.params[axis]
        if len(self.names) > 1 or not self.standard_error():
            return at, at
        place = [value for value, _ in curve].index(at)
        floor = curve[place][1] - self.standard_error()
        return _reach(curve[place::-1], floor), _reach(curve[place:], floor)


def draw_files(
    found: Found, searched: Sequence[str], plots: Mapping[str, Any]
) -> dict[str, str | bytes]:
    """study.png, study.html, trials.csv by name. plots: those of `make_plots`."""
    return {
        "study.png": figures.encode_png(_picture(found, searched)),
        # One page that works offline: plotly's script is inside, once.
        "study.html": figures.render_plots_page(figures.PlotsPage(found.name, plots)),
        "trials.csv": _csv(found, searched),
    }


def _reach(curve: Sequence[tuple[float, float]], floor: float) -> float:
    """How far from its first point a curve stays at or above a floor."""
    (value, mean), *others = curve
    for further, below in others:
        if below < floor:
            if isinstance(value, int):
                return value
            share = (mean - floor) / (mean - below)
            return value + share * (further - value)
        value, mean = further, below
    return value


@use_shipped_settings()
def _picture(found: Found, searched: Sequence[str]) -> "Figure":
    several = len(found.names) > 1
    panels = [_history, _radius, _distribution]
    if several:
        panels = [_front, _radius]
    elif len(searched) > 1:
        panels += [_importances, _contour]
    columns = min(3, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = make_figure(5 * columns, 4.5 * rows)
    grid = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, panel in zip(grid, panels, strict=False):
        panel(axes, found, searched)
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    figure.suptitle(figures.format_label(found.name, longest=80))
    return figure


def _history(axes: "Axes", found: Found, _: Sequence[str]) -> None:
    complete, pruned = found.trials(TrialState.COMPLETE), found.trials(TrialState.PRUNED)
    axes.scatter(
        [trial.number for trial in pruned],
        [_last(trial) for trial in pruned],
        color=_PRUNED,
        s=14,
        label="pruned",
    )
    numbers = [trial.number for trial in complete]
    values = [trial.values[0] for trial in complete]
    axes.scatter(numbers, values, color=_COMPLETE, s=14, label="complete")
    axes.step(
        numbers, np.maximum.accumulate(values), color=_BEST, where="post", label="best so far"
    )
    axes.set_xlabel("trial")
    axes.set_ylabel(f"mean {found.names[0]}")
    axes.set_title("history")
    axes.legend(frameon=False, fontsize="small")


def _radius(axes: "Axes", found: Found, searched: Sequence[str]) -> None:
    axis = searched[0]
    for number, name in enumerate(found.names):
        trials = sorted(found.trials(TrialState.COMPLETE), key=lambda trial: trial.params[axis])
        values = np.array([trial.params[axis] for trial in trials])
        means = np.array([trial.values[number] for trial in trials])
        spread = 2 * np.array([trial.user_attrs.get(f"{name} std", 0.0) for trial in trials])
        colour = (_COMPLETE, "#2ca02c", "#9467bd", "#ff7f0e")[number % 4]
        if len(searched) == 1:
            axes.plot(values, means, color=colour, marker="o", markersize=3, label=name)
            axes.fill_between(
                values, means - spread, means + spread, color=colour, alpha=0.2, linewidth=0
            )
        else:
            axes.scatter(values, means, color=colour, s=14, label=name)
    axes.axvline(found.best.params[axis], color=_BEST, linewidth=1)
    low, high = found.width(axis)
    if high > low and len(found.names) == 1:
        axes.axvspan(low, high, color=_BEST, alpha=0.15, linewidth=0)
    axes.set_xlabel(axis)
    axes.set_ylabel("mean ± 2·std")
    axes.set_title(f"best at {axis} = {found.best.params[axis]:.4g}")
    if len(found.names) > 1:
        axes.legend(frameon=False, fontsize="small")


def _distribution(axes: "Axes", found: Found, _: Sequence[str]) -> None:
    values = np.sort([trial.values[0] for trial in found.trials(TrialState.COMPLETE)])
    axes.step(values, np.arange(1, len(values) + 1) / len(values), where="post", color=_COMPLETE)
    axes.set_xlabel(f"mean {found.names[0]}")
    axes.set_ylabel("share of trials at most so good")
    axes.set_title("empirical distribution")


def _importances(axes: "Axes", found: Found, _: Sequence[str]) -> None:
    shares = _shares(found)
    axes.barh(list(shares)[::-1], list(shares.values())[::-1], color=_COMPLETE)
    axes.set_xlabel("importance")
    axes.set_title("which setting matters")


def _contour(axes: "Axes", found: Found, searched: Sequence[str]) -> None:
    trials = found.trials(TrialState.COMPLETE)
    x, y = ([trial.params[name] for trial in trials] for name in searched[:2])
    points = axes.scatter(x, y, c=[trial.values[0] for trial in trials], cmap="viridis", s=30)
    assert axes.figure is not None
    axes.figure.colorbar(points, ax=axes, label=f"mean {found.names[0]}")
    axes.set_xlabel(searched[0])
    axes.set_ylabel(searched[1])
    axes.set_title("two settings together")


def _front(axes: "Axes", found: Found, _: Sequence[str]) -> None:
    trials = found.trials(TrialState.COMPLETE)
    front = sorted(found.study.best_trials, key=lambda trial: trial.values[0])
    for some, colour, line in ((trials, _PRUNED, ""), (front, _BEST, "-")):
        first, second = ([trial.values[i] for trial in some] for i in (0, 1))
        axes.plot(first, second, color=colour, marker="o", markersize=4, linestyle=line)
    axes.set_xlabel(f"mean {found.names[0]}")
    axes.set_ylabel(f"mean {found.names[1]}")
    axes.set_title("Pareto front")


def make_plots(found: Found, searched: Sequence[str]) -> dict[str, Any]:
    """plotly's figures of the search, by heading."""
    if len(found.names) > 1:
        plots: dict[str, Any] = {
            "Pareto front": optuna.visualization.plot_pareto_front(
                found.study, target_names=[f"mean {name}" for name in found.names]
            )
        }
    else:
        plots = {title: plot(found.study) for title, plot in _PLOTS.items()}
        if len(searched) > 1 and _shares(found):
            plots["Importance of each setting"] = optuna.visualization.plot_param_importances(
                found.study
            )
            plots["Two settings together"] = optuna.visualization.plot_contour(found.study)
    for plot in plots.values():
        plot.update_layout(template="plotly_white")
    return plots


def _shares(found: Found) -> dict[str, float]:
    """How much of the differences each setting explains; nothing where that cannot be told."""
    try:
        shares: dict[str, float] = optuna.importance.get_param_importances(found.study)
        return shares
    except (ValueError, RuntimeError):
        return {}  # too few trials, or all the same


def _csv(found: Found, searched: Sequence[str]) -> str:
    head = ["trial", "state", *searched, *(f"{name}_mean" for name in found.names)]
    rows: list[list[str | float]] = []
    for state in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL):
        for trial in found.trials(state):
            means = trial.values or [_last(trial), *([math.nan] * (len(found.names) - 1))]
            settings = (trial.params.get(name, "") for name in searched)
            rows.append([trial.number, state.name.lower(), *settings, *means])
    return figures.format_csv(head, rows)


def _last(trial: FrozenTrial) -> float:
    """A pruned trial's last mean."""
    return (
        trial.intermediate_values[max(trial.intermediate_values)]
        if trial.intermediate_values
        else math.nan
    )
