/* What would be copied, moved and removed; then doing it. */
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
  const place = make("div", { class: "apply" });
  root.append(make("h1", { tabindex: -1, text: "Apply" }), place);
  document.title = "Apply · People";
  setKeys("here", [
    { key: "Escape", does: "back to all people", run: () => routes.go(routes.PEOPLE) },
  ]);
  const begin = async () => {
    const now = await ask("/api/apply/progress", signal);
    if (now.running) await watch(place, signal);
    else await list(place, signal);
  };
  const again = () => begin().catch((error) => wrong(place, error));
  store.addEventListener("refreshed", (event) => {
    if (event.detail !== "own" && !place.querySelector("progress")) again();
  }, { signal });
  place.append(make("p", { class: "quiet", text: "Looking what would change …" }));
  again();
}

function wrong(place, error) {
  if (error.name === "AbortError") return;
  place.replaceChildren(make("p", { class: "wrong", role: "alert", text: error.message }));
}

async function list(place, signal) {
  const plan = await ask("/api/apply", signal);
  const { can_apply: can, why_not: whyNot } = store.summary ?? (await ask("/api/summary", signal));
  const n = KINDS.reduce((sum, [kind]) => sum + plan.counts[kind], 0);
  const start = button("Apply", () => {
    start.disabled = true;
    run(place, signal).catch((error) => {
      start.disabled = false;
      tell(error.message, { wrong: true });
    });
  }, { class: "primary", disabled: !can, "aria-describedby": "why-not" });
  place.replaceChildren(
    make("p", {
      text: n
        ? "Your photos stay as they are and where they are. In the organised folder:"
        : "No file would change. Applying brings the folder’s own page up to date.",
    }),
    make("ul", { class: "counts" }, ...KINDS.map(([kind, done]) => make("li", {},
      make("strong", { text: plan.counts[kind].toLocaleString("en") }), ` to be ${done}`))),
    make("p", { class: "deeds" }, start, make("span", { id: "why-not", class: "quiet", text: whyNot })),
    ...KINDS.filter(([kind]) => plan.counts[kind]).map(
      ([kind, done]) => paths(plan[kind], plan.counts[kind], done)));
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

async function run(place, signal) {
  await send("/api/apply");
  await watch(place, signal);
}

async function watch(place, signal) {
  const bar = make("progress", { "aria-label": "Applying", max: 1 });
  const text = make("p", { role: "status", text: "Beginning …" });
  place.replaceChildren(bar, text);
  for (;;) {
    const now = await ask("/api/apply/progress", signal);
    if (now.share === null) bar.removeAttribute("value");
    else bar.value = now.share;
    if (now.text && now.text !== text.textContent) text.textContent = now.text;
    if (!now.running) {
      await store.refresh("own");
      await list(place, signal);
      place.prepend(make("p", { class: now.done ? "done" : "wrong", role: "status", text: now.told }));
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
}
