"""Height fields and the light on them, at half the size of a sheet."""

import numpy as np

from facetrack.dataset.drawing.functions import exp, power
from facetrack.dataset.drawing.sheet import SIZE, UNIT, Field, blur
from facetrack.dataset.sitters import TOP, Shot, Sitter


def grid() -> tuple[Field, Field]:
    """Across (1, w) and down (h, 1), in units, of a head's own sheet."""
    axis = ((np.arange(SIZE) * 2 + 1 - SIZE) / UNIT).astype(np.float32)
    return axis[None, :], axis[:, None]


def light_on_head(shot: Shot) -> Field:
    """(3,) unit vector towards the lamp, as seen from the turned head."""
    x, y, z = shot.light
    sin, cos = np.sin(shot.yaw), np.cos(shot.yaw)
    turned = np.array([x * cos - z * sin, y, x * sin + z * cos], np.float32)
    return np.asarray(turned / np.linalg.norm(turned), dtype=np.float32)


def face_height(sitter: Sitter, smile: float) -> Field:
    """How far a face stands out, (h, w) in units."""
    across, down = grid()
    lower = 1 / (1 + exp(-down / 0.12))
    squareness = 2.2 + (sitter.jaw - 2.2) * lower
    reach = 1.06 * (TOP + (sitter.chin - TOP) * lower)
    distance = power(np.abs(across) / (1.06 * sitter.width), squareness)
    distance = distance + power(np.abs(down) / reach, squareness)
    height = 0.62 * np.sqrt(np.clip(1 - distance, 0.02, None))

    tip, wide = sitter.nose, sitter.nose_width
    ridge = np.clip((down + 0.08) / (tip + 0.08), 0, 1)
    ridge = ridge * exp(-((np.clip(down - tip, 0, None) / 0.05) ** 2))
    height += 0.13 * ridge * exp(-((across / (0.55 * wide + 0.02)) ** 2))
    height += 0.05 * _bump(0, tip - 0.02, 0.75 * wide, 0.075)
    height += 0.05 * _bump(0, -0.6, 0.45, 0.25)  # forehead
    height += 0.05 * _bump(0, sitter.chin - 0.14, 0.2, 0.1)
    height -= 0.03 * _bump(0, sitter.mouth + sitter.lips + 0.09, 0.2, 0.05)
    for side in (-1, 1):
        height += 0.035 * _bump(side * wide * 0.85, tip + 0.03, 0.06, 0.06)
        height -= 0.07 * _bump(side * sitter.eye_gap, 0, 0.2, 0.13)
        height += 0.03 * _bump(side * sitter.eye_gap, -sitter.brow_lift, 0.2, 0.06)
        height += (0.06 + 0.03 * smile) * _bump(side * 0.4, 0.34 - 0.04 * smile, 0.2, 0.16)
    return blur(height, 2.5)


def shine(height: Field, light: Field, ambient: float) -> tuple[Field, Field]:
    """Brightness and gloss of a height field, each (h, w)."""
    down, across = np.gradient(height, 2 / UNIT)
    length = np.sqrt(across**2 + down**2 + 1)
    facing = (light[2] - across * light[0] - down * light[1]) / length
    # Half of the light gets around the edge: by Lambert's law alone, skin looks hard.
    bright = ambient + (1 - ambient) * 1.2 * (0.5 + 0.5 * facing) ** 2
    halfway = light + np.array([0, 0, 1], np.float32)
    halfway /= np.linalg.norm(halfway)
    mirrored = (halfway[2] - across * halfway[0] - down * halfway[1]) / length
    return bright.astype(np.float32), power(np.clip(mirrored, 0, 1), 24).astype(np.float32)


def _bump(x: float, y: float, width: float, height: float) -> Field:
    across, down = grid()
    bump = exp(-(((down - y) / height) ** 2)) * exp(-(((across - x) / width) ** 2))
    return np.asarray(bump, dtype=np.float32)
