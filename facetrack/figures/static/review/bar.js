/* What can be done with what is selected, at the foot of the page. */
import { button, make } from "./dom.js";

const bar = document.getElementById("bar");

/** deeds: [{text, key, run}], or none where nothing is selected. */
export function showBar(said, deeds, clear) {
  const key = said === null ? "" : JSON.stringify([said, ...deeds.map((deed) => deed.text)]);
  // The same buttons: anew they would lose the focus, and a click that has begun.
  if (key && bar.dataset.key === key) return undefined;
  bar.dataset.key = key;
  const focused = bar.contains(document.activeElement) ? document.activeElement.textContent : null;
  bar.hidden = said === null;
  if (said === null) return bar.replaceChildren();
  bar.replaceChildren(
    make("strong", { text: said }),
    ...deeds.map(({ text, key, run, danger }) => {
      const made = button(text, run, { class: danger ? "danger" : null });
      if (key) made.append(make("kbd", { text: key.toUpperCase(), "aria-hidden": "true" }));
      return made;
    }),
    button("Clear", clear, { class: "plain" }),
  );
  const again = [...bar.children].find((one) => one.textContent === focused);
  again?.focus();
  return undefined;
}

export function hideBar() {
  showBar(null);
}
