"""How well a face can be told: what it looks like before anybody compares it.

| name      | what it is                                                                       |
|-----------|----------------------------------------------------------------------------------|
| qualities | (k, 5) float32, a row per face and a column per name in COLUMNS; NaN: not known  |
| score     | how sure the detector was, from 0 to 1                                           |
| size      | the square root of the box's area, in pixels                                     |
| sharpness | of the face as an aligned network sees it, 112 by 112 pixels: in its middle, the |
|           | variance of the Laplacian over that of the brightness                            |
| pose      | how far the nose is from half-way between the eyes, along the line of the eyes,  |
|           | in distances of the eyes: 0 from the front, about 0.5 half-way to the side       |
| eyes      | the distance of the eyes, in pixels                                              |

Sharpness alone decides (`are_low`): among LFW's faces, three in ten of them blurred or made
smaller, it tells best who is confused with whom; score and size find less, and pose nothing on
those mostly frontal faces. What is too small is not sharp either.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Face
from facetrack.embedder.alignment import ARCFACE, ARCFACE_SIDE, align
from facetrack.extraction import landmarks

COLUMNS = ("score", "size", "sharpness", "pose", "eyes")
IDENTITY = "quality/2"
"""What rows of the store are kept under: raise it where anything here changes."""

Qualities = NDArray[np.float32]

# Below it are one in 5,400 of LFW's faces as they are, 1 % as Haar finds them, none of Yale's, of
# ORL's or of drawn ones, and half of LFW's that were blurred or made smaller.
_LEAST_SHARPNESS = 0.008
_MIDDLE = slice(16, 104), slice(16, 96)  # without background, mostly


def measure(faces: Sequence[Face]) -> Qualities:
    """The (k, 5) qualities of faces; of one that cannot be measured they are not known."""
    return np.array([_measure(face) for face in faces], dtype=np.float32).reshape(-1, len(COLUMNS))


def get_sharpness(qualities: Qualities) -> NDArray[np.float32]:
    """(k,) of faces; NaN where it is not known."""
    return qualities[:, COLUMNS.index("sharpness")]


def are_low(sharpness: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(k,) which faces are too blurred or small to say who they are; False where not known."""
    return np.nan_to_num(sharpness, nan=np.inf) < _LEAST_SHARPNESS


def _measure(face: Face) -> list[float]:
    nan = float("nan")
    score = nan if face.score is None else float(face.score)
    size = float(np.sqrt(np.prod(face.box[2:].astype(np.float64))))
    (whole,) = [face] if face.landmarks is not None else landmarks.complete([face])
    assert whole.landmarks is not None
    points = whole.landmarks.astype(np.float64)
    between = points[1] - points[0]
    eyes = float(np.hypot(*between))
    try:
        seen = align(face.image, whole.landmarks, np.asarray(ARCFACE), ARCFACE_SIDE)
    except ValueError:  # no five places: nothing else can be told
        return [score, size, nan, nan, nan]
    nose = points[2] - points[:2].mean(axis=0)
    return [score, size, _find_sharpness(seen), abs(float(nose @ between)) / eyes**2, eyes]


def _find_sharpness(aligned: NDArray[np.uint8]) -> float:
    import cv2

    grey = cv2.cvtColor(aligned, cv2.COLOR_RGB2GRAY).astype(np.float32)
    edges = cv2.Laplacian(grey, cv2.CV_32F)[_MIDDLE]
    return float(edges.var() / max(float(grey[_MIDDLE].var()), 1.0))
