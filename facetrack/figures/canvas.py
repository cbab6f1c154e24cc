"""Matplotlib's figures as it has them itself."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(width: float, height: float) -> "Figure":
    """An empty figure of so many inches.

    Matplotlib would take settings from a matplotlibrc in the working folder, which is data: one
    that somebody sent along with pictures can have LaTeX run. A picture looks the same everywhere.
    """
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcdefaults()
    return Figure(figsize=(width, height), layout="constrained")
