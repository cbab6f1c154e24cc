/* How good is it? Faces that were drawn, one question after the other, and what is known by then. */
import * as actions from "./actions.js";
import { ask } from "./api.js";
import { makeCrop } from "./crop.js";
import { openDialog } from "./dialog.js";
import { bdi, button, counted, faceImage, make } from "./dom.js";
import { setKeys } from "./keys.js";
import { KnownPanel } from "./known.js";
import * as routes from "./routes.js";
import { makeScreen } from "./screen.js";
import { store } from "./store.js";

const AT = "#/audit";
const SAID = { yes: "The same person.", no: "Two persons.", unsure: "Can’t tell." };

export function open(root, route, signal) {
  const view = new AuditView(root, route.parts[0] === "screen" ? "screen" : "pair", signal);
  view.load();
  view.know();
}

class AuditView {
  constructor(root, kind, signal) {
    this.kind = kind;
    this.signal = signal;
    this.question = null; // what is shown
    this.marks = null; // of a screen: what is marked
    this.turn = 0; // counts what was asked for and answered
    this.title = make("h1", { tabindex: -1, text: "How good is it?" });
    this.left = make("p", { class: "quiet" });
    this.place = make("div");
    this.panel = new KnownPanel(() => this.use());
    root.append(make("div", { class: "audit" },
      make("div", { class: "question" },
        this.title, this.kinds(), this.left, this.place),
      this.panel.element));
    document.title = "How good is it? · People";
    this.setKeys();
    store.addEventListener("refreshed", (event) => {
      if (event.detail === "own") return;
      this.load();
      this.know();
    }, { signal });
  }

  setKeys() {
    const pair = [
      { key: "y", does: "the same person", run: () => this.answer("yes") },
      { key: "n", does: "two persons", run: () => this.answer("no") },
      { key: "w", does: "the first one’s photo", run: () => this.photo("first") },
      { key: "e", does: "the second one’s photo", run: () => this.photo("second") },
    ];
    const screen = [
      { key: "y", does: "done: the others are as they are shown", run: () => this.answer("done") },
      { key: "ArrowRight", shown: "← →", does: "from face to face, Space marks one",
        run: () => this.marks?.move(1) ?? false },
      { key: "ArrowLeft", run: () => this.marks?.move(-1) ?? false },
      { key: "w", does: "the face’s photo", run: () => this.photo("first") },
    ];
    setKeys("here", [
      ...(this.kind === "pair" ? pair : screen),
      { key: " ", does: "can’t tell", run: () => this.answer("unsure") },
      { key: "Escape", does: "back to all people", run: () => routes.go(routes.PEOPLE) },
    ]);
  }

  kinds() {
    const link = (kind, href, text) => make("a", {
      class: "button", href, text, "aria-current": this.kind === kind ? "page" : null,
    });
    return make("div", { class: "deeds kinds", role: "group", "aria-label": "What is asked" },
      link("pair", AT, "Two faces"), link("screen", `${AT}/screen`, "One face and others"));
  }

  async load() {
    const turn = (this.turn += 1);
    if (!this.question) {
      this.left.textContent = "Looking for what may be wrong. In a large folder that takes some seconds.";
    }
    try {
      const { question } = await ask(`/api/audit?kind=${this.kind}`, this.signal);
      // An older reply may come after an answer: it would show that question once more.
      if (turn === this.turn && !this.shows(question)) this.show(question);
    } catch (error) {
      if (error.name !== "AbortError") this.left.textContent = error.message;
    }
  }

  /** The last one to be asked for is shown, whichever reply comes first. */
  async know() {
    const asked = (this.asked = (this.asked ?? 0) + 1);
    this.panel.wait();
    const known = await ask("/api/audit/known", this.signal).catch(() => null);
    if (asked === this.asked && known) this.panel.show(known);
  }

  /** Whether it is there to be answered: drawn anew, its marks and the focus would be lost. */
  shows(question) {
    return this.question !== null && !this.place.classList.contains("answered")
      && JSON.stringify(question) === JSON.stringify(this.question);
  }

  show(question) {
    this.asking?.abort();
    this.asking = new AbortController();
    this.question = question;
    this.marks = null;
    this.place.classList.remove("answered");
    if (!question) {
      this.left.textContent = "Nothing is left to ask here.";
      this.place.replaceChildren();
    } else if (question.kind === "screen") {
      this.showScreen(question);
    } else {
      this.showPair(question);
    }
    // So that Space says "can't tell" and not the button of the answer before.
    this.title.focus({ preventScroll: true });
  }

  showPair(question) {
    this.left.textContent = `Question ${question.number}: the same person? `
      + "What the folder has them as is not shown, so that it does not sway you.";
    this.place.replaceChildren(
      make("div", { class: "two" }, this.side(question.first), this.side(question.second)),
      make("div", { class: "deeds" },
        this.button("Same person", "Y", "yes"), this.button("Two persons", "N", "no"),
        this.button("Can’t tell", "Space", "unsure")));
  }

  showScreen(question) {
    this.left.textContent = `Question ${question.number}: who is with this face?`;
    this.marks = makeScreen(question);
    this.place.replaceChildren(
      make("div", { class: "screen" }, this.side(question.first), this.marks.element),
      make("div", { class: "deeds" },
        this.button("Done", "Y", "done"), this.button("Can’t tell", "Space", "unsure")));
  }

  button(text, key, answer) {
    const made = button(text, () => this.answer(answer));
    made.append(make("kbd", { text: key, "aria-hidden": "true" }));
    return made;
  }

  side(face) {
    return make("figure", {},
      makeCrop(face.id, face.photo, "", this.asking.signal),
      make("figcaption", {},
        make("a", { class: "quiet", href: this.toPhoto(face) }, bdi(face.photo_name))));
  }

  toPhoto(face) {
    return routes.photo(face.photo, null, this.kind === "pair" ? AT : `${AT}/screen`);
  }

  answer(given) {
    if (!this.question || this.place.classList.contains("answered")) return false;
    const { kind, first, second } = this.question;
    const said = kind === "pair" ? { [second.id]: given } : this.marks.read(given === "unsure");
    this.turn += 1;
    this.place.classList.add("answered");
    this.left.textContent = SAID[given] ?? "Done.";
    actions.answerAudit({ kind, first: first.id, said }).then((done) => {
      if (done) this.know();
      this.load(); // where it was refused: what is open by now
    });
    return true;
  }

  /** What the answers come to is shown before it is done: some may have been wrong. */
  async use() {
    const { steps } = await ask("/api/audit/corrections", this.signal).catch(() => ({ steps: [] }));
    const { answered } = openDialog(
      steps.length ? `${counted(steps.length, "correction")} by your answers` : "No corrections",
      steps.length
        ? [make("ul", { class: "steps" }, ...steps.map(showStep)),
          make("p", { class: "quiet", text: "Undo takes back one after the other. Folders change when you apply." })]
        : [make("p", { text: "The groups are as the answers say, as far as these agree." })],
      [{ text: "Cancel", value: null },
        ...(steps.length ? [{ text: "Make them", value: true, primary: true }] : [])],
    );
    if ((await answered) && (await actions.useAudit())) {
      this.load();
      this.know();
    }
  }

  photo(which) {
    if (!this.question) return false;
    routes.go(this.toPhoto(this.question[which]));
    return true;
  }
}

function showStep({ told, faces, more }) {
  return make("li", {}, bdi(told),
    make("div", { class: "strip" }, ...faces.map((face) => faceImage(face)),
      more ? make("span", { class: "quiet", text: `and ${more.toLocaleString("en")} more` }) : null));
}
