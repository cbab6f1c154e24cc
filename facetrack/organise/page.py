"""index.html of an organised folder: a card a person, what to look at twice, and a search."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from facetrack.figures import escaped, page, printable
from facetrack.figures.page import script_json
from facetrack.texts import counted

_STYLE = """
.head { position: sticky; top: 0; background: var(--ground); padding: 0.25rem 0; z-index: 1; }
input[type=search] {
  width: 100%; padding: 0.6rem 0.8rem; font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--line); border-radius: 0.5rem;
}
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); }
@media (max-width: 420px) { .cards { grid-template-columns: 1fr; } }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; padding: 0.75rem;
}
.card h3 { margin: 0; font-size: 1.05rem; }
.card p { margin: 0.1rem 0 0.5rem; font-size: 0.9rem; }
.faces { display: flex; flex-wrap: wrap; gap: 6px; margin: 0; padding: 0; list-style: none; }
.faces li { position: relative; }
.faces img { display: block; width: 64px; height: 64px; border-radius: 6px; }
.faces .none {
  display: block; width: 64px; height: 64px; border-radius: 6px; border: 1px dashed var(--quiet);
}
.faces .doubtful img, .faces .doubtful .none { outline: 3px dashed var(--warn); }
.faces .doubtful::after {
  content: "?"; position: absolute; right: 2px; top: 2px; width: 18px; height: 18px;
  border-radius: 9px; background: var(--warn); color: var(--ground); text-align: center;
  font: bold 13px/18px system-ui, sans-serif;
}
.faces .found img { box-shadow: 0 0 0 3px var(--link); }
.pair { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; }
.list { columns: 16rem; font-size: 0.9rem; margin: 0; padding: 0; list-style: none; }
pre { margin: 0.5rem 0 0; padding: 0.4rem; overflow-x: auto; background: var(--ground); }
[hidden] { display: none !important; }
"""

_SCRIPT = """
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
"""


@dataclass(frozen=True)
class Shown:
    """A face on the page. photo: its index among the card's photos; image: a data URI or None."""

    photo: int
    image: str | None
    doubtful: bool = False


@dataclass(frozen=True)
class Card:
    """A person, or the faces that are nobody's.

    folder: where the photos are, None where there are none. photos: names; faces: some of them.
    n_faces, n_doubtful: of all.
    """

    id: str
    name: str
    folder: str | None
    photos: Sequence[str]
    files: Sequence[str]
    faces: Sequence[Shown]
    n_faces: int
    n_doubtful: int = 0

    @property
    def title(self) -> str:
        """The name, and what the person is called in people.yaml."""
        return f"{self.name} · {self.id}" if self.name else self.id


@dataclass(frozen=True)
class Pair:
    """Two persons who may be one. distance: of their mean vectors."""

    first: Card
    second: Card
    distance: float


def index(
    summary: Sequence[str],
    cards: Sequence[Card],
    pairs: Sequence[Pair],
    unknown: Card | None,
    faceless: Sequence[str],
    skipped: Sequence[str],
    noted: Sequence[str] = (),
) -> str:
    """The page. summary, skipped, noted: lines of text. faceless: names of photos without faces."""
    parts = ["<h1>People on your photos</h1>"]
    parts += [f'<p class="quiet">{escaped(line)}</p>' for line in summary]
    parts.append(
        '<p class="quiet">Names and corrections go into <a href="./people.yaml">people.yaml</a>, '
        "whose first lines say how; then run the same command again.</p>"
    )
    parts.append(
        '<div class="head"><input type="search" id="search" placeholder="Search by file name or '
        'person" aria-label="Search by file name or person">'
        f'<p class="quiet" id="told" data-all="{len(cards)}" role="status"></p></div>'
    )
    parts.append(f'<div class="cards">{"".join(_card(card) for card in cards)}</div>')
    if pairs:
        parts.append("<section data-pair><h2>Maybe the same person</h2>")
        parts.append(
            '<p class="quiet">Their faces are close, and they are on no photo together. If two are '
            "one, add the lines with merge to people.yaml; if they are not, those with different, "
            "and they are not shown here again. Then run the same command again.</p>"
        )
        parts.append(f'<div class="cards">{"".join(_pair(pair) for pair in pairs)}</div></section>')
    if unknown is not None:
        parts.append(
            f'<section data-id="{escaped(unknown.id)}"><h2>Unknown</h2><p class="quiet">'
            f"{counted(unknown.n_faces, 'face')} in no group, on "
            f"{counted(len(unknown.photos), 'photo')}{_folder(unknown)}</p>"
            f'{_faces(unknown)}<ul class="list matches"></ul></section>'
        )
    if faceless:
        parts.append(
            '<section data-id="no-face"><h2>No face</h2>'
            f'<p class="quiet">{counted(len(faceless), "photo")} on which no face was found.</p>'
            '<ul class="list matches"></ul></section>'
        )
    for lines, title in ((skipped, "Not read"), (noted, "Other files and remarks")):
        if lines:
            parts.append(f"<section><h2>{title}</h2><ul class='list'>")
            parts += [f"<li>{escaped(line)}</li>" for line in lines]
            parts.append("</ul></section>")
    # Printable, as they are shown: what is found is what can be read, and no control character of a
    # name turns the text around it.
    listed = {card.id: card.photos for card in [*cards, *([unknown] if unknown else [])]}
    if faceless:
        listed["no-face"] = faceless
    names = {id_: [printable(name) for name in photos] for id_, photos in listed.items()}
    parts.append(f'<script type="application/json" id="photos">{script_json(names)}</script>')
    return page("People on your photos", "\n".join(parts), style=_STYLE, scripts=[_SCRIPT])


def _card(card: Card) -> str:
    return (
        f'<article class="card" data-id="{escaped(card.id)}" data-name="{escaped(card.title)}">'
        f"<h3>{escaped(card.title)}</h3>"
        f'<p class="quiet">{counted(len(card.photos), "photo")}, '
        f"{counted(card.n_faces, 'face')}{_doubts(card)}{_folder(card)}</p>"
        f'{_faces(card)}<ul class="list matches"></ul></article>'
    )


def _pair(pair: Pair) -> str:
    return (
        '<div class="card"><div class="pair">'
        + "".join(
            f"<div><h3>{escaped(card.title)}</h3>{_faces(card, 4)}</div>"
            for card in (pair.first, pair.second)
        )
        + f'</div><p class="quiet">distance {pair.distance:.3f}</p>'
        + "".join(
            f"<pre>{escaped(pair.first.id)}:\n  {said}: [{escaped(pair.second.id)}]</pre>"
            for said in ("merge", "different")
        )
        + "</div>"
    )


def _faces(card: Card, most: int | None = None) -> str:
    items = []
    for face in card.faces[:most]:
        name = escaped(card.photos[face.photo])
        title = f"{name}: far from the rest" if face.doubtful else name
        inside = (
            f'<img src="{face.image}" alt="{title}" title="{title}" width="64" height="64">'
            if face.image
            else f'<span class="none" title="{title}"></span>'
        )
        if card.files[face.photo]:
            inside = f'<a href="{_url(card.files[face.photo])}">{inside}</a>'
        kind = ' class="doubtful"' if face.doubtful else ""
        items.append(f'<li{kind} data-photo="{face.photo}">{inside}</li>')
    left = card.n_faces - len(card.faces)
    more = f'<p class="quiet">and {left} more</p>' if left > 0 and most is None else ""
    return f'<ul class="faces">{"".join(items)}</ul>{more}'


def _doubts(card: Card) -> str:
    return f", {card.n_doubtful} of them doubtful" if card.n_doubtful else ""


def _folder(card: Card) -> str:
    if card.folder is None:
        return ""
    return f' · <a href="{_url(card.folder)}/">open the folder</a>'


def _url(path: str) -> str:
    """A path as a link that cannot be taken for a scheme."""
    return escaped("./" + quote(path.encode("utf-8", "surrogateescape")))
