/* Photos that certain persons are on together. */
import { ask } from "./api.js";
import { Chooser } from "./chooser.js";
import { bdi, button, called, counted, fold, isolate, make, smallPhotoUrl } from "./dom.js";
import { Grid } from "./grid.js";
import { setKeys } from "./keys.js";
import * as routes from "./routes.js";
import { store } from "./store.js";

export function open(root, route, signal) {
  const numbers = (route.query.get("with") ?? "").split(",").filter(Boolean).map(Number);
  const here = routes.photosWith(numbers);
  const said = make("p", { class: "quiet", role: "status" });
  const chosen = make("ul", { class: "chips", "aria-label": "Persons" });
  const chooser = new Chooser({
    label: "Photos with", placeholder: numbers.length ? "and …" : "A name",
    people: () => store.people.filter((person) => !numbers.includes(person.number)),
    choose: (person, text) => {
      const found = person ?? store.people.find((one) => fold(called(one)) === fold(text));
      if (found) routes.go(routes.photosWith([...numbers, found.number]));
      else said.textContent = text ? "Nobody has this name." : "";
    },
  });
  const grid = new Grid({
    label: "Photos", least: 220, ratio: 0.75, words: 1.8, selects: false,
    key: (photo) => photo.id, draw, say: (photo) => isolate(photo.name),
    open: (photo) => routes.go(routes.photo(photo.id, numbers[0] ?? null, here)),
  });
  root.append(
    make("h1", { tabindex: -1, text: "Photos with" }),
    make("div", { class: "controls" }, chosen, chooser.element), said, grid.element);
  document.title = "Photos · People";
  const drawChosen = () => {
    const key = JSON.stringify(numbers.map(callNumber));
    if (chosen.dataset.key === key) return; // else a button would lose the focus
    chosen.dataset.key = key;
    chosen.replaceChildren(...numbers.map((number) => chip(number, numbers)));
  };
  store.addEventListener("change", () => {
    drawChosen();
    chooser.offerAgain();
  }, { signal });
  signal.addEventListener("abort", () => grid.close());
  setKeys("here", [
    { key: "/", does: "add a person", run: () => chooser.focus() },
    { shown: "Arrows", does: "go from one to another" },
    { shown: "Enter", does: "open the photo" },
    { key: "Escape", does: "back to all people", run: () => routes.go(routes.PEOPLE) },
  ]);
  drawChosen();
  if (!numbers.length) {
    said.textContent = "Choose persons: those photos are shown on which all of them are.";
    chooser.focus();
    return;
  }
  ask(`/api/search?with=${numbers.join(",")}`, signal).then((found) => {
    said.textContent = found.n ? counted(found.n, "photo") : "They are on no photo together.";
    grid.show(found.photos);
  }, (error) => {
    if (error.name !== "AbortError") said.textContent = error.message;
  });
}

function draw(photo) {
  return [
    make("div", { class: "picture" }, make("img", { src: smallPhotoUrl(photo.id), alt: "", decoding: "async" })),
    make("div", { class: "words" }, bdi(photo.name, { class: "quiet" })),
  ];
}

function callNumber(number) {
  const person = store.person(number);
  return person ? called(person) : `person ${number}`;
}

function chip(number, numbers) {
  const text = callNumber(number);
  const without = numbers.filter((one) => one !== number);
  return make("li", {}, make("a", { href: routes.person(number) }, bdi(text)),
    button("×", () => routes.go(routes.photosWith(without)), {
      class: "plain", "aria-label": `Without ${isolate(text)}` }));
}
