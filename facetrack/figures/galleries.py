"""Contact sheets of confused faces (Figures 4 to 6): data in, PNG out."""

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from facetrack.figures.palette import MOST, Reduced, encode, reduce_photographs
from facetrack.figures.table import make_printable

WIDTH = 1200
FACE = 96
_FRAME, _GAP, _MARGIN, _LINE = 4, 22, 24, 22
_COLOURS = (
    *("#d62728", "#1f77b4", "#2ca02c", "#ff7f0e", "#9467bd"),
    *("#17becf", "#8c564b", "#e377c2", "#bcbd22", "#1a1a6e"),
)
_HEAD = _MARGIN + 48
_GREYS = 15  # of the heading
_MOST_BODIES = 4  # kept, 4 MB where they are large
_INK, _QUIET = "#222222", "#666666"


@dataclass(frozen=True)
class Group:
    """Faces of one person in a cluster, or of one cluster of a person.

    name: said above them. faces: (h, w, 3) uint8 each, a few of the group. hidden: how many more.
    anchor: of the section about the same person or cluster, where a page has one.
    leads: whether the first face is one of the section's closest pair.
    """

    name: str
    faces: Sequence[NDArray[np.uint8]]
    hidden: int
    anchor: str = ""
    leads: bool = False


@dataclass(frozen=True)
class Framed:
    """A group and the colour of its frames."""

    group: Group
    colour: str


@dataclass(frozen=True)
class Section:
    """One confusion: what it is, in a line, and its groups, each framed in a colour of its own.

    anchor: its place on a page. distance: of the closest pair across groups, where there is one.
    likely: how likely that pair is one person, in words, where that is known.
    factors: pairs (factor, value), of how the faces were taken that are in the wrong place.
    """

    title: str
    groups: Sequence[Group]
    anchor: str = ""
    distance: float | None = None
    likely: str | None = None
    factors: tuple[tuple[str, str], ...] = ()

    @property
    def sorting(self) -> str:
        """The factors for a page's script, by which cards are sorted."""
        return json.dumps(dict(self.factors))

    @property
    def framed(self) -> list[Framed]:
        """Its groups, each with a colour."""
        return [
            Framed(group, _COLOURS[number % len(_COLOURS)])
            for number, group in enumerate(self.groups)
        ]

    @property
    def pair(self) -> list[Framed]:
        """The two groups whose first faces are the closest pair; none where one is not shown."""
        leads = [one for one in self.framed if one.group.leads]
        return leads if len(leads) == 2 and self.distance is not None else []


def draw_gallery(heading: str, sections: Sequence[Section], none: str) -> bytes:
    """A contact sheet as PNG, 1200 pixels wide. none: what it says where there is no section.

    Of 256 colours: a sweep keeps two of these for every job. Many of its jobs have the same
    sections, and differ in the heading.
    """
    body, head = _reduce_body(sections, none), _draw_head(heading)
    unused = np.zeros((MOST - _GREYS - len(body.palette), 3), np.uint8)
    palette = np.concatenate([body.palette, unused, _list_greys()])
    return encode(Reduced(np.concatenate([head, body.numbers]), palette))


def _draw_head(heading: str) -> NDArray[np.uint8]:
    """The heading as numbers of the last colours of the palette, which are its greys."""
    head = Image.new("L", (WIDTH, _HEAD), 0)
    words = _shorten(heading, 24, WIDTH - 2 * _MARGIN)
    ImageDraw.Draw(head).text((_MARGIN, _MARGIN), words, fill=255, font=_load_font(24))
    covered: NDArray[np.uint8] = np.rint(np.asarray(head) * (_GREYS / 255)).astype(np.uint8)
    covered[covered > 0] += MOST - _GREYS
    return covered


def _list_greys() -> NDArray[np.uint8]:
    """(g, 3) uint8 from nearly white to ink, for letters whose edges are smooth."""
    ink = np.array([int(_INK[at : at + 2], 16) for at in (1, 3, 5)])
    shares = np.arange(1, _GREYS + 1)[:, None] / _GREYS
    greys: NDArray[np.uint8] = np.rint(255 + shares * (ink - 255)).astype(np.uint8)
    return greys


def _reduce_body(sections: Sequence[Section], none: str) -> Reduced:
    """All below the heading, from the memory where it has been drawn for another one."""
    faces = [face for one in sections for group in one.groups for face in group.faces]
    said = [
        (one.title, *((*_say_group(each), len(each.faces)) for each in one.groups))
        for one in sections
    ]
    key = none, tuple(said), tuple(map(id, faces))
    if key not in _bodies:
        if len(_bodies) >= _MOST_BODIES:
            del _bodies[next(iter(_bodies))]
        sheet = Image.new("RGB", (WIDTH, _lay_out(None, sections, none)), "white")
        _lay_out(ImageDraw.Draw(sheet), sections, none, sheet)
        pixels = np.asarray(sheet.convert("RGBA"))
        # With the faces: another one would get the place in memory of one that has gone.
        _bodies[key] = reduce_photographs(pixels, MOST - _GREYS), faces
    return _bodies[key][0]


def _say_group(group: Group) -> tuple[str, str]:
    return group.name, f" +{group.hidden}" if group.hidden else ""


_bodies: dict[object, tuple[Reduced, Sequence[NDArray[np.uint8]]]] = {}


def _lay_out(
    draw: ImageDraw.ImageDraw | None,
    sections: Sequence[Section],
    none: str,
    sheet: Image.Image | None = None,
) -> int:
    """Lay the sections out, drawing where there is something to draw on; returns the height."""

    def say(x: int, y: int, words: str, size: int, colour: str, room: int) -> None:
        if draw is not None:
            draw.text((x, y), _shorten(words, size, room), fill=colour, font=_load_font(size))

    y = 0
    if not sections:
        say(_MARGIN, y, none, 18, _QUIET, WIDTH - 2 * _MARGIN)
        return y + 48
    for section in sections:
        say(_MARGIN, y, section.title, 17, _INK, WIDTH - 2 * _MARGIN)
        y += 32
        x, edge = _MARGIN, FACE + 2 * _FRAME
        # Where no face may be shown, or pictures have gone, names are all there is.
        tall = edge if any(framed.group.faces for framed in section.framed) else 0
        for framed in section.framed:
            group, colour = framed.group, framed.colour
            wide = max(1, len(group.faces)) * (edge + 2)
            if x > _MARGIN and x + wide > WIDTH - _MARGIN:
                x, y = _MARGIN, y + _LINE + tall + 14
            say(x, y, "".join(_say_group(group)), 14, colour, wide + _GAP - 4)
            for place, face in enumerate(group.faces):
                if draw is not None and sheet is not None:
                    left, top = x + place * (edge + 2), y + _LINE
                    draw.rectangle((left, top, left + edge - 1, top + edge - 1), fill=colour)
                    small = Image.fromarray(face).resize((FACE, FACE), Image.Resampling.BILINEAR)
                    sheet.paste(small, (left + _FRAME, top + _FRAME))
            x += wide + _GAP
        y += _LINE + tall + 26
    return y


@functools.cache
def _load_font(size: int) -> ImageFont.FreeTypeFont:
    import matplotlib  # its font has more scripts than Pillow's own

    path = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"
    return ImageFont.truetype(str(path), size)


def _shorten(words: str, size: int, room: int) -> str:
    words = make_printable(words)
    if _load_font(size).getlength(words) <= room:
        return words
    while words and _load_font(size).getlength(f"{words}…") > room:
        words = words[:-1]
    return f"{words}…"
