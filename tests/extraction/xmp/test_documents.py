"""XMP of several programs read, changed and put back; and what is no XMP refused."""

import time

import numpy as np
import pytest
from lxml import etree

from facetrack.core.errors import UserError
from facetrack.extraction.xmp import document, reading, writing
from facetrack.extraction.xmp.regions import Frame, Region

FRAME = Frame(4000, 3000)
ADA = Region("Ada", 0.1, 0.2, 0.2, 0.25)
BEN = Region("Ben", 0.6, 0.2, 0.2, 0.25)

_START = (
    "\ufeff<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>\n<!-- mine -->\n"
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'>\n"
    "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\n"
)
_END = "\n</rdf:RDF>\n</x:xmpmeta>\n \n <?xpacket end='w'?>\n"
_PREFIXES = (
    "xmlns:mwg-rs='http://www.metadataworkinggroup.com/schemas/regions/' "
    "xmlns:stArea='http://ns.adobe.com/xmp/sType/Area#' "
    "xmlns:stDim='http://ns.adobe.com/xap/1.0/sType/Dimensions#' "
    "xmlns:MP='http://ns.microsoft.com/photo/1.2/' "
    "xmlns:MPRI='http://ns.microsoft.com/photo/1.2/t/RegionInfo#' "
    "xmlns:MPReg='http://ns.microsoft.com/photo/1.2/t/Region#' "
    "xmlns:digiKam='http://www.digikam.org/ns/1.0/' "
)
# Fields as attributes of a description within, as Adobe's toolkit and Exiv2 write them.
ADOBE = f"""<rdf:Description rdf:about='' {_PREFIXES} digiKam:PickLabel='3'>
 <mwg-rs:Regions rdf:parseType='Resource'>
  <mwg-rs:AppliedToDimensions stDim:w='4000' stDim:h='3000' stDim:unit='pixel'/>
  <mwg-rs:RegionList><rdf:Bag>
   <rdf:li><rdf:Description mwg-rs:Name='Ada' mwg-rs:Type='Face'>
    <mwg-rs:Area stArea:x='0.2' stArea:y='0.325' stArea:w='0.2' stArea:h='0.25'
     stArea:unit='normalized'/></rdf:Description></rdf:li>
   <rdf:li><rdf:Description mwg-rs:Name='Rex' mwg-rs:Type='Pet'>
    <mwg-rs:Area stArea:x='0.5' stArea:y='0.9' stArea:w='0.1' stArea:h='0.1'/>
   </rdf:Description></rdf:li>
  </rdf:Bag></mwg-rs:RegionList>
 </mwg-rs:Regions>
</rdf:Description>"""
# Everything an element, as ExifTool and Picasa write it, one description a namespace.
ELEMENTS = f"""<rdf:Description rdf:about='' {_PREFIXES}>
 <mwg-rs:Regions rdf:parseType='Resource'>
  <mwg-rs:AppliedToDimensions rdf:parseType='Resource'>
   <stDim:h>3000</stDim:h><stDim:unit>pixel</stDim:unit><stDim:w>4000</stDim:w>
  </mwg-rs:AppliedToDimensions>
  <mwg-rs:RegionList><rdf:Bag>
   <rdf:li rdf:parseType='Resource'>
    <mwg-rs:Area rdf:parseType='Resource'><stArea:h>0.25</stArea:h><stArea:w>0.2</stArea:w>
     <stArea:x>0.2</stArea:x><stArea:y>0.325</stArea:y></mwg-rs:Area>
    <mwg-rs:Name> Ada </mwg-rs:Name><mwg-rs:Type>Face</mwg-rs:Type>
   </rdf:li>
  </rdf:Bag></mwg-rs:RegionList>
 </mwg-rs:Regions>
</rdf:Description>"""
# Windows Live Photo Gallery's; a person without a place is no region.
MICROSOFT = f"""<rdf:Description rdf:about='' {_PREFIXES}>
 <MP:RegionInfo rdf:parseType='Resource'><MPRI:Regions><rdf:Bag>
  <rdf:li MPReg:Rectangle='0.1, 0.2, 0.2, 0.25' MPReg:PersonDisplayName='Ada'/>
  <rdf:li MPReg:PersonDisplayName='Cleo'/>
 </rdf:Bag></MPRI:Regions></MP:RegionInfo>
</rdf:Description>"""
FORMS = {"adobe": ADOBE, "elements": ELEMENTS, "microsoft": MICROSOFT}


def _document(inner: str) -> bytes:
    return f"{_START}{inner}{_END}".encode()


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_a_face_is_read(form: str) -> None:
    faces = reading.read_faces(document.parse(_document(FORMS[form])), FRAME)
    assert faces is not None
    assert [one.name for one in faces] == ["Ada"]
    assert faces[0].rectangle == pytest.approx(ADA.rectangle)


def test_both_forms_of_one_face_are_one() -> None:
    faces = reading.read_faces(document.parse(_document(ADOBE + MICROSOFT)), FRAME)
    assert [one.name for one in faces or ()] == ["Ada"]


def test_a_picture_of_another_shape_is_known_by_the_size_its_regions_say() -> None:
    tree = document.parse(_document(ADOBE))
    assert reading.read_faces(tree, Frame(3000, 3000)) is None
    # Turned by EXIF, and drawn on the upright picture: that is what it was drawn on.
    faces = reading.read_faces(tree, turned := Frame(3000, 4000, 6))
    assert turned.to_box((faces or [])[0]).tolist() == [400, 600, 800, 750]
    with pytest.raises(UserError, match="regions of a picture of 4000 x 3000, and this one's"):
        writing.add(tree, [BEN], Frame(3000, 3000))


@pytest.mark.parametrize("form", FORMS)
def test_what_is_added_comes_beside_what_is_there_and_goes_again(form: str) -> None:
    before = _document(FORMS[form])
    tree = document.parse(before)
    added = writing.add(tree, [ADA, BEN], FRAME)
    assert [one.name for one in added.mwg] == (["Ada", "Ben"] if form == "microsoft" else ["Ben"])
    assert [one.name for one in added.mp] == (["Ben"] if form == "microsoft" else ["Ada", "Ben"])
    content = document.serialise(tree, before)
    after = document.parse(content)
    # What is around the root is as it was to the byte.
    assert content.startswith(_START[: _START.index("<x:")].encode())
    assert content.endswith(_END[_END.index("\n \n") :].encode())
    assert [one.name for one in reading.read_faces(after, FRAME) or ()] == ["Ada", "Ben"]
    assert writing.add(document.parse(content), [ADA, BEN], FRAME) == writing.Added()
    assert writing.take_out(after, added.mwg, added.mp) == len(added.mwg) + len(added.mp)
    assert _plain(after) == _plain(document.parse(before))


def _plain(tree: document.Element) -> bytes:
    """A document without the space between its elements, in one form."""
    content: bytes = etree.tostring(tree.getroot(), method="c14n")
    root = etree.fromstring(content, etree.XMLParser(remove_blank_text=True))
    plain: bytes = etree.tostring(root, method="c14n")
    return plain


def test_a_face_with_another_name_keeps_it() -> None:
    tree = document.parse(_document(ADOBE))
    other = Region("Eve", *ADA.rectangle)
    assert writing.add(tree, [other, BEN], FRAME).others == (other,)
    assert [one.name for one in reading.read_faces(tree, FRAME) or ()] == ["Ada", "Ben"]


def test_a_new_document_says_nothing_when_all_is_taken_out() -> None:
    tree = document.parse(writing.EMPTY)
    name = '<Ö & "x"> 😀'
    added = writing.add(tree, [Region(name, *ADA.rectangle)], FRAME)
    tree = document.parse(document.serialise(tree, writing.EMPTY))
    assert [one.name for one in reading.read_faces(tree, FRAME) or ()] == [name]
    assert not writing.says_nothing(tree)
    assert writing.take_out(tree, added.mwg, added.mp) == 2
    assert writing.says_nothing(tree)


_BOMB = "<!DOCTYPE a [" + "".join(
    f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol"}">' for n in range(10)
)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f"{_BOMB}]><a>&e9;</a>".encode(), "declares a document type"),
        (b'<!doctype a SYSTEM "file:///etc/passwd"><a/>', "declares a document type"),
        ('<?xml version="1.0"?><!DOCTYPE a><a/>'.encode("utf-16"), "is not UTF-8 text"),
        (b"", "is no XML"),
        (b"\xff\xd8\xff\xe0", "is not UTF-8 text"),
        (b"<a>" * 5000 + b"</a>" * 5000, "is no XML"),
        (b"<a>" + b"<b/>" * 400_000 + b"</a>", "has too many elements"),
        (b"<a>" + b"x" * (9 << 20) + b"</a>", "is larger than 8 MB"),
        (b"<a b='1' b='2'/>", "is no XML"),
        (b"<a>&e;</a>", "is no XML"),
    ],
    ids=["bomb", "outside", "utf-16", "empty", "jpeg", "deep", "many", "large", "twice", "unknown"],
)
def test_what_is_hostile_is_refused_at_once(content: bytes, told: str) -> None:
    begun = time.process_time()
    with pytest.raises(UserError, match=told):
        document.parse(content)
    assert time.process_time() - begun < 2


def test_xml_that_is_no_xmp_has_no_faces_and_takes_none() -> None:
    for content in (b"<a/>", b"<html><body/></html>", _document("")):
        assert reading.read_faces(document.parse(content), FRAME) == []
    with pytest.raises(UserError, match="it has no rdf:RDF"):
        writing.add(document.parse(b"<a/>"), [ADA], FRAME)


@pytest.mark.parametrize(
    "area",
    ["x='nan' w='.1'", "x='inf' w='.1'", "x='.5' w='-1'", "x='9' w='.1'", "x='.5' w='0'", "x='a'"],
)
def test_a_rectangle_that_cannot_be_is_none(area: str) -> None:
    stated = area.replace("x=", "stArea:x=").replace("w=", "stArea:w=")
    text = ADOBE.replace("stArea:x='0.2'", "").replace("stArea:w='0.2'", stated, 1)
    assert reading.read_faces(document.parse(_document(text)), FRAME) == []


def test_numbers_of_names_and_regions_are_bounded() -> None:
    item = "<rdf:li MPReg:Rectangle='{}, 0.2, 0.0001, 0.1' MPReg:PersonDisplayName='{}'/>"
    items = "".join(item.format(n / 3000, "x" * 500) for n in range(3000))
    text = MICROSOFT.replace("<rdf:Bag>", f"<rdf:Bag>{items}")
    listed = reading.list_mp(document.parse(_document(text)))
    assert len(listed.found) == 1000
    assert len(listed.found[0].region.name) == 100


def test_names_are_of_one_form() -> None:
    assert reading.clean_name("A\u030angstro\u0308m \n\u202eX") == "Ångström ?X"
    assert np.all([one not in reading.clean_name("\x00\ud800") for one in "\x00\ud800"])
