"""The drawn portraits: pictures of people who do not exist, for tests to take."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

from facetrack.core.faces import Detector, Embeddings, Picture
from facetrack.dataset import Portraits
from facetrack.detector import Haar
from facetrack.embedder import DlibResNet
from facetrack.extraction.pipeline import extract
from facetrack.extraction.store import Store


def portraits(home: Path) -> Sequence[Picture]:
    """The drawn portraits, kept in a FACETRACK_HOME: drawn where they are not there yet."""
    with patch.dict(os.environ, FACETRACK_HOME=str(home)):
        return Portraits().load().pictures


def portrait_faces(home: Path, detector: Detector | None = None) -> Embeddings:
    """Their faces as a detector, Haar, finds them and dlib's network embeds them, kept there."""
    with patch.dict(os.environ, FACETRACK_HOME=str(home)), Store(home) as store:
        return extract(Portraits().load(), detector or Haar(), DlibResNet(), store)


def photos(folder: Path, home: Path, n: int = 24) -> Path:
    """The first `n` of them, copied into the new flat folder `photos` in a folder."""
    root = folder / "photos"
    root.mkdir(parents=True)
    for picture in portraits(home)[:n]:
        shutil.copy(picture.path, root)
    return root


def people(folder: Path, home: Path, n: int = 5) -> Path:
    """All of the first `n` people, a sub-folder each, in the new folder `people` in a folder."""
    root = folder / "people"
    pictures = portraits(home)
    for person in sorted({str(picture.person) for picture in pictures})[:n]:
        (root / person).mkdir(parents=True)
        for picture in pictures:
            if picture.person == person:
                shutil.copy(picture.path, root / person)
    return root


def copied_home(home: Path, other: Path) -> Path:
    """A new home with what another one, which others may be filling, has drawn and embedded."""
    portraits_only(home, other)
    stored = home / "embeddings.sqlite"
    stored.touch(mode=0o600)
    with (
        contextlib.closing(sqlite3.connect(other / stored.name, timeout=60)) as source,
        contextlib.closing(sqlite3.connect(stored)) as target,
    ):
        source.backup(target)
    return home


def portraits_only(home: Path, drawn: Path) -> None:
    """Make a home that has nothing but the portraits that another one has drawn."""
    home.mkdir(mode=0o700, parents=True)
    for folder in drawn.glob("portraits-*"):
        shutil.copytree(folder, home / folder.name)
