/* What would be copied, moved and removed; then doing it. */
import { settled } from "./actions.js";
import { ask, send } from "./api.js";
import { bdi, button, counted, make } from "./dom.js";
import { setKeys } from "./keys.js";
import * as routes from "./routes.js";
import { store } from "./store.js";
import { tell } from "./tell.js";

const STEP = 200; // lines that are shown, and further ones with each click
const EVERY = 400; // milliseconds
const KINDS = [["copy", "copied"], ["move", "moved"], ["remove", "removed"]];

export function open(root, route, signal) {
  const view = new ApplyView(root, signal);
  setKeys("here", [
    { key: "Escape", does: "back to all people", run: () => routes.go(routes.PEOPLE) },
  ]);
  view.begin();
}

class ApplyView {
  constructor(root, signal) {
    this.signal = signal;
    this.turn = 0; // counts lists and runs: replies to what was asked for before come too late
    this.key = ""; // of the list that is shown
    this.running = false;
    this.outcome = make("div"); // of the last run
    this.place = make("div", {}, make("p", { class: "quiet", text: "Looking what would change …" }));
    root.append(make("h1", { tabindex: -1, text: "Apply" }),
      make("div", { class: "apply" }, this.outcome, this.place));
    document.title = "Apply · People";
    store.addEventListener("refreshed", (event) => {
      if (event.detail !== "own" && !this.running) this.begin();
    }, { signal });
  }

  async begin() {
    try {
      await settled(); // else what was answered last would not be in the list
      const now = await ask("/api/apply/progress", this.signal);
      if (now.running) await this.watch();
      else await this.list();
    } catch (error) {
      this.wrong(error);
    }
  }

  wrong(error) {
    if (error.name === "AbortError") return;
    this.show("", make("p", { class: "wrong", role: "alert", text: error.message }));
  }

  /** Unless it is there: else the focus would be lost, and what is folded out. */
  show(key, ...elements) {
    if (key && key === this.key) return;
    this.key = key;
    this.place.replaceChildren(...elements);
  }

  async list() {
    const turn = (this.turn += 1);
    const plan = await ask("/api/apply", this.signal);
    const { can_apply: can, why_not: whyNot } =
      store.summary ?? (await ask("/api/summary", this.signal));
    if (turn !== this.turn) return;
    const n = KINDS.reduce((sum, [kind]) => sum + plan.counts[kind], 0);
    const start = button("Apply", () => this.run(start), {
      class: "primary", disabled: !can, "aria-describedby": "why-not" });
    this.show(
      JSON.stringify([plan, can]),
      make("p", {
        text: n
          ? "Your photos stay as they are and where they are. In the organised folder:"
          : "No file would change. Applying brings the folder’s own page up to date.",
      }),
      make("ul", { class: "counts" }, ...KINDS.map(([kind, done]) => make("li", {},
        make("strong", { text: plan.counts[kind].toLocaleString("en") }), ` to be ${done}`))),
      make("p", { class: "deeds" }, start,
        make("span", { id: "why-not", class: "quiet", text: whyNot })),
      ...KINDS.filter(([kind]) => plan.counts[kind]).map(
        ([kind, done]) => paths(plan[kind], plan.counts[kind], done)));
  }

  async run(start) {
    start.disabled = true;
    try {
      await settled();
      await send("/api/apply");
    } catch (error) {
      start.disabled = false;
      tell(error.message, { wrong: true });
      return;
    }
    await this.watch().catch((error) => this.wrong(error));
  }

  async watch() {
    if (this.running) return;
    this.running = true;
    this.turn += 1;
    this.outcome.replaceChildren();
    const bar = make("progress", { "aria-label": "Applying", max: 1 });
    const text = make("p", { role: "status", text: "Beginning …" });
    this.show("", bar, text);
    try {
      let now = await ask("/api/apply/progress", this.signal);
      while (now.running) {
        if (now.share === null) bar.removeAttribute("value");
        else bar.value = now.share;
        if (now.text && now.text !== text.textContent) text.textContent = now.text;
        await new Promise((resolve) => setTimeout(resolve, EVERY));
        now = await ask("/api/apply/progress", this.signal);
      }
      await store.refresh("own");
      this.outcome.replaceChildren(
        make("p", { class: now.done ? "done" : "wrong", role: "status", text: now.told }));
    } finally {
      this.running = false;
    }
    await this.list();
  }
}

function paths(all, n, done) {
  const lines = make("ul", { class: "paths" });
  const further = button("", () => show(), { class: "plain" });
  const show = () => {
    const shown = lines.children.length;
    lines.append(...all.slice(shown, shown + STEP).map((path) => make("li", {}, bdi(path))));
    const left = n - lines.children.length;
    further.textContent = `${counted(left, "more")}`.replace(/s$/, "");
    further.hidden = lines.children.length >= all.length;
  };
  show();
  return make("details", { open: n <= 20 },
    make("summary", { text: `${counted(n, "file")} to be ${done}` }), lines, further);
}
