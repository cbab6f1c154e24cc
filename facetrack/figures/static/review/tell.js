/* What is said at the foot of the page, and what stays at its head until it is mended. */
import { button, make } from "./dom.js";

const told = document.getElementById("told");
const undo = document.getElementById("undo-told");
const broken = document.getElementById("broken");
const SECONDS = 6;
let timer = 0;
let retry = null; // what was stopped

/** Say what was done. What went wrong stays until the next. undoes: whether Undo takes this back. */
export function tell(sentence, { wrong = false, undoes = false } = {}) {
  clearTimeout(timer);
  told.replaceChildren(sentence ? make("bdi", { dir: "auto", text: sentence }) : "");
  undo.hidden = !undoes;
  told.classList.toggle("wrong", wrong);
  if (!wrong) timer = setTimeout(() => told.replaceChildren(), SECONDS * 1000);
}

/** people.yaml cannot be read now: nothing goes on before that is mended. */
export function tellBroken(sentence, again) {
  retry = again;
  broken.replaceChildren(make("p", { text: sentence }), button("Try again", tryAgain));
}

/** Do what was stopped, if anything was. */
export function tryAgain() {
  const again = retry;
  mended();
  again?.();
}

export function mended() {
  retry = null;
  if (broken.firstChild) broken.replaceChildren();
}
