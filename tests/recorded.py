"""What tests of extracting give to processes of their own: light, as each of them imports it."""

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facetrack.core.faces import Embedder, Embeddings, Face, Vectors
from facetrack.dataset import Folder
from facetrack.detector import Haar
from facetrack.embedder import DlibResNet
from facetrack.extraction.pipeline import extract
from facetrack.extraction.store import Store


@dataclass(frozen=True)
class Logged:
    """dlib's embedder, real, that also writes down every face it embeds.

    pause: seconds before each batch, so that its process can be caught half way.
    """

    log: Path
    pause: float = 0
    normalize: bool = True
    batch: int = 4
    parallel: bool = True

    def identity(self) -> str:
        return "logged " + DlibResNet().identity()

    def embed(self, faces: Sequence[Face]) -> Vectors:
        with self.log.open("a") as log:
            log.write("x\n" * len(faces))
        time.sleep(self.pause)
        return DlibResNet().embed(faces)

    def count(self) -> int:
        return self.log.read_text().count("x") if self.log.exists() else 0


@dataclass(frozen=True)
class Crashing:
    """Kills its own process on wide boxes, as a defect in native code would."""

    normalize: bool = True
    batch: int = 1
    parallel: bool = True

    def identity(self) -> str:
        return "crashing"

    def embed(self, faces: Sequence[Face]) -> Vectors:
        if any(face.box[2] == 77 for face in faces):
            os.kill(os.getpid(), signal.SIGSEGV)
        return np.ones((len(faces), 3), dtype=np.float32)


def extracted(
    root: Path, embedder: Embedder, home: Path, detector: Haar | None = None
) -> Embeddings:
    """The embeddings of a folder's faces, found by Haar, kept in a home that is made if missing."""
    home.mkdir(exist_ok=True)
    with Store(home) as store:
        return extract(Folder(root).load(), detector or Haar(), embedder, store)
