"""Matplotlib's figures as it has them itself, and as PNG."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from facetrack.figures.palette import encode, reduce_drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 100


@contextmanager
def use_shipped_settings() -> Iterator[None]:
    """Draw with Matplotlib's own settings; the caller's are as they were afterwards.

    Matplotlib would take settings from a matplotlibrc in the working folder, which is data: one
    that somebody sent along with pictures can have LaTeX run. A picture looks the same everywhere.
    """
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        yield


def make_figure(width: float, height: float) -> "Figure":
    """An empty figure of so many inches, to be drawn with `use_shipped_settings`."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


@use_shipped_settings()
def encode_png(figure: "Figure") -> bytes:
    """A figure as PNG, 100 pixels per inch; the same figure gives the same bytes."""
    return encode_canvas(draw_canvas(figure))


def draw_canvas(figure: "Figure") -> Any:
    """Matplotlib's canvas with a figure drawn onto it, to be called with `use_shipped_settings`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    # Not by savefig, which draws constrained layouts twice, and packs what is unpacked below.
    figure.set_dpi(_DPI)
    canvas: Any = FigureCanvasAgg(figure)
    with ignore_missing_letters():
        canvas.draw()
    return canvas


@contextmanager
def ignore_missing_letters() -> Iterator[None]:
    """Names may be in scripts the font lacks; the boxes drawn instead say so well enough."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def encode_canvas(canvas: Any) -> bytes:
    """What is drawn on a canvas as PNG: of 256 colours, since a sweep keeps one for every job."""
    return encode(reduce_drawing(np.asarray(canvas.buffer_rgba())), _DPI)
