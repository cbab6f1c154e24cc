"""What models come to, as bars: a panel per score."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from facetrack.figures.canvas import make_figure, use_shipped_settings
from facetrack.figures.tsne import format_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@use_shipped_settings()
def draw_models(
    names: Sequence[str], scores: Mapping[str, Sequence[float]], picked: str | None, title: str
) -> "Figure":
    """A bar per model in each panel, the picked one darker.

    scores: by what they are called, one of each model; NaN where it is not known.
    """
    shown = {name: values for name, values in scores.items() if not all(map(math.isnan, values))}
    figure = make_figure(4.2 * max(len(shown), 1) + 1, 0.5 * len(names) + 1.6)
    grid = figure.subplots(1, max(len(shown), 1), squeeze=False, sharey=True)[0]
    colours = ["#1f4e79" if name == picked else "#9db8d2" for name in names]
    labels = [format_label(name, longest=40) for name in names]
    for axes, (name, values) in zip(grid, shown.items(), strict=False):
        known = [0.0 if math.isnan(value) else value for value in values]
        bars = axes.barh(range(len(names)), known, color=colours)
        axes.bar_label(
            bars, ["-" if math.isnan(one) else f"{one:.3f}" for one in values], padding=3
        )
        axes.set_yticks(range(len(names)), labels)
        axes.set_xlim(0, 1.18)
        axes.set_xlabel(name)
    grid[0].invert_yaxis()
    figure.suptitle(format_label(title, longest=80))
    return figure
