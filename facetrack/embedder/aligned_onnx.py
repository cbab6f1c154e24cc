"""Networks that see a face aligned by five landmarks: MobileFaceNet, SFace, ArcFace, one's own."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import SettingError, UserError
from facetrack.core.faces import Face, Image, Vectors
from facetrack.embedder.alignment import ARCFACE, ARCFACE_SIDE, align
from facetrack.system.model_file import ModelFile

# Part of every stored vector's key: raise it when the same network gives other vectors.
_VERSION = 1
_PLACES = "five places such as [[38.3,51.7],[73.5,51.5],[56,71.7],[41.5,92.4],[70.7,92.2]]"


@dataclass(frozen=True)
class AlignedOnnx:
    """Vectors of faces that are brought to a template by their landmarks.

    weights: an .onnx file of one's own, or None for the published one: `urls`, tried in this order,
    kept as `filename` and known by its `sha256`.
    dimensions: numbers in a vector. side: pixels of the square that the network sees.
    colours: "rgb" or "bgr", the order in which it sees them. mean, deviation: of each colour in
    that order, in values from 0 to 255: it sees (value - mean) / deviation.
    template: (5, 2), where the landmarks come to be in the square; None for ArcFace's.
    layout: "nchw" or "nhwc", the order of the network's input.
    normalize: whether the pipeline brings the vectors to unit length.
    radius: the Euclidean distance of unit vectors below which two faces usually show one
    person; the clusterers' default eps and bandwidth.
    Raises UserError for a value that is none of these.
    """

    weights: str | None
    radius: float
    dimensions: int = 128
    urls: Sequence[str] = ()
    filename: str = ""
    sha256: str | None = None
    side: int = ARCFACE_SIDE
    colours: str = "rgb"
    mean: Sequence[float] = (0.0, 0.0, 0.0)
    deviation: Sequence[float] = (1.0, 1.0, 1.0)
    template: Sequence[Sequence[float]] | None = None
    layout: str = "nchw"
    normalize: bool = True
    # Batches take as long per face (6.6 to 7.3 ms from 1 to 16), and so a vector depends on its
    # face alone.
    batch = 1
    parallel = True
    needs_landmarks = True

    def __post_init__(self) -> None:
        """Raise UserError for a value that cannot be meant."""
        for name, most in (("dimensions", 4096), ("side", 512)):
            value = getattr(self, name)
            known = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most
            _require(name, value, f"a whole number from 1 to {most}", known)
        _require("colours", self.colours, "rgb or bgr", self.colours in ("rgb", "bgr"))
        _require("layout", self.layout, "nchw or nhwc", self.layout in ("nchw", "nhwc"))
        mean, deviation = (_numbers(one, (3,)) for one in (self.mean, self.deviation))
        _require("mean", self.mean, "three numbers, one per colour", mean is not None)
        above = deviation is not None and bool((deviation > 0).all())
        _require("deviation", self.deviation, "three numbers above 0, one per colour", above)
        own = self.template is None or _numbers(self.template, (5, 2)) is not None
        _require("template", self.template, f"{_PLACES}, or null for ArcFace's", own)

    def identity(self) -> str:
        """Weights by content, all settings and this code's version. Needs no download."""
        template = "arcface" if self.template is None else _show(self.template)
        return (
            f"aligned_onnx/{_VERSION} dimensions={self.dimensions} side={self.side} "
            f"colours={self.colours} mean={_show(self.mean)} deviation={_show(self.deviation)} "
            f"template={template} layout={self.layout} weights={self._file.digest}"
        )

    def model_files(self) -> dict[str, str]:
        """SHA-256 in hex of its weights, by file."""
        return self._file.name_digest()

    def prepare(self) -> None:
        """Get the weights, check them and start the network. Raises UserError."""
        self._network()

    def embed(self, faces: Sequence[Face]) -> Vectors:
        """(len(faces), dimensions) float32, raw (not unit length).

        Raises UserError where a face has no landmarks, and where the weights cannot be had or
        are not such a network's.
        """
        network = self._network()
        vectors = np.empty((len(faces), self.dimensions), dtype=np.float32)
        for row, face in enumerate(faces):
            vectors[row] = network.run(self.standardize(self.align(face)))
        return vectors

    def align(self, face: Face) -> Image:
        """(side, side, 3) uint8 RGB. Raises UserError where a face has no landmarks."""
        if face.landmarks is None:
            raise UserError(
                "an aligned embedder needs five landmarks of each face, and one came without: use "
                "detector=yunet, which gives them"
            )
        return align(face.image, face.landmarks, self._places, self.side)

    def standardize(self, aligned: Image) -> NDArray[np.float32]:
        """What the network sees of an aligned face: (1, 3, side, side), or as `layout` has it."""
        values = aligned if self.colours == "rgb" else aligned[..., ::-1]
        mean, deviation = (np.asarray(one, np.float32) for one in (self.mean, self.deviation))
        if self.layout == "nchw":
            values = values.transpose(2, 0, 1)
            mean, deviation = mean[:, None, None], deviation[:, None, None]
        seen = np.empty(self._shape, dtype=np.float32)
        np.subtract(values, mean, out=seen[0])
        seen /= deviation
        return seen

    @property
    def _shape(self) -> tuple[int, ...]:
        """Of what the network sees."""
        colours, sides = (3,), (self.side, self.side)
        return (1, *colours, *sides) if self.layout == "nchw" else (1, *sides, *colours)

    @property
    def _places(self) -> NDArray[np.float64]:
        """The template, (5, 2)."""
        if self.template is not None:
            return np.asarray(self.template, dtype=np.float64)
        return np.asarray(ARCFACE) * (self.side / ARCFACE_SIDE)

    # It stays as it was first seen, so that vectors are stored under the weights they are of.
    @functools.cached_property
    def _file(self) -> ModelFile:
        return ModelFile(
            self.weights,
            tuple(self.urls),
            self.filename,
            self.sha256,
            "an .onnx file",
            "use embedder=dlib, which needs no download, or give embedder.weights=FILE of your own",
        )

    def _network(self) -> "_Network":
        return _start(self._file, self._file.digest, self._shape, self.dimensions)


@dataclass(frozen=True)
class _Network:
    """A session of ONNX Runtime, and what its input is called."""

    session: Any
    input: str

    def run(self, seen: NDArray[np.float32]) -> NDArray[np.float32]:
        """Its first output for what `standardize` gives. Raises ValueError where it fails."""
        try:
            return np.asarray(self.session.run(None, {self.input: seen})[0])
        except Exception as error:  # ONNX Runtime's own classes have none in common
            raise ValueError(f"fails ({' '.join(str(error).split())[:200]})") from error


# The jobs of a sweep share it, and so do threads: a session keeps nothing of a call.
@functools.lru_cache(maxsize=2)
def _start(file: ModelFile, _digest: str, shape: tuple[int, ...], dimensions: int) -> _Network:
    """The network of a file. Raises UserError for one that is another kind of model, or none."""
    from facetrack.system.onnx_file import check_model

    content = file.read()
    try:
        if file.own is not None:  # nobody has looked at it before
            check_model(content, shape)
        session = _open(content)
        network = _Network(session, session.get_inputs()[0].name)
        came = network.run(np.zeros(shape, dtype=np.float32)).shape
        if came != (1, dimensions):
            raise ValueError(f"gives {_tell(came)}")
    except ValueError as error:
        raise SettingError(
            "{weights} must be a model that takes {takes} and gives {gives}, but {path} {reason}: "
            "name another, or set {side}, {layout} and {dimensions} to what it takes and gives",
            takes=_tell(shape),
            gives=_tell((1, dimensions)),
            path=file.own or file.filename,
            reason=error,
        ) from error
    return network


def _open(content: bytes) -> Any:
    from facetrack.system.onnx_session import start_session

    try:
        return start_session(content)
    except ValueError as error:
        raise ValueError(f"cannot be run ({str(error)[:200]})") from error


def _tell(shape: Sequence[int]) -> str:
    return f"({', '.join(['n', *map(str, shape[1:])])})"


def _numbers(value: object, shape: tuple[int, ...]) -> NDArray[np.float64] | None:
    """Finite numbers of that shape; None for anything else."""
    try:
        numbers = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return numbers if numbers.shape == shape and np.isfinite(numbers).all() else None


def _show(values: object) -> str:
    return ",".join(f"{value:.9g}" for value in np.ravel(np.array(values, dtype=np.float64)))


def _require(name: str, value: object, wanted: str, holds: bool) -> None:
    if not holds:
        text = f"{{{name}}} must be {{wanted}}, but it is {{came!r}}"
        raise SettingError(text, wanted=wanted, came=value)
