/* A grid of thousands of pictures, of which only those near the window are there.
 *
 * One cell can be reached by Tab, the others by arrows. Cells are kept while what they show stays
 * the same, so that nothing flickers when the list is asked for again.
 */
import { make } from "./dom.js";
import { keyOf } from "./keys.js";
import { Selection } from "./selection.js";

const GAP = 12; // pixels
const BEYOND = 0.75; // windows above and below that are drawn as well
const NEAR_END = 2; // windows before the end at which more is asked for

export class Grid {
  /**
   * given: label; key(item); draw(item) -> children of its cell; say(item): what a cell is called;
   * least: a column's width in pixels; words: the height of the words below a picture, in rem;
   * ratio: a picture's height by its width; open(item); changed(): after the selection has;
   * nearEnd(): when the last ones come near; selects: whether cells can be selected.
   */
  constructor(given) {
    this.given = { ratio: 1, words: 0, selects: true, ...given };
    this.items = [];
    this.active = 0;
    this.cells = new Map(); // key -> {item, element}
    this.rows = new Map(); // index -> element
    this.columns = 1;
    this.selection = new Selection(this);
    this.element = make("div", {
      class: "grid", role: "grid", "aria-label": given.label,
      "aria-multiselectable": this.given.selects ? "true" : null,
      on: {
        keydown: (event) => this.#press(event),
        click: (event) => this.#click(event),
        focusin: (event) => this.#focused(event),
      },
    });
    this.element.style.setProperty("--ratio", 1 / this.given.ratio);
    this.stopping = new AbortController();
    const { signal } = this.stopping;
    addEventListener("scroll", () => this.#later(), { passive: true, signal });
    this.observer = new ResizeObserver(() => this.#later());
    this.observer.observe(this.element);
  }

  close() {
    this.stopping.abort();
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
  }

  /** Show other items, with the same one active, and those selected that are still there. */
  show(items) {
    const key = this.#keyAt(this.active);
    const had = this.element.contains(document.activeElement);
    this.items = items;
    this.index = new Map(items.map((item, at) => [this.given.key(item), at]));
    this.active = this.index.get(key) ?? Math.max(0, Math.min(this.active, items.length - 1));
    this.selection.keep(this.index);
    this.element.hidden = items.length === 0;
    this.draw();
    if (had && !this.element.contains(document.activeElement)) this.focus(false);
  }

  get activeItem() {
    return this.items[this.active] ?? null;
  }

  cellOf(key) {
    return this.cells.get(key)?.element ?? null;
  }

  /** Make an item the active one if it is there, and bring the active one into the window. */
  activate(key, scrolls = true) {
    this.active = this.index?.get(key) ?? this.active;
    this.draw();
    this.focus(scrolls);
  }

  focus(scrolls = true) {
    const cell = this.cellOf(this.#keyAt(this.active));
    if (!cell) return;
    cell.focus({ preventScroll: true });
    if (scrolls) cell.scrollIntoView({ block: "nearest" });
    this.draw();
  }

  #keyAt(at) {
    return this.items.length > at ? this.given.key(this.items[at]) : undefined;
  }

  #later() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  /** Put what is near the window there, and take away what is not. */
  draw() {
    const width = this.element.clientWidth;
    if (!width || !this.items.length) {
      for (const at of [...this.rows.keys()]) this.#dropRow(at);
      return;
    }
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    this.columns = Math.max(1, Math.floor((width + GAP) / (this.given.least + GAP)));
    const column = (width - GAP * (this.columns - 1)) / this.columns;
    this.height = Math.round(column * this.given.ratio + this.given.words * rem) + GAP;
    const n = Math.ceil(this.items.length / this.columns);
    this.element.style.height = `${n * this.height - GAP}px`;
    this.element.style.setProperty("--columns", this.columns);
    this.element.setAttribute("aria-rowcount", n);
    this.element.setAttribute("aria-colcount", this.columns);
    const top = -this.element.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor((top - BEYOND * innerHeight) / this.height));
    const last = Math.min(n - 1, Math.floor((top + (1 + BEYOND) * innerHeight) / this.height));
    const wanted = new Set([Math.floor(this.active / this.columns)]);
    for (let at = first; at <= last; at += 1) wanted.add(at);
    for (const at of [...this.rows.keys()]) if (!wanted.has(at)) this.#dropRow(at);
    for (const at of [...wanted].sort((one, other) => one - other)) this.#drawRow(at);
    this.#dropCells();
    if (last * this.height > n * this.height - NEAR_END * innerHeight) this.given.nearEnd?.();
  }

  #drawRow(at) {
    let row = this.rows.get(at);
    if (!row) {
      row = make("div", { class: "grid-row", role: "row", "aria-rowindex": at + 1 });
      // In their order, which is that in which they are read out.
      const below = Math.min(...[...this.rows.keys()].filter((other) => other > at));
      this.element.insertBefore(row, this.rows.get(below) ?? null);
      this.rows.set(at, row);
    }
    row.style.transform = `translateY(${at * this.height}px)`;
    row.style.height = `${this.height - GAP}px`;
    const items = this.items.slice(at * this.columns, (at + 1) * this.columns);
    items.forEach((item, column) => {
      const cell = this.#cell(item, at * this.columns + column);
      cell.setAttribute("aria-colindex", column + 1);
      if (row.children[column] !== cell) row.insertBefore(cell, row.children[column] ?? null);
    });
    while (row.children.length > items.length) row.lastChild.remove();
  }

  #cell(item, at) {
    const key = this.given.key(item);
    let known = this.cells.get(key);
    if (!known) {
      known = { element: make("div", { class: "cell", role: "gridcell" }) };
      this.cells.set(key, known);
      known.element.key = key;
    }
    if (!isSame(known.item, item)) {
      known.item = item;
      known.element.setAttribute("aria-label", this.given.say(item));
      known.element.replaceChildren(
        ...(this.given.selects ? [this.selection.box(key)] : []), ...this.given.draw(item));
    }
    known.element.tabIndex = at === this.active ? 0 : -1;
    this.selection.mark(known.element, key);
    return known.element;
  }

  #dropRow(at) {
    this.rows.get(at).remove();
    this.rows.delete(at);
  }

  #dropCells() {
    for (const [key, { element }] of this.cells) {
      if (element.isConnected) continue;
      for (const image of element.querySelectorAll("img")) image.removeAttribute("src");
      this.cells.delete(key);
    }
  }

  #focused(event) {
    const cell = event.target.closest(".cell");
    if (!cell) return;
    const at = this.index.get(cell.key);
    if (at === undefined || at === this.active) return;
    const before = this.cellOf(this.#keyAt(this.active));
    if (before) before.tabIndex = -1;
    this.active = at;
    cell.tabIndex = 0;
  }

  #click(event) {
    const cell = event.target.closest(".cell");
    if (!cell || event.target.closest("[data-own]")) return;
    const boxed = event.target.closest(".box") !== null;
    if (this.given.selects && (boxed || event.ctrlKey || event.shiftKey || this.selection.size)) {
      event.preventDefault();
      this.selection.toggle(cell.key, event.shiftKey);
      cell.focus({ preventScroll: true });
    } else {
      this.given.open(this.items[this.index.get(cell.key)]);
    }
  }

  #press(event) {
    if (event.altKey || event.target.closest("input, select, textarea")) return;
    const key = keyOf(event);
    const to = this.#target(key);
    if (to !== null) {
      this.active = Math.max(0, Math.min(to, this.items.length - 1));
      if (event.shiftKey && this.given.selects) this.selection.extend(this.#keyAt(this.active));
      this.draw();
      this.focus();
    } else if (key === " " && this.given.selects) {
      this.selection.toggle(this.#keyAt(this.active), event.shiftKey);
    } else if (key === "Enter") {
      this.given.open(this.activeItem);
    } else if (key === "Ctrl+a" && this.given.selects) {
      this.selection.all();
    } else {
      return;
    }
    event.preventDefault();
  }

  /** The index that a key leads to, or null where it leads nowhere. */
  #target(key) {
    const page = Math.max(1, Math.floor(innerHeight / this.height) - 1) * this.columns;
    const row = this.active - (this.active % this.columns);
    const below = this.active + this.columns;
    const targets = {
      ArrowLeft: this.active - 1,
      ArrowRight: this.active + 1,
      ArrowUp: this.active < this.columns ? this.active : this.active - this.columns,
      ArrowDown: below < this.items.length || row + this.columns < this.items.length
        ? below : this.active,
      Home: row,
      End: row + this.columns - 1,
      PageUp: Math.max(this.active - page, this.active % this.columns),
      PageDown: this.active + page,
      "Ctrl+Home": 0,
      "Ctrl+End": this.items.length - 1,
    };
    return targets[key] ?? null;
  }
}

function isSame(one, other) {
  if (!one) return false;
  const keys = Object.keys(other);
  return keys.length === Object.keys(one).length && keys.every((key) => one[key] === other[key]);
}
