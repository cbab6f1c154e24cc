"""Hair, in front of and behind a head, each on a sheet of its own."""

import functools

import cv2
import numpy as np

from facetrack.dataset.drawing.functions import angle, exp
from facetrack.dataset.drawing.head import face_outline, head_sheet
from facetrack.dataset.drawing.sheet import (
    SIZE,
    Field,
    Sheet,
    blur,
    both_sides,
    ellipse,
    move,
    smooth,
)
from facetrack.dataset.drawing.surface import grid, shine
from facetrack.dataset.sitters import TOP, Cut, Sitter, seed_random


def front_hair(sitter: Sitter, cut: Cut, light: Field) -> Sheet:
    """What lies on the head, with the shadow it casts on the face."""
    sheet = head_sheet()
    angle = np.linspace(np.pi, 2 * np.pi, 80)
    swell = 1 + 0.6 * cut.curl * np.abs(np.sin(9 * angle))
    wide, tall = sitter.width + 0.6 * cut.volume + 0.02, TOP + cut.volume
    cap = np.stack([wide * swell * np.cos(angle), tall * swell * np.sin(angle)], axis=1)
    line = smooth(cut.hairline * np.array([sitter.width, 1]))
    low = max(cut.ends, float(line[0, 1]))
    left = np.array([(line[0, 0], low), (-wide, 0.8 * low), (-wide, 0)])
    right = np.array([(wide, 0), (wide, 0.8 * low), (line[-1, 0], low)])
    shadow = move(np.concatenate([cap, line[::-1]]), 0, 0.035)
    sheet.fill(shadow, (60, 30, 24), 0.3, 0.03, face_outline(sitter))
    sheet.fill(np.concatenate([left, cap, right, line[::-1]]), sitter.hair, 1, 0.008)
    return _finish(sheet, sitter, cut, light)


def back_hair(sitter: Sitter, cut: Cut, light: Field) -> Sheet:
    """What falls behind the head or is tied up above it."""
    sheet = head_sheet()
    if cut.bun:
        sheet.fill(ellipse(0.05, -TOP - 0.2, cut.bun, 0.85 * cut.bun), sitter.hair, 1, 0.01)
    if cut.back is not None:
        wide = sitter.width + 0.6 * cut.volume
        half = smooth(
            [
                (0, -TOP),
                (wide, -0.6),
                (wide + cut.flare, 0.1),
                (wide + cut.flare, cut.back - 0.25),
                (wide + 0.4 * cut.flare, cut.back),
                (0.25, cut.back + 0.02),
            ]
        )
        length = np.cumsum(np.hypot(*np.gradient(half, axis=0).T))
        wave = 0.6 * cut.curl * np.sin(16 * length)
        half += np.stack([wave, 0.4 * wave], axis=1)
        sheet.fill(both_sides(half), np.array(sitter.hair) * 0.82, 1, 0.012)
    return _finish(sheet, sitter, cut, light)


def _finish(sheet: Sheet, sitter: Sitter, cut: Cut, light: Field) -> Sheet:
    """Add strands, light and a ring of gloss."""
    across, down = grid()
    wide, tall = sitter.width + cut.volume + 0.1, TOP + cut.volume + 0.1
    distance = (across / wide) ** 2 + (np.minimum(down, 0) / tall) ** 2
    bright, _ = shine(np.float32(0.8) * np.sqrt(np.clip(1 - distance, 0.02, None)), light, 0.5)
    strands = _strands(sitter.name, cut.curl > 0)
    sheet.shade(bright * (np.float32(0.72) + np.float32(0.42) * strands))
    radius = np.sqrt(across**2 + (down + np.float32(0.15)) ** 2)
    ring = exp(-(((radius - np.float32(0.82)) / np.float32(0.1)) ** 2)) * (down < 0)
    sheet.gloss(np.float32(0.16) * ring * strands)
    return sheet


@functools.lru_cache(maxsize=1)  # the next picture is often of the same person
def _strands(name: str, curly: bool) -> Field:
    """Light and dark hair, (h, w) from 0 to 1 at half size; not to be changed."""
    noise = seed_random("hair", name)
    if curly:
        spots = noise.uniform(0, 1, (44, 44)).astype(np.float32)
        curls = cv2.resize(spots, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
        return np.asarray(curls, dtype=np.float32)
    across, down = grid()
    bearing = angle(across - 0.25, down + 1.9)  # strands run away from above a parting
    return blur(np.interp(bearing, np.linspace(-3.2, 3.2, 900), noise.uniform(0, 1, 900)), 0.8)
