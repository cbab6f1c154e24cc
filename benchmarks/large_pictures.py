"""Pictures as a camera of 12 megapixels takes them, made of small pictures of faces.

Clouds of every size with some grain stand for what is behind; faces of 40 to 400 pixels are
enlarged onto it, with soft edges. The same for a seed, on one machine.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

WIDTH, HEIGHT = 4000, 3000
QUALITY = 92
_SIZES = (40, 60, 90, 130, 190, 280, 400)  # of heads on a picture, in pixels
_COLUMNS = 4  # places for heads, in a row
_HEAD = slice(50, 200), slice(60, 190)  # on a picture of LFW's


def write(folder: Path, faces: Sequence[Path], n: int, seed: int = 0) -> list[Path]:
    """Write n JPEG files of 12 megapixels with seven faces each into a folder.

    faces: pictures of 250 by 250 pixels, one face in the middle of each.
    """
    rng = np.random.default_rng(seed)
    paths = []
    for number in range(n):
        picture = _draw_clouds(rng)
        chosen = rng.choice(len(faces), len(_SIZES), replace=False)
        places = rng.choice(_COLUMNS * (_COLUMNS - 1), len(_SIZES), replace=False)
        for size, face, place in zip(_SIZES, chosen, places, strict=True):
            side = WIDTH // _COLUMNS
            corner = np.array(divmod(int(place), _COLUMNS)) * side
            _paste(picture, faces[face], size, corner + rng.integers(50, side - 550, 2))
        paths.append(folder / f"{number:03}.jpg")
        PIL.Image.fromarray(picture).save(paths[-1], quality=QUALITY, subsampling="4:2:0")
    return paths


def _draw_clouds(rng: np.random.Generator) -> NDArray[np.uint8]:
    """(HEIGHT, WIDTH, 3): each size of clouds half as strong as the next larger one."""
    total = np.full((HEIGHT, WIDTH, 3), 110, dtype=np.float32)
    strength = 60.0
    for columns in (4, 8, 16, 32, 64, 128, 256, 512, 1024):
        clouds = rng.normal(0, strength, (3 * columns // 4, columns, 3)).astype(np.float32)
        total += cv2.resize(clouds, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        strength /= 1.6
    total += rng.normal(0, 2, (HEIGHT, WIDTH, 1)).astype(np.float32)
    return np.clip(total, 0, 255).astype(np.uint8)


def _paste(picture: NDArray[np.uint8], face: Path, size: int, corner: NDArray[np.int64]) -> None:
    with PIL.Image.open(face) as opened:
        head = np.asarray(opened.convert("RGB"))[_HEAD]
    height, width = round(size * head.shape[0] / head.shape[1]), size
    down = width < head.shape[1]
    shown = cv2.resize(
        head, (width, height), interpolation=cv2.INTER_AREA if down else cv2.INTER_CUBIC
    )
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    edge = np.clip((1.1 - np.sqrt(rows**2 + columns**2)) * 4, 0, 1)[..., None]
    part = picture[corner[0] : corner[0] + height, corner[1] : corner[1] + width]
    part[:] = np.rint(edge * shown + (1 - edge) * part).astype(np.uint8)
