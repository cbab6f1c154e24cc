/* One photo, with a box around every face and who it is. */
import { ask } from "./api.js";
import { hideBar, showBar } from "./bar.js";
import { bdi, button, called, faceImage, isolate, make, photoUrl } from "./dom.js";
import { faceDeeds, whyDeed } from "./faces.js";
import { setKeys } from "./keys.js";
import * as routes from "./routes.js";
import { store } from "./store.js";

export function open(root, route, signal) {
  const view = new PhotoView(root, route, signal);
  setKeys("here", view.keys());
  view.load();
}

class PhotoView {
  constructor(root, route, signal) {
    this.id = route.parts[0];
    this.person = route.query.get("person");
    this.of = route.query.get("of") ?? routes.PEOPLE;
    this.signal = signal;
    this.selected = new Set();
    this.photo = null;
    this.asked = 0; // counts the times the photo was asked for
    this.answered = 0; // which of them is shown
    this.deeds = [
      ...faceDeeds(() => this.faces(), () => this.clear()), whyDeed(() => this.faces())];
    this.head = make("div", { class: "head" });
    this.frame = make("div", { class: "photo" });
    this.list = make("ul", { class: "on-photo", "aria-label": "Faces on this photo" });
    root.append(this.head, make("div", { class: "photo-and-faces" }, this.frame, this.list));
    store.addEventListener("change", () => this.draw(), { signal });
    // With what was done since: else faces would be for a moment whose they were.
    store.beside = () => this.ask();
    signal.addEventListener("abort", () => {
      store.beside = null;
      hideBar();
    });
  }

  async load() {
    (await this.ask())();
    this.draw();
  }

  /** What puts the photo there when it is told; an older reply than the one shown does nothing. */
  async ask() {
    const turn = (this.asked += 1);
    const query = this.person === null ? "" : `?person=${this.person}`;
    try {
      const photo = await ask(`/api/photos/${this.id}${query}`, this.signal);
      return () => {
        if (turn < this.answered) return;
        this.answered = turn;
        this.photo = photo;
        if (!this.frame.firstChild) this.drawFirst();
      };
    } catch (error) {
      return () => {
        if (error.name !== "AbortError" && turn > this.answered) {
          this.head.replaceChildren(make("p", { text: error.message }));
        }
      };
    }
  }

  /** What does not change while the photo is shown. */
  drawFirst() {
    const { name, width, height, previous, next } = this.photo;
    document.title = `${name} · People`;
    const step = (id, text, label) => button(text, () => this.go(id), {
      disabled: id === null, "aria-label": label });
    this.head.replaceChildren(
      make("a", { class: "back", href: this.of, text: "Back" }),
      make("div", { class: "titled" },
        make("h1", { tabindex: -1 }, bdi(name)),
        make("div", { class: "deeds" },
          step(previous, "←", "The photo before"), step(next, "→", "The next photo"))));
    if (!width) {
      this.frame.append(make("p", { class: "none", text: "The photo cannot be read: it has gone, "
        + "or is another one by now." }));
      return;
    }
    const image = make("img", {
      src: photoUrl(this.id), alt: `The photo ${isolate(name)}`, width, height });
    this.frame.style.aspectRatio = `${width} / ${height}`;
    // As large as the window lets it be, and no wider than its column.
    this.frame.style.maxWidth = `calc(${(width / height).toFixed(4)} * (100vh - 12.5rem))`;
    this.frame.append(image);
    if (document.activeElement === document.body) {
      this.head.querySelector("h1").focus({ preventScroll: true });
    }
  }

  draw() {
    if (!this.photo) return;
    const { faces, width, height } = this.photo;
    const key = JSON.stringify(faces.map((face) => [this.place(face), this.selected.has(face.id)]));
    if (key === this.drawn) return; // anew they would lose a click that has begun
    this.drawn = key;
    const focused = document.activeElement?.dataset?.face;
    const inList = this.list.contains(document.activeElement);
    const percent = (part, whole) => `${(100 * part) / whole}%`;
    const boxes = (width ? faces : []).map((face) => {
      const place = this.place(face);
      const [left, top, wide, high] = face.box;
      return make("button", {
        type: "button", class: `face ${place.kind}`, "aria-pressed": this.selected.has(face.id),
        "aria-label": isolate(place.text), data: { face: face.id },
        css: {
          left: percent(left, width), top: percent(top, height),
          width: percent(wide, width), height: percent(high, height),
        },
        on: { click: () => this.toggle(face.id) },
      }, make("span", { class: "label", "aria-hidden": "true" }, bdi(place.text)));
    });
    this.frame.replaceChildren(this.frame.firstChild, ...boxes);
    this.list.replaceChildren(...faces.map((face) => this.line(face)));
    const within = inList ? this.list : this.frame;
    if (focused) within.querySelector(`[data-face="${focused}"]`)?.focus({ preventScroll: true });
    this.drawBar();
  }

  line(face) {
    const place = this.place(face);
    return make("li", { class: this.selected.has(face.id) ? "selected" : null },
      make("button", {
        type: "button", class: "pick", "aria-pressed": this.selected.has(face.id),
        "aria-label": `Select ${isolate(place.text)}`, data: { face: face.id },
        on: { click: () => this.toggle(face.id) },
      }, faceImage(face.id)),
      Number.isFinite(place.number)
        ? make("a", { href: routes.person(place.number) }, bdi(place.text))
        : bdi(place.text));
  }

  /** Who a face is now: the number, what it is called, and how it is drawn. */
  place(face) {
    const { number, id, name } = store.placed(face);
    const person = store.person(number);
    if (number === 0) return { number, text: "Unknown", kind: "unknown" };
    if (number === -1) return { number, text: "Not a person", kind: "nobody" };
    return { number, text: person ? called(person) : name || id, kind: "known" };
  }

  faces() {
    if (!this.photo) return [];
    const focused = document.activeElement?.dataset?.face;
    const ids = this.selected.size ? this.selected : new Set([focused]);
    return this.photo.faces.filter((face) => ids.has(face.id))
      .map((face) => ({ ...face, number: this.place(face).number }));
  }

  toggle(id) {
    if (this.selected.has(id)) this.selected.delete(id);
    else this.selected.add(id);
    this.draw();
  }

  clear() {
    this.selected.clear();
    this.draw();
  }

  drawBar() {
    if (!this.selected.size) return hideBar();
    const deeds = this.deeds.filter((deed) => !deed.can || deed.can());
    return showBar(`${this.selected.size} selected`, deeds, () => this.clear());
  }

  go(id) {
    if (id === null || id === undefined) return false;
    routes.go(routes.photo(id, this.person, this.of));
    return true;
  }

  keys() {
    return [
      { key: "ArrowLeft", shown: "←", does: "the photo before", run: () => this.go(this.photo?.previous) },
      { key: "ArrowRight", shown: "→", does: "the next photo", run: () => this.go(this.photo?.next) },
      { shown: "Tab", does: "go from face to face" },
      { shown: "Space", does: "select a face" },
      ...this.deeds,
      { key: "Escape", does: "select nothing; then back", run: () => {
        if (this.selected.size) this.clear();
        else routes.go(this.of);
      } },
    ];
  }
}
