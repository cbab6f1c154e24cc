/* Everybody: a grid of covers, with search, order, names typed in place, and merging. */
import * as actions from "./actions.js";
import { hideBar, showBar } from "./bar.js";
import { openDialog } from "./dialog.js";
import { bdi, called, counted, faceImage, fold, isolate, make } from "./dom.js";
import { Grid } from "./grid.js";
import { setKeys } from "./keys.js";
import { stopTyping, typeName } from "./naming.js";
import * as routes from "./routes.js";
import { store } from "./store.js";

const SORTS = {
  faces: ["Most faces first", (one, other) => other.faces - one.faces],
  name: ["By name", (one, other) => compareNames(one, other)],
  doubtful: ["Most doubtful first", (one, other) => other.doubtful - one.doubtful],
};
const SHOWN = {
  all: ["Everybody", (person) => !person.hidden],
  named: ["With a name", (person) => !person.hidden && person.name],
  unnamed: ["Without a name", (person) => !person.hidden && !person.name],
  doubtful: ["With doubtful faces", (person) => !person.hidden && person.doubtful > 0],
  hidden: ["Hidden", (person) => person.hidden],
};
// Kept while other views are open.
const kept = { search: "", sort: "faces", shown: "all", key: null, scroll: 0 };

function compareNames(one, other) {
  if (!one.name || !other.name) return Number(!one.name) - Number(!other.name);
  return one.name.localeCompare(other.name);
}

export function open(root, route, signal) {
  const said = make("p", { class: "quiet", role: "status" });
  const about = make("p", { class: "quiet" });
  const below = make("div");
  const none = make("p", { class: "none", hidden: true });
  const grid = new Grid({
    label: "People", least: 156, words: 3.4,
    key: (person) => person.number, draw, say,
    open: (person) => routes.go(routes.person(person.number)),
    changed: () => drawBar(grid),
  });
  const search = make("input", {
    type: "search", placeholder: "Search names", "aria-label": "Search names", dir: "auto",
    on: { input: () => list(), keydown: (event) => leaveSearch(event, grid) },
  });
  search.value = kept.search;
  const list = () => {
    kept.search = search.value;
    const found = choose(store.people);
    grid.show(found);
    none.hidden = found.length > 0 || !store.summary;
    none.textContent = kept.search ? "Nobody has such a name." : "Nobody is here.";
    said.textContent = kept.search || kept.shown !== "all" ? counted(found.length, "person") : "";
    drawBar(grid);
    tellAll(about, below);
    const doubted = store.people.some((person) => person.doubtful);
    for (const option of root.querySelectorAll("option[value=doubtful]")) option.hidden = !doubted;
  };
  root.append(
    make("h1", { tabindex: -1, text: "People" }), about,
    make("div", { class: "controls" }, search,
      choice("Order", SORTS, "sort", list), choice("Show", SHOWN, "shown", list)),
    said, none, grid.element, below,
  );
  grid.element.addEventListener("click", (event) => {
    if (event.target.closest("[data-own]")) nameActive(grid);
  });
  store.addEventListener("change", list, { signal });
  signal.addEventListener("abort", () => {
    kept.key = grid.activeItem?.number ?? null;
    kept.scroll = scrollY;
    grid.close();
    stopTyping();
    hideBar();
  });
  setKeys("here", keys(grid, search));
  list();
  if (kept.key !== null) {
    scrollTo(0, kept.scroll);
    grid.activate(kept.key, false);
  }
}

function choose(people) {
  const folded = fold(kept.search);
  return people
    .filter((person) => SHOWN[kept.shown][1](person)
      && (!folded || fold(person.name ?? "").includes(folded) || person.id.includes(folded)))
    .sort(SORTS[kept.sort][1]);
}

function draw(person) {
  return [
    make("div", { class: "picture" }, faceImage(person.cover),
      person.doubtful ? make("span", { class: "doubt", text: `${person.doubtful} ?` }) : null),
    make("div", { class: "words" },
      make("button", {
        type: "button", class: person.name ? "name" : "name nameless", tabindex: -1,
        "data-own": "name", "aria-label": `Name ${isolate(called(person))}`,
      }, person.name ? bdi(person.name) : "Add a name"),
      make("span", { class: "quiet", title: counted(person.photos, "photo") },
        person.name ? "" : `${person.id} · `, counted(person.faces, "face"))),
  ];
}

function say(person) {
  const doubt = person.doubtful ? `, ${person.doubtful} doubtful` : "";
  return `${isolate(called(person))}, ${counted(person.faces, "face")} on `
    + `${counted(person.photos, "photo")}${doubt}`;
}

function choice(label, choices, key, changed) {
  const select = make(
    "select", { "aria-label": label },
    ...Object.entries(choices).map(([value, [text]]) => make("option", { value, text })));
  select.value = kept[key];
  select.addEventListener("change", () => {
    kept[key] = select.value;
    changed();
  });
  return select;
}

/** Those who are in no group, and what is no person. */
function apart({ unknown, nobody }) {
  return make("p", { class: "apart" },
    make("a", { href: routes.person(0), text: `Unknown faces (${unknown.toLocaleString("en")})` }), " · ",
    make("a", { href: routes.person(-1), text: `Not persons (${nobody.toLocaleString("en")})` }));
}

function tellAll(about, below) {
  const all = store.summary;
  if (!all) return;
  const key = `${all.unknown} ${all.nobody}`;
  if (below.dataset.key !== key) below.replaceChildren(apart(all)); // else a link would lose the focus
  below.dataset.key = key;
  const unnamed = store.people.filter((person) => !person.name && !person.hidden).length;
  about.replaceChildren(
    `${counted(store.people.length, "person")}, ${unnamed.toLocaleString("en")} without a name, `
    + `on ${counted(all.photos, "photo")} in `, bdi(all.folder));
}

function leaveSearch(event, grid) {
  if (event.key !== "ArrowDown" && event.key !== "Enter") return;
  event.preventDefault();
  grid.focus();
}

function nameActive(grid) {
  const person = grid.activeItem;
  const cell = person && grid.cellOf(person.number);
  if (!cell) return false;
  const keys = grid.items.map((one) => one.number);
  typeName(person, cell.querySelector(".words"), (step) => {
    if (!grid.element.isConnected) return; // the view was left meanwhile
    const next = keys[keys.indexOf(person.number) + step];
    grid.activate(next);
    if (step && next !== undefined && next !== person.number) nameActive(grid);
  });
  return true;
}

/** Those selected, or the one on which the focus is. */
function meant(grid) {
  const selected = grid.selection.items;
  if (selected.length) return selected;
  return grid.activeItem && grid.element.contains(document.activeElement) ? [grid.activeItem] : [];
}

async function mergeSelected(grid) {
  const selected = grid.selection.items;
  if (selected.length < 2) return;
  // The largest with a name, as the list of all has the largest first.
  const order = store.people.filter((one) => selected.some((other) => other.number === one.number));
  const named = order.filter((person) => person.name);
  const names = new Set(named.map((person) => person.name));
  const into = names.size > 1 ? await askWhose(named) : (named[0] ?? order[0]).number;
  if (into === null) return;
  grid.selection.clear();
  actions.merge(order.map((person) => person.number), into);
  grid.activate(into);
}

function askWhose(named) {
  return openDialog(
    "Which name stays?",
    [make("p", { text: `${named.length} of them have names. All faces become this person's.` })],
    [
      ...named.map((person) => ({ text: isolate(person.name), value: person.number })),
      { text: "Cancel", value: null },
    ],
  ).answered;
}

function hide(grid) {
  const persons = meant(grid);
  grid.selection.clear();
  for (const person of persons) actions.hide(person.number, !person.hidden);
  return persons.length > 0;
}

function deeds(grid) {
  const persons = grid.selection.items;
  const all = [{ text: persons.every((one) => one.hidden) ? "Show again" : "Hide", key: "h",
    run: () => hide(grid) }];
  if (persons.length > 1) {
    all.unshift({ text: "Merge", key: "m", run: () => mergeSelected(grid) });
    all.push({ text: "Photos with all", key: "p", run: () => photos(grid) });
  }
  return all;
}

function photos(grid) {
  const numbers = meant(grid).map((person) => person.number);
  if (!numbers.length) return false;
  routes.go(routes.photosWith(numbers));
  return true;
}

function drawBar(grid) {
  if (!grid.selection.size) return hideBar();
  return showBar(`${grid.selection.size} selected`, deeds(grid), () => {
    grid.selection.clear();
    grid.focus(false);
  });
}

function keys(grid, search) {
  return [
    { shown: "Arrows", does: "go from one to another" },
    { shown: "Enter", does: "open" },
    { shown: "Space", does: "select; with Shift, from the last one to here" },
    { shown: "Ctrl+A", does: "select all that are shown" },
    { key: "n", does: "type the name; Tab goes on with the next person", run: () => nameActive(grid) },
    { key: "F2", run: () => nameActive(grid) },
    { key: "m", does: "merge those selected", run: () => void mergeSelected(grid) },
    { key: "h", does: "hide, or show again", run: () => hide(grid) },
    { key: "p", does: "photos with all of those selected", run: () => photos(grid) },
    { key: "/", does: "search", run: () => search.focus() },
    { key: "Escape", does: "select nothing; back to the grid", run: () => {
      grid.selection.clear();
      grid.focus();
    } },
  ];
}
