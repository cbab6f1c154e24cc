// MLflow shows pages as blobs in a sandbox, where browsers refuse to follow a link within the page.
"use strict";
if (location.protocol === "blob:") document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (link === null) return;
  event.preventDefault();
  document.getElementById(link.getAttribute("href").slice(1)).scrollIntoView();
});

// Cards by a factor: the value that most of them have first, each under its name.
const chosen = document.getElementById("sort");
const places = [...document.querySelectorAll(".cards")].map((place) => [place, [...place.children]]);
chosen?.addEventListener("change", () => {
  for (const [place, cards] of places) {
    if (chosen.value === "") { place.replaceChildren(...cards); continue; }
    const byValue = new Map();
    for (const card of cards) {
      const factors = JSON.parse(card.querySelector("[data-factors]")?.dataset.factors ?? "{}");
      const value = Object.hasOwn(factors, chosen.value) ? factors[chosen.value] : "not known";
      byValue.set(value, [...(byValue.get(value) ?? []), card]);
    }
    const sorted = [...byValue].sort((one, other) => other[1].length - one[1].length);
    place.replaceChildren(...sorted.flatMap(([value, some]) => {
      const heading = document.createElement("h3");
      heading.className = "value";
      heading.textContent = `${chosen.value}: ${value} (${some.length})`;
      return [heading, ...some];
    }));
  }
});
