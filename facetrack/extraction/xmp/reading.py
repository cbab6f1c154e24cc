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
    """

    found: tuple[Found, ...]
    applied: tuple[float, float] | None = None


def list_mwg(tree: Element) -> Listed:
    """MWG's regions."""
    found: list[Found] = []
    applied = None
    for regions in rdf.find_properties(tree, f"{{{MWG}}}Regions"):
        applied = _read_dimensions(regions) or applied
        for item in rdf.find_items(regions, f"{{{MWG}}}RegionList"):
            found += _read_mwg(item, applied)
    return Listed(tuple(found[:_MOST]), applied)


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
    """The faces of a document, each once, those with names first; None for another picture's.

    Some programs have written regions of the upright picture: the sizes they give say so.
    """
    mwg, mp = list_mwg(tree), list_mp(tree)
    faces = [one.region for one in mwg.found if one.is_face]
    if faces and mwg.applied is not None and not frame.has_shape(*mwg.applied):
        if not frame.is_shape_upright(*mwg.applied):
            return None
        upright = Frame(*frame.upright)
        faces = [frame.to_region(one.name, upright.to_box(one)) for one in faces]
    faces += [one.region for one in mp.found]
    faces.sort(key=lambda one: not one.name)
    kept: list[Region] = []
    for face in faces:
        if not any(are_one(face, one) for one in kept):
            kept.append(face)
    return kept


def clean_name(text: str) -> str:
    """A name as regions have it: composed, in one line, without what XML cannot hold."""
    readable = make_readable(" ".join(unicodedata.normalize("NFC", text).split()))
    return readable[:_LONGEST].strip()


def are_one(one: Region, other: Region) -> bool:
    """Whether two programs, or two forms, mean one face: half of what either covers."""
    across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    shared = max(0.0, across) * max(0.0, down)
    both = one.width * one.height + other.width * other.height - shared
    return shared >= 0.5 * both


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
