/* Windows on top of the page, in which the browser keeps the focus; Escape closes them. */
import { button, make } from "./dom.js";

let count = 0;

/**
 * Open one. body: elements. answers: [{text, value, primary}]: the buttons.
 * Returns {dialog, answered}: the promise of a button's value, null where it was closed otherwise;
 * `dialog.close(value)` closes it with a value of the caller's.
 */
export function openDialog(title, body, answers) {
  const id = `dialog-${(count += 1)}`;
  let value = null;
  const close = (given) => {
    value = given;
    dialog.close();
  };
  const dialog = make(
    "dialog", { "aria-labelledby": id },
    make("h2", { id, tabindex: -1, text: title }),
    ...body,
    make("div", { class: "answers" }, ...answers.map((one) => button(
      one.text, () => close(one.value), { class: one.primary ? "primary" : null }))),
  );
  document.body.append(dialog);
  const before = document.activeElement;
  const answered = new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      before?.isConnected && before.focus({ preventScroll: true });
      resolve(value);
    });
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // beside it
  });
  dialog.showModal();
  // Else the heading, which can have the focus as well, would have it.
  dialog.querySelector("input[role=combobox], .primary, .answers button")?.focus();
  return { dialog, close, answered };
}
