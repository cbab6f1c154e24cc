"""The few forms in which XMP writes a property: ISO 16684-1, 7.4 to 7.9.

A structure's fields are elements or attributes, of the property itself or of an rdf:Description
in it; programs take one form or another.
"""

from collections.abc import Iterator

from facetrack.extraction.xmp.document import Element

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
MWG = "http://www.metadataworkinggroup.com/schemas/regions/"
AREA = "http://ns.adobe.com/xmp/sType/Area#"
DIMENSIONS = "http://ns.adobe.com/xap/1.0/sType/Dimensions#"
MP = "http://ns.microsoft.com/photo/1.2/"
MP_INFO = "http://ns.microsoft.com/photo/1.2/t/RegionInfo#"
MP_REGION = "http://ns.microsoft.com/photo/1.2/t/Region#"

DESCRIPTION = f"{{{RDF}}}Description"
_ITEM = f"{{{RDF}}}li"
_LISTS = tuple(f"{{{RDF}}}{kind}" for kind in ("Bag", "Seq", "Alt"))


def find_rdf(tree: Element) -> Element | None:
    """The element rdf:RDF of a document; None where it is no XMP."""
    root = tree.getroot()
    return root if root.tag == f"{{{RDF}}}RDF" else root.find(f"{{{RDF}}}RDF")


def find_properties(tree: Element, name: str) -> list[Element]:
    """The elements of a property of the picture, by its name with namespace."""
    rdf = find_rdf(tree)
    if rdf is None:
        return []
    return [one for part in rdf.findall(DESCRIPTION) for one in part.findall(name)]


def find_field(structure: Element, name: str) -> Element | str | None:
    """A field of a structure: its element, or its text where it is an attribute."""
    for part in (structure, *structure.findall(DESCRIPTION)):
        if (text := part.get(name)) is not None:
            return text
        if (found := part.find(name)) is not None:
            return found
    return None


def read_text(structure: Element, name: str) -> str:
    """A field that is a text, without space around it; empty where there is none."""
    found = find_field(structure, name)
    text = found if isinstance(found, str) or found is None else found.text
    return (text or "").strip()


def find_items(structure: Element, name: str) -> Iterator[Element]:
    """The items of a field that is a list."""
    found = find_field(structure, name)
    if found is not None and not isinstance(found, str):
        for kind in _LISTS:
            for listed in found.findall(kind):
                yield from listed.findall(_ITEM)
