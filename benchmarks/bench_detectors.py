"""How many faces each detector finds, and what detecting and embedding cost, in one run.

    python benchmarks/bench_detectors.py FOLDER

FOLDER holds lfw-deepfunneled.tgz, orl_faces.tgz and yale_faces.tgz. Times are of the processor, on
one thread; OpenCV's Haar takes turns with the others, so that a busy machine slows down all. The
models' files are those of FACETRACK_HOME. Large pictures are made of LFW's faces, each 40 to 80
pixels wide, on a smooth background of 4000 by 3000 pixels, by a seed.
"""

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Face, Image
from facetrack.dataset import Folder
from facetrack.extraction import landmarks
from facetrack.extraction.picture import read
from facetrack.system.archive import extract as unpack
from facetrack.system.choices import make_default

DETECTORS = ("haar", "dlib_hog", "yunet")
EMBEDDERS = ("dlib", "mobilefacenet")
SETS = {"LFW": "lfw-deepfunneled.tgz", "ORL": "orl_faces.tgz", "Yale": "yale_faces.tgz"}
MOST = 600
LARGE, PASTED = 4, 8  # pictures, and faces on each
WIDTH, HEIGHT = 4000, 3000


def paste(faces: list[Image], seed: int = 0) -> Iterator[tuple[Image, NDArray[np.int64]]]:
    """Pictures of 12 megapixels, and the middles (8, 2) of the small faces on each."""
    random = np.random.default_rng(seed)
    for number in range(LARGE):
        rough = random.integers(60, 200, (6, 8, 3)).astype(np.uint8)
        middles = []
        image = cv2.resize(rough, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        for place in range(PASTED):
            whole = faces[number * PASTED + place]
            wide = int(random.integers(40, 81)) * len(whole) // 100  # a face is 100 of 250 pixels
            small = cv2.resize(whole, (wide, wide), interpolation=cv2.INTER_AREA)
            left = 200 + 950 * (place % 4) + int(random.integers(0, 300))
            top = 300 + 1400 * (place // 4) + int(random.integers(0, 600))
            image[top : top + wide, left : left + wide] = small
            middles.append((left + wide // 2, top + wide // 2))
        yield np.asarray(image), np.array(middles)


def tell_found(name: str, images: list[Image], detectors: dict[str, Any]) -> None:
    """How many pictures give a face by each detector, and what a picture costs."""
    found: dict[str, int] = defaultdict(int)
    spent: dict[str, float] = defaultdict(float)
    for image in images:
        for kind, detector in detectors.items():
            start = time.process_time()
            detection = detector.detect(image)
            spent[kind] += time.process_time() - start
            found[kind] += bool(len(detection.boxes))
    n = len(images)
    told = " | ".join(f"{found[kind]:,} | {1e3 * spent[kind] / n:.1f}" for kind in detectors)
    print(f"| {name}: pictures with a face, of {n:,} | {told} |", flush=True)


def tell_small(pictures: list[tuple[Image, NDArray[np.int64]]], detectors: dict[str, Any]) -> None:
    """How many of the pasted faces have a box whose middle is within 20 pixels of theirs."""
    found: dict[str, int] = defaultdict(int)
    spent: dict[str, float] = defaultdict(float)
    for image, middles in pictures:
        for kind, detector in detectors.items():
            start = time.process_time()
            boxes = detector.detect(image).boxes
            spent[kind] += time.process_time() - start
            at = boxes[:, :2] + boxes[:, 2:] / 2
            apart = np.linalg.norm(middles[:, None] - at, axis=2)
            found[kind] += int((apart <= 20).any(axis=1).sum())
    n = len(pictures)
    told = " | ".join(f"{found[kind]:,} | {1e3 * spent[kind] / n:.0f}" for kind in detectors)
    print(f"| 12 megapixels: faces of 40 to 80 pixels, of {n * PASTED} | {told} |", flush=True)


def tell_embedding(images: list[Image], detector: Any) -> None:
    """What a face costs each embedder, with its alignment, in batches as it likes them."""
    faces = []
    for image in images:
        found = detector.detect(image)
        if len(found.boxes):
            faces.append(Face(image, found.boxes[0], found.landmarks[0], found.scores[0]))
    for name in EMBEDDERS:
        embedder = make_default("embedder", name)
        given = landmarks.complete(faces) if landmarks.are_needed(embedder) else faces
        embedder.embed(given[: embedder.batch])
        start = time.process_time()
        for first in range(0, len(given), embedder.batch):
            embedder.embed(given[first : first + embedder.batch])
        spent = time.process_time() - start
        print(f"- {name}: {1e3 * spent / len(given):.1f} ms per face ({len(given)} faces)")


def main() -> None:
    data = Path(sys.argv[1])
    cv2.setNumThreads(1)
    detectors = {kind: make_default("detector", kind) for kind in DETECTORS}
    print("| | " + " | ".join(f"{kind} | ms" for kind in DETECTORS) + " |")
    print("|---" * (1 + 2 * len(DETECTORS)) + "|")
    lfw: list[Image] = []
    with tempfile.TemporaryDirectory() as place:
        for name, archive in SETS.items():
            unpack(data / archive, Path(place) / name)
            pictures = Folder(next((Path(place) / name).iterdir())).load().pictures
            some = pictures[:: max(1, len(pictures) // MOST)][:MOST]
            images = [read(one.path) for one in some]
            lfw = lfw or images
            tell_found(name, images, detectors)
    tell_small(list(paste(lfw)), detectors)
    print("\nEmbedding faces of LFW, one thread:\n")
    tell_embedding(lfw[:200], detectors["yunet"])


if __name__ == "__main__":
    main()
