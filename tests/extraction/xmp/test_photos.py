"""Which sidecars are a photo's, and which of them counts; names for faces by overlap."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from facetrack.core.errors import UserError
from facetrack.core.faces import Embeddings, Picture, Pictures
from facetrack.core.kinds import HEIC
from facetrack.extraction.xmp import document, writing
from facetrack.extraction.xmp.labels import NOT_FOUND, find_names, label_faces
from facetrack.extraction.xmp.photos import Sidecars
from facetrack.extraction.xmp.regions import Frame, Region

_FRAME = Frame(200, 100)
_LEFT, _RIGHT = (10, 20, 40, 40), (120, 20, 40, 40)


def _xmp(**names: tuple[int, ...]) -> bytes:
    tree = document.parse(writing.EMPTY)
    regions = [_FRAME.to_region(name, np.array(box)) for name, box in names.items()]
    writing.add(tree, regions, _FRAME)
    return document.serialise(tree, writing.EMPTY)


def _picture(folder: Path, name: str, **save: Any) -> Picture:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    PIL.Image.fromarray(np.zeros((100, 200, 3), np.uint8)).save(path, **save)
    return Picture(path, name)


def _read(picture: Picture, *others: Picture) -> dict[str, list[int]]:
    tagged = Sidecars([picture, *others]).read(picture.path)
    return {one.name: _FRAME.to_box(one).tolist() for one in tagged.faces}


def test_the_nearest_source_counts_and_others_add_to_it(tmp_path: Path) -> None:
    picture = _picture(tmp_path, "a.jpg", xmp=_xmp(Packet=_LEFT, Only=_RIGHT))
    assert _read(picture) == {"Packet": list(_LEFT), "Only": list(_RIGHT)}
    (tmp_path / "a.xmp").write_bytes(_xmp(Stem=_LEFT))
    assert _read(picture) == {"Stem": list(_LEFT), "Only": list(_RIGHT)}
    (tmp_path / "a.jpg.xmp").write_bytes(_xmp(Full=_LEFT))
    assert _read(picture) == {"Full": list(_LEFT), "Only": list(_RIGHT)}


def test_a_sidecar_of_several_pictures_is_nobodys(tmp_path: Path) -> None:
    first, second = _picture(tmp_path, "a.jpg"), _picture(tmp_path, "a.png")
    (tmp_path / "a.xmp").write_bytes(_xmp(Ada=_LEFT))
    assert _read(first, second) == {}
    told = Sidecars([first, second]).read(first.path).remarks
    assert told == ("its .xmp may be of several pictures, so left out",)
    (tmp_path / "a.png.xmp").write_bytes(_xmp(Ben=_LEFT))
    assert list(_read(second, first)) == ["Ben"]


def test_what_cannot_be_used_is_told_and_the_rest_is(tmp_path: Path) -> None:
    picture = _picture(tmp_path, "a.jpg", xmp=b"<!DOCTYPE a><a/>")
    (tmp_path / "a.jpg.xmp").write_bytes(b"")
    (tmp_path / "elsewhere.xmp").write_bytes(_xmp(Ada=_LEFT))
    (tmp_path / "a.xmp").symlink_to(tmp_path / "elsewhere.xmp")  # to read is no harm
    tagged = Sidecars([picture]).read(picture.path)
    assert [one.name for one in tagged.faces] == ["Ada"]
    empty, declared = tagged.remarks
    assert empty.startswith("its .jpg.xmp is no XML (")
    assert declared.startswith("the XMP in it declares a document type or entities, which XMP has ")
    (tmp_path / "a.xmp").unlink()
    (tmp_path / "a.xmp").mkdir()
    assert "its .xmp is no file, so left out" in Sidecars([picture]).read(picture.path).remarks


@pytest.mark.skipif(not HEIC, reason="facetrack[heic] is not installed")
def test_heic_says_its_regions_too(tmp_path: Path) -> None:
    picture = _picture(tmp_path, "a.heic", format="HEIF", xmp=_xmp(Ada=_LEFT))
    assert _read(picture) == {"Ada": list(_LEFT)}


def _embeddings(pictures: list[Picture], boxes: list[tuple[int, ...]]) -> Embeddings:
    n = len(boxes)
    return Embeddings(np.eye(n, 8, dtype=np.float32), np.array(boxes), pictures, [], 2, ["00"] * n)


def test_faces_are_named_by_overlap_and_the_rest_is_counted(tmp_path: Path) -> None:
    first, second = _picture(tmp_path, "a.jpg"), _picture(tmp_path, "b.jpg")
    (tmp_path / "a.jpg.xmp").write_bytes(_xmp(Ada=_LEFT, Ben=_RIGHT))
    (tmp_path / "b.jpg.xmp").write_bytes(_xmp(Ada=_LEFT))
    # A tighter box of the first, a stranger between the two, and nothing on the second picture.
    found = find_names([first, second], [first, first], np.array([(15, 25, 30, 30), (70, 0, 9, 9)]))
    assert found.names == ["Ada", None]
    assert found.told == (
        "3 names in XMP: 1 on faces that were found, 2 on none; 1 face without a name"
    )
    assert [(one.name, one.reason, one.pictures) for one in found.remarks] == [
        ("a.jpg at 120,20,40,40", NOT_FOUND, 0),
        ("b.jpg at 10,20,40,40", NOT_FOUND, 0),
    ]


def test_labels_are_the_named_faces_of_people_on_enough_pictures(tmp_path: Path) -> None:
    first, second = _picture(tmp_path, "a.jpg"), _picture(tmp_path, "b.jpg")
    for name in ("a", "b"):
        (tmp_path / f"{name}.jpg.xmp").write_bytes(_xmp(Ada=_LEFT))
    (tmp_path / "a.jpg.xmp").write_bytes(_xmp(Ada=_LEFT, Ben=_RIGHT))
    faces = _embeddings([first, first, second, second], [_LEFT, _RIGHT, _LEFT, _RIGHT])
    listing = Pictures([first, second])
    labelled = label_faces(faces, listing, 1)
    assert [one.person for one in labelled.pictures] == ["Ada", "Ben", "Ada"]
    assert [one.person for one in label_faces(faces, listing, 2).pictures] == ["Ada", "Ada"]
    for path in tmp_path.glob("*.xmp"):
        path.unlink()
    with pytest.raises(UserError, match="labels=xmp: 0 names in XMP"):
        label_faces(faces, listing, 1)


def test_a_face_left_without_a_name_takes_no_neighbours(tmp_path: Path) -> None:
    picture = _picture(tmp_path, "a.jpg")
    text = _xmp(Ada=_LEFT).decode().replace('mwg-rs:Name="Ada"', "")
    text = text.replace('MPReg:PersonDisplayName="Ada"', "")
    (tmp_path / "a.jpg.xmp").write_text(text)
    found = find_names([picture], [picture], np.array([_LEFT]))
    assert (found.names, found.n_regions) == ([None], 0)


def test_a_packet_that_is_none_is_no_trouble(tmp_path: Path) -> None:
    content = io.BytesIO()
    PIL.Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(content, "PNG")
    (tmp_path / "a.png").write_bytes(content.getvalue()[:20])
    assert Sidecars([]).read(tmp_path / "a.png").frame is None
    assert Region("", 0, 0, 1, 1).is_at(Region("x", 0, 0, 1, 1.00001))
