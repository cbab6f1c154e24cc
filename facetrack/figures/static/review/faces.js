/* What can be done with faces that are selected, in a person's view and in a photo's. */
import * as actions from "./actions.js";
import { Chooser } from "./chooser.js";
import { openDialog } from "./dialog.js";
import { counted, faceImage, make } from "./dom.js";
import * as routes from "./routes.js";
import { store } from "./store.js";

const SHOWN = 6;

/**
 * Deeds for the bar and for keys. selected() -> faces with their person's number; done(): after one
 * of them was done.
 */
export function faceDeeds(selected, done) {
  const then = (run) => () => {
    const faces = selected();
    if (!faces.length) return false;
    run(faces);
    return true;
  };
  const to = (place) => then((faces) => {
    done();
    actions.move(faces, place);
  });
  return [
    { text: "Is …", key: "i", does: "say who they are", run: then((faces) => askWho(faces, done)) },
    { text: "Somebody else", key: "s", does: "they are somebody else: one new person",
      run: to("new") },
    { text: "Unknown", key: "k", does: "nobody can say: in no group", run: to("unknown") },
    { text: "Not a person", key: "x", does: "not a person: a statue, a poster", run: to("nobody"),
      danger: true },
  ];
}

/** The deed for two faces of one person, or one of them and the person's cover. */
export function whyDeed(selected) {
  const pair = () => {
    const faces = selected();
    const [first, second = null] = faces;
    if (!first || faces.length > 2 || first.number <= 0) return null;
    const other = second ?? { id: store.person(first.number)?.cover, number: first.number };
    return other.number === first.number && other.id && other.id !== first.id
      ? [first.id, other.id] : null;
  };
  const run = () => {
    const ids = pair();
    if (!ids) return false;
    routes.go(routes.why(...ids));
    return true;
  };
  return {
    text: "Why together?", key: "w", run, can: () => pair() !== null,
    does: "why two faces, or one and the cover, are together",
  };
}

function askWho(faces, done) {
  const numbers = new Set(faces.map((face) => face.number));
  const chooser = new Chooser({
    label: "Who is this?",
    placeholder: "A name, new or known",
    people: () => store.people.filter((person) => !(numbers.size === 1 && numbers.has(person.number))),
    choose: (person, text) => opened.close({ person, text: text.trim().replace(/\s+/g, " ") }),
  });
  const opened = openDialog(
    faces.length === 1 ? "Who is this?" : `Who are these ${counted(faces.length, "face")}?`,
    [
      make("div", { class: "strip" }, ...faces.slice(0, SHOWN).map((face) => faceImage(face.id))),
      chooser.element,
    ],
    [{ text: "Cancel", value: null }],
  );
  chooser.focus();
  const offer = () => chooser.offerAgain(); // the list of all may come after the first letters
  store.addEventListener("change", offer);
  opened.answered.then((said) => {
    store.removeEventListener("change", offer);
    if (!said || !(said.person || said.text)) return;
    done();
    if (said.person) actions.move(faces, said.person.number);
    else actions.moveByName(faces, said.text);
  });
}
