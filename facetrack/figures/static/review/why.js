/* Why two faces are together: the chain of the closest ties from one to the other. */
import * as actions from "./actions.js";
import { ask } from "./api.js";
import { bdi, button, counted, faceImage, isolate, make } from "./dom.js";
import { setKeys } from "./keys.js";
import * as routes from "./routes.js";
import { store } from "./store.js";

export function open(root, route, signal) {
  const [first, second] = route.parts;
  const said = make("p", { class: "quiet", text: "Looking …" });
  const place = make("div");
  root.append(make("h1", { tabindex: -1, text: "Why together?" }), said, place);
  document.title = "Why together? · People";
  let chain = null;
  const cutHere = () => {
    if (!chain?.cut) return false;
    cut(first, second, chain);
    chain = null; // not twice, while the view is left
    return true;
  };
  setKeys("here", [
    { key: "c", does: "cut at the weakest tie", run: cutHere },
    { key: "Escape", does: "back", run: () => history.back() },
  ]);
  const query = new URLSearchParams({ first, second });
  ask(`/api/chain?${query}`, signal).then((found) => {
    chain = found;
    said.textContent = found.ties.length === 1
      ? "These two are tied directly."
      : "Each is tied to the next. The weakest tie holds the two ends together.";
    place.replaceChildren(drawChain(found, cutHere), ...drawSide(found));
  }, (error) => {
    if (error.name !== "AbortError") said.textContent = error.message;
  });
}

function drawChain({ faces, ties }, cutHere) {
  const list = make("ol", { class: "chain" });
  faces.forEach((face, at) => {
    list.append(make("li", {},
      make("a", { href: routes.photo(face.photo, null, location.hash) },
        faceImage(face.id, `Face on ${isolate(face.photo_name)}`)),
      bdi(face.photo_name, { class: "quiet" })));
    const tie = ties[at];
    if (!tie) return;
    const words = tie.likely ?? `distance ${tie.distance.toFixed(3)}`;
    list.append(make("li", { class: tie.weakest ? "tie weakest" : "tie" },
      make("span", { text: tie.weakest ? `${words}, the weakest tie` : words }),
      tie.weakest ? cutButton(cutHere) : null));
  });
  return list;
}

function cutButton(run) {
  const made = button("Cut here", run, { class: "danger" });
  made.append(make("kbd", { text: "C", "aria-hidden": "true" }));
  return made;
}

/** Those who would go. */
function drawSide({ cut: side }) {
  if (!side?.faces.length) return [];
  return [
    make("h2", { text: `Cut here: ${counted(side.faces.length, "face")} would be a new person` }),
    make("div", { class: "strip" }, ...side.faces.slice(0, 40).map((id) => faceImage(id))),
  ];
}

function cut(first, second, chain) {
  // Mostly one comes from that person's view; else the address was given.
  const known = store.faces(store.opened)?.faces.some((face) => face.id === first);
  const number = known ? store.opened : NaN;
  const faces = chain.cut.faces.map((id) => ({ id, number, doubtful: false }));
  actions.cut(first, second, faces);
  routes.go(known ? routes.person(number) : routes.PEOPLE);
}
