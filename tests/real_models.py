"""Real models and pictures, of which nothing is committed: tests that need them say so."""

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import yaml

from facetrack.core.faces import Image
from facetrack.core.scale import SETTINGS, Scale
from facetrack.system.shipped import CONF

SHARED = Path(__file__).resolve().parents[2] / "shared"
YUNET = SHARED / "models/face_detection_yunet_2023mar.onnx"
MOBILEFACENET = SHARED / "models/mobilefacenet_foamliu.onnx"
LFW_VECTORS = SHARED / "data/lfw_mobilefacenet_embeddings.npz"
_LFW, _ORL = SHARED / "data/lfw-deepfunneled.tgz", SHARED / "data/orl_faces.tgz"

needs_models = pytest.mark.skipif(
    not (YUNET.is_file() and MOBILEFACENET.is_file()), reason="no ../shared/models here"
)
needs_lfw = pytest.mark.skipif(
    not (YUNET.is_file() and _LFW.is_file() and LFW_VECTORS.is_file()),
    reason="no ../shared/models or no LFW here",
)


def read_settings(choice: str) -> dict[str, Any]:
    """What a YAML in conf, such as "detector/yunet", gives to its class."""
    settings = yaml.safe_load((CONF / f"{choice}.yaml").read_text())
    return {key: settings[key] for key in settings if key not in ("_target_", *SETTINGS)}


def read_lfw(names: set[str]) -> Iterator[tuple[str, Image]]:
    """Some of LFW's pictures by their names, PERSON/FILE, near the beginning of the archive."""
    yield from _read(_LFW, "lfw-deepfunneled/", names)


def read_orl(names: set[str]) -> Iterator[tuple[str, Image]]:
    """Some of ORL's pictures by their names, s1/1.pgm and so on."""
    yield from _read(_ORL, "", names)


def _read(archive: Path, above: str, names: set[str]) -> Iterator[tuple[str, Image]]:
    missing = set(names)
    with tarfile.open(archive) as opened:
        for member in opened:
            name = member.name.removeprefix("./").removeprefix(above)
            if name in missing:
                with PIL.Image.open(opened.extractfile(member)) as picture:  # type: ignore[arg-type]
                    yield name, np.asarray(picture.convert("RGB"))
                missing.remove(name)
            if not missing:
                return


def read_scale(choice: str) -> Scale:
    """An embedder's distances, as a YAML in conf such as "embedder/dlib" has them."""
    settings = yaml.safe_load((CONF / f"{choice}.yaml").read_text())
    return Scale.read({key: settings[key] for key in ("radius", *SETTINGS) if key in settings})
