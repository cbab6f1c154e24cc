"""What a face can wear, drawn onto it by its landmarks."""

import numpy as np
from numpy.typing import NDArray

from facetrack.tasks.accessories.frame import Layer, Portrayed, mirror, round_off, shift, smooth

_SIDES = np.array([[-1.0, 1.0], [1.0, 1.0]])


def wear_glasses(face: Portrayed) -> Portrayed:
    """A dark frame with clear lenses that reflect a little."""
    lenses = [side * shift(round_off(0.34, 0.25, 3), 0.49, 0.05) for side in _SIDES]
    light = np.array([(0.32, -0.1), (0.55, -0.14), (0.42, 0.22), (0.3, 0.16)])
    glare = 0.3 * face.fill(light, shift(light, -0.98, 0), soft=0.05)
    worn = face.paint(0.08 * face.fill(*lenses), (225, 230, 235))
    worn = worn.paint(glare, (240, 243, 246))
    shadow = face.stroke(
        *(shift(one, 0, 0.06) for one in lenses), wide=0.08, closed=True, soft=0.05
    )
    worn = worn.paint(0.25 * shadow, (30, 25, 22))
    return worn.paint(_draw_frame(face, lenses, 0.05), (38, 32, 30), shaded=0.2)


def wear_sunglasses(face: Portrayed) -> Portrayed:
    """Lenses through which nothing is seen."""
    lenses = [side * shift(round_off(0.4, 0.31, 2.8), 0.5, 0.08) for side in _SIDES]
    worn = face.paint(0.95 * face.fill(*lenses), (22, 22, 26), shaded=0.1)
    band = np.array([(0.18, -0.12), (0.6, -0.16), (0.42, 0.04), (0.2, 0.08)])
    glare = 0.22 * face.fill(band, shift(band, -1, 0), soft=0.08)
    worn = worn.paint(glare, (150, 155, 165))
    return worn.paint(_draw_frame(face, lenses, 0.06), (18, 16, 16), shaded=0.2)


def _draw_frame(face: Portrayed, lenses: list[NDArray[np.float64]], wide: float) -> Layer:
    """The rims, the bridge between them, and what leads to the ears."""
    bridge = np.array([(-0.17, 0.0), (-0.08, -0.05), (0.08, -0.05), (0.17, 0.0)])
    arms = [side * np.array([(0.82, -0.03), (1.06, -0.05)]) for side in _SIDES]
    rims = face.stroke(*lenses, wide=wide, closed=True, soft=0.008)
    return np.maximum(rims, face.stroke(bridge, *arms, wide=wide, soft=0.008))


def wear_mask(face: Portrayed) -> Portrayed:
    """A surgeon's mask, from the bridge of the nose to below the chin."""
    half = [(0, 0.3), (0.25, 0.37), (0.55, 0.47), (0.93, 0.5), (0.92, 1.0), (0.7, 1.6),
            (0.35, 1.95), (0, 2.02)]  # fmt: skip
    shape = smooth(mirror(half))
    cords = [side * np.array([(0.9, y), (1.15, 0.2)]) for side in _SIDES for y in (0.55, 1.0)]
    worn = face.paint(0.9 * face.stroke(*cords, wide=0.025), (225, 228, 230))
    worn = worn.paint(face.fill(shape, soft=0.015), (158, 192, 212), shaded=0.8)
    pleats = [np.array([(-0.84, y - 0.08), (0, y), (0.84, y - 0.08)]) for y in (0.85, 1.08, 1.32)]
    inside = face.fill(0.97 * (shape - [0, 1.1]) + [0, 1.1])
    worn = worn.paint(0.35 * inside * face.stroke(*pleats, wide=0.03, soft=0.015), (90, 120, 140))
    wire = np.array([(-0.3, 0.44), (0, 0.36), (0.3, 0.44)])
    return worn.paint(0.3 * face.stroke(wire, wide=0.03, soft=0.01), (235, 240, 244))


def wear_hat(face: Portrayed) -> Portrayed:
    """A knitted cap, down to above the brows."""
    dome = smooth(mirror([(0, -1.85), (0.55, -1.78), (1.0, -1.35), (1.16, -0.75), (1.14, -0.2),
                          (0.95, -0.42), (0.5, -0.55), (0, -0.58)]))  # fmt: skip
    band = mirror([(0, -0.84), (0.5, -0.82), (1.0, -0.68), (1.17, -0.5), (1.14, -0.2),
                   (0.95, -0.4), (0.5, -0.53), (0, -0.56)])  # fmt: skip
    worn = face.paint(0.4 * face.fill(shift(dome, 0, 0.08), soft=0.06), (20, 16, 14))  # its shadow
    worn = worn.paint(face.fill(dome, soft=0.01), (52, 62, 92), shaded=0.5)
    worn = worn.paint(face.fill(smooth(band, 1), soft=0.01), (66, 78, 112), shaded=0.5)
    knit = [np.array([(x, -0.5), (0.9 * x, -1.6)]) for x in np.linspace(-1.1, 1.1, 23)]
    return worn.paint(0.25 * face.fill(dome) * face.stroke(*knit, wide=0.025), (20, 24, 40))


def wear_scarf(face: Portrayed) -> Portrayed:
    """A scarf over mouth and chin, as in the cold."""
    half = [(0, 0.84), (0.4, 0.86), (0.85, 0.78), (1.15, 0.7), (1.4, 1.4), (1.45, 2.6), (0, 2.8)]
    shape = smooth(mirror(half), 1)
    worn = face.paint(0.4 * face.fill(shape - [0, 0.05], soft=0.06), (25, 15, 12))
    worn = worn.paint(face.fill(shape, soft=0.015), (128, 44, 46), shaded=0.6)
    folds = [np.array([(-1.4, y - 0.15), (-0.4, y + 0.1), (0.5, y), (1.4, y - 0.2)])
             for y in (1.1, 1.45, 1.8, 2.2)]  # fmt: skip
    return worn.paint(
        0.5 * face.fill(shape) * face.stroke(*folds, wide=0.07, soft=0.04), (70, 20, 24)
    )


def wear_beard(face: Portrayed) -> Portrayed:
    """A full beard and a moustache; the lips stay free."""
    outer = smooth(mirror([(0, 0.86), (0.3, 0.86), (0.5, 1.05), (0.72, 0.85), (0.86, 0.35),
                           (0.98, 0.35), (0.93, 1.0), (0.72, 1.6), (0.38, 1.98),
                           (0, 2.08)]))  # fmt: skip
    lips = shift(round_off(0.3, 0.085), 0, 1.16)
    covered = np.clip(face.fill(outer, soft=0.05) - face.fill(lips, soft=0.03), 0, 1)
    # Hair: noise that is drawn out downwards, the same for the same size of a picture.
    place = face.find_frame()
    random = np.random.RandomState(5)
    grain = random.uniform(0.55, 1.0, (400, 64)).astype(np.float32)
    row = np.clip(((place[..., 0] + 1.3) / 2.6 * 399), 0, 399).astype(int)
    column = np.clip((place[..., 1] + 0.5) / 3 * 63, 0, 63).astype(int)
    return face.paint((covered * grain[row, column]).astype(np.float32), (52, 40, 34), shaded=0.5)
