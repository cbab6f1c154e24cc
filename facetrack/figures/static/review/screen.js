/* A face's screen: others of its group, of which some may be somebody else, and faces that are near. */
import { button as makeButton, faceImage, make } from "./dom.js";

/** The faces to mark. read(unsure): what is said of each, by id; move(by): the focus to another one. */
export function makeScreen({ group, near }) {
  const own = group.map((face, at) => mark(face, `Face ${at + 1} of its group: somebody else`));
  const others = near.map((face, at) => mark(face, `Face ${at + 1} elsewhere: the same person`));
  const all = [...own, ...others];
  const said = ({ button, face }, unmarked, marked) => [
    face.id, isPressed(button) ? marked : unmarked,
  ];
  return {
    element: make("div", { class: "marks" },
      part("In one group with it. Mark who is somebody else:", own, "others"),
      part("In other groups. Mark who is the same person:", others, "same")),
    read: (unsure) => Object.fromEntries(unsure
      ? all.map(({ face }) => [face.id, "unsure"])
      : [...own.map((one) => said(one, "yes", "no")), ...others.map((one) => said(one, "no", "yes"))]),
    move: (by) => {
      if (!all.length) return false;
      const at = all.findIndex(({ button }) => button === document.activeElement);
      const to = at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length;
      all[to].button.focus();
      return true;
    },
  };
}

function mark(face, label) {
  const button = make("button", {
    type: "button", class: "mark", "aria-pressed": "false", "aria-label": label, title: face.photo_name,
  }, faceImage(face.id));
  button.addEventListener("click", () => press(button, !isPressed(button)));
  return { face, button };
}

function isPressed(button) {
  return button.getAttribute("aria-pressed") === "true";
}

function press(button, on) {
  button.setAttribute("aria-pressed", String(on));
}

function part(text, marks, kind) {
  if (!marks.length) return null;
  const all = () => {
    const on = !marks.every(({ button }) => isPressed(button));
    for (const { button } of marks) press(button, on);
  };
  return make("section", { class: kind },
    make("div", { class: "titled" }, make("h2", { text }), makeButton("All or none", all, { class: "plain" })),
    make("div", { class: "strip" }, ...marks.map(({ button }) => button)));
}
