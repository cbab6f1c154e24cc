"""Portraits made of polygons, blurs and a lit height field: nobody's picture goes in.

A head is painted from the front on a sheet of its own, lit as a surface, and then turned by
moving every pixel according to its depth. Lengths are in the units of `sitters`. Everything is
drawn at twice the final size and reduced at the end.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from facetrack.data import Image
from facetrack.dataset.sitters import CUTS, Colour, Cut, Shot, Sitter, seeded

SIZE = 320  # pixels of a finished picture, both ways
_DRAWN = 2 * SIZE
_UNIT = 180.0  # pixels of half a head on its own sheet
_INK = (44, 28, 28)
_TOP = 1.05  # from the eyes to the top of the skull

Points = NDArray[np.float64]  # (k, 2), across and down
Field = NDArray[np.float32]


class _Sheet:
    """A transparent sheet: `rgb` (h, w, 3) from 0 to 1, premultiplied by `alpha` (h, w).

    units: (2, 3) affine map from units to pixels.
    """

    def __init__(self, units: Points) -> None:
        self.units = units
        self.rgb = np.zeros((_DRAWN, _DRAWN, 3), np.float32)
        self.alpha = np.zeros((_DRAWN, _DRAWN), np.float32)

    def fill(
        self,
        shape: Points,
        colour: Sequence[float],
        opacity: float = 1.0,
        blur: float = 0.0,
        within: Points | None = None,
    ) -> None:
        """Paint a polygon, with a blurred edge, where it lies within another one."""
        pixels = self._pixels(shape)
        blur *= float(np.hypot(*self.units[:, 0]))
        margin = int(3 * blur) + 2
        low = np.clip(np.floor(pixels.min(axis=0)).astype(int) - margin, 0, _DRAWN)
        high = np.clip(np.ceil(pixels.max(axis=0)).astype(int) + margin, 0, _DRAWN)
        if (high <= low).any():
            return
        mask = _polygon(pixels - low, high - low)
        if blur > 0.3:
            mask = cv2.GaussianBlur(mask, (0, 0), blur)
        if within is not None:
            mask *= _polygon(self._pixels(within) - low, high - low)
        mask *= np.float32(opacity)
        part = np.s_[low[1] : high[1], low[0] : high[0]]
        self.rgb[part] += (np.float32(colour) / 255 - self.rgb[part]) * mask[..., None]
        self.alpha[part] += (1 - self.alpha[part]) * mask

    def multiply(self, factor: Field) -> None:
        """Light the sheet by a factor a pixel, (h/2, w/2) or (h/2, w/2, 3)."""
        factor = cv2.resize(factor, (_DRAWN, _DRAWN), interpolation=cv2.INTER_LINEAR)
        self.rgb *= factor if factor.ndim == 3 else factor[..., None]

    def lay(self, above: "_Sheet") -> None:
        """Lay another sheet on this one."""
        self.rgb *= (1 - above.alpha)[..., None]
        self.rgb += above.rgb
        self.alpha += (1 - self.alpha) * above.alpha

    def _pixels(self, points: Points) -> Points:
        return points @ self.units[:, :2].T + self.units[:, 2]


def draw(sitter: Sitter, shot: Shot) -> Image:
    """One picture, (SIZE, SIZE, 3) uint8 RGB; equal arguments give equal pixels."""
    place = _place(shot)
    picture = _backdrop(shot)
    picture.units = place(0.0)
    light = _light(shot, shot.yaw)
    _draw_clothes(picture, sitter, shot)
    cut = CUTS[sitter.cut]
    if cut is not None:
        picture.lay(_turned(_back_hair(sitter, cut, light), place(shot.roll), shot, depth=-0.25))
    _draw_neck(picture, sitter, shot)
    head = _head(sitter, shot, light)
    if cut is not None:
        head.lay(_front_hair(sitter, cut, light))
    if shot.sunglasses or sitter.glasses:
        _draw_glasses(head, sitter, shot.sunglasses)
    picture.lay(_turned(head, place(shot.roll), shot, depth=0.55))
    tint = np.float32([1 + 0.06 * shot.warmth, 1.0, 1 - 0.08 * shot.warmth])
    pixels = np.clip(picture.rgb * tint * 255 + 0.5, 0, 255).astype(np.uint8)
    return cv2.resize(pixels, (SIZE, SIZE), interpolation=cv2.INTER_AREA)


# Shapes


def _polygon(pixels: Points, size: NDArray[np.int64]) -> Field:
    """A polygon's coverage of each pixel, (h, w) from 0 to 1."""
    mask = np.zeros((size[1], size[0]), np.uint8)
    # OpenCV takes sixteenths of a pixel; whole numbers keep the drawing the same everywhere.
    corners = np.round((pixels - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, 4)
    return mask.astype(np.float32) / 255


def _ellipse(
    x: float, y: float, width: float, height: float, power: float = 2.0, lower: float | None = None
) -> Points:
    """A superellipse by centre and half sizes: `power` 2 is an ellipse, more is squarer.

    lower: the power of its lower half, when that differs.
    """
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    cos, sin = np.cos(angle), np.sin(angle)
    exponent = 2 / np.where(sin > 0, lower or power, power)
    return np.stack(
        [
            x + width * np.sign(cos) * np.abs(cos) ** exponent,
            y + height * np.sign(sin) * np.abs(sin) ** exponent,
        ],
        axis=1,
    )


def _smooth(points: Sequence[tuple[float, float]] | Points) -> Points:
    """An open line with its corners cut three times (Chaikin 1974)."""
    line = np.asarray(points, dtype=np.float64)
    for _ in range(3):
        first, last = line[:1], line[-1:]
        a, b = line[:-1], line[1:]
        cut = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], axis=1).reshape(-1, 2)
        line = np.concatenate([first, cut, last])
    return line


def _stroke(points: Sequence[tuple[float, float]] | Points, start: float, end: float) -> Points:
    """A line as a polygon whose thickness goes from `start` over their larger to `end`."""
    line = _smooth(points)
    along = np.gradient(line, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    across /= np.linalg.norm(across, axis=1, keepdims=True) + 1e-9
    part = np.linspace(0, 1, len(line))
    half = 0.5 * np.interp(part, [0, 0.35, 1], [start, max(start, end), end])[:, None]
    return np.concatenate([line + across * half, (line - across * half)[::-1]])


def _face(sitter: Sitter) -> Points:
    """The face's outline."""
    outline = _ellipse(0, 0, sitter.width, _TOP, 2.2, sitter.jaw)
    outline[outline[:, 1] > 0, 1] *= sitter.chin / _TOP
    return outline


def _mirrored(points: Points, side: int) -> Points:
    return points * [side, 1]


# Light


def _grid() -> tuple[Field, Field]:
    """Across (1, w/2) and down (h/2, 1) in units, of a head's own sheet at half its size."""
    axis = ((np.arange(SIZE) * 2 + 1 - SIZE) / _UNIT).astype(np.float32)
    return axis[None, :], axis[:, None]


def _light(shot: Shot, yaw: float) -> Field:
    """The unit vector towards the lamp, as seen from the turned head."""
    x, y, z = shot.light
    turned = np.float32([x * np.cos(yaw) - z * np.sin(yaw), y, x * np.sin(yaw) + z * np.cos(yaw)])
    return turned / np.linalg.norm(turned)


def _bump(x: float, y: float, width: float, height: float) -> Field:
    across, down = _grid()
    return np.exp(-(((down - y) / height) ** 2)) * np.exp(-(((across - x) / width) ** 2))


def _relief(sitter: Sitter, smile: float) -> Field:
    """How far the face stands out, (h/2, w/2) in units."""
    across, down = _grid()
    lower = 1 / (1 + np.exp(-down / 0.12))
    power = 2.2 + (sitter.jaw - 2.2) * lower
    reach = _TOP + (sitter.chin - _TOP) * lower
    distance = (np.abs(across) / (sitter.width * 1.06)) ** power
    distance = distance + (np.abs(down) / (reach * 1.06)) ** power
    height = 0.62 * np.sqrt(np.clip(1 - distance, 0.02, None))
    tip, wide = sitter.nose, sitter.nose_width
    ramp = np.clip((down + 0.08) / (tip + 0.08), 0, 1) * (down < tip + 0.3)
    fall = np.exp(-((np.clip(down - tip, 0, None) / 0.05) ** 2))
    height = height + 0.13 * ramp * fall * np.exp(-((across / (0.55 * wide + 0.02)) ** 2))
    height += 0.05 * _bump(0, tip - 0.02, 0.75 * wide, 0.075)
    height += 0.05 * _bump(0, -0.6, 0.45, 0.25)
    height += 0.05 * _bump(0, sitter.chin - 0.14, 0.2, 0.1)
    height -= 0.03 * _bump(0, sitter.mouth + sitter.lips + 0.09, 0.2, 0.05)
    for side in (-1, 1):
        height += 0.035 * _bump(side * wide * 0.85, tip + 0.03, 0.06, 0.06)
        height -= 0.07 * _bump(side * sitter.eye_gap, 0, 0.2, 0.13)
        height += 0.03 * _bump(side * sitter.eye_gap, -sitter.brow_lift, 0.2, 0.06)
        height += (0.06 + 0.03 * smile) * _bump(side * 0.4, 0.34 - 0.04 * smile, 0.2, 0.16)
    return cv2.GaussianBlur(height.astype(np.float32), (0, 0), 2.5)


def _lit(height: Field, light: Field, ambient: float) -> tuple[Field, Field]:
    """Brightness and gloss of a surface, each (h/2, w/2)."""
    down, across = np.gradient(height, 2 / _UNIT)
    length = np.sqrt(across**2 + down**2 + 1)
    facing = (light[2] - across * light[0] - down * light[1]) / length
    # Half of the lamp's light gets around the edge: skin lit by Lambert's law alone looks hard.
    bright = ambient + (1 - ambient) * 1.2 * (0.5 + 0.5 * facing) ** 2
    halfway = light + np.float32([0, 0, 1])
    halfway /= np.linalg.norm(halfway)
    gloss = (halfway[2] - across * halfway[0] - down * halfway[1]) / length
    return bright.astype(np.float32), (np.clip(gloss, 0, 1) ** 24).astype(np.float32)


# The head


def _own_sheet() -> _Sheet:
    return _Sheet(np.array([[_UNIT, 0, SIZE], [0, _UNIT, SIZE]]))


def _head(sitter: Sitter, shot: Shot, light: Field) -> _Sheet:
    head = _own_sheet()
    face = _face(sitter)
    skin, blush = np.array(sitter.skin), np.array(sitter.skin) * [1.0, 0.78, 0.74]
    cut = CUTS[sitter.cut]
    for side in (-1, 1) if cut is None or cut.ends < 0.3 else ():
        head.fill(_ellipse(side * (sitter.width - 0.01), 0.12, 0.11, 0.2), skin * 0.94)
        head.fill(_ellipse(side * (sitter.width + 0.03), 0.1, 0.05, 0.12), blush * 0.8, 0.7, 0.02)
    head.fill(face, skin)
    for side in (-1, 1):
        cheek = _ellipse(side * 0.42, 0.33, 0.17, 0.13)
        head.fill(cheek, blush, 0.45 + 0.15 * shot.smile, 0.07, face)
        head.fill(_ellipse(side * sitter.eye_gap, -0.02, 0.2, 0.12), blush * 0.86, 0.4, 0.05)
    head.fill(_ellipse(0, sitter.nose, sitter.nose_width, 0.08), blush, 0.35, 0.05)
    _draw_marks(head, sitter, shot, skin * [0.72, 0.6, 0.55])
    _draw_beard(head, sitter, face)
    _draw_nose(head, sitter, skin * [0.5, 0.38, 0.36])
    bright, gloss = _lit(_relief(sitter, shot.smile), light, shot.ambient)
    # Shadows on skin are redder than its lit parts.
    head.multiply(np.stack([bright**0.8, bright, bright**1.08], axis=2))
    shine = cv2.resize(gloss, (_DRAWN, _DRAWN), interpolation=cv2.INTER_LINEAR) * head.alpha
    head.rgb += 0.10 * shine[..., None] * (1 - head.rgb)
    for side in (-1, 1):
        _draw_eye(head, sitter, shot, side)
    _draw_mouth(head, sitter, shot)
    return head


def _draw_marks(head: _Sheet, sitter: Sitter, shot: Shot, tone: Points) -> None:
    """Freckles, and lines of age or of a smile."""
    if sitter.freckles:
        spots = seeded(sitter.name, "freckles")
        for x, y, size in spots.uniform([-0.5, 0.12, 0.008], [0.5, 0.42, 0.016], (46, 3)):
            head.fill(_ellipse(x, y, size, size), tone, 0.5, 0.004)
    depth = sitter.lines + 0.3 * max(shot.smile, 0.0)
    corner = sitter.mouth_width + 0.1
    for side in (-1, 1):
        fold = [
            (sitter.nose_width + 0.04, sitter.nose + 0.02),
            (corner, sitter.mouth - 0.12),
            (corner + 0.03, sitter.mouth + 0.02),
        ]
        head.fill(_mirrored(_stroke(fold, 0.015, 0.005), side), tone, 0.6 * depth, 0.015)
        bag = [(0.2, 0.1), (0.3, 0.155), (0.42, 0.12)]
        head.fill(_mirrored(_stroke(bag, 0.012, 0.004), side), tone, 0.5 * depth, 0.012)
    for y in (-0.5, -0.4):
        crease = [(-0.3, y + 0.01), (0, y - 0.02), (0.3, y + 0.01)]
        head.fill(_stroke(crease, 0.012, 0.006), tone, 0.6 * sitter.lines, 0.008)


def _draw_beard(head: _Sheet, sitter: Sitter, face: Points) -> None:
    if not sitter.beard:
        return
    tip, mouth, wide = sitter.nose, sitter.mouth, sitter.mouth_width
    opacity, blur = (0.32, 0.05) if sitter.beard == "stubble" else (0.92, 0.018)
    tone = np.array(sitter.hair) * 0.9
    half = [(0, tip + 0.11), (0.12, tip + 0.1), (wide + 0.04, mouth - 0.03), (wide + 0.1, mouth + 0.1)]
    if sitter.beard in ("moustache", "goatee"):
        half[-1] = (wide + 0.05, mouth + 0.03)
        lip = _smooth([*half, (wide * 0.6, mouth - 0.02), (0, mouth - 0.03)])
        head.fill(np.concatenate([lip, _mirrored(lip, -1)[::-1]]), tone, opacity, blur)
        if sitter.beard == "goatee":
            chin = _ellipse(0, (mouth + sitter.chin) / 2 + 0.07, wide * 0.85, 0.2, 2.6)
            head.fill(chin, tone, opacity, blur, face)
        return
    cheek = [(wide + 0.1, mouth - 0.12), (sitter.width * 0.8, 0.38), (sitter.width * 0.92, -0.02)]
    edge = _smooth([*half[:2], *cheek])
    jaw = np.array([(1.2, -0.02), (1.2, 1.3), (0, 1.3)])
    side = np.concatenate([edge, jaw])
    head.fill(np.concatenate([side, _mirrored(side, -1)[::-1]]), tone, opacity, blur, face * 1.0)
    if sitter.beard == "full":
        hairs = seeded(sitter.name, "beard")
        for x, y, bend, shade in hairs.uniform([-0.66, 0.3, -0.03, 0], [0.66, 1.0, 0.03, 1], (160, 4)):
            hair = np.array([(x, y), (x + bend, y + 0.05), (x * 0.97, y + 0.1)])
            inside = abs(x) > wide * 0.9 or y > mouth + 0.14
            if inside and (x / sitter.width) ** 2 + (y / sitter.chin) ** 2 < 0.9 and (
                abs(x) > 0.85 * sitter.width - 0.35 * y + 0.05 or y > mouth
            ):
                head.fill(_stroke(hair, 0.008, 0.003), tone * (0.6 + 0.9 * shade) + 8, 0.5)


def _draw_nose(head: _Sheet, sitter: Sitter, tone: Points) -> None:
    tip, wide = sitter.nose, sitter.nose_width
    head.fill(_ellipse(0, tip + 0.075, wide * 0.9, 0.03), tone, 0.35, 0.025)
    for side in (-1, 1):
        head.fill(_ellipse(side * wide * 0.45, tip + 0.062, wide * 0.26, 0.022), tone, 0.85, 0.008)
        wing = [(wide * 0.95, tip - 0.04), (wide * 1.1, tip + 0.03), (wide * 0.8, tip + 0.075)]
        head.fill(_mirrored(_stroke(wing, 0.012, 0.006), side), tone, 0.45, 0.01)


def _draw_eye(head: _Sheet, sitter: Sitter, shot: Shot, side: int) -> None:
    x, w = side * sitter.eye_gap, sitter.eye_size
    t = np.linspace(-1, 1, 25)
    lift = -sitter.eye_slant * t * side * w
    upper = np.stack([x + w * t, lift - w * sitter.eye_round * shot.eyes_open * (1 - t**2)], axis=1)
    lower = np.stack(
        [x + w * t, lift + w * sitter.eye_round * (0.62 - 0.15 * shot.smile) * (1 - t**2)], axis=1
    )
    eye = np.concatenate([upper, lower[::-1]])
    socket = np.array(sitter.skin) * [0.55, 0.42, 0.4]
    head.fill(eye + [0, -0.012], socket, 0.5, 0.03)
    head.fill(eye, (240, 236, 232))
    iris_x, iris_y, radius = x + 0.3 * w * shot.gaze, -0.012, 0.54 * w
    for size, tone in ((1.0, 0.55), (0.86, 1.0), (0.62, 1.25)):
        disc = _ellipse(iris_x, iris_y, radius * size, radius * size)
        head.fill(disc, np.clip(np.array(sitter.iris) * tone, 0, 255), 1, 0.006, eye)
    pupil = _ellipse(iris_x, iris_y, radius * 0.42, radius * 0.42)
    head.fill(pupil, (18, 14, 16), 1, 0.003, eye)
    head.fill(np.concatenate([upper, upper[::-1] + [0, 0.05]]), _INK, 0.35, 0.015, eye)
    glint = np.sign(shot.light[0]) * 0.3 * radius
    head.fill(_ellipse(iris_x + glint, iris_y - 0.35 * radius, 0.2 * radius, 0.2 * radius), (255,) * 3, 0.95)
    head.fill(_stroke(upper[:: -side], 0.018, 0.03), _INK, 0.9, 0.003)
    head.fill(_stroke(lower, 0.006, 0.006), socket, 0.6, 0.006)
    crease = upper + np.stack([0 * t, -0.045 * (1 - 0.5 * t**2)], axis=1)
    head.fill(_stroke(crease, 0.012, 0.006), socket, 0.5, 0.008)
    _draw_brow(head, sitter, shot, side)


def _draw_brow(head: _Sheet, sitter: Sitter, shot: Shot, side: int) -> None:
    y = -sitter.brow_lift - 0.03 * (shot.eyes_open - 1) - 0.02 * shot.mouth_open
    gap, w = sitter.eye_gap, sitter.eye_size
    arch = [
        (gap - 1.3 * w, y + 0.01),
        (gap - 0.4 * w, y - 0.5 * sitter.brow_arch),
        (gap + 0.6 * w, y - sitter.brow_arch),
        (gap + 1.5 * w, y + 0.02 - sitter.eye_slant * 0.1),
    ]
    tone = np.minimum(np.array(sitter.hair) * 0.8, 130)
    stroke = _stroke(_mirrored(np.array(arch), side), sitter.brow, 0.25 * sitter.brow)
    head.fill(stroke, tone, 0.88, 0.009)


def _draw_mouth(head: _Sheet, sitter: Sitter, shot: Shot) -> None:
    t = np.linspace(-1, 1, 41)
    bow = np.clip(1 - t**2, 0, None)
    x = sitter.mouth_width * (1 + 0.18 * shot.smile - 0.1 * shot.mouth_open) * t
    line = sitter.mouth + 0.085 * shot.smile * (bow - 0.6)
    gap = (0.13 * shot.mouth_open) * bow
    dip = 1 - 0.3 * np.exp(-((t / 0.16) ** 2))
    thin = 1 - 0.25 * max(shot.smile, 0.0)
    top = np.stack([x, line - sitter.lips * thin * 0.8 * bow**0.8 * dip], axis=1)
    upper = np.stack([x, line], axis=1)
    lower = np.stack([x, line + gap], axis=1)
    bottom = np.stack([x, line + gap + sitter.lips * thin * 1.15 * bow**0.7], axis=1)
    lip = np.array(sitter.lip) * (0.55 + 0.45 * shot.ambient + 0.1)
    skin = np.array(sitter.skin) * [0.55, 0.42, 0.4]
    under = _ellipse(0, float(bottom[20, 1]) + 0.035, sitter.mouth_width * 0.5, 0.02)
    head.fill(under, skin, 0.3, 0.02)
    head.fill(np.concatenate([top, upper[::-1]]), lip * 0.86, 0.92, 0.006)
    head.fill(np.concatenate([lower, bottom[::-1]]), lip * 1.06, 0.92, 0.008)
    shine = _ellipse(0, float(lower[20, 1]) + sitter.lips * 0.55, sitter.mouth_width * 0.35, 0.012)
    head.fill(shine, (255, 235, 230), 0.3, 0.012)
    inside = np.concatenate([upper, lower[::-1]])
    if shot.mouth_open > 0.05:
        head.fill(inside, (84, 26, 32))
        teeth = upper + np.stack([0 * t, 0.62 * gap + 0.004], axis=1)
        head.fill(np.concatenate([upper, teeth[::-1]]), (244, 240, 232), 1, 0.004, inside)
    head.fill(_stroke(upper, 0.008, 0.008), (92, 36, 38), 0.85, 0.004)
    for side in (-1, 1):
        head.fill(_ellipse(*upper[0 if side < 0 else -1], 0.018, 0.014), skin, 0.6, 0.01)


def _draw_glasses(head: _Sheet, sitter: Sitter, dark: bool) -> None:
    square = dark or sitter.glasses == "square"
    frame = (24, 24, 28) if square else (110, 76, 40)
    power, height = (3.6, 0.17) if square else (2.0, 0.2)
    half = 0.235 if square else 0.21
    half = min(half, sitter.eye_gap - 0.045)
    for side in (-1, 1):
        x = side * sitter.eye_gap
        outer = _ellipse(x, 0.025, half + 0.022, height + 0.022, power)
        inner = _ellipse(x, 0.025, half, height, power)
        if dark:
            head.fill(outer, frame)
            head.fill(inner, (52, 50, 60))
            head.fill(inner + [0, 0.12], (112, 102, 104), 0.6, 0.06, inner)
            gleam = np.array([(x - 0.14, -0.1), (x - 0.04, -0.1), (x - 0.1, 0.1), (x - 0.2, 0.1)])
            head.fill(gleam, (255, 255, 255), 0.25, 0.01, inner)
        else:
            head.fill(inner, (255, 255, 255), 0.07)
            head.fill(np.concatenate([outer, outer[:1], inner[:1], inner[::-1]]), frame)
        arm = [(half + sitter.eye_gap, -0.02), (sitter.width + 0.05, -0.03)]
        head.fill(_mirrored(_stroke(arm, 0.035, 0.03), side), frame)
    inner_edge = sitter.eye_gap - half
    bridge = [(-inner_edge, 0.0), (0, -0.05), (inner_edge, 0.0)]
    head.fill(_stroke(bridge, 0.028, 0.028), frame)


# Hair


def _hair_finish(sheet: _Sheet, sitter: Sitter, cut: Cut, light: Field) -> _Sheet:
    """Strands, gloss and light for the hair painted on a sheet."""
    across, down = _grid()
    wide, tall = sitter.width + cut.volume + 0.1, _TOP + cut.volume + 0.1
    distance = (across / wide) ** 2 + (np.minimum(down, 0) / tall) ** 2
    bright, _ = _lit((0.8 * np.sqrt(np.clip(1 - distance, 0.02, None))).astype(np.float32), light, 0.5)
    noise = seeded(sitter.name, "hair")
    if cut.curl:
        spots = noise.uniform(0, 1, (44, 44)).astype(np.float32)
        strands = cv2.resize(spots, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    else:
        # Strands run away from a parting.
        angle = np.arctan2(across - 0.25, down + 1.9 + 0 * across)
        strands = np.interp(angle, np.linspace(-3.2, 3.2, 900), noise.uniform(0, 1, 900))
        strands = cv2.GaussianBlur(strands.astype(np.float32), (0, 0), 0.8)
    ring = np.exp(-(((np.sqrt(across**2 + (down + 0.15) ** 2) - 0.82) / 0.1) ** 2)) * (down < 0)
    sheet.multiply((bright * (0.72 + 0.42 * strands)).astype(np.float32))
    shine = cv2.resize((ring * strands).astype(np.float32), (_DRAWN, _DRAWN)) * sheet.alpha
    sheet.rgb += 0.16 * shine[..., None] * (1 - sheet.rgb)
    return sheet


def _front_hair(sitter: Sitter, cut: Cut, light: Field) -> _Sheet:
    sheet = _own_sheet()
    angle = np.linspace(np.pi, 2 * np.pi, 80)
    swell = 1 + 0.6 * cut.curl * np.abs(np.sin(9 * angle))
    wide, tall = sitter.width + 0.6 * cut.volume + 0.02, _TOP + cut.volume
    cap = np.stack([wide * swell * np.cos(angle), tall * swell * np.sin(angle)], axis=1)
    line = _smooth(np.array(cut.hairline) * [sitter.width, 1])
    low = max(cut.ends, float(line[0, 1]))
    left = np.array([(line[0, 0], low), (-wide, low * 0.8), (-wide, 0)])
    right = np.array([(wide, 0), (wide, low * 0.8), (line[-1, 0], low)])
    shadow = np.concatenate([cap, line[::-1]])
    sheet.fill(shadow + [0, 0.035], (60, 30, 24), 0.3, 0.03, _face(sitter))
    sheet.fill(np.concatenate([left, cap, right, line[::-1]]), sitter.hair, 1, 0.008)
    return _hair_finish(sheet, sitter, cut, light)


def _back_hair(sitter: Sitter, cut: Cut, light: Field) -> _Sheet:
    sheet = _own_sheet()
    if cut.bun:
        sheet.fill(_ellipse(0.05, -_TOP - 0.2, cut.bun, cut.bun * 0.85), sitter.hair, 1, 0.01)
    if cut.back is None:
        return _hair_finish(sheet, sitter, cut, light)
    wide = sitter.width + 0.6 * cut.volume
    half = _smooth(
        [(0, -_TOP), (wide, -0.6), (wide + cut.flare, 0.1), (wide + cut.flare, cut.back - 0.25),
         (wide + 0.4 * cut.flare, cut.back), (0.25, cut.back + 0.02)]
    )
    if cut.curl:
        half = half + 0.7 * cut.curl * np.sin(np.arange(len(half)) * 1.1)[:, None] * [1, 0.4]
    tone = np.array(sitter.hair) * 0.82
    sheet.fill(np.concatenate([half, _mirrored(half, -1)[::-1]]), tone, 1, 0.012)
    return _hair_finish(sheet, sitter, cut, light)


# The rest of the picture


def _place(shot: Shot) -> Callable[[float], Points]:
    """The map from units to pixels of a head tilted by so much."""
    unit = _UNIT * shot.scale
    middle = _DRAWN * np.array([0.5 + shot.left, 0.47 + shot.top])
    pivot = np.array([0.0, 0.9])

    def tilted(roll: float) -> Points:
        cos, sin = np.cos(roll), np.sin(roll)
        turn = np.array([[cos, -sin], [sin, cos]])
        return np.column_stack([unit * turn, middle + unit * (pivot - turn @ pivot)])

    return tilted


def _turned(sheet: _Sheet, units: Points, shot: Shot, depth: float) -> _Sheet:
    """A head's sheet on a picture's: turned, nodded, tilted and placed.

    depth: how far the middle stands in front of the axis the head turns on, in units.
    """
    back = np.linalg.inv(units[:, :2])
    axis = np.arange(SIZE) * 2 + 0.5
    x, y = np.meshgrid(axis - units[0, 2], axis - units[1, 2])
    across, down = back[0, 0] * x + back[0, 1] * y, back[1, 0] * x + back[1, 1] * y
    sin_yaw, sin_pitch = np.sin(shot.yaw), np.sin(shot.pitch)
    u, v = across, down
    # Which point lands here? Its depth moves it, and depends on the point: three rounds do.
    for _ in range(3):
        z = depth * np.clip(1 - (u / 0.95) ** 2 - (v / 1.35) ** 2, 0, None)
        if depth > 0:
            z = z + 0.12 * np.exp(-((u / 0.16) ** 2) - ((v - 0.3) / 0.2) ** 2)
        u, v = across - z * sin_yaw, down - z * sin_pitch
    u = u / np.cos(shot.yaw)
    maps = [
        cv2.resize((_UNIT * field + SIZE - 0.5).astype(np.float32), (_DRAWN, _DRAWN))
        for field in (u, v)
    ]
    turned = _Sheet(units)
    turned.rgb = cv2.remap(sheet.rgb, *maps, cv2.INTER_LINEAR)
    turned.alpha = cv2.remap(sheet.alpha, *maps, cv2.INTER_LINEAR)
    return turned


def _backdrop(shot: Shot) -> _Sheet:
    """A wall in soft light with a few blurred spots."""
    sheet = _Sheet(np.zeros((2, 3)))
    small = np.linspace(0, 1, 80, dtype=np.float32)
    x, y = small[None, :], small[:, None]
    side = 0.5 + 0.5 * np.sign(shot.light[0]) * (x - 0.5)
    wall = (0.78 + 0.3 * side - 0.18 * y)[..., None] * np.float32(shot.backdrop) / 255
    spots = seeded("backdrop", str(shot.seed))
    for left, top, size, glow in spots.uniform([0, 0, 0.06, -0.08], [1, 1, 0.2, 0.12], (7, 4)):
        distance = np.sqrt((x - left) ** 2 + (y - top) ** 2)
        wall = wall + np.float32(glow) / (1 + np.exp((distance - size) / 0.012))[..., None]
    sheet.rgb = cv2.resize(wall.astype(np.float32), (_DRAWN, _DRAWN), interpolation=cv2.INTER_CUBIC)
    sheet.alpha[:] = 1
    return sheet


def _draw_clothes(picture: _Sheet, sitter: Sitter, shot: Shot) -> None:
    cloth = np.array(shot.clothes)
    half = _smooth([(0, 1.12), (0.4, 1.2), (0.75, 1.36), (1.25, 1.5), (1.5, 1.9), (1.55, 4), (0, 4)])
    shape = np.concatenate([half, _mirrored(half, -1)[::-1]])
    picture.fill(shape, cloth)
    side = np.sign(shot.light[0])
    picture.fill(shape + [-1.0 * side, 0.1], cloth * 0.6, 0.5, 0.3, shape)
    picture.fill(shape + [0, 0.5], cloth * 0.75, 0.35, 0.2, shape)


def _draw_neck(picture: _Sheet, sitter: Sitter, shot: Shot) -> None:
    wide = 0.55 * sitter.width
    half = _smooth([(0, 0.5), (wide, 0.5), (wide, 1.05), (wide + 0.1, 1.25), (wide * 0.8, 1.42), (0, 1.5)])
    neck = np.concatenate([half, _mirrored(half, -1)[::-1]])
    cloth = np.array(shot.clothes)
    picture.fill(neck + [0, 0.035], cloth * 0.82, 1, 0.008)
    picture.fill(neck, np.array(sitter.skin) * [0.86, 0.8, 0.78])
    shade = np.array(sitter.skin) * [0.5, 0.4, 0.38]
    picture.fill(_ellipse(-0.1 * np.sign(shot.light[0]), 0.86, wide * 1.15, 0.26), shade, 0.75, 0.08, neck)
