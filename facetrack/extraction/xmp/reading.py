"""Regions as they are in a document: MWG's, which most programs write, and Microsoft's."""

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from facetrack.core.texts import make_readable
from facetrack.extraction.xmp import rdf
from facetrack.extraction.xmp.document import Element
from facetrack.extraction.xmp.rdf import AREA, DIMENSIONS, MP, MP_INFO, MP_REGION, MWG
from facetrack.extraction.xmp.regions import Frame, Region

_MOST = 1000  # regions of a picture
_LONGEST = 100  # letters of a name; people.yaml takes no more
_FACE = ("", "Face")  # a region whose type nobody said may be one


@dataclass(frozen=True)
class Found:
    """A region in a document, and where: the item of its list. is_face: a pet's is none, say."""

    region: Region
    item: Element
    is_face: bool = True


@dataclass(frozen=True)
class Listed:
    """MWG's or Microsoft's regions of a document.

    applied: width and height in pixels of the picture that they were drawn on, where it is said.
    turned: whether regions say by how much the picture is turned.
    """

    found: tuple[Found, ...]
    applied: tuple[float, float] | None = None
    turned: bool = False

    def are_stored(self, frame: Frame) -> bool | None:
        """Whether they are of the picture as it is stored; False for upright, None for neither.

        Some programs have written regions of the upright picture: the size they give says so. But
        Lightroom gives that size to regions of the stored one, each with a Rotation of its own.
        """
        if self.applied is None or frame.has_shape(*self.applied):
            return True
        if not frame.is_shape_upright(*self.applied):
            return None
        return self.turned


def list_mwg(tree: Element) -> Listed:
    """MWG's regions."""
    found: list[Found] = []
    applied, turned = None, False
    for regions in rdf.find_properties(tree, f"{{{MWG}}}Regions"):
        applied = _read_dimensions(regions) or applied
        for item in rdf.find_items(regions, f"{{{MWG}}}RegionList"):
            found += _read_mwg(item, applied)
            turned = turned or rdf.find_field(item, f"{{{MWG}}}Rotation") is not None
    return Listed(tuple(found[:_MOST]), applied, turned)


def list_mp(tree: Element) -> Listed:
    """Microsoft's regions, which are people's."""
    found = [
        one
        for info in rdf.find_properties(tree, f"{{{MP}}}RegionInfo")
        for item in rdf.find_items(info, f"{{{MP_INFO}}}Regions")
        for one in _read_mp(item)
    ]
    return Listed(tuple(found[:_MOST]))


def read_faces(tree: Element, frame: Frame) -> list[Region] | None:
    """The faces of a document, each once, those with names first; None for another picture's."""
    mwg = list_mwg(tree)
    faces = [one.region for one in mwg.found if one.is_face]
    people = [one.region for one in list_mp(tree).found]
    stored = mwg.are_stored(frame) if faces else True
    if stored is None:
        return None
    if not stored:
        # Who writes both forms writes both of one picture.
        people = [
            _store(one, frame) if any(are_one(one, face) for face in faces) else one
            for one in people
        ]
        faces = [_store(one, frame) for one in faces]
    kept: list[Region] = []
    for face in sorted([*faces, *people], key=lambda one: not one.name):
        if not any(are_one(face, one) for one in kept):
            kept.append(face)
    return kept


def _store(region: Region, frame: Frame) -> Region:
    """A region of the upright picture as one of the stored picture."""
    return frame.to_region(region.name, Frame(*frame.upright).to_box(region))


def clean_name(text: str) -> str:
    """A name as regions have it: composed, in one line, without what XML cannot hold."""
    readable = make_readable(" ".join(unicodedata.normalize("NFC", text).split()))
    return readable[:_LONGEST].strip()


def are_one(one: Region, other: Region) -> bool:
    """Whether two programs, or two forms, mean one face: half of what either covers."""
    shared = overlap(one, other)
    return shared >= 0.5 * (one.area + other.area - shared)


def overlap(one: Region, other: Region) -> float:
    """What two regions share, as a share of the picture."""
    across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    return max(0.0, across) * max(0.0, down)


def _read_dimensions(regions: Element) -> tuple[float, float] | None:
    applied = rdf.find_field(regions, f"{{{MWG}}}AppliedToDimensions")
    if applied is None or isinstance(applied, str):
        return None
    width, height = (
        _read_number(rdf.read_text(applied, f"{{{DIMENSIONS}}}{one}")) or 0.0 for one in "wh"
    )
    return (width, height) if width > 0 and height > 0 else None


def _read_mwg(item: Element, applied: tuple[float, float] | None) -> Iterator[Found]:
    area = rdf.find_field(item, f"{{{MWG}}}Area")
    if area is None or isinstance(area, str):
        return
    values = [_read_number(rdf.read_text(area, f"{{{AREA}}}{one}")) for one in "xywh"]
    x, y, width, height = (-1.0 if one is None else one for one in values)
    if rdf.read_text(area, f"{{{AREA}}}unit") == "pixel":
        if applied is None:
            return
        x, width, y, height = (
            x / applied[0],
            width / applied[0],
            y / applied[1],
            height / applied[1],
        )
    name = clean_name(rdf.read_text(item, f"{{{MWG}}}Name"))
    region = _make(name, x - width / 2, y - height / 2, width, height)
    if region is not None:
        yield Found(region, item, rdf.read_text(item, f"{{{MWG}}}Type") in _FACE)


def _read_mp(item: Element) -> Iterator[Found]:
    parts = rdf.read_text(item, f"{{{MP_REGION}}}Rectangle").split(",")
    values = [_read_number(part.strip()) for part in parts]
    if len(values) != 4 or None in values:
        return
    name = clean_name(rdf.read_text(item, f"{{{MP_REGION}}}PersonDisplayName"))
    region = _make(name, *(float(one or 0) for one in values))
    if region is not None:
        yield Found(region, item)


def _make(name: str, left: float, top: float, width: float, height: float) -> Region | None:
    """A region, None for one that cannot be. A face at the edge may reach past it a little."""
    if not (0 < width <= 1.5 and 0 < height <= 1.5):
        return None
    if not (-0.5 <= left <= 1 and -0.5 <= top <= 1):
        return None
    return Region(name, left, top, width, height)


def _read_number(text: str) -> float | None:
    try:
        value = float(text[:40])
    except ValueError:
        return None
    return value if math.isfinite(value) else None
