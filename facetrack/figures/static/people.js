"use strict";
const photos = JSON.parse(document.getElementById("photos").textContent);
const search = document.getElementById("search");
const told = document.getElementById("told");
const folded = Object.fromEntries(
  Object.entries(photos).map(([id, names]) => [id, names.map((name) => name.toLowerCase())]));
function show() {
  const text = search.value.trim().toLowerCase();
  let cards = 0;
  for (const card of document.querySelectorAll("[data-id]")) {
    const names = folded[card.dataset.id] || [];
    const hits = new Set();
    names.forEach((name, index) => { if (text && name.includes(text)) hits.add(index); });
    const named = (card.dataset.name || "").toLowerCase().includes(text);
    card.hidden = Boolean(text) && hits.size === 0 && !named;
    if (!card.hidden && card.classList.contains("card")) cards += 1;
    for (const face of card.querySelectorAll("[data-photo]")) {
      face.classList.toggle("found", hits.has(Number(face.dataset.photo)));
    }
    const list = card.querySelector(".matches");
    if (list) {
      list.replaceChildren(...[...hits].slice(0, 10).map((index) => {
        const item = document.createElement("li");
        item.dir = "auto";
        item.textContent = photos[card.dataset.id][index];
        return item;
      }));
      if (hits.size > 10) {
        const more = document.createElement("li");
        more.textContent = `and ${hits.size - 10} more`;
        list.append(more);
      }
    }
  }
  for (const item of document.querySelectorAll("[data-pair]")) item.hidden = Boolean(text);
  told.textContent = text ? `${cards} of ${told.dataset.all} persons` : "";
}
search.addEventListener("input", show);
show();
