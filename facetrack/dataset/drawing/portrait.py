"""A whole picture: backdrop, clothes, and the head in its pose."""

import cv2
import numpy as np

from facetrack.core.faces import Image
from facetrack.dataset.drawing.hair import back_hair, front_hair
from facetrack.dataset.drawing.head import draw_glasses, draw_head
from facetrack.dataset.drawing.sheet import (
    DRAWN,
    SIZE,
    UNIT,
    Points,
    Sheet,
    both_sides,
    ellipse,
    enlarge,
    move,
    smooth,
)
from facetrack.dataset.drawing.surface import light_on_head
from facetrack.dataset.sitters import CUTS, Shot, Sitter, seed_random

_PIVOT = np.array([0.0, 0.9])  # a head tilts about its neck


def draw(sitter: Sitter, shot: Shot) -> Image:
    """One picture, (SIZE, SIZE, 3) uint8 RGB; equal arguments give equal pixels."""
    upright, tilted = _place(shot, 0.0), _place(shot, shot.roll)
    light = light_on_head(shot)
    cut = CUTS[sitter.cut]
    picture = _backdrop(shot, upright)
    _draw_clothes(picture, shot)
    if cut is not None and (cut.back is not None or cut.bun):
        picture.lay(_turn(back_hair(sitter, cut, light), tilted, shot, depth=-0.25))
    _draw_neck(picture, sitter, shot)
    head = draw_head(sitter, shot, light)
    if cut is not None:
        head.lay(front_hair(sitter, cut, light))
    if shot.sunglasses or sitter.glasses:
        draw_glasses(head, sitter, shot.sunglasses)
    picture.lay(_turn(head, tilted, shot, depth=0.55))
    tint = np.array([1 + 0.06 * shot.warmth, 1.0, 1 - 0.08 * shot.warmth], np.float32)
    pixels = np.clip(picture.rgb * tint * 255 + 0.5, 0, 255).astype(np.uint8)
    small = cv2.resize(pixels, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def _place(shot: Shot, roll: float) -> Points:
    """(2, 3) affine map from units to the picture's pixels, for a head tilted by so much."""
    unit = UNIT * shot.scale
    middle = DRAWN * np.array([0.5 + shot.left, 0.47 + shot.top])
    cos, sin = np.cos(roll), np.sin(roll)
    turn = np.array([[cos, -sin], [sin, cos]])
    return np.column_stack([unit * turn, middle + unit * (_PIVOT - turn @ _PIVOT)])


def _turn(sheet: Sheet, to_pixels: Points, shot: Shot, depth: float) -> Sheet:
    """A head's sheet turned, nodded, and placed in the picture.

    depth: how far its middle stands in front of the axis the head turns on, in units.
    """
    back = np.linalg.inv(to_pixels[:, :2])
    axis = np.arange(SIZE) * 2 + 0.5
    x, y = np.meshgrid(axis - to_pixels[0, 2], axis - to_pixels[1, 2])
    across, down = back[0, 0] * x + back[0, 1] * y, back[1, 0] * x + back[1, 1] * y
    sin_yaw, sin_pitch = np.sin(shot.yaw), np.sin(shot.pitch)
    u, v = across, down
    # Which point lands here? Its depth moves it, and depends on the point: three rounds do.
    for _ in range(3):
        z = depth * np.clip(1 - (u / 0.95) ** 2 - (v / 1.35) ** 2, 0, None)
        if depth > 0:
            z += 0.12 * np.exp(-((u / 0.16) ** 2) - ((v - 0.3) / 0.2) ** 2)  # the nose
        u, v = across - z * sin_yaw, down - z * sin_pitch
    u /= np.cos(shot.yaw)
    columns, rows = (enlarge((UNIT * part + SIZE - 0.5).astype(np.float32)) for part in (u, v))
    turned = Sheet(to_pixels)
    turned.rgb = np.asarray(cv2.remap(sheet.rgb, columns, rows, cv2.INTER_LINEAR), np.float32)
    turned.alpha = np.asarray(cv2.remap(sheet.alpha, columns, rows, cv2.INTER_LINEAR), np.float32)
    return turned


def _backdrop(shot: Shot, to_pixels: Points) -> Sheet:
    """A wall in soft light, with a few blurred spots."""
    sheet = Sheet(to_pixels)
    axis = np.linspace(0, 1, 80)
    x, y = axis[None, :], axis[:, None]
    bright = 0.93 + 0.15 * np.sign(shot.light[0]) * (x - 0.5) - 0.18 * y
    wall = bright[..., None] * np.array(shot.backdrop) / 255
    spots = seed_random("backdrop", str(shot.seed))
    for left, top, size, glow in spots.uniform([0, 0, 0.06, -0.08], [1, 1, 0.2, 0.12], (7, 4)):
        distance = np.hypot(x - left, y - top)
        wall += (glow / (1 + np.exp((distance - size) / 0.012)))[..., None]
    sheet.rgb = enlarge(wall.astype(np.float32))
    sheet.alpha[:] = 1
    return sheet


def _draw_clothes(picture: Sheet, shot: Shot) -> None:
    half = [(0, 1.12), (0.4, 1.2), (0.75, 1.36), (1.25, 1.5), (1.5, 1.9), (1.55, 4), (0, 4)]
    shape = both_sides(smooth(half))
    cloth = np.array(shot.clothes)
    picture.fill(shape, cloth * 1.0)
    picture.fill(move(shape, -float(np.sign(shot.light[0])), 0.1), cloth * 0.6, 0.5, 0.3, shape)
    picture.fill(move(shape, 0, 0.5), cloth * 0.75, 0.35, 0.2, shape)


def _draw_neck(picture: Sheet, sitter: Sitter, shot: Shot) -> None:
    wide = 0.55 * sitter.width
    half = [(0, 0.5), (wide, 0.5), (wide, 1.05), (wide + 0.1, 1.25), (0.8 * wide, 1.42), (0, 1.5)]
    neck = both_sides(smooth(half))
    skin = np.array(sitter.skin)
    picture.fill(move(neck, 0, 0.035), np.array(shot.clothes) * 0.82, 1, 0.008)  # the collar
    picture.fill(neck, skin * [0.86, 0.8, 0.78])
    chin = ellipse(-0.1 * float(np.sign(shot.light[0])), 0.86, 1.15 * wide, 0.26)
    picture.fill(chin, skin * [0.5, 0.4, 0.38], 0.75, 0.08, neck)
