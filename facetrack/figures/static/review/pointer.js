/* A button of the mouse, a finger or a pen that is down: what is drawn anew just then loses the click. */

const CLICK = 50; // milliseconds after it is lifted, by which a click has come
const LONG = 5000; // milliseconds: nothing waits for longer, as not every lift is told

let lifted = Promise.resolve();
let lift = () => {}; // ends the last press

addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return; // no click follows
  lift();
  lifted = new Promise((done) => {
    lift = done;
    setTimeout(done, LONG);
  });
}, true);
for (const kind of ["pointerup", "pointercancel"]) {
  addEventListener(kind, () => setTimeout(lift, CLICK), true);
}
addEventListener("blur", () => lift()); // of the window

/** A promise of the moment at which what was begun with a pointer has been done. */
export function whenLifted() {
  return lifted;
}
