"""index.html of an organised folder: a card per person, what to look at twice, and a search."""

from collections.abc import Sequence
from dataclasses import dataclass

from facetrack.figures.assets import read_static
from facetrack.figures.pages import render_page
from facetrack.figures.table import make_printable

_TITLE = "People on your photos"


@dataclass(frozen=True)
class Shown:
    """A face on the page. photo: its index among the card's photos; image: a data URI or None.

    blurred: whether it is too blurred or small to say who it is. called: what people.yaml calls it.
    """

    photo: int
    image: str | None
    doubtful: bool = False
    blurred: bool = False
    called: str = ""


@dataclass(frozen=True)
class Card:
    """A person, or the faces that are nobody's.

    folder: where the photos are, None where there are none. photos: names; faces: some of them.
    n_faces, n_doubtful: of all. hidden: whether the user says that it is of no interest.
    """

    id: str
    name: str
    folder: str | None
    photos: Sequence[str]
    files: Sequence[str]
    faces: Sequence[Shown]
    n_faces: int
    n_doubtful: int = 0
    hidden: bool = False

    @property
    def title(self) -> str:
        """The name, and what the person is called in people.yaml."""
        return f"{self.name} · {self.id}" if self.name else self.id


@dataclass(frozen=True)
class Pair:
    """Two persons who may be one.

    distance: between their faces. likely: how likely they are one, in words; None: nobody knows.
    """

    first: Card
    second: Card
    distance: float
    likely: str | None = None


@dataclass(frozen=True)
class PeoplePage:
    """What the page shows.

    summary, skipped, noted: lines of text. unknown: the faces that are nobody's, where there are
    such. faceless: names of photos without faces.
    """

    summary: Sequence[str]
    cards: Sequence[Card]
    pairs: Sequence[Pair]
    unknown: Card | None
    faceless: Sequence[str]
    skipped: Sequence[str]
    noted: Sequence[str] = ()

    @property
    def listed(self) -> dict[str, list[str]]:
        """Names of photos by what they are shown in, to be searched.

        Printable, as they are shown: what is found is what can be read, and no control character of
        a name turns the text around it.
        """
        unknown = [] if self.unknown is None else [self.unknown]
        photos = {card.id: card.photos for card in [*self.cards, *unknown]}
        if self.faceless:
            photos["no-face"] = self.faceless
        return {id_: [make_printable(name) for name in names] for id_, names in photos.items()}


def render_people_page(page: PeoplePage) -> str:
    """The page."""
    scripts = [read_static("people.js"), read_static("corrections.js")]
    return render_page("people.html", _TITLE, page, scripts=scripts)
