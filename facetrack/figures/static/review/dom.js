/* Elements and words. Text goes in as text alone: a name can be anything. */

/**
 * An element. given: class, text, on (listeners), data (data-…), css (single styles), and
 * attributes, of which those that are null, undefined or false are left out.
 */
export function make(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "class") made.className = value;
    else if (key === "text") made.textContent = value;
    else if (key === "on") listen(made, value);
    else if (key === "data") Object.assign(made.dataset, value);
    else if (key === "css") Object.assign(made.style, value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function listen(element, listeners) {
  for (const [kind, run] of Object.entries(listeners)) element.addEventListener(kind, run);
}

export function button(text, run, given = {}) {
  return make("button", { type: "button", text, on: { click: run }, ...given });
}

/** A name among other words, whatever its script and direction. */
export function bdi(text, given = {}) {
  return make("bdi", { dir: "auto", text, ...given });
}

/** A name that stands inside text that cannot have elements, such as a label. */
export function isolate(text) {
  return `\u2068${text}\u2069`;
}

/** "1 face", "1,234 faces". */
export function counted(n, noun) {
  return `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
}

/** What a person is called: the name, or the number's. */
export function called(person) {
  return person.name || person.id;
}

/** The same text for all that is typed for it: no case, no accents. */
export function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
}

export function faceUrl(id) {
  return `/thumb/${id}.jpg`;
}

export function photoUrl(id) {
  return `/photo/${id}.jpg`;
}

/** The same for a grid. */
export function smallPhotoUrl(id) {
  return `/photo/${id}.jpg?side=480`;
}

/** A face as a small picture. alt: "" where the words beside it say who that is. */
export function faceImage(id, alt = "") {
  return make("img", { src: faceUrl(id), alt, width: 192, height: 192, decoding: "async" });
}
