"""YuNet's network: what goes into it, and faces from what comes out.

As OpenCV's `FaceDetectorYN` has both; ONNX Runtime takes half of the time of OpenCV's own engine.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Image

OVERLAP = 0.3
"""Intersection over union from which on two boxes are one face."""
Rows = NDArray[np.float32]
"""(m, 15): left, top, width, height, five points, score."""

_MOST_FOUND = 5000  # boxes that are looked at before those of one face are united
_STRIDES = (8, 16, 32)  # pixels from each place for a face to the next
_KINDS = ("cls", "obj", "bbox", "kps")
_MULTIPLE = 32  # of height and width, as the network wants them


def run(network: Any, image: Image, score: float) -> Rows:
    """The faces of an image (h, w, 3) uint8 RGB, the surest first.

    network: a session of ONNX Runtime. score: how sure it has to be. Raises ValueError where the
    network fails.
    """
    seen = see(image)
    names = [f"{kind}_{stride}" for stride in _STRIDES for kind in _KINDS]
    try:
        given = network.run(names, {network.get_inputs()[0].name: seen})
    except Exception as error:  # ONNX Runtime's own classes have none in common
        raise ValueError(f"fails ({' '.join(str(error).split())[:200]})") from error
    columns = seen.shape[3]
    found = [
        _decode(given[first : first + len(_KINDS)], stride, columns // stride, score)
        for first, stride in zip(range(0, len(names), len(_KINDS)), _STRIDES, strict=True)
    ]
    return _unite(np.concatenate(found), score)


def see(image: Image) -> NDArray[np.float32]:
    """What the network sees: (1, 3, h, w), blue first, with black behind the last row and column.

    As `cv2.dnn.blobFromImage` gives it, in half of the time.
    """
    import cv2

    height, width = image.shape[:2]
    sides = (side + -side % _MULTIPLE for side in (height, width))
    seen = np.zeros((1, 3, *sides), dtype=np.float32)
    for place, values in zip((2, 1, 0), cv2.split(image), strict=True):
        seen[0, place, :height, :width] = values
    return seen


def _decode(given: list[NDArray[np.float32]], stride: int, columns: int, score: float) -> Rows:
    """The faces at the places of one stride, in the order of the places."""
    sure, there, boxes, points = (one[0] for one in given)
    scores = np.sqrt(np.clip(sure[:, 0], 0, 1) * np.clip(there[:, 0], 0, 1))
    chosen = np.flatnonzero(scores >= np.float32(score))
    rows = np.empty((len(chosen), 15), dtype=np.float32)
    places = np.stack([chosen % columns, chosen // columns], axis=1).astype(np.float32)
    rows[:, 2:4] = np.exp(boxes[chosen, 2:]) * stride
    rows[:, :2] = (places + boxes[chosen, :2]) * stride - rows[:, 2:4] / 2
    rows[:, 4:14] = (points[chosen] + np.tile(places, 5)) * stride
    rows[:, 14] = scores[chosen]
    return rows


def _unite(rows: Rows, score: float) -> Rows:
    """The surest of those faces that overlap, the surest first."""
    import cv2

    if len(rows) < 2:
        return rows
    boxes = np.trunc(rows[:, :4]).tolist()  # OpenCV compares them by whole pixels
    kept = cv2.dnn.NMSBoxes(boxes, rows[:, 14].tolist(), score, OVERLAP, eta=1.0, top_k=_MOST_FOUND)
    return rows[np.asarray(kept, dtype=np.int64)]
