/* What is known by now: precision and recall with their intervals, and what these rest on. */
import { button, counted, make } from "./dom.js";

const MEASURES = {
  precision: { name: "Precision", says: "the share of a face’s group that shows the same person" },
  recall: { name: "Recall", says: "the share of a face’s person that is in its group" },
};
const NARROW = 0.005; // half of an interval that need not be narrower
const [WIDE, HIGH, FOOT, HEAD] = [300, 90, 6, 8]; // of the picture, in its own units
// What SVG's namespace is called, as the parser of HTML knows it: no address is in these scripts.
const SVG = new DOMParser().parseFromString("<svg></svg>", "text/html").querySelector("svg").namespaceURI;

export class KnownPanel {
  /** use(): shows what the answers correct, and has that done. */
  constructor(use) {
    this.run = use;
    this.status = make("p", { role: "status" });
    this.body = make("div");
    this.element = make("section", { class: "known", "aria-label": "What is known" },
      make("h2", { text: "What is known" }), this.status, this.body);
  }

  wait() {
    this.element.setAttribute("aria-busy", "true");
  }

  show(known) {
    this.element.setAttribute("aria-busy", "false");
    this.status.textContent = tell(known);
    this.body.replaceChildren(
      ...Object.entries(known.measures).map(([name, measure]) => showMeasure(name, measure)),
      make("p", { class: "quiet", text: `In brackets and in colour: ${Math.round(100 * known.level)} % `
        + `${known.about}. Other cameras, children or relatives may be off from that.` }),
      ...this.tellCorrections(known),
      make("h3", { text: "Without any answer" }),
      ...known.bounds.map((bound) => make("p", { class: "quiet", text: sentence(bound) })),
      make("p", { class: "quiet", text: tellFaces(known) }));
  }

  tellCorrections({ wrong, corrected }) {
    const stays = make("p", { class: "quiet", text: "The estimate is of the groups as they are: an answer "
      + "here changes none. Undo takes the last one back." });
    if (corrected) {
      stays.append(` ${counted(corrected, "mistake")} that answers have found were corrected since: what the `
        + "others say is too good, so answer some new questions.");
    }
    if (!wrong) return [stays];
    const says = wrong === 1 ? "1 answer says" : `${wrong.toLocaleString("en")} answers say`;
    return [stays,
      make("p", { text: `${says} that the groups are wrong. Once you have seen enough:` }),
      make("div", { class: "deeds" }, button("Use the answers as corrections …", this.run))];
  }
}

function tell({ answers, unsure, measures }) {
  const told = Object.entries(measures).map(
    ([name, { now }]) => `${MEASURES[name].name.toLowerCase()} ${write(now)}`).join(", ");
  const unclear = unsure ? `, and ${unsure === 1 ? "once" : `${unsure} times`} “can’t tell”` : "";
  return answers ? `After ${counted(answers, "answer")}${unclear}: ${told}`
    : `Expected before any answer${unclear}: ${told}`;
}

function tellFaces({ faces, groups, missing, unused }) {
  const gone = missing ? ` ${counted(missing, "face")} are not stored and not counted.` : "";
  const no = unused ? ` ${counted(unused, "answer")} no longer count: their faces or groups are gone.` : "";
  return `${counted(faces, "face")} in ${counted(groups, "group")}, those in no group alone.${gone}${no}`;
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}.`.replace(/(\d)-(\d)/g, "$1–$2");
}

function write({ value, low, high }) {
  const percent = (share) => Math.round(100 * share);
  return `${percent(value)} % (${percent(low)}–${percent(high)})`;
}

function showMeasure(name, { now, more, history }) {
  const { name: called, says } = MEASURES[name];
  return make("figure", { class: "measure" },
    make("figcaption", {}, make("strong", { text: `${called} ${write(now)}` }),
      make("span", { class: "quiet", text: says })),
    draw(history, `${called}: intervals from ${write(history[0])} before any answer to ${write(now)} now`),
    make("p", { class: "quiet", text: tellMore(now, more) }));
}

function tellMore({ low, high }, more) {
  if (high - low < 2 * NARROW) return "Within half a percent already.";
  return more === null ? "How many answers halve the interval can be told after some more."
    : `Half as wide after ${counted(more, "more answer")}.`;
}

/** The intervals after each answer, side by side: they become narrower. */
function draw(history, label) {
  const least = Math.floor(10 * Math.min(...history.map((one) => one.low))) / 10;
  const most = Math.max(10, history.at(-1).after);
  const x = ({ after }) => 44 + (after / most) * (WIDE - 52);
  const y = (share) => HEAD + ((1 - share) / Math.max(1 - least, 0.1)) * (HIGH - HEAD - FOOT);
  const line = (one, from, to, kind) => svg("line", { x1: x(one), x2: x(one), y1: y(from), y2: y(to), class: kind });
  const label_ = (share) => svg("text", { x: 38, y: y(share) + 4, "text-anchor": "end" },
    `${Math.round(100 * share)} %`);
  const floor = Math.min(least, 0.9);
  return svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": label },
    svg("line", { x1: 44, x2: WIDE, y1: y(1), y2: y(1), class: "edge" }),
    svg("line", { x1: 44, x2: WIDE, y1: y(floor), y2: y(floor), class: "edge" }),
    label_(1), label_(floor),
    ...history.map((one, at) => line(one, one.low, one.high, at + 1 < history.length ? "was" : "now")),
    ...history.map((one) => svg("circle", { cx: x(one), cy: y(one.value), r: 2.5 })));
}

function svg(tag, given, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(given)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
