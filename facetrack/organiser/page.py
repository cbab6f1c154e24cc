"""The page of an organised folder: its persons, those who may be one, and what was left out."""

from collections.abc import Sequence

from facetrack.figures.people_page import PeoplePage, render_people_page
from facetrack.organiser.contact import Contact
from facetrack.organiser.grouping import NOBODY, Numbers
from facetrack.organiser.lookalikes import Alike
from facetrack.organiser.photos import Photos
from facetrack.organiser.summary import list_persons, list_reasons


def draw_page(
    photos: Photos,
    persons: Numbers,
    contact: Contact,
    alikes: Sequence[Alike],
    summary: Sequence[str],
) -> bytes:
    """index.html, the largest persons first, those who are hidden last.

    persons: (n,) of each face. alikes: of `lookalikes.suggest_pairs`. summary: the run in lines.
    """
    cards = [card for one in list_persons(persons) if (card := contact.card(one)) is not None]
    cards.sort(key=lambda card: (card.hidden, -card.n_faces, card.id))
    page = PeoplePage(
        summary,
        cards,
        contact.pairs(alikes),
        contact.card(NOBODY),
        [photos.pictures[content].name for content in photos.faceless],
        list_reasons(photos.skipped),
        list_reasons(photos.noted),
    )
    return render_people_page(page).encode()
