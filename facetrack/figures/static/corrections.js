"use strict";
// Faces and persons that are chosen become lines for people.yaml, which is the user's to change.
{
  const begin = document.getElementById("correct");
  const box = document.getElementById("corrections");
  const done = document.getElementById("done");
  const lines = document.getElementById("lines");
  const who = document.getElementById("who");
  const said = []; // what was said so far: {setting, person, faces | persons}
  const FACES = "[data-id] [data-face]";
  const all = (selector) => [...document.querySelectorAll(selector)];
  // What is pressed to choose a face: its link, or its picture where there is no file.
  const switchOf = (face) => face.querySelector("a") || face.firstElementChild;
  const CHECKED = "aria-checked";
  const isPerson = (id) => /^person-\d+$/.test(id);
  const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

  // In quotes, whatever is in it; what JSON leaves and YAML takes for the end of a line, in figures.
  const quoted = (text) => JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);

  function setUp() {
    for (const card of all("article[data-id]")) {
      const title = card.querySelector(".who");
      const option = document.createElement("option");
      option.value = title.textContent;
      document.getElementById("persons").append(option);
      const check = document.createElement("input");
      check.type = "checkbox";
      check.className = "person";
      check.setAttribute("aria-label", `choose ${title.textContent}`);
      title.prepend(check, " ");
    }
  }

  function turn(on) {
    if (on && !document.querySelector(".person")) setUp();
    begin.setAttribute("aria-pressed", String(on));
    document.body.classList.toggle("correcting", on);
    box.hidden = !on;
    // What has the focus is not to be behind the box.
    document.documentElement.style.scrollPaddingBottom = on ? `${box.offsetHeight + 8}px` : "";
    for (const check of all(".person")) check.hidden = !on;
    for (const face of all(FACES)) {
      const pressed = switchOf(face);
      face.classList.remove("chosen");
      if (on) {
        pressed.setAttribute("role", "checkbox");
        pressed.setAttribute(CHECKED, "false");
        pressed.setAttribute("aria-label", face.dataset.face);
        pressed.tabIndex = 0;
      } else {
        for (const name of ["role", CHECKED, "aria-label", "tabindex"]) pressed.removeAttribute(name);
      }
    }
  }

  function choose(face, chosen) {
    face.classList.toggle("chosen", chosen);
    switchOf(face).setAttribute(CHECKED, String(face.classList.contains("chosen")));
  }

  function chosenFaces() {
    const found = new Map();
    for (const face of all(`${FACES}.chosen`)) {
      const id = face.closest("[data-id]").dataset.id;
      found.set(id, [...(found.get(id) || []), face.dataset.face]);
    }
    return found;
  }

  function chosenPersons() {
    return all(".person:checked").map((check) => check.closest("[data-id]").dataset.id);
  }

  function letGo() {
    for (const face of all(`${FACES}.chosen`)) choose(face, false);
    for (const check of all(".person")) check.checked = false;
  }

  const nameOf = (card) => card.dataset.name.slice(0, -card.dataset.id.length - 3);

  // The number of whoever is typed; null where there is no telling.
  function find(typed) {
    const text = typed.trim();
    const number = text.match(/^(?:.* · )?(?:person-)?0*([1-9]\d{0,8})$/);
    if (number) return `person-${number[1].padStart(3, "0")}`;
    const called = all("article[data-id]").filter((card) =>
      text && nameOf(card) === text);
    return called.length === 1 ? called[0].dataset.id : null;
  }

  // A person who is chosen by the box at the name, and no face, is given a name.
  function call(persons) {
    const text = who.value.trim().normalize("NFC");
    if (persons.length !== 1) return "One person at a time has a name: choose one.";
    const [person] = persons;
    const card = all("article[data-id]").find((one) => one.dataset.id === person);
    if (!text) return "Type the name.";
    if (text.length > 100) return "A name has at most 100 letters.";
    if (nameOf(card)) return `${person} has a name: change that in people.yaml.`;
    if (said.flat().some((one) => one.setting === "name" && one.person === person)) {
      return `${person} has a name by now: take that back first.`;
    }
    said.push([{ setting: "name", person, items: [text] }]);
    letGo();
    write();
    return "Name noted.";
  }

  function say(setting) {
    const faces = chosenFaces();
    const persons = chosenPersons();
    const count = [...faces.values()].flat().length;
    const next = [];
    if (setting === "also" && !count && persons.length) return call(persons);
    if (setting === "merge") {
      if (persons.length < 2) return "Choose two persons or more by the box at their name.";
      next.push({ setting, person: persons[0], items: persons.slice(1) });
    } else if (!count) {
      return "Choose faces first.";
    } else if (setting === "nobody") {
      next.push({ setting, person: "", items: [...faces.values()].flat() });
    } else if (setting === "also") {
      const person = find(who.value);
      if (!person) return "Nobody or more than one has that name: type the number, such as person-004.";
      next.push({ setting, person, items: [...faces.values()].flat() });
    } else {
      if (![...faces.keys()].every(isPerson)) return "A face in no group is nobody else's: say whose it is.";
      for (const [person, items] of faces) next.push({ setting, person, items });
    }
    said.push(next);
    letGo();
    write();
    return `${setting === "merge" ? counted(persons.length, "person") : counted(count, "face")} noted.`;
  }

  function write() {
    const persons = new Map();
    for (const { setting, person, items } of said.flat()) {
      if (!persons.has(person)) persons.set(person, new Map());
      const settings = persons.get(person);
      const listed = setting === "merge" ? items : items.map(quoted);
      const old = settings.get(setting) || [];
      settings.set(setting, setting === "split" ? [...old, `[${listed.join(", ")}]`] : [...new Set([...old, ...listed])]);
    }
    let text = "";
    for (const [person, settings] of persons) {
      if (person) text += `\n${person}:\n`;
      for (const [setting, items] of settings) {
        if (setting === "name") {
          text += `  name: ${items[0]}\n`;
          continue;
        }
        text += person ? `  ${setting}:\n` : `\n${setting}:\n`;
        text += items.map((item) => `${person ? "    " : "  "}- ${item}\n`).join("");
      }
    }
    lines.value = text;
  }

  async function copy() {
    if (!lines.value) return "There is nothing to copy yet.";
    try {
      await navigator.clipboard.writeText(lines.value);
    } catch {
      document.getElementById("shown").open = true;
      lines.focus();
      lines.select();
      if (!document.execCommand("copy")) return "Press Ctrl-C to copy what is selected.";
    }
    return "Copied: put it at the end of people.yaml, and run the same command again.";
  }

  begin.addEventListener("click", () => turn(box.hidden));
  document.addEventListener("click", (event) => {
    const face = event.target.closest(FACES);
    if (box.hidden || !face) return;
    event.preventDefault();
    choose(face);
  });
  document.addEventListener("keydown", (event) => {
    const face = event.target.closest(FACES);
    if (box.hidden || !face || ![" ", "Enter"].includes(event.key)) return;
    event.preventDefault();
    choose(face);
  });
  who.addEventListener("keydown", (event) => {
    if (event.key === "Enter") done.textContent = say("also");
  });
  for (const button of all("[data-do]")) {
    button.addEventListener("click", () => { done.textContent = say(button.dataset.do); });
  }
  document.getElementById("copy").addEventListener("click", async () => { done.textContent = await copy(); });
  document.getElementById("back").addEventListener("click", () => {
    done.textContent = said.pop() ? "Taken back." : "There is nothing to take back.";
    write();
  });
}
