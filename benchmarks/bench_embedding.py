"""Embedding pictures with haar and dlib: facetrack against a one-process loop, in one run.

    python benchmarks/bench_embedding.py [ARCHIVE] [PICTURES] [ROUNDS]

Without an archive of faces the drawn portraits are embedded, several times over. Prints pictures
a second for the loop on one core, for the loop with OpenCV's own threads in the detector (its
default, which keeps a second core busy a fifth of the time), and for facetrack.
"""

import importlib.util
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import dlib
import numpy as np
from PIL import Image

from facetrack.core.faces import Picture, Pictures
from facetrack.dataset import Folder, Portraits
from facetrack.detector import Haar
from facetrack.embedder import DlibResNet
from facetrack.extraction.pipeline import extract
from facetrack.extraction.store import Store
from facetrack.system.archive import extract as unpack

ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 3


def loop(pictures: Sequence[Picture], opencv_threads: int = 1) -> int:
    """What a user would write: one picture after the other. Returns how many faces there were."""
    cv2.setNumThreads(opencv_threads)
    spec = importlib.util.find_spec("face_recognition_models")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    models = Path(spec.submodule_search_locations[0]) / "models"
    cascades = Path(cv2.__file__).parent / "data"
    cascade = cv2.CascadeClassifier(str(cascades / "haarcascade_frontalface_alt2.xml"))
    landmarks = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
    network = dlib.face_recognition_model_v1(
        str(models / "dlib_face_recognition_resnet_model_v1.dat")
    )
    vectors = []
    for picture in pictures:
        image = np.asarray(Image.open(picture.path).convert("RGB"))
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        boxes = np.asarray(cascade.detectMultiScale(grey, 1.1, 3), dtype=int).reshape(-1, 4)
        if len(boxes):
            left, top, width, height = (int(value) for value in boxes[0])
            box = dlib.rectangle(left, top, left + width - 1, top + height - 1)
            vectors.append(network.compute_face_descriptor(image, landmarks(image, box)))
    return len(vectors)


def pipeline(pictures: Sequence[Picture]) -> int:
    """facetrack into a fresh store."""
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
        return len(extract(Pictures(pictures), Haar(), DlibResNet(), store).vectors)


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        if len(sys.argv) > 1:
            unpack(Path(sys.argv[1]), folder / "pictures")
            root = folder / "pictures"
            inside = list(root.iterdir())
            found = Folder(inside[0] if len(inside) == 1 else root).load().pictures
        else:
            # Each copy gets a byte more, or the store would know its content already.
            for one in Portraits().load().pictures:
                for i in range(6):
                    copy = folder / f"{i}-{Path(one.name).name}"
                    copy.write_bytes(one.path.read_bytes() + bytes([i]))
            found = Folder(folder).load().pictures
        pictures = found[: int(sys.argv[2]) if len(sys.argv) > 2 else 354]
        ratios = []
        for _ in range(ROUNDS):
            rates = []
            for method in (loop, lambda some: loop(some, cv2.getNumberOfCPUs()), pipeline):
                start = time.perf_counter()
                faces = method(pictures)
                rates.append(len(pictures) / (time.perf_counter() - start))
            ratios.append((rates[2] / rates[0], rates[2] / rates[1]))
            print(
                f"{len(pictures)} pictures, {faces} faces, in pictures/s: loop {rates[0]:.1f}, "
                f"loop with OpenCV's threads {rates[1]:.1f}, facetrack {rates[2]:.1f}",
                flush=True,
            )
        one, threaded = (statistics.median(ratio) for ratio in zip(*ratios, strict=True))
        print(
            f"median ratio to the loop {one:.2f}, to the loop with OpenCV's threads {threaded:.2f}"
        )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
