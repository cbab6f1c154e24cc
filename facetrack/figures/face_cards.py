"""Small faces with their names, as a notebook shows them: a piece of HTML without a script."""

from collections.abc import Sequence
from dataclasses import dataclass

from facetrack.core.faces import Image
from facetrack.figures.templates import load_template


@dataclass(frozen=True)
class Card:
    """A face. image: (h, w, 3) uint8. name: below it. title: what the pointer shows."""

    image: Image
    name: str
    title: str


def draw_cards(lines: Sequence[str], cards: Sequence[Card], n_others: int) -> str:
    """Lines of text above some faces. n_others: faces that are not shown.

    All texts are escaped here, and the pictures are inside.
    """
    template = load_template("face_cards.html")
    return template.render(lines=lines, cards=cards, n_others=n_others)
