// MLflow shows pages as blobs in a sandbox, where browsers refuse to follow a link within the page.
"use strict";
if (location.protocol === "blob:") document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (link === null) return;
  event.preventDefault();
  document.getElementById(link.getAttribute("href").slice(1)).scrollIntoView();
});

// Cards by a factor: the value that most of them have first, each under its name, and at the end
// (as null) the cards whose faces in the wrong place have no value in common.
const chosen = document.getElementById("sort");
const places = [...document.querySelectorAll(".cards")].map((place) => [place, [...place.children]]);
chosen?.addEventListener("change", () => {
  for (const [place, cards] of places) {
    if (chosen.value === "") { place.replaceChildren(...cards); continue; }
    const byValue = new Map();
    for (const card of cards) {
      const factors = JSON.parse(card.querySelector("[data-factors]")?.dataset.factors ?? "{}");
      const value = Object.hasOwn(factors, chosen.value) ? factors[chosen.value] : null;
      byValue.set(value, [...(byValue.get(value) ?? []), card]);
    }
    const sorted = [...byValue].sort((one, other) =>
      (one[0] === null) - (other[0] === null) || other[1].length - one[1].length);
    place.replaceChildren(...sorted.flatMap(([value, some]) => {
      const heading = document.createElement("h3");
      heading.className = "value";
      heading.textContent = `${chosen.value}: ${value ?? "nothing in common"} (${some.length})`;
      return [heading, ...some];
    }));
  }
});
