"""Regions put into a document and taken out of it; all else in it stays as it is."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from lxml import etree

from facetrack.core.errors import UserError
from facetrack.extraction.xmp import rdf, reading
from facetrack.extraction.xmp.document import Element
from facetrack.extraction.xmp.rdf import (
    AREA,
    DESCRIPTION,
    DIMENSIONS,
    MP,
    MP_INFO,
    MP_REGION,
    MWG,
    RDF,
)
from facetrack.extraction.xmp.reading import Found, Listed
from facetrack.extraction.xmp.regions import Frame, Region

_PREFIXES = {"mwg-rs": MWG, "stArea": AREA, "stDim": DIMENSIONS}
_MP_PREFIXES = {"MP": MP, "MPRI": MP_INFO, "MPReg": MP_REGION}
_PARSE_TYPE, _RESOURCE = f"{{{RDF}}}parseType", "Resource"
EMPTY = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="facetrack">\n'
    b' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
    b' </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>\n'
)
"""A document that says nothing."""


@dataclass(frozen=True)
class Added:
    """Regions that were added to a document, as MWG's and as Microsoft's.

    others: those that were not, as their faces have another name there.
    """

    mwg: tuple[Region, ...] = ()
    mp: tuple[Region, ...] = ()
    others: tuple[Region, ...] = ()


def add(tree: Element, regions: Sequence[Region], frame: Frame) -> Added:
    """Add named faces, in both forms.

    One that is there with the same name is not added again, and one that has another name there
    keeps that. Raises UserError where the regions
    that are there are of a picture of another size, or the document is no XMP.
    """
    rdf_node = rdf.find_rdf(tree)
    if rdf_node is None:
        raise UserError("is no XMP: it has no rdf:RDF")
    mwg, mp = reading.list_mwg(tree), reading.list_mp(tree)
    if mwg.found and mwg.applied is not None and not mwg.are_stored(frame):
        size = " x ".join(f"{side:g}" for side in mwg.applied)
        raise UserError(f"has regions of a picture of {size}, and this one's has another shape")
    others = [
        region
        for region in regions
        if any(_is_other(one, region) for one in (*mwg.found, *mp.found))
    ]
    wanted = [one for one in regions if one not in others]
    added = Added(_without_known(wanted, mwg), _without_known(wanted, mp), tuple(others))
    _add_mwg(rdf_node, added.mwg, frame)
    _add_mp(rdf_node, added.mp)
    return added


def take_out(tree: Element, mwg: Iterable[Region], mp: Iterable[Region]) -> int:
    """Take regions out, by name and place, and what is empty then; returns how many there were."""
    pairs = ((reading.list_mwg(tree), list(mwg)), (reading.list_mp(tree), list(mp)))
    gone = [one.item for listed, wanted in pairs for one in listed.found if _is_any(one, wanted)]
    for item in gone:
        _remove_with_empty(item)
    return len(gone)


def _is_any(found: Found, regions: Collection[Region]) -> bool:
    region = found.region
    return any(region.name == one.name and region.is_at(one) for one in regions)


def says_nothing(tree: Element) -> bool:
    """Whether a document has no property left."""
    rdf_node = rdf.find_rdf(tree)
    return rdf_node is not None and not any(
        len(part) or any(not name.startswith(f"{{{RDF}}}") for name in part.attrib)
        for part in rdf_node
        if isinstance(part.tag, str)
    )


def _is_other(found: Found, region: Region) -> bool:
    """Whether a face that is there has another name."""
    named = found.is_face and bool(found.region.name)
    return named and found.region.name != region.name and reading.are_one(found.region, region)


def _without_known(regions: Sequence[Region], listed: Listed) -> tuple[Region, ...]:
    there = [one.region for one in listed.found if one.is_face]
    return tuple(
        region
        for region in regions
        if not any(one.name == region.name and reading.are_one(one, region) for one in there)
    )


def _add_mwg(rdf_node: Element, regions: Sequence[Region], frame: Frame) -> None:
    if not regions:
        return
    info = _demand_structure(rdf_node, f"{{{MWG}}}Regions", _PREFIXES)
    if rdf.find_field(info, f"{{{MWG}}}AppliedToDimensions") is None:
        size = etree.SubElement(_place(info), f"{{{MWG}}}AppliedToDimensions")
        size.set(f"{{{DIMENSIONS}}}w", str(frame.width))
        size.set(f"{{{DIMENSIONS}}}h", str(frame.height))
        size.set(f"{{{DIMENSIONS}}}unit", "pixel")
    listed = _demand_list(info, f"{{{MWG}}}RegionList")
    for region in regions:
        item = etree.SubElement(etree.SubElement(listed, f"{{{RDF}}}li"), DESCRIPTION)
        item.set(f"{{{MWG}}}Name", region.name)
        item.set(f"{{{MWG}}}Type", "Face")
        area = etree.SubElement(item, f"{{{MWG}}}Area")
        middle = region.left + region.width / 2, region.top + region.height / 2
        for key, value in zip("xywh", (*middle, region.width, region.height), strict=True):
            area.set(f"{{{AREA}}}{key}", _write(value))
        area.set(f"{{{AREA}}}unit", "normalized")


def _add_mp(rdf_node: Element, regions: Sequence[Region]) -> None:
    if not regions:
        return
    info = _demand_structure(rdf_node, f"{{{MP}}}RegionInfo", _MP_PREFIXES)
    listed = _demand_list(info, f"{{{MP_INFO}}}Regions")
    for region in regions:
        item = etree.SubElement(etree.SubElement(listed, f"{{{RDF}}}li"), DESCRIPTION)
        item.set(f"{{{MP_REGION}}}PersonDisplayName", region.name)
        item.set(f"{{{MP_REGION}}}Rectangle", ", ".join(map(_write, region.rectangle)))


def _demand_structure(rdf_node: Element, name: str, prefixes: dict[str, str]) -> Element:
    """A property that is a structure, made where there is none."""
    for part in rdf_node.findall(DESCRIPTION):
        if (found := part.find(name)) is not None:
            return found
    about = next((part.get(f"{{{RDF}}}about", "") for part in rdf_node.findall(DESCRIPTION)), "")
    part = etree.SubElement(rdf_node, DESCRIPTION, nsmap=prefixes)
    part.set(f"{{{RDF}}}about", about)
    made = etree.SubElement(part, name)
    made.set(_PARSE_TYPE, _RESOURCE)
    part.tail = "\n "
    return made


def _place(structure: Element) -> Element:
    """The element whose children are a structure's fields. Makes one of a structure of none."""
    inner = structure.find(DESCRIPTION)
    if inner is not None:
        return inner
    if structure.get(_PARSE_TYPE) is None and not len(structure):
        # Fields that are attributes of the property itself cannot have others beside them.
        inner = etree.SubElement(structure, DESCRIPTION)
        for key, value in list(structure.attrib.items()):
            if not key.startswith(f"{{{RDF}}}"):
                inner.set(key, value)
                del structure.attrib[key]
        return inner
    return structure


def _demand_list(structure: Element, name: str) -> Element:
    """The list in a structure's field, made where there is none."""
    place = _place(structure)
    field = place.find(name)
    if field is None:
        field = etree.SubElement(place, name)
    listed = next(iter(child for child in field if isinstance(child.tag, str)), None)
    return etree.SubElement(field, f"{{{RDF}}}Bag") if listed is None else listed


def _remove_with_empty(item: Element) -> None:
    """Remove an item of a list; and the list, its structure and description where it was the last.

    The size that the regions were drawn on says nothing without them.
    """
    listed = item.getparent()
    _remove(item)
    if any(isinstance(one.tag, str) for one in listed):
        return
    field = listed.getparent()
    structure = field.getparent()
    _remove(field)
    rest = [one for one in structure if one.tag != f"{{{MWG}}}AppliedToDimensions"]
    if rest:
        return
    if structure.tag == DESCRIPTION:  # the form in which fields are one step below
        structure = structure.getparent()
    part = structure.getparent()
    _remove(structure)
    if not len(part) and all(name.startswith(f"{{{RDF}}}") for name in part.attrib):
        _remove(part)


def _remove(element: Element) -> None:
    """Remove an element, and not the text behind it, which lxml counts to it."""
    parent, before = element.getparent(), element.getprevious()
    if element.tail and element.tail.strip():
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _write(value: float) -> str:
    """A share as programs write them, without an exponent: a ten-millionth is no pixel."""
    return f"{value:.7f}".rstrip("0").rstrip(".")
