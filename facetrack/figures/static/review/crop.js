/* A face, large: cut from its photo by the browser, with a little around it. */
import { ask } from "./api.js";
import { faceImage, make, photoUrl } from "./dom.js";

const AROUND = 2; // sides of the face's box

/** A square that shows the face's thumbnail until its photo is there. */
export function makeCrop(face, photo, alt, signal) {
  const square = make("div", { class: "crop" }, faceImage(face, alt));
  ask(`/api/photos/${photo}`, signal).then((shown) => {
    const box = shown.faces.find((one) => one.id === face)?.box;
    if (box) place(square, shown, box);
  }).catch(() => {}); // the thumbnail stays
  return square;
}

function place(square, photo, [left, top, width, height]) {
  const side = Math.min(AROUND * Math.max(width, height), photo.width, photo.height);
  const start = (middle, whole) => Math.min(Math.max(middle - side / 2, 0), whole - side);
  const image = make("img", { src: photoUrl(photo.id), alt: "", class: "whole" });
  const percent = (length) => `${(100 * length) / side}%`;
  Object.assign(image.style, {
    width: percent(photo.width),
    height: percent(photo.height),
    left: percent(-start(left + width / 2, photo.width)),
    top: percent(-start(top + height / 2, photo.height)),
  });
  image.addEventListener("load", () => square.append(image), { once: true });
}
