"""Draw the rooms and their arrows from the imports: python docs/scripts/draw_rooms.py

The rooms, and which may use which, are those of tests/rooms.py.
"""

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from rooms import ALLOWED, STAGES, imported, modules  # noqa: E402 - found in the tests

PICTURE = ROOT / "docs/rooms.svg"

Arrow = tuple[str, str]

_SAYS = {
    "cli": "arguments, then Hydra",
    "api": "a notebook's functions",
    "tasks": "one package per task",
    "organiser": "what an organised folder is",
    "extraction": "pictures in, vectors out",
    "evaluation": "the experiment, the scores",
    "figures": "data in, figure out",
    "tracking": "the only MLflow",
    "dataset": "finds the pictures",
    "detector": "finds the faces",
    "embedder": "faces to vectors",
    "clusterer": "vectors to groups",
    "system": "files, processes, console, network",
    "core": "what flows, the protocols, errors",
    "plugins": "Hydra's way in",
    "testing": "commands in a place of their own",
}
# From the top; what is beside each other does not use each other.
FLOORS = (
    ("testing", "plugins"),
    ("api", "cli"),
    ("tasks",),
    ("organiser",),
    ("extraction", "evaluation", "figures", "tracking"),
    STAGES,
    ("system",),
    ("core",),
)
_BASE = ("system", "core")
_IN_WORDS = ("testing", "api")  # what these use is said: many lines would hide the others
_WIDTH, _FLOOR, _TOP = 1000, 96, 20
_ROOM_WIDTH, _ROOM_HEIGHT = 200, 46
_WIDTHS = {"testing": 720, "api": 640, "tasks": 960, "system": 960, "core": 960}


@dataclass(frozen=True)
class Box:
    """Where a room is drawn, in pixels."""

    left: float
    top: float
    width: float

    @property
    def middle(self) -> float:
        """Half way between its left and its right."""
        return self.left + self.width / 2

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + _ROOM_HEIGHT


def arrows() -> list[Arrow]:
    """Which room uses which, by the imports of their modules; sorted."""
    known = {module.name: module for module in modules()}
    found = set()
    for module in known.values():
        for name in imported(module, known):
            if name in known:
                found.add((module.room, known[name].room))
    return sorted(
        (room, other)
        for room, other in found
        if room != other and room in ALLOWED and other in ALLOWED
    )


def draw(found: Collection[Arrow]) -> str:
    """The picture of some arrows, as SVG."""
    boxes = _boxes()
    height = _TOP + _FLOOR * len(FLOORS)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        'font-family="sans-serif" role="img">',
        "<title>The rooms of facetrack, and which of them use which</title>",
        "<defs>",
        _head("down", "#5b6b8c"),
        _head("wrong", "#c0392b"),
        "</defs>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    parts += [
        _line(arrow, boxes) for arrow in sorted(found) if _is_wrong(arrow) or _has_line(arrow)
    ]
    for room, box in boxes.items():
        parts += _room(room, box, _says(room, found))
    return "\n".join([*parts, "</svg>", ""])


def _is_wrong(arrow: Arrow) -> bool:
    source, target = arrow
    return target not in ALLOWED[source]


def _has_line(arrow: Arrow) -> bool:
    """Whether it is drawn: everything stands on the two at the bottom, which words say."""
    return arrow[1] not in _BASE and arrow[0] not in _IN_WORDS


def _says(room: str, found: Collection[Arrow]) -> str:
    says = _SAYS[room]
    if room in _BASE:
        above = [one for floor in FLOORS for one in floor if one not in _BASE]
        others = [one for one in above if (one, room) not in found]
        says += " · used by all above" + (f" but {', '.join(others)}" if others else "")
    if room in _IN_WORDS:
        says += f" · uses {', '.join(sorted(other for one, other in found if one == room))}"
    return says


def _boxes() -> Mapping[str, Box]:
    boxes = {}
    for number, floor in enumerate(FLOORS):
        top = _TOP + number * _FLOOR
        widths = [_WIDTHS.get(room, _ROOM_WIDTH) for room in floor]
        space = left = (_WIDTH - sum(widths)) / (len(floor) + 1)
        for room, width in zip(floor, widths, strict=True):
            boxes[room] = Box(left, top, width)
            left += width + space
    return boxes


def _line(arrow: Arrow, boxes: Mapping[str, Box]) -> str:
    source, target = (boxes[room] for room in arrow)
    kind = "wrong" if _is_wrong(arrow) else "down"
    start_x, end_x = _near(source, target), _near(target, source)
    start, end = source.bottom, target.top
    if source.top == target.top:  # beside each other, which is wrong
        start, bend = source.bottom, source.bottom + 24
        end = target.bottom
        path = f"M{start_x:g},{start:g} C{start_x:g},{bend:g} {end_x:g},{bend:g} {end_x:g},{end:g}"
    else:
        if source.top > target.top:
            start, end = source.top, target.bottom
        half = (start + end) / 2
        path = f"M{start_x:g},{start:g} C{start_x:g},{half:g} {end_x:g},{half:g} {end_x:g},{end:g}"
    colour, dashes = {"down": ("#5b6b8c", ""), "wrong": ("#c0392b", ' stroke-dasharray="6 4"')}[
        kind
    ]
    return (
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.4" opacity="0.75"{dashes} '
        f'marker-end="url(#{kind})"><title>{arrow[0]} uses {arrow[1]}</title></path>'
    )


def _near(box: Box, other: Box) -> float:
    """Where a line from a box to another begins: on its edge, towards the other."""
    margin = box.width * 0.15
    towards = box.middle + (other.middle - box.middle) * 0.2
    if box.width > 2 * _ROOM_WIDTH:
        towards = other.middle
    return min(max(towards, box.left + margin), box.left + box.width - margin)


def _room(room: str, box: Box, says: str) -> list[str]:
    return [
        f'<rect x="{box.left:g}" y="{box.top:g}" width="{box.width:g}" height="{_ROOM_HEIGHT}" '
        'rx="6" fill="#eef2fa" stroke="#5b6b8c"/>',
        f'<text x="{box.middle:g}" y="{box.top + 20:g}" text-anchor="middle" font-size="15" '
        f'font-weight="bold" fill="#1c2533">{room}</text>',
        f'<text x="{box.middle:g}" y="{box.top + 37:g}" text-anchor="middle" font-size="11.5" '
        f'fill="#44506a">{escape(says)}</text>',
    ]


def _head(name: str, colour: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="{colour}"/></marker>'
    )


if __name__ == "__main__":
    PICTURE.write_text(draw(arrows()), encoding="utf-8")
