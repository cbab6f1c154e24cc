"""One page of what a run found and got wrong: faces, the t-SNE picture, how large clusters are.

Without plotly and its 5 MB: a sweep keeps such a page for every job.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Image
from facetrack.figures.assets import inlined
from facetrack.figures.galleries import COLOURS, FACE, Group, Section
from facetrack.figures.pages import data_uri, file_uri, page
from facetrack.figures.table import escaped

_PNG = "image/png"
_ALT = "Faces on a plane, near each other where they look alike"
_FRAME = 4
_SIDES = f":root {{ --face: {FACE + 2 * _FRAME}px; --frame: {_FRAME}px; }}\n"


@dataclass(frozen=True)
class Listing:
    """A list of the page: its heading, what it shows in a sentence, and its sections.

    name: its heading and its place on the page, one word. about: any text.
    """

    name: str
    about: str
    sections: Sequence[Section]


def error_page(
    title: str,
    summary: str,
    listings: Sequence[Listing],
    tsne: bytes,
    clusters: NDArray[np.integer],
    people: NDArray[np.integer] | None,
) -> str:
    """The page. title, summary: any text; tsne: a PNG.

    clusters: (K,) sizes of the clusters; people: (P,) sizes of the people, or None where nobody
    said who is who.
    """
    anchors = {section.anchor for listing in listings for section in listing.sections}
    names = [*(listing.name for listing in listings), "t-SNE", "Sizes"]
    links = "".join(f'<a href="#{name}">{name}</a>' for name in names)
    parts = [
        f"<h1>{escaped(title)}</h1>",
        f'<p class="quiet">{escaped(summary)}</p>',
        f"<nav>{links}</nav>",
    ]
    for listing in listings:
        parts.append(
            f'<h2 id="{listing.name}">{listing.name}</h2>\n'
            f'<p class="quiet">{escaped(listing.about)}</p>'
        )
        parts += [_section(section, anchors) for section in listing.sections]
    parts += [
        '<h2 id="t-SNE">t-SNE</h2>',
        f'<div class="tsne"><img src="{file_uri(tsne, _PNG)}" alt="{_ALT}"></div>',
        '<h2 id="Sizes">Sizes</h2>',
        '<p class="quiet">How many there are of one face, of two, and so on.</p>',
        _sizes(clusters, people),
    ]
    return page(
        title,
        "\n".join(parts),
        style=_SIDES + inlined("errors.css"),
        scripts=[inlined("errors.js")],
    )


def _section(section: Section, anchors: Collection[str]) -> str:
    groups = [
        (
            group,
            COLOURS[number % len(COLOURS)],
            _name(group, COLOURS[number % len(COLOURS)], anchors),
        )
        for number, group in enumerate(section.groups)
    ]
    leads = [one for one in groups if one[0].leads]
    parts = [f'<article class="card" id="{section.anchor}"><h3>{escaped(section.title)}</h3>']
    paired = len(leads) == 2 and section.distance is not None
    if paired:
        first, second = (
            _figure(group.faces[:1], name, colour, group.name) for group, colour, name in leads
        )
        parts.append(
            f'<div class="pair">{first}<span>{section.distance:.3f}<br>apart</span>{second}</div>'
        )
    parts.append('<div class="row">')
    for group, colour, name in groups:
        faces = group.faces[1:] if paired and group.leads else group.faces
        if faces or group.hidden:
            more = f" +{group.hidden}" if group.hidden else ""
            parts.append(_figure(faces, f"{name}{more}", colour, group.name))
    parts.append("</div></article>")
    return "".join(parts)


def _name(group: Group, colour: str, anchors: Collection[str]) -> str:
    if not group.name:
        return ""
    name = escaped(group.name)
    if group.anchor in anchors:
        name = f'<a href="#{group.anchor}">{name}</a>'
    return f'<i style="background:{colour}"></i>{name}'


def _figure(faces: Sequence[Image], caption: str, colour: str, name: str) -> str:
    images = "".join(
        f'<img src="{data_uri(face)}" alt="{escaped(name)}" style="border-color:{colour}">'
        for face in faces
    )
    head = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f'<figure>{head}<div class="faces">{images}</div></figure>'


def _sizes(clusters: NDArray[np.integer], people: NDArray[np.integer] | None) -> str:
    """How many clusters there are of each size, beside how many people."""
    columns = {"clusters": clusters} | ({} if people is None else {"people": people})
    # 1, 2, 3 to 4, 5 to 8, …: a family's groups and a database's differ by powers.
    bins = {name: np.ceil(np.log2(sizes)).astype(int) for name, sizes in columns.items()}
    last = max((int(one.max()) for one in bins.values() if len(one)), default=0)
    counts = {name: np.bincount(one, minlength=last + 1) for name, one in bins.items()}
    most = max(1, *(int(one.max()) for one in counts.values()))
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    rows = []
    for step in range(last + 1):
        low, high = 2**step // 2 + 1, 2**step
        cells = "".join(
            f'<td><b style="width:{100 * count[step] / most:.1f}%"></b>{count[step]:,}</td>'
            for count in counts.values()
        )
        faces = f"{high:,}" if high <= 2 else f"{low:,} to {high:,}"
        rows.append(f'<tr><th scope="row">{faces}</th>{cells}</tr>')
    return (
        f'<table><thead><tr><th scope="col">faces</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
