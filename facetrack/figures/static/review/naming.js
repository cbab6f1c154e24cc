/* Names, typed where they stand. */
import * as actions from "./actions.js";
import { Chooser } from "./chooser.js";
import { openDialog } from "./dialog.js";
import { bdi, called, counted, faceImage, fold, isolate, make } from "./dom.js";
import { store } from "./store.js";

let open = null;

/**
 * A field over an element that shows a person's name. done(step): after it has closed, with 1 or
 * -1 where Tab asks for the next or the one before, else 0.
 */
export function typeName(person, over, done) {
  open?.close();
  const shut = () => {
    if (open?.element !== element) return false;
    open = null;
    element.remove();
    return true;
  };
  const close = () => {
    if (shut()) done(0);
  };
  const save = async (text, step) => {
    if (!shut()) return;
    await saveName(person, text); // which may ask: the next field would lose the focus
    done(step);
  };
  const chooser = new Chooser({
    label: `Name of ${isolate(called(person))}`,
    value: person.name ?? "",
    placeholder: "Name",
    people: () => store.people.filter((other) => other.name && other.number !== person.number),
    choose: (other, text) => save(other ? other.name : text, 0),
    cancel: () => close(),
    leave: (text, back) => save(text, back ? -1 : 1),
  });
  const element = make("div", { class: "naming" }, chooser.element);
  const place = over.getBoundingClientRect();
  const width = Math.max(place.width, 176);
  const left = Math.min(place.left, document.documentElement.clientWidth - width - 8);
  element.style.left = `${Math.max(8, left) + scrollX}px`;
  element.style.top = `${place.top + scrollY}px`;
  element.style.width = `${width}px`;
  document.getElementById("content").append(element);
  open = { element, close };
  chooser.focus();
  chooser.input.addEventListener("blur", () => {
    // Not where another window is looked at meanwhile.
    if (open?.element === element && document.hasFocus()) save(chooser.input.value, 0);
  });
}

/** Without saving, as when the view is left. */
export function stopTyping() {
  if (!open) return;
  open.element.remove();
  open = null;
}

/** Name a person; where another one has the name, ask whether they are one. */
export async function saveName(person, text) {
  const given = text.trim().replace(/\s+/g, " ") || null;
  if (given === person.name) return;
  const twin = given && store.people.find(
    (other) => other.name && fold(other.name) === fold(given) && other.number !== person.number);
  if (!twin) {
    actions.name(person.number, given);
    return;
  }
  const said = await askWhetherSame(person, twin);
  if (said === "same") actions.merge([twin.number, person.number], twin.number);
  if (said === "two") actions.name(person.number, given);
}

function askWhetherSame(person, twin) {
  const side = (one) => make(
    "figure", {},
    faceImage(one.cover),
    make("figcaption", {}, bdi(called(one)), make("br"),
      make("span", { class: "quiet", text: counted(one.faces, "face") })));
  return openDialog(
    "The same person?",
    [
      make("p", {}, "There is a person with the name ", bdi(twin.name), " already."),
      make("div", { class: "pair" }, side(person), side(twin)),
    ],
    [
      { text: "The same person", value: "same", primary: true },
      { text: "Two with one name", value: "two" },
      { text: "Cancel", value: null },
    ],
  ).answered;
}
