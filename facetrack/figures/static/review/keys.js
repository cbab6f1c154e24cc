/* Keys: what they do now, in one place that runs them and tells of them. */

const OFF = "facetrack-single-keys-off";
const scopes = { everywhere: [], here: [] };

/**
 * Say what keys do. scope: everywhere or here (in this view). bindings: {key, does, run, shown}; key:
 * what event.key says, "Ctrl+" before it where that is held; shown: how help calls it; a binding
 * without run is told and run elsewhere.
 */
export function setKeys(scope, bindings) {
  scopes[scope] = bindings;
}

export function bindings(scope) {
  return scopes[scope];
}

/** Single letters can be turned off, for those who speak to the machine instead of typing. */
export function singleKeys() {
  try {
    return localStorage.getItem(OFF) === null;
  } catch {
    return true; // a browser that keeps nothing
  }
}

export function setSingleKeys(on) {
  try {
    if (on) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  } catch {
    // kept nowhere: they stay on
  }
}

/** A letter by what is printed on a Latin keyboard where another script is typed. */
export function keyOf(event) {
  let key = event.key;
  if (key.length === 1 && /[^\u0000-\u007f]/.test(key) && /^Key[A-Z]$/.test(event.code)) {
    key = event.code.slice(3);
  }
  if (key.length === 1) key = key.toLowerCase();
  return event.ctrlKey || event.metaKey ? `Ctrl+${key}` : key;
}

export function isTyping(target) {
  const field = target.closest?.("input, textarea, select");
  return Boolean(field) && !["checkbox", "radio", "button"].includes(field.type);
}

function isPressed(target) {
  return Boolean(target.closest?.("button, a, summary, input[type=checkbox]"));
}

function run(event) {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  const key = keyOf(event);
  if (event.repeat && key.length === 1) return; // held too long: one answer is meant
  if (isTyping(event.target) && key !== "Escape") return;
  if ((key === " " || key === "Enter") && isPressed(event.target)) return;
  if (key.length === 1 && key !== " " && !singleKeys()) return;
  const bound = [...scopes.here, ...scopes.everywhere].find((one) => one.key === key && one.run);
  if (bound && bound.run(event) !== false) event.preventDefault();
}

document.addEventListener("keydown", run);
