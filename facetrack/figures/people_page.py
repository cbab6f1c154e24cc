"""index.html of an organised folder: a card a person, what to look at twice, and a search."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from facetrack.core.texts import counted
from facetrack.figures.assets import inlined
from facetrack.figures.pages import page, script_json
from facetrack.figures.table import escaped, printable


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
    return page(
        "People on your photos",
        "\n".join(parts),
        style=inlined("people.css"),
        scripts=[inlined("people.js")],
    )


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
