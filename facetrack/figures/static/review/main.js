/* Begins, opens views, and keeps what stands around them. */
import * as actions from "./actions.js";
import * as apply from "./apply.js";
import * as audit from "./audit.js";
import { openHelp } from "./help.js";
import { setKeys } from "./keys.js";
import * as people from "./people.js";
import * as person from "./person.js";
import * as photo from "./photo.js";
import * as photos from "./photos.js";
import * as questions from "./questions.js";
import * as routes from "./routes.js";
import { store } from "./store.js";
import { tell, tellBroken, tryAgain } from "./tell.js";
import * as why from "./why.js";

const VIEWS = { people, person, photo, photos, questions, audit, why, apply };
const LOOK = 5000; // milliseconds: how often people.yaml is looked after
const content = document.getElementById("content");
const undo = document.getElementById("undo");
let leaving = new AbortController();
let first = true;

function show() {
  if (location.hash && !location.hash.startsWith("#/")) return; // a place on this page
  const route = routes.read(location.hash);
  leaving.abort();
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  leaving = new AbortController();
  content.replaceChildren();
  document.title = "People on your photos";
  for (const link of document.querySelectorAll("nav a")) {
    const here = link.dataset.view === route.view;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (!first) scrollTo(0, 0);
  (VIEWS[route.view] ?? people).open(content, route, leaving.signal);
  // Where a view has not taken the focus, its heading has it, from where Tab goes on.
  if (!first && !content.contains(document.activeElement)) {
    content.querySelector("h1")?.focus({ preventScroll: true });
  }
  first = false;
}

function around() {
  const { worth = 0, pending = 0, undo: told = null } = store.summary ?? {};
  badge("worth", worth, "worth asking");
  badge("pending", pending, "not applied yet");
  undo.disabled = told === null;
  undo.title = told ?? "";
  undo.querySelector("span").textContent = told ?? "";
  undo.setAttribute("aria-label", told === null ? "Undo" : `Undo: ${told}`);
}

function badge(id, n, words) {
  const element = document.getElementById(id);
  element.hidden = n === 0;
  element.textContent = n.toLocaleString("en");
  element.title = `${n} ${words}`;
}

function begin() {
  setKeys("everywhere", [
    { key: "u", does: "undo, as often as there is something", run: () => void actions.undo() },
    { key: "Ctrl+z", shown: "Ctrl+Z", does: "undo", run: () => void actions.undo() },
    { key: "1", does: "people", run: () => routes.go(routes.PEOPLE) },
    { key: "2", does: "questions", run: () => routes.go("#/questions") },
    { key: "3", does: "photos with certain persons", run: () => routes.go("#/photos") },
    { key: "4", does: "apply", run: () => routes.go("#/apply") },
    { key: "5", does: "how good is it?", run: () => routes.go("#/audit") },
    { key: "?", does: "this list", run: openHelp },
  ]);
  for (const one of [undo, document.getElementById("undo-told")]) {
    one.addEventListener("click", () => actions.undo());
  }
  document.getElementById("help").addEventListener("click", openHelp);
  store.addEventListener("change", around);
  store.addEventListener("refreshed", (event) => {
    if (event.detail === "outside") tryAgain(); // people.yaml was changed, and could be read
  });
  addEventListener("hashchange", show);
  const look = () => {
    if (!document.hidden) store.look().catch(() => {});
  };
  addEventListener("focus", look);
  setInterval(look, LOOK);
  show();
  const ask = () => store.refresh("outside").catch((error) => {
    if (error.status === actions.CONFLICT) tellBroken(error.message, ask);
    else tell(error.message, { wrong: true });
  });
  ask();
}

begin();
