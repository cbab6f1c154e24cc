// Names are only ever textContent. A face that was clicked isolates its person or cluster; it stays
// isolated when the colours change, which shows the clusters of one person and the other way round.
"use strict";
const element = (id) => document.getElementById(id);
const plot = element("plot"), box = element("face"), tile = element("tile");
const dark = matchMedia("(prefers-color-scheme: dark)");
let by = 0, alone = null;

const SHOWN = "#D55E00";  // of a person or cluster without a colour that is alone
const isAlone = (face) => alone !== null && DATA.groupings[alone.by].of[face] === alone.group;

function markers() {
  const {of, colours, symbols, dark: onDark} = DATA.groupings[by];
  const shown = dark.matches ? onDark : colours;
  const faint = (face) => alone !== null && !isAlone(face);
  const grey = (group) => colours[group] === DATA.others;
  const colour = (group, face) => grey(group) && isAlone(face) ? SHOWN : shown[group];
  return {
    color: of.map((group, face) => faint(face) ? DATA.grey : colour(group, face)),
    symbol: of.map((group) => symbols[group]),
    opacity: of.map((group, face) => faint(face) ? 0.07 : grey(group) && !isAlone(face) ? 0.5 : 0.9),
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
  marker: {size: DATA.size, line: {width: 0.4, color: "rgba(0,0,0,0.35)"}, ...markers()},
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
