// On a phone the panels of a figure stand below each other, and its legend below them.
const phone = matchMedia("(max-width: 700px)");

function stacked(data, wide) {
  const layout = structuredClone(wide);
  const panels = Object.keys(layout).filter((key) => /^xaxis\d*$/.test(key))
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
