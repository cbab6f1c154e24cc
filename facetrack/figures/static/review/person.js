/* One person: all faces, the doubtful ones first; those selected go where they belong. */
import * as actions from "./actions.js";
import { hideBar, showBar } from "./bar.js";
import { bdi, button, called, counted, faceImage, isolate, make } from "./dom.js";
import { faceDeeds, whyDeed } from "./faces.js";
import { Grid } from "./grid.js";
import { setKeys } from "./keys.js";
import { stopTyping, typeName } from "./naming.js";
import * as routes from "./routes.js";
import { store } from "./store.js";
import { tell } from "./tell.js";

const APART = {
  0: { name: "Unknown faces", about: "In no group: nobody can say yet who they are." },
  "-1": { name: "Not persons", about: "Statues, posters, patterns: in no group and in no question." },
};
const last = new Map(); // number -> the face that was active

export function open(root, route, signal) {
  const number = Number(route.parts[0]);
  const head = make("div", { class: "head" });
  const grid = new Grid({
    label: "Faces", least: 116,
    key: (face) => face.id, draw, say,
    open: (face) => routes.go(routes.photo(face.photo, number, routes.person(number))),
    changed: () => drawBar(grid, number),
    nearEnd: () => store.more(number).catch(() => {}),
  });
  const none = make("p", { class: "none", text: "No face is here.", hidden: true });
  const wait = make("p", { class: "quiet", text: "Looking …" });
  root.append(head, wait, none, grid.element);
  const show = () => {
    const shown = store.faces(number);
    drawHead(head, number, shown?.total ?? null);
    if (!shown) return;
    wait.hidden = true;
    none.hidden = shown.faces.length > 0;
    grid.show(shown.faces);
    drawBar(grid, number);
  };
  store.addEventListener("change", show, { signal });
  signal.addEventListener("abort", () => {
    last.set(number, grid.activeItem?.id);
    grid.close();
    stopTyping();
    hideBar();
  });
  setKeys("here", keys(grid, number, head));
  show();
  store.openPerson(number).then(() => {
    if (signal.aborted) return;
    grid.activate(last.get(number) ?? grid.activeItem?.id, false);
  }, (error) => {
    wait.textContent = error.message;
  });
}

function draw(face) {
  return [
    make("div", { class: face.blurred ? "picture blurred" : "picture" }, faceImage(face.id),
      face.doubtful
        ? make("span", { class: "doubt", text: "?", title: face.likely ?? "far from the rest" }) : null),
  ];
}

function say(face) {
  const remarks = [
    isolate(face.photo_name),
    face.doubtful ? `doubtful${face.likely ? `, ${face.likely}` : ""}` : null,
    face.blurred ? "blurred or small" : null,
  ];
  return remarks.filter(Boolean).join(", ");
}

function drawHead(head, number, total) {
  const person = store.person(number);
  const apart = APART[number];
  // The opened person's own words, where it is not in the list of all.
  const known = person ?? store.faces(number)?.info ?? { number, id: `person ${number}`, name: null };
  const faces = total ?? person?.faces ?? 0;
  const told = [counted(faces, "face")];
  if (person) told.push(counted(person.photos, "photo"));
  if (person?.doubtful) told.push(`${person.doubtful} doubtful, first`);
  const key = JSON.stringify([known.name, known.id, told, person?.hidden]);
  if (head.dataset.key === key) return; // else a button would lose the focus
  head.dataset.key = key;
  const title = apart ? apart.name : called(known);
  document.title = `${title} · People`;
  head.replaceChildren(
    make("a", { class: "back", href: routes.PEOPLE, text: "People" }),
    make("h1", { tabindex: -1, class: known.name || apart ? null : "nameless" }, bdi(title)),
    make("p", { class: "quiet", text: apart ? `${told[0]}. ${apart.about}` : told.join(" · ") }),
    apart ? "" : headButtons(known, number, head),
  );
}

function headButtons(known, number, head) {
  return make("div", { class: "deeds" },
    button(known.name ? "Change the name" : "Add a name", () => nameHere(number, head)),
    make("a", { class: "button", href: routes.photosWith([number]), text: "Photos" }),
    button(known.hidden ? "Show again" : "Hide", () => toggleHidden(number)),
  );
}

/** A person, also before the list of all is there; null for those apart. */
function find(number) {
  const opened = number > 0 ? store.faces(number) : null;
  return store.person(number)
    ?? (opened && { ...opened.info, faces: opened.total, cover: opened.faces[0]?.id });
}

function nameHere(number, head) {
  const person = find(number);
  if (!person) return false;
  typeName(person, head.querySelector("h1"), () => head.querySelector("button")?.focus());
  return true;
}

function toggleHidden(number) {
  const person = find(number);
  if (!person) return false;
  actions.hide(number, !person.hidden);
  return true;
}

/** Those selected, or the one on which the focus is, with their person's number. */
function meant(grid, number) {
  const selected = grid.selection.items;
  const inside = grid.activeItem && grid.element.contains(document.activeElement);
  const faces = selected.length ? selected : inside ? [grid.activeItem] : [];
  return faces.map((face) => ({ ...face, number }));
}

function deeds(grid, number) {
  const selected = () => meant(grid, number);
  const here = { 0: "k", "-1": "x" }[number]; // where they are already
  const all = faceDeeds(selected, () => grid.selection.clear()).filter((deed) => deed.key !== here);
  if (number <= 0) {
    const founds = all.find((deed) => deed.key === "s");
    Object.assign(founds, { text: "A new person", does: "they are one new person" });
  }
  const why = whyDeed(selected);
  return { all, why };
}

function drawBar(grid, number) {
  if (!grid.selection.size) return hideBar();
  const { all, why } = deeds(grid, number);
  return showBar(
    `${grid.selection.size} selected`, [...all, ...(why.can() ? [why] : [])],
    () => {
      grid.selection.clear();
      grid.focus(false);
    });
}

/** The person before or after this one, in the order of their sizes. */
function neighbour(number, step) {
  if (!store.summary) return false; // nobody knows yet who else there is
  const shown = store.people.filter((person) => !person.hidden || person.number === number);
  const next = shown[shown.findIndex((person) => person.number === number) + step];
  if (!next || !store.person(number)) return tell("There is nobody further.");
  return routes.go(routes.person(next.number));
}

function keys(grid, number, head) {
  const { all, why } = deeds(grid, number);
  const selectAll = async () => {
    await store.more(number, true);
    if (grid.element.isConnected) grid.selection.all();
  };
  return [
    { shown: "Arrows", does: "go from one to another" },
    { shown: "Enter", does: "open the photo" },
    { shown: "Space", does: "select; with Shift, from the last one to here" },
    { key: "a", shown: "A", does: "select all faces", run: () => void selectAll() },
    ...all, why,
    { key: "n", does: "type the name", run: () => nameHere(number, head) },
    { key: "h", does: "hide the person, or show again", run: () => toggleHidden(number) },
    { key: "p", does: "photos with this person", run: () => routes.go(routes.photosWith([number])) },
    { key: "[", does: "the person before", run: () => neighbour(number, -1) },
    { key: "]", does: "the next person", run: () => neighbour(number, 1) },
    { key: "Escape", does: "select nothing; then back to all people", run: () => {
      if (grid.selection.size) grid.selection.clear();
      else routes.go(routes.PEOPLE);
    } },
  ];
}
