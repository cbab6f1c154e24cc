"""Many small photos of people: faces of LFW cut anew, turned and pasted beside each other.

    python benchmarks/many_photos.py lfw-deepfunneled.tgz FOLDER N [FIRST]

Photo number i is the same in every folder, so that a folder of 2,000 is part of one of 50,000, and
`FIRST` makes those that come later. Most have one face, some two or three; none is another's twin.
Files of 4 to 12 kB, 500 in a folder: 50,000 photos are 0.4 GB.
"""

import io
import sys
import tarfile
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

SIDE = 160  # pixels that a face has beside another one
PER_FOLDER = 500
QUALITY = 80
_FACES = (1, 2, 3)
_HOW_OFTEN = (0.8, 0.15, 0.05)
_HEAD = 150  # of 250 pixels, around the middle, that are cut out at least


class Maker:
    """Draws photos out of LFW's pictures. archive: lfw-deepfunneled.tgz."""

    def __init__(self, archive: Path) -> None:
        self._files = []
        with tarfile.open(archive) as opened:
            for member in opened:
                if member.isfile() and member.name.endswith(".jpg"):
                    found = opened.extractfile(member)
                    assert found is not None
                    self._files.append(found.read())

    def write(self, folder: Path, n: int, first: int = 0) -> None:
        """Write photos number first to first + n - 1 below a folder."""
        for number in range(first, first + n):
            path = folder / f"{number // PER_FOLDER:03}" / f"IMG_{number:06}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.draw(number))

    def draw(self, number: int) -> bytes:
        """The JPEG file of a photo."""
        random = np.random.default_rng(number)
        faces = [self._cut(random) for _ in range(random.choice(_FACES, p=_HOW_OFTEN))]
        picture = np.concatenate(faces, axis=1)
        grain = random.normal(0, 2, (*picture.shape[:2], 1))
        drawn = np.clip(picture + grain, 0, 255).astype(np.uint8)
        with io.BytesIO() as file:
            PIL.Image.fromarray(drawn).save(file, "JPEG", quality=QUALITY)
            return file.getvalue()

    def _cut(self, random: np.random.Generator) -> NDArray[np.float32]:
        """A face, (SIDE, SIDE, 3): cut anew, turned by up to 15 degrees, brighter or darker."""
        with PIL.Image.open(io.BytesIO(self._files[random.integers(len(self._files))])) as opened:
            whole = np.asarray(opened.convert("RGB"))
        middle = np.array(whole.shape[1::-1]) / 2 + random.uniform(-12, 12, 2)
        angle, scale = random.uniform(-15, 15), SIDE / random.uniform(_HEAD, 1.3 * _HEAD)
        turn = np.array(
            cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), angle, scale),
            dtype=np.float64,
        )
        turn[:, 2] += SIDE / 2 - middle
        cut = cv2.warpAffine(
            whole, turn, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT
        )
        light = random.uniform(0.85, 1.15)
        return cut.astype(np.float32) * np.float32(light)


def main() -> None:
    archive, folder, n = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    first = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    Maker(archive).write(folder, n, first)


if __name__ == "__main__":
    main()
