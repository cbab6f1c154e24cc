"""What is wrong with a stage, and not with a picture, is told once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from real_models import read_settings

from facetrack.core.errors import UserError
from facetrack.core.faces import Detection, Face, Image, Pictures, Vectors
from facetrack.dataset import Folder
from facetrack.detector import YuNet
from facetrack.extraction.pipeline import extract
from facetrack.extraction.store import Store

pytestmark = pytest.mark.usefixtures("online")


@dataclass(frozen=True)
class Plain:
    """An embedder that is always ready."""

    normalize: bool = False
    batch: int = 1
    parallel: bool = False

    def identity(self) -> str:
        return "plain"

    def embed(self, faces: Sequence[Face]) -> Vectors:
        return np.ones((len(faces), 2), dtype=np.float32)


class Unready:
    """A detector whose weights turn out unusable only when it looks."""

    choose, border = "first", 0

    def identity(self) -> str:
        return "unready"

    def detect(self, image: Image) -> Detection:
        raise UserError("its weights cannot be had")


@pytest.fixture(scope="module")
def listing(small_folder: Path) -> Pictures:
    return Folder(small_folder).load()


def test_weights_that_nobody_has_are_told_before_any_picture(
    listing: Pictures, tmp_path: Path, home: Path
) -> None:
    settings = {**read_settings("detector/yunet"), "urls": ["https://127.0.0.1:9/m.onnx"]}
    detector = YuNet(**settings)
    with Store(tmp_path) as store:
        with pytest.raises(UserError, match=r"^no face_detection_yunet_2023mar\.onnx yet") as told:
            extract(listing, detector, Plain(), store)
        assert "use detector=haar, which needs no download" in str(told.value)
        assert "\n" not in str(told.value)


def test_it_is_no_fault_of_the_pictures(listing: Pictures, tmp_path: Path) -> None:
    with Store(tmp_path) as store, pytest.raises(UserError, match="its weights cannot be had"):
        extract(listing, Unready(), Plain(), store)
