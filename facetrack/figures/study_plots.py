"""plotly figures on a page of their own, whose policy lets nothing but them run."""

import json
from collections.abc import Mapping
from typing import Any

from facetrack.figures.assets import inlined
from facetrack.figures.pages import page, script_json
from facetrack.figures.table import escaped

# plotly 7 shows a button that uploads the chart, data and all, unless told not to.
PLOTLY = {"showSendToCloud": False, "displaylogo": False, "responsive": True}


def plots(title: str, figures: Mapping[str, Any]) -> str:
    """One page with plotly figures by heading; a single one is as high as the window.

    plotly's script (5 MB) is inside, so that it works offline; names in the figures are plotly's
    text, which takes some tags for formatting and runs nothing.
    """
    from plotly.offline import get_plotlyjs

    high = " high" if len(figures) == 1 else ""
    parts = [f"<h1>{escaped(title)}</h1>"]
    for number, heading in enumerate(figures):
        if heading:
            parts.append(f"<h2>{escaped(heading)}</h2>")
        parts.append(f'<div class="plot{high}" id="plot-{number}"></div>')
    data = script_json([json.loads(figure.to_json()) for figure in figures.values()])
    own = f"const PLOTS = {data}, CONFIG = {script_json(PLOTLY)};\n{inlined('plots.js')}"
    return page(title, "\n".join(parts), style=inlined("plots.css"), scripts=[get_plotlyjs(), own])
