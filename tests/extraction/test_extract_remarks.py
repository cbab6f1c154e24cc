"""What is told about pictures that were used all the same."""

from pathlib import Path

import PIL.Image
import pytest

from facetrack.dataset import Folder
from facetrack.detector import Haar
from facetrack.embedder import DlibResNet
from facetrack.extraction.pipeline import CUT, NO_FACE, extract
from facetrack.extraction.store import Store
from facetrack.testing import portraits


def test_a_face_on_a_picture_that_is_cut_counts_and_is_told_every_time(
    warm_home: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    with PIL.Image.open(portraits(warm_home)[0].path) as drawn:
        drawn.convert("RGB").save(photos / "whole.jpg", quality=90)
    data = (photos / "whole.jpg").read_bytes()
    (photos / "cut.jpg").write_bytes(data[:-500])
    (photos / "half.jpg").write_bytes(data[: len(data) // 4])
    (tmp_path / "home").mkdir()
    for _ in range(2):
        with Store(tmp_path / "home") as store:
            found = extract(Folder(photos).load(), Haar(), DlibResNet(), store)
        assert [one.name for one in found.pictures] == ["cut.jpg", "whole.jpg"]
        told = [(one.name, one.reason, one.pictures) for one in found.skipped]
        assert told == [("cut.jpg", CUT, 0), ("half.jpg", CUT, 0), ("half.jpg", NO_FACE, 1)]
    assert found.vectors[0] @ found.vectors[1] == pytest.approx(1, abs=0.01)
