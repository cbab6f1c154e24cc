"""What the store has of pictures and faces, and the keys that it has it under."""

import functools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Detector, Embedder
from facetrack.detector import reduce
from facetrack.extraction import landmarks
from facetrack.extraction.detections import DetectionRecord
from facetrack.extraction.picture import MAX_PIXELS
from facetrack.extraction.store import Store

Placed = tuple[bytes, NDArray[np.int64]]  # a face: the digest of its picture, and its box


def load_vectors(
    store: Store, detector: Detector, embedder: Embedder, faces: Sequence[Placed]
) -> dict[tuple[bytes, bytes], NDArray[np.float32]]:
    """The stored raw vectors among some faces, by the digest of their picture and box bytes.

    faces: digests of pictures, and boxes (4,).
    """
    detections = load_detections(store, detector, {digest for digest, _ in faces})
    return find_vectors(store, detector, embedder, faces, detections)


def find_vectors(
    store: Store,
    detector: Detector,
    embedder: Embedder,
    faces: Sequence[Placed],
    detections: Mapping[bytes, DetectionRecord],
) -> dict[tuple[bytes, bytes], NDArray[np.float32]]:
    """The same, with the detections of the pictures at hand."""
    by_name: dict[str, list[Placed]] = {}
    names: dict[object, str | None] = {}  # one of a kind stands for many pictures
    for digest, box in faces:
        found = detections.get(digest)
        kind = found and (found.width * found.height, found.found.landmarks is None)
        if kind not in names:
            names[kind] = name_vectors(detector, embedder, found)
        if (name := names[kind]) is not None:
            by_name.setdefault(name, []).append((digest, box))
    vectors: dict[tuple[bytes, bytes], NDArray[np.float32]] = {}
    for name, some in by_name.items():
        vectors |= store.vectors(name, some)
    return vectors


def load_detections(
    store: Store, detector: Detector, pictures: set[bytes]
) -> dict[bytes, DetectionRecord]:
    """The stored detections among these pictures; each under the key for a picture of its size."""
    known: dict[bytes, DetectionRecord] = {}
    name = remember_names(detector)
    for identity in dict.fromkeys((detector.identity(), reduce.identity(detector, MAX_PIXELS))):
        for picture, found in store.detections(identity, pictures - known.keys()).items():
            if name(found) == identity:
                known[picture] = found
    return known


def name_detections(detector: Detector, found: DetectionRecord) -> str:
    """Everything a picture's detection depends on, as text: its key in the store."""
    return reduce.identity(detector, found.width * found.height)


def remember_names(detector: Detector) -> Callable[[DetectionRecord], str]:
    """`name_detections` of a detector for many pictures, each size of which is named once."""
    name = functools.cache(functools.partial(reduce.identity, detector))
    return lambda found: name(found.width * found.height)


def name_vectors(
    detector: Detector, embedder: Embedder, found: DetectionRecord | None
) -> str | None:
    """Everything the vectors of a picture's faces depend on, as text: their key in the store.

    None where that depends on a detection which is not known.
    """
    if not landmarks.are_needed(embedder):
        return embedder.identity()
    if found is None:
        return None
    given = found.found.landmarks is not None
    by = landmarks.identity()
    if given:
        by = f"{name_detections(detector, found)}, leaning faces by {by}"
    return f"{embedder.identity()} by landmarks of {by}"
