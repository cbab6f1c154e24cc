"""An archive whose folders lie within each other without end."""

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import SHARED

from facetrack.core.errors import UserError
from facetrack.system.archive import extract


def _tar(path: Path, name: str) -> None:
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo(name), io.BytesIO())


def _zip(path: Path, name: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "")


@pytest.mark.parametrize("make", [_tar, _zip])
def test_a_member_very_deep_is_refused_in_a_line(
    tmp_path: Path, make: Callable[[Path, str], None]
) -> None:
    make(tmp_path / "deep", "a/" * 1500 + "1.png")
    with pytest.raises(UserError, match=r"lies more than 100 folders deep; use another") as told:
        extract(tmp_path / "deep", tmp_path / "into")
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 500
    assert not list(tmp_path.glob("into*"))
    make(tmp_path / "well", "a/" * 90 + "1.png")
    extract(tmp_path / "well", tmp_path / "into")
    assert (tmp_path / "into" / ("a/" * 90) / "1.png").is_file()


def test_the_shared_case_is_refused(tmp_path: Path) -> None:
    archive = SHARED / "cases/deep1500.tgz"
    if not archive.exists():
        pytest.skip("no shared cases here")
    with pytest.raises(UserError, match="lies more than 100 folders deep"):
        extract(archive, tmp_path / "into")
    assert not list(tmp_path.glob("into*"))
