"""FaceNet: Inception-ResNet-v1 on TensorFlow, 128-d (the article's) or 512-d.

Only a face that has to be embedded costs the import of TensorFlow (4 s): it happens in
`start_tensorflow`, and nothing else here needs it.
"""

import contextlib
import functools
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import SettingError, UserError
from facetrack.core.faces import Face, Image, Vectors
from facetrack.system.files import sha256, user_path

# Part of every stored vector's key: raise it when crop, standardisation or network change.
_VERSION = 1

Network = Callable[[NDArray[np.float32]], Vectors]  # standardised faces to raw vectors


@dataclass(frozen=True)
class FaceNet:
    """Vectors of faces cropped with a margin and standardised.

    weights: a .h5 file of one's own, or None for the published one: `url`, kept as `filename`
    and known by its `sha256`.
    dimensions: 128 or 512, as the weights have it.
    standardize: "image" or "fixed", as the weights were trained; see `standardized`.
    margin: pixels by which a box grows on each side.
    normalize: whether the pipeline brings the vectors to unit length.
    radius: the Euclidean distance of unit vectors below which two faces usually show one
    person; the clusterers' default eps and bandwidth.
    Raises UserError for a value that is none of these.
    """

    weights: str | None
    url: str
    filename: str
    sha256: str
    dimensions: int
    standardize: str
    radius: float
    margin: int = 5
    normalize: bool = True
    batch: int = 32
    parallel = False  # TensorFlow uses all cores itself

    def __post_init__(self) -> None:
        """Raise UserError for a value that cannot be meant."""
        _require("dimensions", self.dimensions, "128 or 512", self.dimensions in (128, 512))
        known = self.standardize in ("image", "fixed")
        _require("standardize", self.standardize, "image or fixed", known)
        _require("margin", self.margin, "a whole number, at least 0", _at_least(self.margin, 0))
        _require("batch", self.batch, "a whole number, at least 1", _at_least(self.batch, 1))

    def identity(self) -> str:
        """Weights by content, dimensions, standardisation, margin and this code's version.

        Needs no download. Raises UserError where `weights` cannot be read.
        """
        return (
            f"facenet/{_VERSION} dimensions={self.dimensions} standardize={self.standardize} "
            f"margin={self.margin} weights={self._weights_sha256}"
        )

    def model_files(self) -> dict[str, str]:
        """SHA-256 in hex of its weights, by file. Raises UserError where they cannot be read."""
        return {self.filename if self._own is None else self._own.name: self._weights_sha256}

    def embed(self, faces: Sequence[Face]) -> Vectors:
        """(len(faces), dimensions) float32, raw (not unit length).

        The first call imports TensorFlow, gets the weights and builds the network.
        Raises UserError where the weights cannot be had or are not this network's.
        """
        from facetrack.embedder.crops import crop

        vectors = np.empty((len(faces), self.dimensions), dtype=np.float32)
        for first in range(0, len(faces), self.batch):
            part = faces[first : first + self.batch]
            crops = [crop(face.image, face.box, self.margin) for face in part]
            vectors[first : first + len(part)] = self.embed_crops(np.stack(crops))
        return vectors

    def embed_crops(self, crops: Image) -> Vectors:
        """As `embed`, for (n, 160, 160, 3) uint8 RGB faces, all n at once."""
        return self._network(standardize(crops, self.standardize))

    # Both stay as they were first seen, so that vectors are stored under the weights they are of.
    @functools.cached_property
    def _weights_sha256(self) -> str:
        return self.sha256 if self._own is None else _sha256(self._own)

    @functools.cached_property
    def _network(self) -> Network:
        sha256 = self._weights_sha256
        return _network(self._own or self._download(), sha256, self.dimensions)

    @property
    def _own(self) -> Path | None:
        return None if self.weights is None else user_path(self.weights)

    def _download(self) -> Path:
        from facetrack.system.download import fetch

        return fetch(
            [self.url],
            self.filename,
            self.sha256,
            "use embedder=dlib, which needs no download, or give embedder.weights=FILE of your own",
        )


def standardize(images: Image, how: str) -> NDArray[np.float32]:
    """Pixel values as the network was trained on them: (n, h, w, 3) uint8 to float32.

    "fixed": (x - 127.5) / 128. "image": zero mean and unit standard deviation over each image's
    pixels and channels, with a floor of 1 / sqrt(number of values) under the deviation.
    """
    values = images.astype(np.float32)
    if how == "fixed":
        return (values - np.float32(127.5)) / np.float32(128)
    axes = (1, 2, 3)
    floor = np.float32(1 / np.sqrt(np.prod(images.shape[1:])))
    deviation: NDArray[np.float32] = np.maximum(values.std(axes, keepdims=True), floor)
    mean: NDArray[np.float32] = values.mean(axes, keepdims=True)
    return (values - mean) / deviation


def start_tensorflow() -> None:
    """Import TensorFlow, and Keras on it, without a word of theirs in the terminal."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"  # another choice of the user's would not run
    if "tensorflow" not in sys.modules:
        with _silent():
            import keras  # noqa: F401
            import tensorflow  # noqa: F401


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Standard error leads nowhere: TensorFlow writes there before it can be told not to."""
    if sys.__stderr__ is None:  # closed: number 2 may be any file by now
        yield
        return
    sys.__stderr__.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@functools.lru_cache(maxsize=1)  # the jobs of a sweep share it; a second one is rarely needed
def _network(path: Path, sha256: str, dimensions: int) -> Network:
    start_tensorflow()
    from facetrack.embedder import inception_resnet_v1, keras2_weights

    weights = keras2_weights.read(path, inception_resnet_v1.tensors(dimensions))
    if _sha256(path) != sha256:
        raise UserError(f"{path} was changed while facetrack read it: run again")
    return inception_resnet_v1.forward(dimensions, weights)


def _sha256(path: Path) -> str:
    """A weights file's SHA-256. Raises UserError where it cannot be read."""
    try:
        status = path.stat()
        if stat.S_ISREG(status.st_mode):
            return _sha256_of(path, status.st_size, status.st_mtime_ns)
        reason = "it is a folder" if stat.S_ISDIR(status.st_mode) else "it is not a file"
    except OSError as error:
        reason = str(error.strerror)
    raise SettingError(
        "{weights} must be a FaceNet .h5 file, but {path} cannot be read ({reason}): correct it, "
        "or leave it out to use the published file",
        path=path,
        reason=reason,
    )


@functools.lru_cache(maxsize=8)
def _sha256_of(path: Path, _size: int, _mtime_ns: int) -> str:
    return sha256(path).hex()


def _at_least(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _require(key: str, value: object, wanted: str, holds: bool) -> None:
    if not holds:
        text = f"{{{key}}} must be {{wanted}}, but it is {{came!r}}"
        raise SettingError(text, wanted=wanted, came=value)
