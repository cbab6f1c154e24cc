"""How a picture can be taken: blurred, in the dark, leaning, turned and so on."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from facetrack.core.faces import Image
from facetrack.tasks.accessories.frame import Portrayed

BLUR = 0.06  # standard deviation, in distances of the eyes
DARKNESS = 0.25  # of the light that is left
NOISE = 25.0  # standard deviation, of 255
JPEG = 8  # quality, of 100
LEAN = 20.0  # degrees
EYES = 12.0  # pixels between the eyes, in low resolution
YAW = 25.0  # degrees

# A head as it is seen from the front, in the frame: half of its width, and where its middle is.
_WIDE, _HIGH, _MIDDLE = 1.15, 1.75, 0.55
_DEEP = 1.0  # how far the middle of the face is before the axis that the head turns about
_NOSE = 0.3


def blur(face: Portrayed) -> Portrayed:
    """Out of focus."""
    import cv2

    return _with(face, cv2.GaussianBlur(face.image, (0, 0), BLUR * face.unit))


def darken(face: Portrayed) -> Portrayed:
    """In the dark: with the noise of a sensor, and black where there was little light."""
    random = np.random.RandomState(1)
    dark = DARKNESS * face.image + random.normal(0, 4, face.image.shape)
    return _with(face, dark)


def add_noise(face: Portrayed) -> Portrayed:
    """Grain."""
    random = np.random.RandomState(2)
    return _with(face, face.image + random.normal(0, NOISE, face.image.shape))


def compress(face: Portrayed) -> Portrayed:
    """As a JPEG of low quality."""
    import cv2

    _, content = cv2.imencode(".jpg", face.image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG])
    return _with(face, np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR))[..., ::-1])


def shrink(face: Portrayed) -> Portrayed:
    """Far away: few pixels, made larger again."""
    import cv2

    height, width = face.image.shape[:2]
    by = min(1.0, EYES / face.unit)
    size = max(2, round(by * width)), max(2, round(by * height))
    small = cv2.resize(face.image, size, interpolation=cv2.INTER_AREA)
    return _with(face, cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))


def lean(face: Portrayed) -> Portrayed:
    """The whole picture turned about the face; the box stays upright and of its size."""
    import cv2

    height, width = face.image.shape[:2]
    x, y = face.points.mean(axis=0).tolist()
    turn = cv2.getRotationMatrix2D((x, y), LEAN, 1)
    image = cv2.warpAffine(
        face.image, turn, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    points = face.points @ turn[:, :2].T + turn[:, 2]
    middle = face.box[:2] + face.box[2:] / 2
    box = np.array([*np.rint(turn[:, :2] @ middle + turn[:, 2] - face.box[2:] / 2), *face.box[2:]])
    limit = np.maximum([width, height] - box[2:], 0)
    box[:2] = np.clip(box[:2], 0, limit)
    return replace(
        face, image=_whole(image), box=box.astype(np.int64), points=points.astype(np.float32)
    )


def turn(face: Portrayed) -> Portrayed:
    """The head turned to the right of the picture, by a piecewise affine warp.

    Corners of a grid on the head move as on a turned ellipsoid with a nose; between them the map
    is affine, triangle by triangle. Around the head the picture stays.
    """
    import cv2
    from scipy.interpolate import LinearNDInterpolator

    grid = np.stack(
        np.meshgrid(np.linspace(-1.05, 1.05, 15), np.linspace(-0.95, 0.95, 13)), axis=-1
    ).reshape(-1, 2)
    inside = grid[(grid**2).sum(axis=1) < 0.98] * [_WIDE, _HIGH] + [0, _MIDDLE]
    height, width = face.image.shape[:2]
    edge = round_edge(width, height)
    sources = np.concatenate([face.place(inside), edge])
    goals = np.concatenate([face.place(_turn_places(inside)), edge])
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    found = LinearNDInterpolator(goals, sources)(x, y)
    own = np.stack([x, y], axis=-1)
    columns, rows = np.moveaxis(np.where(np.isnan(found), own, found).astype(np.float32), -1, 0)
    image = cv2.remap(face.image, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    back = (face.points - face.to_pixels[:, 2]) @ np.linalg.inv(face.to_pixels[:, :2]).T
    points = face.place(_turn_places(back)).astype(np.float32)
    return replace(face, image=_whole(image), points=points)


def round_edge(width: int, height: int) -> NDArray[np.float64]:
    """Points along the edge of a picture, which stay where they are."""
    x, y = np.linspace(0, width - 1, 9), np.linspace(0, height - 1, 9)
    sides = [np.column_stack([x, np.full(9, at)]) for at in (0, height - 1)]
    sides += [np.column_stack([np.full(9, at), y]) for at in (0, width - 1)]
    return np.unique(np.concatenate(sides), axis=0)


def _turn_places(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """(m, 2) places of the frame after the turn."""
    angle = np.radians(YAW)
    x, y = places[:, 0], places[:, 1]
    rest = 1 - (x / _WIDE) ** 2 - ((y - _MIDDLE) / _HIGH) ** 2
    deep = _DEEP * np.sqrt(np.maximum(rest, 0))
    deep += _NOSE * np.exp(-((x / 0.2) ** 2) - ((y - 0.55) / 0.25) ** 2)
    # At the outline the head gives way to what is behind it.
    share = np.clip(4 * rest, 0, 1)
    turned = x * np.cos(angle) + deep * np.sin(angle) - 0.5 * _DEEP * np.sin(angle)
    return np.column_stack([x + share * (turned - x), y])


def _with(face: Portrayed, image: NDArray[np.generic]) -> Portrayed:
    return replace(face, image=_whole(image))


def _whole(image: NDArray[np.generic]) -> Image:
    values: Image = np.clip(np.rint(np.asarray(image, np.float32)), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(values)
