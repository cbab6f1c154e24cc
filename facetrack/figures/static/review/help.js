/* What keys do, from where it is said to the page itself. */
import { openDialog } from "./dialog.js";
import { make } from "./dom.js";
import { bindings, setSingleKeys, singleKeys } from "./keys.js";

export function openHelp() {
  const box = make("input", {
    type: "checkbox", on: { change: () => setSingleKeys(box.checked) },
  });
  box.checked = singleKeys();
  const { dialog } = openDialog(
    "Keys",
    [
      ...list("Here", bindings("here")),
      ...list("Everywhere", bindings("everywhere")),
      make("p", {}, make("label", {}, box, " Single letters, digits and signs are keys")),
    ],
    [{ text: "Close", value: null, primary: true }],
  );
  dialog.querySelector("h2").focus(); // from where it is read
}

function list(title, bound) {
  const told = bound.filter((one) => one.does);
  if (!told.length) return [];
  return [
    make("h3", { text: title }),
    make("dl", { class: "keys" }, ...told.flatMap(({ key, shown, does }) => [
      make("dt", {}, make("kbd", { text: shown ?? (key === " " ? "Space" : upper(key)) })),
      make("dd", { text: does }),
    ])),
  ];
}

function upper(key) {
  return key.length === 1 ? key.toUpperCase() : key;
}
