/* A field that completes names: those of persons, and what is typed itself. */
import { bdi, counted, faceImage, fold, make } from "./dom.js";

const MOST = 8;
let count = 0;

/** The persons whose names begin with, then hold, a text; larger ones first, as the list is. */
export function matching(people, text) {
  const folded = fold(text);
  const named = people.filter((person) => person.name ?? person.id);
  if (!folded) return named.filter((person) => person.name).slice(0, MOST);
  const ranked = [[], [], []];
  for (const person of named) {
    const name = fold(person.name ?? person.id);
    const at = name.indexOf(folded);
    if (at < 0) continue;
    const rank = at === 0 ? 0 : /[\s-]/.test(name[at - 1]) ? 1 : 2;
    ranked[person.name ? rank : 2].push(person);
  }
  return ranked.flat().slice(0, MOST);
}

export class Chooser {
  /**
   * given: label; value; people() -> persons offered; choose(person or null, text): Enter or click;
   * cancel(); leave(text, back): Tab, if it means something; placeholder.
   */
  constructor(given) {
    this.given = given;
    this.id = `chooser-${(count += 1)}`;
    this.offered = [];
    this.at = -1;
    this.list = make("ul", { id: this.id, role: "listbox", "aria-label": given.label, hidden: true });
    this.input = make("input", {
      type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", dir: "auto",
      "aria-label": given.label, "aria-expanded": "false", "aria-controls": this.id,
      "aria-autocomplete": "list", placeholder: given.placeholder, maxlength: 200,
      on: {
        input: () => this.#offer(),
        keydown: (event) => this.#press(event),
      },
    });
    this.input.value = given.value ?? "";
    this.element = make("div", { class: "chooser" }, this.input, this.list);
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  /** Offer what has come since something was typed. */
  offerAgain() {
    if (this.input.value && !this.offered.length && document.activeElement === this.input) this.#offer();
  }

  #offer() {
    this.offered = matching(this.given.people(), this.input.value);
    this.at = -1;
    this.list.replaceChildren(...this.offered.map((person, index) => make(
      "li",
      {
        id: `${this.id}-${index}`, role: "option", "aria-selected": "false",
        on: {
          // Before the field loses the focus.
          pointerdown: (event) => event.preventDefault(),
          click: () => this.given.choose(person, this.input.value),
        },
      },
      faceImage(person.cover),
      bdi(person.name ?? person.id),
      make("span", { class: "quiet", text: counted(person.faces, "face") }),
    )));
    this.list.hidden = this.offered.length === 0;
    this.input.setAttribute("aria-expanded", String(this.offered.length > 0));
    this.input.removeAttribute("aria-activedescendant");
  }

  #hide() {
    this.list.hidden = true;
    this.at = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  #step(by) {
    if (this.list.hidden) this.#offer();
    const n = this.offered.length;
    if (!n) return;
    // One place more than there are: the field itself.
    this.at = ((this.at + 1 + by + n + 1) % (n + 1)) - 1;
    [...this.list.children].forEach((option, index) =>
      option.setAttribute("aria-selected", String(index === this.at)));
    if (this.at < 0) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", `${this.id}-${this.at}`);
    return this.list.children[this.at].scrollIntoView({ block: "nearest" });
  }

  #press(event) {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") this.#step(1);
    else if (event.key === "ArrowUp") this.#step(-1);
    else if (event.key === "Enter") this.given.choose(this.offered[this.at] ?? null, this.input.value);
    else if (event.key === "Escape" && !this.list.hidden && this.at >= 0) this.#hide();
    else if (event.key === "Escape" && this.given.cancel) this.given.cancel();
    else if (event.key === "Tab" && this.given.leave) this.given.leave(this.input.value, event.shiftKey);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
