/* Which cells of a grid are selected: one by one, from one to another, or all. */
import { make } from "./dom.js";

export class Selection {
  constructor(grid) {
    this.grid = grid;
    this.keys = new Set();
    this.anchor = undefined; // from where Shift selects
  }

  get size() {
    return this.keys.size;
  }

  get items() {
    return this.grid.items.filter((item) => this.keys.has(this.grid.given.key(item)));
  }

  toggle(key, fromAnchor = false) {
    if (fromAnchor && this.anchor !== undefined) return this.extend(key);
    if (this.keys.has(key)) this.keys.delete(key);
    else this.keys.add(key);
    this.anchor = key;
    return this.#changed();
  }

  /** Everything between the one that was selected last, or the key itself, and the key. */
  extend(key) {
    const from = this.grid.index.get(this.anchor) ?? this.grid.index.get(key);
    const to = this.grid.index.get(key);
    this.anchor ??= key;
    const items = this.grid.items.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const item of items) this.keys.add(this.grid.given.key(item));
    this.#changed();
  }

  all() {
    this.keys = new Set(this.grid.index.keys());
    this.#changed();
  }

  clear() {
    this.keys.clear();
    this.anchor = undefined;
    this.#changed();
  }

  /** Forget those that are not there any more. */
  keep(index) {
    const before = this.keys.size;
    this.keys = new Set([...this.keys].filter((key) => index.has(key)));
    if (!index.has(this.anchor)) this.anchor = undefined;
    if (before !== this.keys.size) this.grid.given.changed?.();
  }

  /** The box by which a mouse selects; keys do it on the cell. */
  box() {
    return make("span", { class: "box", "aria-hidden": "true" });
  }

  mark(cell, key) {
    if (!this.grid.given.selects) return;
    const selected = this.keys.has(key);
    cell.setAttribute("aria-selected", selected);
    cell.classList.toggle("selected", selected);
  }

  #changed() {
    for (const [key, { element }] of this.grid.cells) this.mark(element, key);
    this.grid.element.classList.toggle("selecting", this.keys.size > 0);
    this.grid.given.changed?.();
  }
}
