"""YuNet, a small network for faces of all sizes, with five landmarks (Wu, Peng and Yu 2023)."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import SettingError
from facetrack.core.faces import Boxes, Detection, Image
from facetrack.detector.choice import check
from facetrack.detector.yunet_network import OVERLAP, Rows, run
from facetrack.system.derived import load_or_make
from facetrack.system.model_file import ModelFile
from facetrack.system.onnx_file import free_sizes
from facetrack.system.onnx_session import start_session

# Part of every stored detection's key: raise it when other boxes come of the same network.
_VERSION = 2
# Pixels of the longer side at which a face that fills a picture is found: of 20 such faces of ORL
# 20 at 640, 15 at 680, 4 at 800 and none from 1000 on.
_SMALL = 640
# The square on which dlib's landmarks were trained, from YuNet's box, which is taller than wide: in
# units of the root of its area, measured on faces of LFW.
_SIDE, _RIGHT, _DOWN = 1.04, 0.008, -0.035


@dataclass(frozen=True)
class YuNet:
    """Faces from 10 pixels on, also turned and half covered ones.

    weights: an .onnx file of one's own, or None for the published one: `urls`, tried in this order,
    kept as `filename` and known by its `sha256`.
    score: how sure it has to be of a face, from 0 to 1.
    longest: pixels of the longer side to which a larger picture is made smaller, to find small
    faces. A picture above 640 is looked at once more at 640, to find those that fill it.
    choose, border: see `facetrack.detector.choice`.
    """

    weights: str | None
    urls: Sequence[str]
    filename: str
    sha256: str
    score: float = 0.8
    longest: int = 2000
    choose: str = "central"
    border: int = 0

    def __post_init__(self) -> None:
        """Refuse unusable settings before any picture is read. Raises UserError."""
        check(self.choose, self.border)
        if not _is_number(self.score) or not 0 < self.score < 1:
            raise SettingError("{score} is a number between 0 and 1; got {came!r}", came=self.score)
        whole = isinstance(self.longest, int) and _is_number(self.longest)
        if not whole or not _SMALL <= self.longest <= 10_000:
            raise SettingError(
                "{longest} is a number of pixels from 640 to 10000; got {came!r}", came=self.longest
            )

    def identity(self) -> str:
        """Weights by content, settings and this code's version. Needs no download."""
        return (
            f"yunet/{_VERSION} score={self.score:g} longest={self.longest} "
            f"weights={self._file.digest}"
        )

    def model_files(self) -> dict[str, str]:
        """SHA-256 in hex of its weights, by file."""
        return self._file.name_digest()

    def prepare(self) -> None:
        """Get the weights and check them. Raises UserError."""
        if self._file.own is None:
            _read(self._file, self._file.digest)  # known by its hash: whoever detects starts it
        else:
            self._network()

    def detect(self, image: Image) -> Detection:
        """All faces of an image (h, w, 3) uint8 RGB, the surest first, with scores and landmarks.

        A box is the square, cut at the picture's border, that dlib's frontal detector would give.
        """
        import cv2

        cv2.setNumThreads(1)  # there is a process or a thread per core
        height, width = image.shape[:2]
        smaller = shrink(image, self.longest)
        rows = self._look(smaller, width, height)
        if max(height, width) > _SMALL:
            rows = np.concatenate([rows, self._look(shrink(smaller, _SMALL), width, height)])
            rows = rows[unite(rows)]
        boxes = frame(rows, width, height)
        inside = (boxes[:, 2:] > 0).all(axis=1)
        found = Detection(boxes, rows[:, 14].copy(), rows[:, 4:14].reshape(-1, 5, 2).copy())
        return found.some(np.flatnonzero(inside))

    def _look(self, image: Image, width: int, height: int) -> Rows:
        """The faces on a picture, in pixels of a larger one of which it is a copy."""
        rows = run(self._network(), image, self.score)
        scale = np.array([width / image.shape[1], height / image.shape[0]], dtype=np.float32)
        rows[:, :4] *= np.tile(scale, 2)
        # A landmark is at a pixel's middle, a box begins at its edge.
        rows[:, 4:14] = (rows[:, 4:14] + 0.5) * np.tile(scale, 5) - 0.5
        return rows

    @functools.cached_property
    def _file(self) -> ModelFile:
        return ModelFile(
            self.weights,
            tuple(self.urls),
            self.filename,
            self.sha256,
            "a YuNet .onnx file",
            "use detector=haar, which needs no download, or give detector.weights=FILE of your own",
        )

    def _network(self) -> Any:
        return load(self._file, self._file.digest)


@functools.lru_cache(maxsize=2)
def load(file: ModelFile, digest: str) -> Any:
    """A session of ONNX Runtime with a file's weights. Raises UserError for what is no YuNet.

    Threads may share it. digest: of the file's content.
    """
    try:
        network = start_session(_read(file, digest))
        if file.own is not None:  # it may be read, and fail when it is run
            run(network, np.zeros((_SMALL, _SMALL, 3), dtype=np.uint8), 0.5)
    except ValueError as error:
        reason = " ".join(str(error).split())[:200]
        raise SettingError(
            "{weights} must be a YuNet .onnx file as OpenCV's FaceDetectorYN reads it, but {path} "
            "{reason}: correct it, or leave it out to use the published file",
            path=file.own or file.filename,
            reason=reason,
        ) from error
    return network


def _read(file: ModelFile, digest: str) -> bytes:
    """A file's model for pictures of any size. Raises UserError, and ValueError for no YuNet.

    The published one is for 640 by 640 pixels; what is kept spares each process the import of
    `onnx`.
    """
    content = file.read()
    if file.own is not None:  # nobody has looked at it before
        _check(content)
    return load_or_make(f"yunet-{digest}", lambda: free_sizes(content))


def _check(content: bytes) -> None:
    """Raise ValueError for a model that is not to be run, or gives what no YuNet does."""
    from facetrack.system.onnx_file import check_model

    outputs = check_model(content, (1, 3, _SMALL, _SMALL))
    expected = {
        f"{name}_{stride}": (1, (_SMALL // stride) ** 2, size)
        for name, size in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
        for stride in (8, 16, 32)
    }
    for name, sizes in expected.items():
        if tuple(outputs.get(name, ())) != sizes:
            raise ValueError(f"gives no {name} of {' x '.join(map(str, sizes))}")


def shrink(image: Image, longest: int) -> Image:
    """An image (h, w, 3) uint8 of which no side is longer: the means of what comes together."""
    import cv2

    height, width = image.shape[:2]
    by = min(1.0, longest / max(height, width))
    size = max(1, round(width * by)), max(1, round(height * by))
    while image.shape[1::-1] != size:
        half = image.shape[1] // 2, image.shape[0] // 2
        # By two OpenCV is ten times as fast as by other numbers.
        to = half if half[0] >= size[0] and half[1] >= size[1] else size
        image = cv2.resize(image, to, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return image


def frame(rows: Rows, width: int, height: int) -> Boxes:
    """Squares, (m, 4) int64, as dlib would put them around the faces, cut to the picture."""
    sizes = np.sqrt(np.maximum(rows[:, 2] * rows[:, 3], 0)).astype(np.float64)
    centres = rows[:, :2] + rows[:, 2:4] / 2.0 + sizes[:, None] * [_RIGHT, _DOWN]
    sides = np.rint(_SIDE * sizes)[:, None]
    starts = np.rint(centres - sides / 2)
    within = np.array([width, height])
    ends = np.clip(starts + sides, 0, within)
    starts = np.clip(starts, 0, within)
    boxes: Boxes = np.concatenate([starts, ends - starts], axis=1).astype(np.int64)
    return boxes


def unite(rows: Rows) -> NDArray[np.int64]:
    """Which of some faces are left, the surest first, where boxes that overlap are one face."""
    order = np.argsort(-rows[:, 14], kind="stable")
    kept: list[int] = []
    for row in order.tolist():
        if not kept or _overlap(rows[row], rows[kept]).max() <= OVERLAP:
            kept.append(row)
    return np.array(kept, dtype=np.int64)


def _overlap(one: Rows, others: Rows) -> NDArray[np.float64]:
    """Intersection over union of a box with some others."""
    starts = np.maximum(one[:2], others[:, :2])
    ends = np.minimum(one[:2] + one[2:4], others[:, :2] + others[:, 2:4])
    shared = np.maximum(ends - starts, 0).prod(axis=1, dtype=np.float64)
    both = one[2:4].prod(dtype=np.float64) + others[:, 2:4].prod(axis=1, dtype=np.float64)
    return np.asarray(shared / np.maximum(both - shared, 1e-9))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
