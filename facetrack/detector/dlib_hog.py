"""dlib's frontal face detector: histograms of oriented gradients and a linear SVM (King 2015)."""

import contextlib
import copy
import functools
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from facetrack.core.faces import Detection, Image
from facetrack.detector import reduce
from facetrack.detector.choice import check
from facetrack.system.derived import load_or_make

# dlib takes 11 bytes for each, beside the picture.
_MOST_UPSAMPLED = 100.0


@dataclass(frozen=True)
class DlibHog:
    """Frontal faces of at least 80 pixels (40 with `upsample` 1, and so on).

    choose, border: see `facetrack.detector.choice`.
    megapixels: a picture with more is looked at in a smaller copy; with `upsample` 1 one with more
    than 25, and so on, since upsampled it would be too large.
    """

    upsample: int = 0
    choose: str = "central"
    border: int = 0
    megapixels: float = 40

    def __post_init__(self) -> None:
        """Refuse unusable settings before any picture is read. Raises UserError."""
        check(self.choose, self.border)
        reduce.check(self.megapixels)

    def identity(self) -> str:
        """Settings and dlib's version, since the detector is compiled into dlib."""
        return f"dlib_hog upsample={self.upsample} dlib={_version()}"

    def prepare(self) -> None:
        """Let the detector be kept where each process that works finds it."""
        _state()

    def detect(self, image: Image) -> Detection:
        """All faces of an image (h, w, 3) uint8 RGB, best first, each within the image."""
        by = reduce.factor(image.shape[0] * image.shape[1], self.most_megapixels)
        image = reduce.shrink(image, by)
        height, width = image.shape[:2]
        with _detector() as detector:
            rectangles = detector(image, self.upsample)
        # dlib may place a box partly outside of the picture.
        boxes = [
            (left, top, min(found.right() + 1, width) - left, min(found.bottom() + 1, height) - top)
            for found in rectangles
            for left, top in [(max(found.left(), 0), max(found.top(), 0))]
        ]
        return Detection(np.array(boxes, dtype=np.int64).reshape(-1, 4)).enlarge(by)

    @property
    def most_megapixels(self) -> float:
        """A picture with more is looked at in a smaller copy."""
        return min(float(self.megapixels), _MOST_UPSAMPLED / float(4**self.upsample))


# A detector keeps the picture it is working on, and two threads in one overwrite each other's
# memory: each takes one that is free. To copy one takes two thousandths of a second.
_free: deque[Any] = deque()
_making = threading.Lock()


@contextlib.contextmanager
def _detector() -> Iterator[Any]:
    """A detector that nobody else uses meanwhile."""
    try:
        detector = _free.pop()
    except IndexError:
        with _making:
            detector = copy.copy(_original())
    try:
        yield detector
    finally:
        _free.append(detector)


@functools.cache
def _original() -> Any:
    """dlib's frontal face detector, without unpacking it once more."""
    import dlib

    detector = dlib.fhog_object_detector.__new__(dlib.fhog_object_detector)
    detector.__setstate__((_state(),))
    return detector


def _state() -> bytes:
    """What dlib unpacks its detector to, as dlib writes it."""
    import dlib

    return load_or_make(f"dlib_hog-{dlib.__version__}", _unpack)


@functools.cache
def _unpack() -> bytes:
    """The same by dlib, which takes half a second."""
    import dlib

    (state,) = dlib.get_frontal_face_detector().__getstate__()
    return bytes(state)


@functools.cache
def _version() -> str:
    # It is asked for every picture, and read from a file each time.
    from importlib.metadata import version  # brings all of email, which takes its time

    return version("dlib-bin")
