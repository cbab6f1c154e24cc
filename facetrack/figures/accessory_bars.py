"""What accessories and bad pictures do: how far embeddings move, and what becomes of clusters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Image
from facetrack.figures.canvas import make_figure, use_shipped_settings
from facetrack.figures.pages import render_page
from facetrack.figures.tsne import format_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class EffectBars:
    """One effect: by model, the 10th, 50th and 90th percentile of moves, and panels' values."""

    name: str
    moved: Mapping[str, tuple[float, float, float]]
    values: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class ExamplePair:
    """A face without and with an effect, (h, w, 3) uint8 each. told: what is below it."""

    bare: Image
    worn: Image
    told: str


@dataclass(frozen=True)
class ExampleRow:
    """An effect's examples. told: what it does, in a sentence."""

    name: str
    told: str
    pairs: Sequence[ExamplePair]


@dataclass(frozen=True)
class AccessoryPage:
    """summary: any text. figure: a PNG."""

    summary: str
    figure: bytes
    rows: Sequence[ExampleRow]


@use_shipped_settings()
def draw_accessories(
    effects: Sequence[EffectBars], before: Mapping[str, Mapping[str, float]], title: str
) -> "Figure":
    """A panel of moves, and one for each of the values; a colour per model.

    before: by panel and model, the value without any effect, drawn as a line.
    """
    models = list(effects[0].moved)
    figure = make_figure(4.2 * (1 + len(before)) + 1, 0.24 * len(models) * len(effects) + 1.8)
    panels = figure.subplots(1, 1 + len(before), squeeze=False, sharey=True)[0]
    high = 0.8 / len(models)
    rows = np.arange(len(effects))
    for number, model in enumerate(models):
        at = rows + (number - (len(models) - 1) / 2) * high
        low, middle, top = np.array([one.moved[model] for one in effects]).T
        errors: NDArray[np.float64] = np.stack([middle - low, top - middle])
        label = format_label(model, longest=30)
        panels[0].barh(at, middle, 0.9 * high, xerr=errors, color=f"C{number}", label=label)
        for axes, (name, own) in zip(panels[1:], before.items(), strict=True):
            values = [one.values[name][model] for one in effects]
            axes.barh(at, values, 0.9 * high, color=f"C{number}")
            axes.axvline(own[model], color=f"C{number}", linestyle=":")
            axes.set_xlabel(name)
    panels[0].axvline(1, color="0.4", linestyle=":")
    panels[0].set_xlabel("moved, in radii (median, 10 to 90 %)")
    panels[0].set_yticks(rows, [one.name.replace("_", " ") for one in effects])
    panels[0].invert_yaxis()
    figure.suptitle(format_label(title, longest=100))
    figure.legend(loc="outside lower center", ncols=len(models), frameon=False)
    return figure


def render_accessory_page(title: str, page: AccessoryPage) -> str:
    """The page: the figure, and example pairs of each effect."""
    return render_page("accessories.html", title, page)
