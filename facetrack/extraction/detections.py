"""What the store keeps of a detection, as bytes.

| form | payload                                                                                |
|------|----------------------------------------------------------------------------------------|
| 1    | width, height: 2 int64; boxes: (m, 4) int64                                            |
| 2    | -2, width, height, m, what follows the boxes (1: scores, 2: landmarks, 3: both): 5     |
|      | int64; boxes: (m, 4) int64; scores: (m,) float32; landmarks: (m, 5, 2) float32         |

All of it is little-endian. A detection of boxes alone is kept in form 1, as it always was.
"""

import struct
from dataclasses import dataclass

import numpy as np

from facetrack.core.faces import Detection

_SCORES, _LANDMARKS = 1, 2
_FORM, _HEAD = struct.Struct("<q"), struct.Struct("<5q")


@dataclass(frozen=True, slots=True)
class DetectionRecord:
    """All faces a detector found on one picture, and the picture's size in pixels."""

    width: int
    height: int
    found: Detection


def pack(record: DetectionRecord) -> bytes:
    """The payload of a record."""
    found = record.found
    parts = [np.ascontiguousarray(found.boxes, dtype="<i8").tobytes()]
    if found.scores is None and found.landmarks is None:
        return np.array([record.width, record.height], dtype="<i8").tobytes() + parts[0]
    behind = 0
    for bit, values in ((_SCORES, found.scores), (_LANDMARKS, found.landmarks)):
        if values is not None:
            behind |= bit
            parts.append(np.ascontiguousarray(values, dtype="<f4").tobytes())
    head = np.array([-2, record.width, record.height, len(found.boxes), behind], dtype="<i8")
    return b"".join([head.tobytes(), *parts])


def unpack(payload: bytes) -> DetectionRecord | None:
    """The record of a payload; None for a form that only a later version knows."""
    (form,) = _FORM.unpack_from(payload)
    if form >= 0:
        numbers = np.frombuffer(payload, dtype="<i8")
        boxes = numbers[2:].reshape(-1, 4).astype(np.int64)
        return DetectionRecord(int(numbers[0]), int(numbers[1]), Detection(boxes))
    if form != -2:
        return None
    _, width, height, m, behind = _HEAD.unpack_from(payload)
    boxes = np.frombuffer(payload, dtype="<i8", count=4 * m, offset=_HEAD.size)
    start = _HEAD.size + boxes.nbytes
    values = np.frombuffer(payload, dtype="<f4", offset=start).astype(np.float32)
    scores, points = (values[:m], values[m:]) if behind & _SCORES else (None, values)
    found = Detection(
        boxes.reshape(-1, 4).astype(np.int64),
        scores,
        points.reshape(m, 5, 2) if behind & _LANDMARKS else None,
    )
    return DetectionRecord(width, height, found)
