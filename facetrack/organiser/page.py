"""The page of an organised folder: its persons, those who may be one, and what was left out."""

from collections.abc import Sequence

from facetrack.figures.people_page import PeoplePage, render_people_page
from facetrack.organiser.contact import Contact
from facetrack.organiser.grouping import NOBODY, Numbers, find_alike
from facetrack.organiser.people import Corrections
from facetrack.organiser.photos import Photos
from facetrack.organiser.state import State
from facetrack.organiser.summary import list_persons, list_reasons

_MOST_PAIRS = 20


def suggest_pairs(
    photos: Photos, persons: Numbers, near: float, now: State, said: Corrections
) -> list[tuple[int, int, float]]:
    """Pairs who may be one person, except those that the user has parted.

    persons: (n,) of each face. near: the distance within which two may be one. Returns both
    numbers and their distance, the closest first.
    """
    apart = {frozenset((said.person(one), said.person(other))) for one, other in now.parted.items()}
    apart |= said.apart()
    found = find_alike(photos.vectors, persons, photos.contents, near)
    return [pair for pair in found if frozenset(pair[:2]) not in apart][:_MOST_PAIRS]


def draw_page(
    photos: Photos,
    persons: Numbers,
    contact: Contact,
    alikes: Sequence[tuple[int, int, float]],
    summary: Sequence[str],
) -> bytes:
    """index.html, the largest persons first.

    persons: (n,) of each face. alikes: of `suggest_pairs`. summary: the run in lines.
    """
    cards = [card for one in list_persons(persons) if (card := contact.card(one)) is not None]
    cards.sort(key=lambda card: (-card.n_faces, card.id))
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
