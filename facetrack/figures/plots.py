"""plotly figures on a page of their own, whose policy lets nothing but them run."""

import json
from collections.abc import Mapping
from typing import Any

from facetrack.figures.page import page, script_json
from facetrack.figures.table import escaped

# plotly 7 shows a button that uploads the chart, data and all, unless told not to.
PLOTLY = {"showSendToCloud": False, "displaylogo": False, "responsive": True}

_STYLE = """
body { max-width: none; }
.plot { min-height: 450px; background: white; }
.plot.high { height: calc(100vh - 5rem); }
"""
# On a phone the panels of a figure stand below each other, and its legend below them.
_SCRIPT = """
const phone = matchMedia("(max-width: 700px)");

function stacked(data, wide) {
  const layout = structuredClone(wide);
  const panels = Object.keys(layout).filter((key) => /^xaxis\\d*$/.test(key))
    .sort((one, other) => (one.slice(5) || 1) - (other.slice(5) || 1));
  const shown = data.filter((one) => one.showlegend !== false && one.name);
  const legend = wide.showlegend === false || !shown.length ? 0 : 24 * shown.length + 20;
  const plots = 300 * panels.length, gap = 80 / plots;
  const titles = (layout.annotations || []).filter((one) => one.yref === "paper");
  panels.forEach((key, number) => {
    const x = layout[key], y = layout[`yaxis${key.slice(5)}`], top = 1 - number / panels.length;
    Object.assign(x, {domain: [0, 1], automargin: false});
    Object.assign(y, {domain: [top - 1 / panels.length + gap, top], showticklabels: true});
    if (titles.length === panels.length) Object.assign(titles[number], {x: 0.5, y: top});
  });
  const margin = {l: 60, r: 15, t: 50, b: 20 + legend};
  Object.assign(layout, {margin, height: plots + margin.t + margin.b, width: undefined});
  layout.legend = {orientation: "v", x: 0, xanchor: "left", y: 0, yanchor: "top"};
  return layout;
}

function show() {
  PLOTS.forEach((plot, number) => {
    const layout = phone.matches ? stacked(plot.data, plot.layout) : structuredClone(plot.layout);
    const place = document.getElementById(`plot-${number}`);
    place.style.height = phone.matches ? `${layout.height}px` : "";
    Plotly.newPlot(place, plot.data, layout, CONFIG);
  });
}
show();
"""


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
    own = f"const PLOTS = {data}, CONFIG = {script_json(PLOTLY)};{_SCRIPT}"
    return page(title, "\n".join(parts), style=_STYLE, scripts=[get_plotlyjs(), own])
