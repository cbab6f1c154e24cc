"""Small faces with their names, as a notebook shows them: a piece of HTML without a script."""

from collections.abc import Sequence
from dataclasses import dataclass

from facetrack.core.faces import Image
from facetrack.core.texts import counted
from facetrack.figures.pages import data_uri
from facetrack.figures.table import escaped

_FIGURE = "display:inline-block;margin:2px;width:72px;text-align:center;vertical-align:top"
_NAME = "font-size:11px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap"


@dataclass(frozen=True)
class Card:
    """A face. image: (h, w, 3) uint8. name: below it. title: what the pointer shows."""

    image: Image
    name: str
    title: str


def draw_cards(lines: Sequence[str], shown: Sequence[Card], n_others: int) -> str:
    """Lines of text above some faces. n_others: faces that are not shown.

    All texts are escaped here, and the pictures are inside.
    """
    figures = "".join(
        f'<span style="{_FIGURE}" title="{escaped(one.title)}">'
        f'<img alt="" src="{data_uri(one.image)}"><br>'
        f'<span style="{_NAME}">{escaped(one.name)}</span></span>'
        for one in shown
    )
    others = f"and {counted(n_others, 'face')} more" if shown and n_others else ""
    text = "<br>".join(map(escaped, lines))
    return f"<div><div>{text}</div><div>{figures}</div>{others}</div>"
