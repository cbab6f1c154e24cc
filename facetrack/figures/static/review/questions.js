/* One question at a time: are these two the same person? */
import * as actions from "./actions.js";
import { ask } from "./api.js";
import { makeCrop } from "./crop.js";
import { bdi, button, called, counted, faceImage, make } from "./dom.js";
import { setKeys } from "./keys.js";
import * as routes from "./routes.js";
import { store } from "./store.js";

const OTHERS = 5; // faces of each group beside the one that is asked for

export function open(root, route, signal) {
  const view = new QuestionView(root, signal);
  setKeys("here", [
    { key: "y", does: "the same person", run: () => view.answer("yes") },
    { key: "n", does: "two persons", run: () => view.answer("no") },
    { key: " ", does: "can’t tell", run: () => view.answer("unsure") },
    { key: "w", does: "the first one’s photo", run: () => view.photo("first") },
    { key: "e", does: "the second one’s photo", run: () => view.photo("second") },
    { key: "Escape", does: "back to all people", run: () => routes.go(routes.PEOPLE) },
  ]);
  view.load();
}

class QuestionView {
  constructor(root, signal) {
    this.root = root;
    this.signal = signal;
    this.said = null; // the question that is shown
    this.asked = 0; // counts the times a question was asked for
    this.oldest = 0; // of those times: a reply to an earlier one comes too late
    this.anyway = false; // whether those are asked as well that are not worth it
    this.title = make("h1", { tabindex: -1, text: "Same person?" });
    this.left = make("p", { class: "quiet" });
    this.place = make("div");
    root.append(make("div", { class: "question" }, this.title, this.left, this.place));
    document.title = "Questions · People";
    store.addEventListener("refreshed", (event) => {
      if (event.detail !== "own") this.load();
    }, { signal });
  }

  async load() {
    const turn = (this.asked += 1);
    try {
      await actions.settled(); // else it may ask what has been answered
      const said = await ask("/api/question", this.signal);
      // An older reply may come after an answer: it would show that question once more.
      if (turn < this.oldest) return;
      this.oldest = turn;
      this.show(said);
    } catch (error) {
      if (error.name !== "AbortError") this.left.textContent = error.message;
    }
  }

  show({ question, left }) {
    this.asking?.abort();
    this.asking = new AbortController();
    this.said = left || this.anyway ? question : null;
    this.place.classList.remove("answered");
    if (!this.said) {
      this.showNone(question);
      return;
    }
    this.title.textContent = "Same person?";
    const joins = question.joins ? ` This one decides about ${counted(question.joins, "face")}.` : "";
    const now = question.kind === "part" ? " They are together now." : "";
    this.left.textContent = `${counted(left, "question")} worth asking.${joins}${now}`;
    this.place.replaceChildren(
      make("div", { class: "two" }, this.side(question.first), this.side(question.second)),
      make("div", { class: "deeds" },
        this.button("Same person", "Y", "yes"), this.button("Two persons", "N", "no"),
        this.button("Can’t tell", "Space", "unsure")),
      make("p", { class: "quiet likely", text: question.likely ?? "" }));
    this.focus();
  }

  /** So that Space says "can't tell", and not the button of the answer before. */
  focus() {
    const { activeElement } = document;
    const elsewhere = activeElement !== document.body && !this.root.contains(activeElement);
    if (!elsewhere) this.title.focus({ preventScroll: true });
  }

  showNone(question) {
    this.title.textContent = "No question is worth asking";
    this.left.textContent = "What is left would change little. The faces that fit least are first in "
      + "each person’s view.";
    const ask = () => {
      this.anyway = true;
      this.show({ question, left: 0 });
    };
    this.place.replaceChildren(make("div", { class: "deeds" },
      make("a", { class: "button primary", href: "#/apply", text: "Apply what was answered" }),
      question ? button("Ask on all the same", ask) : null));
    this.focus();
  }

  button(text, key, answer) {
    const made = button(text, () => this.answer(answer));
    made.append(make("kbd", { text: key, "aria-hidden": "true" }));
    return made;
  }

  side(side) {
    const others = make("div", { class: "strip" });
    this.addOthers(others, side);
    return make("figure", {},
      makeCrop(side.face, side.photo, called(side), this.asking.signal),
      make("figcaption", {},
        side.number > 0
          ? make("a", { href: routes.person(side.number) }, bdi(called(side)))
          : make("span", { text: "Unknown" }),
        make("a", {
          class: "quiet", href: routes.photo(side.photo, null, "#/questions"),
        }, bdi(side.photo_name))),
      others);
  }

  /** A few other faces of the same group, which say more than one does. */
  async addOthers(strip, side) {
    if (side.number <= 0) return;
    const url = `/api/people/${side.number}?start=0&most=${OTHERS + 20}`;
    const group = await ask(url, this.asking.signal).catch(() => null);
    const clear = group?.faces.filter((face) => face.id !== side.face && !face.doubtful) ?? [];
    strip.append(...clear.slice(0, OTHERS).map((face) => faceImage(face.id)));
  }

  answer(said) {
    if (!this.said) return false;
    if (this.place.classList.contains("answered")) return true; // the next one is not there yet
    const { first, second } = this.said;
    this.oldest = this.asked + 1;
    this.place.classList.add("answered");
    this.left.textContent = { yes: "The same person.", no: "Two persons.", unsure: "Can’t tell." }[said];
    actions.answer(first.face, second.face, said).then((done) => {
      if (this.signal.aborted) return;
      if (done) this.load();
      else this.show({ question: this.said, left: store.summary?.worth || 1 });
    });
    return true;
  }

  photo(which) {
    if (!this.said) return false;
    routes.go(routes.photo(this.said[which].photo, null, "#/questions"));
    return true;
  }
}
