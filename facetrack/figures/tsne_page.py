"""The t-SNE picture to point at: a page with the faces, that colours, tells and isolates them.

plotly's script and a small picture of every face are inside. Points are SVG, not WebGL: that needs
no graphics driver and no script that compiles code of its own, and 7,500 faces move fluently.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack.figures.page import JPEG, file_uri, page, script_json
from facetrack.figures.plots import PLOTLY
from facetrack.figures.table import escaped, printable
from facetrack.figures.tsne import GREY, Style, cluster_styles, style
from facetrack.labels import NOISE, noise_alone

# What figures/tsne.py calls the markers, as plotly does.
_SYMBOLS = {
    **{"o": "circle", "s": "square", "^": "triangle-up", "D": "diamond", "v": "triangle-down"},
    **{"P": "cross", "X": "x"},
}
_SINGLE, _NOISE = (GREY, "circle-open"), (GREY, "x-thin-open")

# A selection would dim the others as isolating one does; a click again shows them, however soon.
_CONFIG = {
    **PLOTLY,
    "doubleClick": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d"],
}

_STYLE = """
body { display: flex; flex-direction: column; max-width: none; height: 100vh; height: 100dvh; }
h1, p { margin: 0 0 0.25rem; }
form, .alone { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; align-items: center; }
/* Its place is kept when it is empty: a click must not move the faces. */
.alone { flex: 1 1 18rem; flex-wrap: nowrap; min-width: 0; height: 2.75rem; }
.alone span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
button {
  font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line);
  border-radius: 0.5rem; padding: 0.25rem 0.75rem; cursor: pointer; white-space: nowrap;
}
label, button { touch-action: manipulation; }
#plot { flex: 1; min-height: 300px; border: 1px solid var(--line); border-radius: 0.5rem; }
#face {
  position: fixed; z-index: 1; max-width: 18rem; padding: 0.5rem; pointer-events: none;
  background: var(--card); border: 1px solid var(--line); border-radius: 0.5rem;
  box-shadow: 0 2px 8px #0006; font-size: 0.9rem; line-height: 1.35;
}
#face p { margin: 0; }
[hidden] { display: none !important; }
"""

# Names are only ever textContent. A face that was clicked isolates its person or cluster; it stays
# isolated when the colours change, which shows the clusters of one person and the other way round.
_SCRIPT = """
"use strict";
const element = (id) => document.getElementById(id);
const plot = element("plot"), box = element("face"), tile = element("tile");
const dark = matchMedia("(prefers-color-scheme: dark)");
let by = 0, alone = null;

const seen = (colour) => !dark.matches ? colour : "#" + [1, 3, 5].map((at) => Math.round(
  0.6 * parseInt(colour.slice(at, at + 2), 16) + 0.4 * 255).toString(16).padStart(2, "0")).join("");
const isAlone = (face) => alone !== null && DATA.groupings[alone.by].of[face] === alone.group;

function markers() {
  const {of, colours, symbols} = DATA.groupings[by];
  const shown = colours.map(seen);
  const faint = (face) => alone !== null && !isAlone(face);
  return {
    color: of.map((group, face) => faint(face) ? DATA.grey : shown[group]),
    symbol: of.map((group) => symbols[group]),
    opacity: of.map((_, face) => faint(face) ? 0.07 : 0.85),
  };
}

function layout() {
  const ink = getComputedStyle(document.body).color, clear = "rgba(0,0,0,0)";
  return {
    "paper_bgcolor": clear, "plot_bgcolor": clear,
    "modebar.bgcolor": clear, "modebar.color": ink, "modebar.activecolor": ink,
  };
}

function say() {
  element("all").hidden = alone === null;
  if (alone === null) { element("told").textContent = ""; return; }
  const grouping = DATA.groupings[alone.by];
  const faces = DATA.x.map((_, face) => face).filter(isAlone);
  const parts = [`${grouping.names[alone.group]}: ${count(faces.length, "face", "faces")}`];
  DATA.groupings.forEach((other, index) => {
    if (index === alone.by) return;
    const groups = new Set(faces.map((face) => other.of[face]));
    parts.push(count(groups.size, other.one, other.many));
  });
  element("told").textContent = parts.join(", ");
}
const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;

function draw() {
  const {color, symbol, opacity} = markers();
  Plotly.restyle(
    plot, {"marker.color": [color], "marker.symbol": [symbol], "marker.opacity": [opacity]});
  say();
}
function isolate(chosen) { alone = chosen; draw(); }

function show(face, event) {
  const at = DATA.tiles[face];
  tile.hidden = at < 0;
  const row = Math.floor(at / DATA.columns), column = at % DATA.columns, side = 2 * DATA.side;
  tile.style.backgroundPosition = `${-side * column}px ${-side * row}px`;
  const names = [...DATA.groupings.map((one) => one.names[one.of[face]]), DATA.pictures[face]];
  element("names").replaceChildren(...names.map((name) => {
    const line = document.createElement("p");
    line.textContent = name;
    return line;
  }));
  element("names").lastChild.className = "quiet";
  box.hidden = false;
  const {width, height} = box.getBoundingClientRect(), gap = 14;
  const right = event.clientX + gap + width < innerWidth;
  box.style.left = `${Math.max(4, right ? event.clientX + gap : event.clientX - gap - width)}px`;
  box.style.top = `${Math.max(4, Math.min(event.clientY + gap, innerHeight - height - 4))}px`;
}

for (const choice of document.querySelectorAll("[name=by]")) {
  choice.addEventListener("change", () => { by = Number(choice.value); draw(); });
}
element("all").addEventListener("click", () => isolate(null));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { box.hidden = true; if (alone !== null) isolate(null); }
});
dark.addEventListener("change", () => { Plotly.relayout(plot, layout()); draw(); });

// plotly's own zoom by the wheel places every point anew at every notch. Here the picture is scaled
// while the wheel turns, and placed anew when it rests.
const wheel = {scale: 1, x: 0, y: 0, rest: 0};
const area = () => plot.querySelector(".nsewdrag").getBoundingClientRect();
plot.addEventListener("wheel", (event) => {
  event.preventDefault();
  const {left, top} = area(), x = event.clientX - left, y = event.clientY - top;
  const notches = Math.max(-1, Math.min(1, event.deltaY * (event.deltaMode ? 0.3 : 0.01)));
  const by = 0.8 ** notches;
  wheel.scale *= by;
  wheel.x = x + (wheel.x - x) * by;
  wheel.y = y + (wheel.y - y) * by;
  plot.querySelector(".cartesianlayer").style.transform =
    `translate(${wheel.x}px, ${wheel.y}px) scale(${wheel.scale})`;
  box.hidden = true;
  clearTimeout(wheel.rest);
  wheel.rest = setTimeout(settle, 200);
}, {passive: false});
plot.addEventListener("pointerdown", settle, true);
function settle() {
  clearTimeout(wheel.rest);
  if (wheel.scale === 1) return;
  const {width, height} = area(), {xaxis, yaxis} = plot._fullLayout;
  const ends = ([from, to], start, length) => [0, length].map(
    (end) => from + (to - from) * (end - start) / wheel.scale / length);
  const ranges = {
    "xaxis.range": ends(xaxis.range, wheel.x, width),
    "yaxis.range": ends([...yaxis.range].reverse(), wheel.y, height).reverse(),
  };
  Object.assign(wheel, {scale: 1, x: 0, y: 0});
  Plotly.relayout(plot, ranges);
  plot.querySelector(".cartesianlayer").style.transform = "";
}

const axis = {visible: false, zeroline: false};
Plotly.newPlot(plot, [{
  type: "scatter", mode: "markers", x: DATA.x, y: DATA.y, hoverinfo: "none",
  marker: {size: DATA.size, line: {width: 0}, ...markers()},
}], {
  dragmode: "pan", hovermode: "closest", margin: {l: 0, r: 0, t: 0, b: 0},
  xaxis: {...axis}, yaxis: {...axis, scaleanchor: "x"},
}, DATA.config).then(() => {
  Plotly.relayout(plot, layout());
  plot.on("plotly_hover", ({points, event}) => show(points[0].pointIndex, event));
  plot.on("plotly_unhover", () => { box.hidden = true; });
  plot.on("plotly_click", ({points, event}) => {
    const face = points[0].pointIndex;
    show(face, event);
    isolate(isAlone(face) ? null : {by, group: DATA.groupings[by].of[face]});
  });
});
"""


@dataclass(frozen=True)
class Sheet:
    """Faces on one picture, row by row.

    jpeg: the picture. columns: faces a row. side: of a face, in pixels.
    tiles: (n,) int64, the place of each of n faces on it; -1 for one that may not be shown.
    """

    jpeg: bytes
    columns: int
    side: int
    tiles: NDArray[np.int64]


def tsne_page(
    title: str,
    about: str,
    coordinates: NDArray[np.float32],
    people: Sequence[str] | None,
    clusters: NDArray[np.integer],
    pictures: Sequence[str],
    sheet: Sheet,
) -> str:
    """The page: n faces at (n, 2) coordinates, drawn as in `two_panels`.

    title, about: any text. people, pictures: n names; None where nobody said who is who.
    clusters: (n,) integers, -1 is noise; they are numbered as in clusters.csv.
    """
    from plotly.offline import get_plotlyjs

    groupings = [_clusters(clusters, None)]
    if people is not None:
        names, numbers = np.unique(np.asarray(people, dtype=object), return_inverse=True)
        groupings = [_people(list(names), numbers), _clusters(clusters, numbers)]
    x, y = np.round(coordinates.T.astype(np.float64), 2).tolist()
    data = {
        "x": x,
        "y": y,
        "size": round(float(np.clip(200 / np.sqrt(len(x)), 5, 12)), 1),
        "groupings": groupings,
        "pictures": [printable(name) for name in pictures],
        "tiles": sheet.tiles.tolist(),
        "columns": sheet.columns,
        "side": sheet.side,
        "grey": GREY,
        "config": _CONFIG,
    }
    choices = "".join(
        f'<label><input type="radio" name="by" value="{i}" autocomplete="off"'
        f"{' checked' if i == 0 else ''}> {grouping['one']}</label>"
        for i, grouping in enumerate(groupings)
    )
    kinds = " or ".join(grouping["one"] for grouping in groupings)
    body = (
        f'<h1>{escaped(title)}</h1>\n<p class="quiet">{escaped(about)} Point at a face to see it, '
        f"click to see its {kinds} alone, Escape to see all.</p>\n"
        f"<form>{f'<span>Colour by</span>{choices}' if people is not None else ''}"
        '<div class="alone"><button type="button" id="all" hidden>Show all</button>'
        '<span id="told" role="status"></span></div></form>\n'
        '<div id="plot"></div>\n'
        '<div id="face" hidden><div id="tile"></div><div id="names"></div></div>'
    )
    scripts = [get_plotlyjs(), f"const DATA = {script_json(data)};", _SCRIPT]
    return page(title, body, style=_STYLE + _tile(sheet), scripts=scripts)


def _people(names: Sequence[str], numbers: NDArray[np.int64]) -> dict[str, Any]:
    styles = [style(number) for number in range(len(names))]
    return _grouping("person", "people", names, numbers, styles)


def _clusters(clusters: NDArray[np.integer], people: NDArray[np.int64] | None) -> dict[str, Any]:
    noise = clusters == NOISE
    numbers = noise_alone(clusters)
    n = int(numbers[~noise].max()) + 1 if not noise.all() else 0
    found = cluster_styles(np.where(noise, NOISE, numbers), people)
    styles = [found.get(number, _SINGLE) for number in range(n)]
    names = [f"cluster {number}" for number in range(n)]
    if noise.any():
        names.append("in no cluster")
        styles.append(_NOISE)
    return _grouping("cluster", "clusters", names, np.where(noise, n, numbers), styles)


def _grouping(
    one: str, many: str, names: Sequence[str], of: NDArray[np.int64], styles: Sequence[Style]
) -> dict[str, Any]:
    return {
        "one": one,
        "many": many,
        "names": [printable(name) for name in names],
        "of": of.tolist(),
        "colours": [colour for colour, _ in styles],
        "symbols": [_SYMBOLS.get(shape, shape) for _, shape in styles],
    }


def _tile(sheet: Sheet) -> str:
    """A face of the sheet at twice its size."""
    side = 2 * sheet.side
    return (
        f"#tile {{ width: {side}px; height: {side}px; border-radius: 4px; margin-bottom: 0.25rem; "
        f"background: url({file_uri(sheet.jpeg, JPEG)}) 0 0 / {side * sheet.columns}px "
        "auto no-repeat; }\n"
    )
