"""How accuracies grow with the number of faces per person: a line per method."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from facetrack.figures.canvas import make_figure, use_shipped_settings
from facetrack.figures.tsne import format_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKS = "os^Dv*Px"


@use_shipped_settings()
def draw_accuracies(
    sizes: Sequence[int], lines: Mapping[str, Sequence[tuple[float, float]]], title: str
) -> "Figure":
    """The lines over the sizes, on a logarithmic axis.

    lines: by what they are called, at each size a mean and the standard deviation around it.
    Raises ValueError for no sizes.
    """
    from matplotlib.ticker import NullFormatter, ScalarFormatter

    if not sizes:
        raise ValueError("a figure of accuracies needs at least one size")
    figure = make_figure(8, 5)
    axes = figure.subplots()
    for number, (name, line) in enumerate(lines.items()):
        axes.errorbar(
            sizes,
            [mean for mean, _ in line],
            yerr=[spread for _, spread in line],
            color=f"C{number % 10}",
            marker=_MARKS[number % len(_MARKS)],
            markersize=5,
            capsize=3,
            label=format_label(name, longest=40),
        )
    axes.set_xscale("log")
    axes.set_xticks(sizes)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_ylim(min(0.5, *axes.get_ylim()), 1.02)
    axes.set_xlabel("faces per person, of the same people")
    axes.set_ylabel("accuracy, ± standard deviation over draws")
    axes.set_title(format_label(title, longest=80))
    axes.grid(color="0.9")
    axes.set_axisbelow(True)
    figure.legend(loc="outside lower center", ncols=len(lines), frameon=False)
    return figure
