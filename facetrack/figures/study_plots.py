"""plotly figures on a page of their own, whose policy lets nothing but them run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from facetrack.figures.assets import read_plotly, read_static
from facetrack.figures.encoding import encode_json
from facetrack.figures.pages import render_page

# plotly 7 shows a button that uploads the chart, data and all, unless told not to.
PLOTLY = {"showSendToCloud": False, "displaylogo": False, "responsive": True}


@dataclass(frozen=True)
class PlotsPage:
    """plotly figures by heading; a single one is as high as the window. "" is no heading."""

    title: str
    figures: Mapping[str, Any]


def render_plots_page(page: PlotsPage) -> str:
    """The page. plotly's script (5 MB) is inside, so that it works offline.

    Names in the figures are plotly's text, which takes some tags for formatting and runs nothing.
    """
    data = encode_json([json.loads(figure.to_json()) for figure in page.figures.values()])
    own = f"const PLOTS = {data}, CONFIG = {encode_json(PLOTLY)};\n{read_static('plots.js')}"
    return render_page("plots.html", page.title, page, scripts=[read_plotly(), own])
