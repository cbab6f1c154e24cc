"""A model's content is had only when its hash is right."""

import hashlib
import pickle
from pathlib import Path

import pytest

from facetrack.core.errors import UserError
from facetrack.system.model_file import ModelFile

pytestmark = pytest.mark.usefixtures("online")

CONTENT = b"a network's weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def published(sha256: str = SHA256) -> ModelFile:
    # Nobody listens at port 9: a file is had only where it lies already.
    urls = ("https://127.0.0.1:9/m", "https://127.0.0.1:9/n")
    return ModelFile(None, urls, "m.onnx", sha256, "an .onnx file", "use another")


def own(path: Path) -> ModelFile:
    return ModelFile(str(path), (), "m.onnx", SHA256, "an .onnx file", "use another")


def test_a_published_file_that_was_downloaded_before(home: Path) -> None:
    (home / "downloads").mkdir(parents=True)
    (home / "downloads/m.onnx").write_bytes(CONTENT)
    assert published().digest == SHA256
    assert published().read() == CONTENT
    assert pickle.loads(pickle.dumps(published())).read() == CONTENT


def test_another_file_in_its_place_is_never_read(home: Path) -> None:
    (home / "downloads").mkdir(parents=True)
    (home / "downloads/m.onnx").write_bytes(b"something else")
    with pytest.raises(UserError, match=r"no m.onnx yet .*/m .*/n .*or use another$"):
        published().read()
    assert not (home / "downloads/m.onnx").exists()


def test_a_file_of_ones_own_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "w.onnx"
    path.write_bytes(b"mine")
    file = own(path)
    assert file.digest == hashlib.sha256(b"mine").hexdigest()
    assert file.read() == b"mine"
    path.write_bytes(b"changed")
    with pytest.raises(UserError, match="was changed while facetrack read it: run again"):
        file.read()


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "huge"])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, kind: str) -> None:
    import os

    path = tmp_path / "w.onnx"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "huge":
        with path.open("wb") as opened:
            opened.truncate((2 << 30) + 1)
    reasons = {
        "missing": "No such file or directory",
        "folder": "it is a folder",
        "pipe": "it is not a file",
        "huge": "it has more than 2 GiB",
    }
    with pytest.raises(UserError) as told:
        own(path).read()
    assert str(told.value) == (
        f"weights must be an .onnx file, but {path} cannot be read ({reasons[kind]}): correct it, "
        "or leave it out to use the published file"
    )
