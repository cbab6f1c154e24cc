"""What ExifTool reads of facetrack's sidecars, and facetrack of what ExifTool writes."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from facetrack.core.faces import Picture
from facetrack.extraction.xmp import document, writing
from facetrack.extraction.xmp.photos import Sidecars
from facetrack.extraction.xmp.regions import Frame

pytestmark = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="no exiftool: make extras installs it"
)
_BOX = [10, 20, 30, 40]  # on the upright picture
_NAME = "Ådä & Bo"
# The middle of that box on the stored picture of 200 x 100, or upright of 100 x 200, by hand.
_STORED = {
    1: (25, 40),
    2: (200 - 25, 40),
    3: (200 - 25, 100 - 40),
    4: (25, 100 - 40),
    5: (40, 25),
    6: (40, 100 - 25),
    7: (200 - 40, 100 - 25),
    8: (200 - 40, 25),
}


def _run(*arguments: str | Path) -> str:
    done = subprocess.run(
        ["exiftool", *map(str, arguments)], capture_output=True, text=True, check=True
    )
    return done.stdout


def _read(*paths: Path) -> list[dict[str, Any]]:
    tags = ("-RegionInfo", "-RegionInfoMP", "-Subject", "-Rating", "-Orientation#")
    found: list[dict[str, Any]] = json.loads(_run("-j", "-struct", *tags, *paths))
    return found


def _write_picture(path: Path, orientation: int) -> Path:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    PIL.Image.fromarray(np.zeros((100, 200, 3), np.uint8)).save(path, exif=exif)
    return path


def test_sidecars_of_turned_pictures_say_what_exiftool_says(tmp_path: Path) -> None:
    pictures, sidecars = [], []
    for orientation in _STORED:
        frame = Frame(200, 100, orientation)
        pictures.append(_write_picture(tmp_path / f"{orientation}.jpg", orientation))
        sidecars.append(tmp_path / f"{orientation}.jpg.xmp")
        tree = document.parse(writing.EMPTY)
        writing.add(tree, [frame.to_region(_NAME, np.array(_BOX))], frame)
        sidecars[-1].write_bytes(document.serialise(tree, writing.EMPTY))
    for (orientation, (x, y)), told in zip(_STORED.items(), _read(*sidecars), strict=True):
        w, h = (40, 30) if orientation >= 5 else (30, 40)
        assert told["RegionInfo"]["AppliedToDimensions"] == {"W": 200, "H": 100, "Unit": "pixel"}
        (region,) = told["RegionInfo"]["RegionList"]
        assert (region["Name"], region["Type"]) == (_NAME, "Face")
        assert region["Area"].pop("Unit") == "normalized"
        area = {"X": x / 200, "Y": y / 100, "W": w / 200, "H": h / 100}
        assert region["Area"] == pytest.approx(area, abs=1e-6)
        (person,) = told["RegionInfoMP"]["Regions"]
        assert person["PersonDisplayName"] == _NAME
        rectangle = [float(one) for one in person["Rectangle"].split(",")]
        assert rectangle == pytest.approx([(x - w / 2) / 200, (y - h / 2) / 100, w / 200, h / 100])
    assert "Warning" not in _run("-validate", "-warning", "-a", *sidecars)
    # ExifTool copies them into the pictures themselves, and facetrack reads them there.
    _run("-q", "-overwrite_original", "-tagsfromfile", "%d%F.xmp", "-xmp:all", *pictures)
    assert [one["Orientation"] for one in _read(*pictures)] == list(_STORED)
    for orientation, picture, sidecar in zip(_STORED, pictures, sidecars, strict=True):
        sidecar.unlink()
        (face,) = Sidecars([Picture(picture, picture.name)]).read(picture).faces
        assert face.name == _NAME
        assert Frame(200, 100, orientation).to_box(face).tolist() == _BOX


def test_regions_in_pictures_of_other_kinds_are_read(tmp_path: Path) -> None:
    pictures = [_write_picture(tmp_path / f"a.{kind}", 6) for kind in ("png", "tif", "webp")]
    _run("-q", "-overwrite_original", _STRUCTURE, *pictures)
    for picture in pictures:
        (face,) = Sidecars([Picture(picture, picture.name)]).read(picture).faces
        assert (face.name, Frame(200, 100, 6).to_box(face).tolist()) == ("Bob", [40, 30, 20, 60])


_STRUCTURE = (
    "-XMP-mwg-rs:RegionInfo={AppliedToDimensions={W=200,H=100,Unit=pixel},RegionList=["
    "{Area={X=0.3,Y=0.5,W=0.3,H=0.2,Unit=normalized},Name=Bob,Type=Face}]}"
)


def test_what_exiftool_wrote_is_merged_into_and_as_it_was_afterwards(tmp_path: Path) -> None:
    sidecar, frame = tmp_path / "a.xmp", Frame(200, 100, 6)
    _run("-q", "-o", sidecar, _STRUCTURE, "-XMP-dc:Subject=Family", "-XMP-xmp:Rating=4")
    before = sidecar.read_bytes()
    tree = document.parse(before)
    added = writing.add(tree, [frame.to_region(_NAME, np.array(_BOX))], frame)
    sidecar.write_bytes(document.serialise(tree, before))
    (told,) = _read(sidecar)
    assert [one["Name"] for one in told["RegionInfo"]["RegionList"]] == ["Bob", _NAME]
    assert (told["Subject"], told["Rating"]) == (["Family"], 4)
    writing.take_out(tree, added.mwg, added.mp)
    sidecar.write_bytes(document.serialise(tree, before))
    (told,) = _read(sidecar)
    assert [one["Name"] for one in told["RegionInfo"]["RegionList"]] == ["Bob"]
    assert (told["Subject"], told["Rating"]) == (["Family"], 4)
    assert "RegionInfoMP" not in told
