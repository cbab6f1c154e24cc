"""A bare head from the front: skin, beard, nose, eyes and mouth, and the glasses that go on it."""

import numpy as np

from facetrack.dataset.drawing.functions import power
from facetrack.dataset.drawing.sheet import (
    SIZE,
    UNIT,
    Field,
    Line,
    Points,
    Sheet,
    Tone,
    both_sides,
    ellipse,
    move,
    on_side,
    smooth,
    stroke,
)
from facetrack.dataset.drawing.surface import face_height, shine
from facetrack.dataset.sitters import CUTS, TOP, Shot, Sitter, seed_random

_INK = (44, 28, 28)
_SIDES = (-1, 1)
_NOSTRILS = (0.5, 0.38, 0.36)  # of the skin's colour, as the next ones
_SHADOW = (0.57, 0.44, 0.42)
_CREASE = (0.72, 0.6, 0.55)
_BLUSH = (1.0, 0.78, 0.74)


def head_sheet() -> Sheet:
    """An empty sheet with the face's middle in its middle."""
    return Sheet(np.array([[UNIT, 0, SIZE], [0, UNIT, SIZE]]))


def face_outline(sitter: Sitter) -> Points:
    """From the right ear over the chin and the left ear to the top."""
    outline = ellipse(0, 0, sitter.width, TOP, 2.2, sitter.jaw)
    outline[outline[:, 1] > 0, 1] *= sitter.chin / TOP
    return outline


def draw_head(sitter: Sitter, shot: Shot, light: Field) -> Sheet:
    """A bald head on a sheet of its own; light: see `light_on_head`."""
    head = head_sheet()
    face = face_outline(sitter)
    skin, blush = np.array(sitter.skin), np.array(sitter.skin) * _BLUSH
    cut = CUTS[sitter.cut]
    if cut is None or cut.ends < 0.3:  # else the hair covers the ears
        for side in _SIDES:
            head.fill(ellipse(side * (sitter.width - 0.01), 0.12, 0.11, 0.2), skin * 0.94)
            inner = ellipse(side * (sitter.width + 0.03), 0.1, 0.05, 0.12)
            head.fill(inner, blush * 0.8, 0.7, 0.02)
    head.fill(face, skin * 1.0)
    for side in _SIDES:
        cheek = ellipse(side * 0.42, 0.33, 0.17, 0.13)
        head.fill(cheek, blush, 0.45 + 0.15 * shot.smile, 0.07, face)
        socket = ellipse(side * sitter.eye_gap, -0.03, 0.2, 0.13)
        head.fill(socket, skin * _SHADOW, sitter.eye_shade, 0.05)
    head.fill(ellipse(0, sitter.nose, sitter.nose_width, 0.08), blush, 0.35, 0.05)
    _draw_marks(head, sitter, shot)
    if sitter.beard:
        _draw_beard(head, sitter)
    _draw_nose(head, sitter)
    bright, gloss = shine(face_height(sitter, shot.smile), light, shot.ambient)
    # Shadows on skin are redder than its lit parts.
    head.shade(np.stack([power(bright, 0.8), bright, power(bright, 1.08)], axis=2))
    head.gloss(np.float32(0.1) * gloss)
    for side in _SIDES:
        _draw_eye(head, sitter, shot, side)
        _draw_brow(head, sitter, shot, side)
    _draw_mouth(head, sitter, shot)
    return head


def _draw_marks(head: Sheet, sitter: Sitter, shot: Shot) -> None:
    """Freckles, and the lines of age and of a smile."""
    tone = sitter.skin * np.array(_CREASE)
    if sitter.freckles:
        spots = seed_random("freckles", sitter.name)
        for x, y, size in spots.uniform([-0.5, 0.12, 0.008], [0.5, 0.42, 0.016], (46, 3)):
            head.fill(ellipse(x, y, size, size), tone, 0.5, 0.004)
    depth = sitter.lines + 0.3 * shot.smile
    corner = sitter.mouth_width + 0.1
    fold: Line = [
        (sitter.nose_width + 0.04, sitter.nose + 0.02),
        (corner, sitter.mouth - 0.12),
        (corner + 0.03, sitter.mouth + 0.02),
    ]
    bag: Line = [(0.2, 0.1), (0.3, 0.155), (0.42, 0.12)]
    for side in _SIDES:
        head.fill(on_side(stroke(fold, 0.015, 0.005), side), tone, 0.6 * depth, 0.015)
        head.fill(on_side(stroke(bag, 0.012, 0.004), side), tone, 0.5 * depth, 0.012)
    for y in (-0.5, -0.4):
        crease: Line = [(-0.3, y + 0.01), (0, y - 0.02), (0.3, y + 0.01)]
        head.fill(stroke(crease, 0.012, 0.006), tone, 0.6 * sitter.lines, 0.008)


def _draw_beard(head: Sheet, sitter: Sitter) -> None:
    tip, mouth, wide = sitter.nose, sitter.mouth, sitter.mouth_width
    tone = np.array(sitter.hair) * 0.9
    lip: list[tuple[float, float]] = [
        (0, tip + 0.11),
        (0.12, tip + 0.1),
        (wide + 0.04, mouth - 0.03),
    ]
    if sitter.beard in ("moustache", "goatee"):
        below = [(wide + 0.05, mouth + 0.03), (wide * 0.6, mouth - 0.02), (0, mouth - 0.03)]
        head.fill(both_sides(smooth([*lip, *below])), tone, 0.92, 0.018)
        if sitter.beard == "goatee":
            chin = ellipse(0, (mouth + sitter.chin) / 2 + 0.07, wide * 0.85, 0.2, 2.6)
            head.fill(chin, tone, 0.92, 0.018, face_outline(sitter))
        return
    cheek = [(wide + 0.1, mouth - 0.12), (0.8 * sitter.width, 0.38), (0.92 * sitter.width, -0.02)]
    edge = smooth([*lip[:2], *cheek])
    outline = face_outline(sitter)
    jaw = outline[: len(outline) // 2 + 1]
    beard = np.concatenate([on_side(edge, -1)[::-1], edge, jaw])
    if sitter.beard == "stubble":
        head.fill(beard, tone, 0.32, 0.05, outline)
        return
    head.fill(beard, tone, 0.92, 0.018, outline)
    hairs = seed_random("beard", sitter.name).uniform(
        [-0.7, 0.2, -0.03, 0.6], [0.7, 1.1, 0.03, 1.5], (220, 4)
    )
    for x, y, bend, shade in hairs:
        hair: Line = [(x, y), (x + bend, y + 0.05), (x * 0.97, y + 0.1)]
        head.fill(stroke(hair, 0.008, 0.003), tone * shade + 8, 0.5, 0, beard)


def _draw_nose(head: Sheet, sitter: Sitter) -> None:
    tip, wide, tone = sitter.nose, sitter.nose_width, sitter.skin * np.array(_NOSTRILS)
    head.fill(ellipse(0, tip + 0.075, 0.9 * wide, 0.03), tone, 0.35, 0.025)
    wing: Line = [(0.95 * wide, tip - 0.04), (1.1 * wide, tip + 0.03), (0.8 * wide, tip + 0.075)]
    for side in _SIDES:
        nostril = ellipse(side * 0.45 * wide, tip + 0.062, 0.26 * wide, 0.022)
        head.fill(nostril, tone, 0.85, 0.008)
        head.fill(on_side(stroke(wing, 0.012, 0.006), side), tone, 0.45, 0.01)


def _draw_eye(head: Sheet, sitter: Sitter, shot: Shot, side: int) -> None:
    x, wide = side * sitter.eye_gap, sitter.eye_size
    t = np.linspace(-1, 1, 25)
    bulge = wide * sitter.eye_round * (1 - t**2)
    corners = -sitter.eye_slant * t * side * wide
    upper = np.stack([x + wide * t, corners - shot.eyes_open * bulge], axis=1)
    lower = np.stack([x + wide * t, corners + (0.62 - 0.15 * shot.smile) * bulge], axis=1)
    eye = np.concatenate([upper, lower[::-1]])
    shadow = sitter.skin * np.array(_SHADOW)
    head.fill(move(eye, 0, -0.012), shadow, 0.5, 0.03)
    head.fill(eye, (240, 236, 232))

    middle, radius = (x + 0.3 * wide * shot.gaze, -0.012), 0.54 * wide
    for size, brightness in ((1.0, 0.55), (0.86, 1.0), (0.62, 1.25)):
        iris = np.clip(np.array(sitter.iris) * brightness, 0, 255)
        head.fill(ellipse(*middle, size * radius, size * radius), iris, 1, 0.006, eye)
    head.fill(ellipse(*middle, 0.42 * radius, 0.42 * radius), (18, 14, 16), 1, 0.003, eye)
    head.fill(np.concatenate([upper, move(upper[::-1], 0, 0.05)]), _INK, 0.35, 0.015, eye)
    glint = ellipse(*middle, 0.2 * radius, 0.2 * radius)
    towards = 0.3 * radius * float(np.sign(shot.light[0]))
    head.fill(move(glint, towards, -0.35 * radius), (255, 255, 255), 0.95)

    head.fill(stroke(upper[::-side], 0.018, 0.03), _INK, 0.9, 0.003)
    head.fill(stroke(lower, 0.006, 0.006), shadow, 0.6, 0.006)
    crease = upper - np.stack([0 * t, 0.045 * (1 - 0.5 * t**2)], axis=1)
    head.fill(stroke(crease, 0.012, 0.006), shadow, 0.5, 0.008)


def _draw_brow(head: Sheet, sitter: Sitter, shot: Shot, side: int) -> None:
    y = -sitter.brow_lift - 0.03 * (shot.eyes_open - 1) - 0.02 * shot.mouth_open
    middle, wide = sitter.eye_gap, sitter.eye_size
    tilt = 1.5 * wide * (sitter.brow_tilt - 0.3 * sitter.eye_slant)
    arch = np.array(
        [
            (middle - 1.3 * wide, y - tilt),
            (middle - 0.4 * wide, y - 0.5 * sitter.brow_arch - 0.3 * tilt),
            (middle + 0.6 * wide, y - sitter.brow_arch + 0.4 * tilt),
            (middle + 1.5 * wide, y + 0.01 + tilt),
        ]
    )
    # Fair hair needs darker brows to be seen.
    tone = np.array(sitter.hair) * min(0.8, 140 / max(sitter.hair))
    head.fill(stroke(on_side(arch, side), sitter.brow, 0.25 * sitter.brow), tone, 0.88, 0.009)


def _draw_mouth(head: Sheet, sitter: Sitter, shot: Shot) -> None:
    t = np.linspace(-1, 1, 41)
    bow = 1 - t**2
    x = sitter.mouth_width * (1 + 0.18 * shot.smile - 0.1 * shot.mouth_open) * t
    line = sitter.mouth + (0.02 + 0.08 * shot.smile) * (bow - 0.6)
    gap = 0.13 * shot.mouth_open * bow
    full = sitter.lips * (1 - 0.25 * shot.smile)
    dip = 1 - 0.3 * np.exp(-((t / 0.16) ** 2))
    top, upper, lower, bottom = (
        np.stack([x, y], axis=1)
        for y in (
            line - 0.8 * full * bow**0.8 * dip,
            line,
            line + gap,
            line + gap + 1.15 * full * bow**0.7,
        )
    )
    shadow = sitter.skin * np.array(_SHADOW)
    lip = np.array(sitter.lip) * (0.65 + 0.45 * shot.ambient)
    middle = len(t) // 2
    under = ellipse(0, bottom[middle, 1] + 0.035, sitter.mouth_width * 0.5, 0.02)
    head.fill(under, shadow, 0.3, 0.02)
    head.fill(np.concatenate([top, upper[::-1]]), lip * 0.86, 0.92, 0.006)
    head.fill(np.concatenate([lower, bottom[::-1]]), lip * 1.06, 0.92, 0.008)
    shine = ellipse(0, lower[middle, 1] + 0.55 * sitter.lips, sitter.mouth_width * 0.35, 0.012)
    head.fill(shine, (255, 235, 230), 0.3, 0.012)
    if shot.mouth_open > 0.05:
        inside = np.concatenate([upper, lower[::-1]])
        head.fill(inside, (84, 26, 32))
        edge = upper + np.stack([0 * t, 0.62 * gap + 0.004], axis=1)
        head.fill(np.concatenate([upper, edge[::-1]]), (244, 240, 232), 1, 0.004, inside)
    head.fill(stroke(upper, 0.008, 0.008), (92, 36, 38), 0.85, 0.004)
    for corner in (upper[0], upper[-1]):
        head.fill(ellipse(corner[0], corner[1], 0.018, 0.014), shadow, 0.6, 0.01)


def draw_glasses(head: Sheet, sitter: Sitter, dark: bool) -> None:
    """Put on the sitter's glasses, or sunglasses."""
    square = dark or sitter.glasses == "square"
    frame: Tone = (24, 24, 28) if square else (110, 76, 40)
    power, wide, tall = (3.6, 0.235, 0.17) if square else (2.0, 0.21, 0.2)
    wide = min(wide, sitter.eye_gap - 0.045)
    arm: Line = [(wide + sitter.eye_gap, -0.02), (sitter.width + 0.05, -0.03)]
    for side in _SIDES:
        x = side * sitter.eye_gap
        outer = ellipse(x, 0.025, wide + 0.022, tall + 0.022, power)
        lens = ellipse(x, 0.025, wide, tall, power)
        if dark:
            head.fill(outer, frame)
            head.fill(lens, (52, 50, 60))
            head.fill(move(lens, 0, 0.12), (112, 102, 104), 0.6, 0.06, lens)
            gleam = np.array([(-0.14, -0.1), (-0.04, -0.1), (-0.1, 0.1), (-0.2, 0.1)])
            head.fill(move(gleam, x, 0), (255, 255, 255), 0.25, 0.01, lens)
        else:
            head.fill(lens, (255, 255, 255), 0.07)
            head.fill(np.concatenate([outer, outer[:1], lens[:1], lens[::-1]]), frame)
        head.fill(on_side(stroke(arm, 0.035, 0.03), side), frame)
    gap = sitter.eye_gap - wide
    head.fill(stroke([(-gap, 0.0), (0, -0.05), (gap, 0.0)], 0.028, 0.028), frame)
