"""Matplotlib's figures as it has them itself, and as PNG."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

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
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    # Not by savefig, which draws constrained layouts twice, and packs what is unpacked below.
    figure.set_dpi(_DPI)
    canvas: Any = FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        # Names may be in scripts the font lacks; the boxes drawn instead say so well enough.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        canvas.draw()
    # 256 colours look the same (on LFW at most 18 of 255 off) and make its t-SNE 80 kB, not 300:
    # a sweep keeps one for every job.
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    content = io.BytesIO()
    picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        content, "PNG", dpi=(_DPI, _DPI)
    )
    return content.getvalue()
