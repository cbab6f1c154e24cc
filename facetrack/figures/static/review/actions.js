/* Actions: each shows at once, is sent after those before it, and is taken back where refused. */
import { send } from "./api.js";
import { fold } from "./dom.js";
import * as patches from "./patches.js";
import { store } from "./store.js";
import { mended, tell, tellBroken } from "./tell.js";

export const CONFLICT = 409; // people.yaml has a mistake: nothing goes on before that is mended
let queue = Promise.resolve();
let waiting = 0; // actions that the server has not answered yet

addEventListener("beforeunload", (event) => {
  if (waiting) event.preventDefault(); // the browser asks whether to leave all the same
});

/** When all that has been done until now is kept, or refused. */
export function settled() {
  return queue;
}

/** Whether it was done is what the promise says; the page goes on before. */
export function act(action, patch = {}) {
  const again = () => act(action, { ...patch, done: false });
  store.add(patch);
  return inOrder(async () => {
    const reply = await send("/api/actions", action);
    mended();
    store.confirm(patch, reply.summary);
    tell(reply.told, { undoes: true });
    return true;
  }, (error) => {
    store.drop(patch);
    if (error.status === CONFLICT) tellBroken(error.message, again);
  });
}

export function undo() {
  tell("Taking back …");
  return inOrder(async () => {
    const reply = await send("/api/undo");
    mended();
    await store.refresh("undo");
    tell(reply.told);
    return true;
  }, () => {});
}

/** How many actions are on their way: the pointer says that there are some (review.css). */
function count(by) {
  waiting += by;
  document.documentElement.toggleAttribute("data-waiting", waiting > 0);
}

function inOrder(run, refused) {
  count(1);
  const ran = queue.then(run).catch((error) => {
    refused(error);
    tell(error.message, { wrong: true });
    return false;
  }).finally(() => count(-1));
  queue = ran;
  return ran;
}

export function name(number, given) {
  return act({ kind: "name", number, name: given }, patches.named(number, given));
}

export function merge(numbers, into) {
  return act({ kind: "merge", numbers, into }, patches.merged(numbers, into));
}

export function hide(number, hidden) {
  return act({ kind: "hide", number, hidden }, patches.hidden(number, hidden));
}

const PLACES = {
  unknown: { number: 0, id: "unknown", name: null },
  nobody: { number: -1, id: "not a person", name: null },
  new: { number: Infinity, id: "a new person", name: null }, // its number comes from the server
};

/** faces: {id, number, doubtful}. to: a number, "new", "unknown" or "nobody". */
export function move(faces, to) {
  // Who is not there any more is refused by the server.
  const person = PLACES[to] ?? store.person(to) ?? { number: to, id: "", name: null };
  const place = { number: person.number, id: person.id, name: person.name };
  const ids = faces.map((face) => face.id);
  return act({ kind: "move", faces: ids, to }, patches.moved(faces, place));
}

/** Faces are of the person who has a name, or of a new one with it: the server knows. */
export function moveByName(faces, given) {
  const known = store.people.find((one) => one.name && fold(one.name) === fold(given));
  const place = known ?? { ...PLACES.new, name: given };
  return act({ kind: "move", faces: faces.map((face) => face.id), name: given }, patches.moved(faces, {
    number: place.number, id: place.id, name: place.name }));
}

export function answer(first, second, said) {
  return act({ kind: "answer", first, second, answer: said });
}

/** faces: those that go, with their number. */
export function cut(first, second, faces) {
  return act({ kind: "cut", first, second }, patches.moved(faces, PLACES.new));
}

/** An answer of the audit: kept, and nothing that is shown changes by it but what Undo takes back. */
export function answerAudit(reply) {
  return inOrder(async () => {
    const { told, summary } = await send("/api/audit", reply);
    store.summarise(summary);
    tell(told, { undoes: true });
    return true;
  }, () => {});
}

/** The audit's answers become corrections. */
export function useAudit() {
  return inOrder(async () => {
    const { told } = await send("/api/audit/use");
    mended();
    await store.refresh("own");
    tell(told, { undoes: true });
    return true;
  }, (error) => {
    if (error.status === CONFLICT) tellBroken(error.message, useAudit);
  });
}
