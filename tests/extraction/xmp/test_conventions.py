"""Regions as other programs write them, of turned pictures too: written by hand, of nobody.

What each program does is from its public documentation and code, and from what others have found
in its files; none is installed here.
"""

import math
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from facetrack.core.faces import Picture
from facetrack.extraction.jpeg import join_extended_xmp
from facetrack.extraction.picture import read_header
from facetrack.extraction.xmp import document, reading, writing
from facetrack.extraction.xmp.labels import find_names
from facetrack.extraction.xmp.photos import Sidecars
from facetrack.extraction.xmp.regions import Frame, Region

_BOX = (20, 60, 30, 40)  # on the upright picture
_NAME = "Ada Ölund"
_HEAD = """<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="{toolkit}">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
"""
_END = """
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""
_MWG = """xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
    xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#"
    xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#\""""
_MP = """xmlns:MP="http://ns.microsoft.com/photo/1.2/"
    xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#"
    xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#\""""


def _middle(region: Region) -> tuple[float, ...]:
    across, down = region.left + region.width / 2, region.top + region.height / 2
    return across, down, region.width, region.height


def _write_digikam(frame: Frame, *, applied: bool = True) -> str:
    """Exiv2's form, of the stored picture, both kinds; its earlier versions gave no size."""
    region = frame.to_region(_NAME, np.array(_BOX))
    x, y, w, h = _middle(region)
    corner = ", ".join(f"{one:g}" for one in region.rectangle)
    size = f'<mwg-rs:AppliedToDimensions stDim:w="{frame.width}" stDim:h="{frame.height}" '
    return f"""<rdf:Description rdf:about="" {_MWG} {_MP}
    xmlns:digiKam="http://www.digikam.org/ns/1.0/" digiKam:PickLabel="0">
   <mwg-rs:Regions rdf:parseType="Resource">
    {size + 'stDim:unit="pixel"/>' if applied else ""}
    <mwg-rs:RegionList><rdf:Bag>
     <rdf:li><rdf:Description mwg-rs:Name="{_NAME}" mwg-rs:Type="Face">
       <mwg-rs:Area stArea:x="{x:g}" stArea:y="{y:g}" stArea:w="{w:g}" stArea:h="{h:g}"
        stArea:unit="normalized"/></rdf:Description></rdf:li>
    </rdf:Bag></mwg-rs:RegionList>
   </mwg-rs:Regions>
   <MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag>
     <rdf:li MPReg:PersonDisplayName="{_NAME}" MPReg:Rectangle="{corner}"/>
   </rdf:Bag></MPRI:Regions></MP:RegionInfo>
   <digiKam:TagsList><rdf:Seq><rdf:li>People/{_NAME}</rdf:li></rdf:Seq></digiKam:TagsList>
  </rdf:Description>"""


def _write_digikam_before(frame: Frame) -> str:
    return _write_digikam(frame, applied=False)


def _write_lightroom(frame: Frame) -> str:
    """Of the stored picture, with the size of the upright one, and by how much it is turned."""
    x, y, w, h = _middle(frame.to_region(_NAME, np.array(_BOX)))
    turned = {3: math.pi, 6: -math.pi / 2, 8: math.pi / 2}.get(frame.orientation, 0.0)
    width, height = frame.upright
    return f"""<rdf:Description rdf:about="" {_MWG}
    xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
    xmp:CreatorTool="Adobe Photoshop Lightroom Classic" tiff:Orientation="{frame.orientation}"
    crs:HasCrop="False">
   <mwg-rs:Regions rdf:parseType="Resource">
    <mwg-rs:AppliedToDimensions stDim:w="{width}" stDim:h="{height}" stDim:unit="pixel"/>
    <mwg-rs:RegionList><rdf:Bag>
     <rdf:li><rdf:Description mwg-rs:Rotation="{turned:.5f}" mwg-rs:Name="{_NAME}"
       mwg-rs:Type="Face"><mwg-rs:Area stArea:h="{h:.5f}" stArea:w="{w:.5f}" stArea:x="{x:.5f}"
       stArea:y="{y:.5f}"/></rdf:Description></rdf:li>
     <rdf:li><rdf:Description mwg-rs:Type="Focus" mwg-rs:FocusUsage="EvaluatedUsed">
       <mwg-rs:Area stArea:h=".1" stArea:w=".1" stArea:x=".5" stArea:y=".5"/>
      </rdf:Description></rdf:li>
    </rdf:Bag></mwg-rs:RegionList>
   </mwg-rs:Regions>
  </rdf:Description>"""


def _write_picasa(frame: Frame) -> str:
    """Everything an element; Picasa's size is that of the file."""
    x, y, w, h = _middle(frame.to_region(_NAME, np.array(_BOX)))
    return f"""<rdf:Description rdf:about="" {_MWG}>
   <mwg-rs:Regions rdf:parseType="Resource">
    <mwg-rs:AppliedToDimensions rdf:parseType="Resource"><stDim:w>{frame.width}</stDim:w>
     <stDim:h>{frame.height}</stDim:h><stDim:unit>pixel</stDim:unit></mwg-rs:AppliedToDimensions>
    <mwg-rs:RegionList><rdf:Bag>
     <rdf:li rdf:parseType="Resource"><mwg-rs:Type>Face</mwg-rs:Type>
      <mwg-rs:Name>{_NAME}</mwg-rs:Name><mwg-rs:Area rdf:parseType="Resource">
       <stArea:x>{x:.9f}</stArea:x><stArea:y>{y:.9f}</stArea:y><stArea:w>{w:.9f}</stArea:w>
       <stArea:h>{h:.9f}</stArea:h><stArea:unit>normalized</stArea:unit></mwg-rs:Area></rdf:li>
    </rdf:Bag></mwg-rs:RegionList>
   </mwg-rs:Regions>
  </rdf:Description>"""


def _write_windows(frame: Frame) -> str:
    """Windows Live Photo Gallery's: Microsoft's regions alone, and who a person is to Microsoft."""
    corner = ", ".join(f"{one:.6f}" for one in frame.to_region(_NAME, np.array(_BOX)).rectangle)
    return f"""<rdf:Description rdf:about="uuid:faf5bdd5-ba3d-11da-ad31-d33d75182f1b" {_MP}>
   <MP:RegionInfo><rdf:Description><MPRI:Regions><rdf:Bag>
     <rdf:li><rdf:Description MPReg:PersonDisplayName="{_NAME}" MPReg:Rectangle="{corner}"
       MPReg:PersonEmailDigest="0123456789ABCDEF0123456789ABCDEF01234567"
       MPReg:PersonLiveIdCID="-1"/></rdf:li>
     <rdf:li><rdf:Description MPReg:PersonDisplayName="Somebody somewhere"/></rdf:li>
   </rdf:Bag></MPRI:Regions></rdf:Description></MP:RegionInfo>
  </rdf:Description>"""


def _write_upright(frame: Frame) -> str:
    """Both forms of the upright picture, with its size, as some programs have once written them."""
    upright = Frame(*frame.upright)
    return _write_digikam(upright)


_PROGRAMS: dict[str, tuple[str, Callable[[Frame], str]]] = {
    "digiKam": ("XMP Core 4.4.0-Exiv2", _write_digikam),
    "digiKam before": ("XMP Core 4.1.1-Exiv2", _write_digikam_before),
    "Lightroom": (
        "Adobe XMP Core 7.0-c000 1.000000, 0000/00/00-00:00:00        ",
        _write_lightroom,
    ),
    "Picasa": ("XMP Core 5.1.2", _write_picasa),
    "Windows": ("", _write_windows),
}
_ALL = {**_PROGRAMS, "of the upright": ("", _write_upright)}


def _write(program: str, frame: Frame) -> bytes:
    toolkit, write = _ALL[program]
    return f"{_HEAD.format(toolkit=toolkit)}  {write(frame)}{_END}".encode()


def _picture(folder: Path, orientation: int, packet: bytes | None = None) -> Picture:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    path = folder / "IMG_1.jpg"
    more: dict[str, Any] = {} if packet is None else {"xmp": packet}
    PIL.Image.fromarray(np.zeros((100, 200, 3), np.uint8)).save(path, exif=exif, **more)
    return Picture(path, path.name)


def _read(picture: Picture) -> list[tuple[str, list[int]]]:
    tagged = Sidecars([picture]).read(picture.path)
    assert tagged.remarks == ()
    assert tagged.frame is not None
    return [(one.name, tagged.frame.to_box(one).tolist()) for one in tagged.faces]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("program", _PROGRAMS)
def test_a_name_is_where_its_program_drew_it(
    program: str, orientation: int, tmp_path: Path
) -> None:
    content = _write(program, Frame(200, 100, orientation))
    places = ("IMG_1.jpg.xmp", "IMG_1.xmp", "IMG_1.XMP")  # digiKam; Lightroom and digiKam; either
    for place in places:
        picture = _picture(tmp_path, orientation)
        (tmp_path / place).write_bytes(content)
        assert _read(picture) == [(_NAME, list(_BOX))]
        (tmp_path / place).unlink()
    assert _read(_picture(tmp_path, orientation, content)) == [(_NAME, list(_BOX))]


@pytest.mark.parametrize("orientation", range(5, 9))
def test_regions_of_the_upright_picture_are_known_by_its_size(
    orientation: int, tmp_path: Path
) -> None:
    content = _write("of the upright", Frame(200, 100, orientation))
    assert _read(_picture(tmp_path, orientation, content)) == [(_NAME, list(_BOX))]


@pytest.mark.parametrize("program", _PROGRAMS)
def test_names_are_added_to_what_a_program_wrote(program: str) -> None:
    frame = Frame(200, 100, 6)
    other = np.array((60, 150, 30, 40))
    before = _write(program, frame)
    tree = document.parse(before)
    writing.add(tree, [frame.to_region("Ben", other)], frame)
    faces = reading.read_faces(document.parse(document.serialise(tree, before)), frame)
    assert faces is not None
    assert {one.name: frame.to_box(one).tolist() for one in faces} == {
        _NAME: list(_BOX),
        "Ben": other.tolist(),
    }


def test_a_phones_faces_have_no_names_and_take_none_away(tmp_path: Path) -> None:
    """A phone's own regions, in the file, are larger or smaller than a program's, in a sidecar."""
    frame = Frame(200, 100, 6)
    x, y, w, h = _middle(frame.to_region("", np.array((17, 56, 42, 56))))
    packet = f"""{_HEAD.format(toolkit="XMP Core 6.0.0")}<rdf:Description rdf:about="" {_MWG}
     xmlns:apple-fi="http://ns.apple.com/faceinfo/1.0/">
    <mwg-rs:Regions rdf:parseType="Resource">
     <mwg-rs:RegionList><rdf:Seq><rdf:li rdf:parseType="Resource">
      <mwg-rs:Area rdf:parseType="Resource"><stArea:y>{y}</stArea:y><stArea:w>{w}</stArea:w>
       <stArea:x>{x}</stArea:x><stArea:h>{h}</stArea:h><stArea:unit>normalized</stArea:unit>
      </mwg-rs:Area><mwg-rs:Type>Face</mwg-rs:Type>
      <mwg-rs:Extensions rdf:parseType="Resource"><apple-fi:FaceID>1</apple-fi:FaceID>
       <apple-fi:AngleInfoRoll>270</apple-fi:AngleInfoRoll></mwg-rs:Extensions>
     </rdf:li></rdf:Seq></mwg-rs:RegionList>
     <mwg-rs:AppliedToDimensions rdf:parseType="Resource"><stDim:h>100</stDim:h>
      <stDim:w>200</stDim:w><stDim:unit>pixel</stDim:unit></mwg-rs:AppliedToDimensions>
    </mwg-rs:Regions></rdf:Description>{_END}""".encode()
    picture = _picture(tmp_path, 6, packet)
    box = np.array([(18, 58, 40, 52)])
    assert find_names([picture], [picture], box).names == [None]
    (tmp_path / "IMG_1.jpg.xmp").write_bytes(_write("digiKam", frame))
    assert find_names([picture], [picture], box).names == [_NAME]


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="make extras installs exiftool")
def test_what_is_too_large_for_a_segment_of_a_jpeg_is_read(tmp_path: Path) -> None:
    """Many words, or Lightroom's history of a picture: Adobe's extended XMP, here by ExifTool."""
    picture, sidecar = _picture(tmp_path, 6), tmp_path / "much.xmp"
    words = "".join(f"<rdf:li>{number}{'x' * 60}</rdf:li>" for number in range(3000))
    said = (
        "<rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/'>"
        f"<dc:subject><rdf:Bag>{words}</rdf:Bag></dc:subject></rdf:Description>"
    )
    content = _write("Lightroom", Frame(200, 100, 6)).decode()
    sidecar.write_text(content.replace("</rdf:RDF>", f"{said}</rdf:RDF>"))
    subprocess.run(
        [
            "exiftool",
            "-q",
            "-overwrite_original",
            "-tagsfromfile",
            sidecar,
            "-xmp:all",
            picture.path,
        ],
        check=True,
    )
    packet, rest = read_header(picture.path).xmp
    assert (b"mwg-rs:RegionList" in packet, b"mwg-rs:RegionList" in rest) in (
        (True, False),
        (False, True),
    )
    assert _read(picture) == [(_NAME, list(_BOX))]


def test_the_rest_of_a_packet_is_put_together_from_its_parts() -> None:
    name, other = b"0123456789ABCDEF" * 2, b"F" * 32
    packet = b'<rdf:Description xmpNote:HasExtendedXMP="' + name + b'"/>'

    def part(of: bytes, start: int, content: bytes) -> bytes:
        numbers = (6).to_bytes(4) + start.to_bytes(4)
        return b"http://ns.adobe.com/xmp/extension/\0" + of + numbers + content

    parts = [b"Exif\0\0", part(name, 3, b"def"), part(other, 0, b"xxx"), part(name, 0, b"abc")]
    assert join_extended_xmp(packet, parts) == b"abcdef"
    assert join_extended_xmp(packet, parts[:3]) is None
    assert join_extended_xmp(packet, [*parts[:3], part(name, 0, b"ab")]) is None
    assert join_extended_xmp(packet, []) is None
    assert join_extended_xmp(b"<rdf:Description/>", parts) is None
    assert join_extended_xmp(packet, [part(name, 0, b"")[:-1]]) is None
