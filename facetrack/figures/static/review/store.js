/* What the page knows: what the server said last, and on top of it what was done since.
 *
 * A patch is what an action changes before the server has answered:
 *   people(list) -> list    the persons afterwards
 *   moved                   {faces: [face], number, id, name}: where these faces are afterwards
 * It goes when the server refuses the action, or when what was asked for after the answer is here.
 */
import { ask } from "./api.js";

const PAGE = 500;
const PATIENCE = 250; // milliseconds: several actions in a row are asked for once

/** A person as the page has it: no name is null, and all counts are there. */
function readPerson(person) {
  return { ...person, name: person.name || null, doubtful: person.doubtful ?? 0 };
}

class Store extends EventTarget {
  summary = null;
  /** What a view asks for at each refresh: the promise of what puts the reply there. */
  beside = null;
  #people = [];
  #patches = [];
  #visible = null;
  #byNumber = null;
  #open = null; // the person whose faces are shown: {number, info, faces, total}
  #turn = 0; // counts the persons that were opened
  #acted = 0; // counts the actions that the server has done
  #timer = 0;
  #refreshing = null;

  get people() {
    this.#visible ??= this.#patches.reduce(
      (list, patch) => (patch.people ? patch.people(list) : list), this.#people);
    return this.#visible;
  }

  person(number) {
    this.#byNumber ??= new Map(this.people.map((person) => [person.number, person]));
    return this.#byNumber.get(number) ?? null;
  }

  /** The number of the person opened last, or null. */
  get opened() {
    return this.#open?.number ?? null;
  }

  /** The faces of a person that has been opened: {info, faces, total}, or null. */
  faces(number) {
    if (this.#open?.number !== number) return null;
    let { faces, total } = this.#open;
    for (const { moved } of this.#patches) {
      if (!moved) continue;
      const gone = new Set(moved.faces.map((face) => face.id));
      const left = faces.filter((face) => !gone.has(face.id));
      total -= faces.length - left.length;
      faces = left;
      if (moved.number === number) {
        faces = [...faces, ...moved.faces];
        total += moved.faces.length;
      }
    }
    return { info: this.#open.info, faces, total };
  }

  /** Whose a face is, with what was done since: {number, id, name}. */
  placed(face) {
    let place = face;
    for (const { moved } of this.#patches) {
      if (moved?.faces.some((one) => one.id === face.id)) place = moved;
    }
    return { number: place.number, id: place.id_text ?? place.id, name: place.name };
  }

  async openPerson(number) {
    const turn = (this.#turn += 1);
    let acted;
    let open;
    do {
      acted = this.#acted; // what was asked for before an action says nothing of it
      open = await this.#fetchFaces(number, PAGE);
    } while (acted !== this.#acted);
    if (turn !== this.#turn) return; // another one was opened since
    this.#open = open;
    this.#changed();
  }

  /** Further faces of the opened person; all of them if so wanted. */
  async more(number, all = false) {
    for (;;) {
      const open = this.#open; // another one after each refresh
      if (open?.number !== number || open.faces.length >= open.total) return;
      open.loading ??= this.#fetchMore(open).finally(() => {
        open.loading = null;
      });
      await open.loading;
      this.#changed();
      if (!all) return;
    }
  }

  async #fetchMore(open) {
    const said = await ask(`/api/people/${open.number}?start=${open.faces.length}&most=${PAGE}`);
    open.faces = [...open.faces, ...said.faces];
    open.total = said.faces.length ? said.n_faces : open.faces.length;
  }

  add(patch) {
    this.#patches.push(patch);
    this.#changed();
  }

  drop(patch) {
    this.#patches = this.#patches.filter((one) => one !== patch);
    this.#changed();
  }

  /** The server has done it: the patch stays until the next refresh. */
  confirm(patch, summary) {
    patch.done = true;
    this.#acted += 1;
    this.summary = summary;
    this.#changed();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.refresh("own").catch(() => {}), PATIENCE);
  }

  /** What the server counts by now, where nothing else has changed. */
  summarise(summary) {
    this.summary = summary;
    this.#changed();
  }

  /** Ask for everything anew, once for those who ask meanwhile. why: own, undo, outside. */
  async refresh(why) {
    clearTimeout(this.#timer);
    while (this.#refreshing) await this.#refreshing.catch(() => {});
    this.#refreshing = this.#refresh(why);
    try {
      await this.#refreshing;
    } finally {
      this.#refreshing = null;
    }
  }

  async #refresh(why) {
    const done = new Set(this.#patches.filter((patch) => patch.done));
    const number = this.#open?.number;
    const most = Math.max(this.#open?.faces.length ?? 0, PAGE);
    const [summary, people, open, put] = await Promise.all([
      ask("/api/summary"),
      ask("/api/people"),
      number === undefined ? null : this.#fetchFaces(number, most).catch(() => null),
      this.beside?.(),
    ]);
    put?.();
    this.summary = summary;
    this.#people = people.map(readPerson);
    if (this.#open?.number === number) this.#open = open;
    this.#patches = this.#patches.filter((patch) => !done.has(patch));
    this.#changed();
    this.dispatchEvent(new CustomEvent("refreshed", { detail: why }));
  }

  async #fetchFaces(number, most) {
    const info = await ask(`/api/people/${number}?start=0&most=${PAGE}`);
    info.name ||= null;
    const open = { number, info, faces: info.faces, total: info.n_faces ?? info.faces.length };
    while (open.faces.length < Math.min(most, open.total)) {
      const said = await ask(`/api/people/${number}?start=${open.faces.length}&most=${PAGE}`);
      if (!said.faces.length) break;
      open.faces = [...open.faces, ...said.faces];
    }
    return open;
  }

  /** Look whether people.yaml was changed by another hand, and take that in. */
  async look() {
    if (this.#patches.some((patch) => !patch.done) || this.#refreshing) return;
    const summary = await ask("/api/summary");
    if (summary.version !== this.summary?.version) await this.refresh("outside");
  }

  #changed() {
    this.#visible = null;
    this.#byNumber = null;
    this.dispatchEvent(new Event("change"));
  }
}

export const store = new Store();
