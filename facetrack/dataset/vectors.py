"""Embeddings from a file, of facetrack's own (`task=export`) or from elsewhere: no pictures.

| array      | what it is                                                                     |
|------------|--------------------------------------------------------------------------------|
| embeddings | (n, d) numbers, the only one that has to be there                              |
| labels     | (n,) whole numbers or texts: who it is; -1 or an empty text: nobody knows      |
| people     | (K,) texts: the names of people 0, 1, … where labels are numbers               |
| pictures   | (n,) texts: the picture each face is on                                        |
| boxes      | (n, 4) numbers: left, top, width, height                                       |
| contents   | (n,) texts: SHA-256 of each picture's file, in hex                             |
| name       | a text: the dataset's name, which draws the resamples                          |
| radius     | a number: the embedder's radius                                                |
| strangers  | (m, 2) numbers: shares of pairs of strangers, and distances (core/scale.py)    |
| likelihood | (m, 2) numbers: distances, and log10 of their ratio (core/likelihood.py)       |
| normalized | whether the embedder wants unit vectors                                        |
"""

import functools
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import UserError
from facetrack.core.faces import Boxes, Embeddings, Picture, Pictures, Skipped, scale_to_unit
from facetrack.core.likelihood import Ratios, check_ratios
from facetrack.core.scale import Strangers, check_strangers
from facetrack.core.texts import write_count
from facetrack.system import npz
from facetrack.system.files import sha256, user_path

NAMES = ("embeddings", "labels", "people", "pictures", "boxes", "contents")
ABOUT = ("name", "radius", "strangers", "likelihood", "normalized")
_WHAT = "dataset.file"
Pairs = TypeVar("Pairs")
_HEX = re.compile(r"[0-9a-f]{64}")
_UNIT = 1e-5  # how far float32 rounding leaves a unit vector's length from 1
_LONGEST_NAME = 100
_LARGEST = 1e18  # of a number: squares of larger ones are no float32


@dataclass(frozen=True)
class About:
    """What a file says of itself, and its SHA-256 in hex; None for what it does not say."""

    sha256: str
    name: str | None
    radius: float | None
    strangers: Strangers | None = None
    likelihood: Ratios | None = None

    def call(self, path: Path) -> str:
        """What names the dataset in tables: the name that the file says, else the file's own."""
        return (self.name or path.stem)[:_LONGEST_NAME]


@dataclass
class Vectors:
    """Faces as vectors in an .npz file.

    file: its path. name: names the dataset in tables. sha256: of the file; settle.py fills it in,
    as it does with a name of null. normalize: whether vectors are divided by
    their length; None for what the file says, or else True. Vectors of length 1 stay as they are.
    """

    file: str | Path
    name: str = "vectors"
    sha256: str | None = None
    normalize: bool | None = None

    def load(self) -> Pictures:
        """Raise UserError: there are no pictures."""
        raise UserError(
            "dataset.file holds vectors, not pictures: it is for clustering, sweeps, studies and "
            "task=export; for pictures take dataset=folder dataset.root=PATH"
        )

    def embeddings(self) -> Embeddings:
        """The faces in the file's order. Raises UserError for a file that cannot be used."""
        path = user_path(self.file)
        found = npz.read(path, (*NAMES, *ABOUT), _WHAT)
        vectors = _vectors(found, path)
        n = len(vectors)
        people = _people(found, n, path)
        pictures = _texts(found, "pictures", n, path)
        if pictures is None:
            pictures = [f"{row:0{len(str(n - 1))}d}" for row in range(n)]
        said = found.get("normalized")
        wanted = self.normalize
        if wanted is None:
            wanted = said is None or bool(said.any())
        if wanted:
            vectors = _of_length_one(vectors)
        labelled = people is not None and any(one is not None for one in people)
        whole = Embeddings(
            vectors=vectors,
            boxes=_boxes(found, n, path),
            pictures=[
                # Its path is never opened: a file may name any path as its picture.
                Picture(path, picture, person, publishable=False)
                for picture, person in zip(pictures, people or [None] * n, strict=True)
            ],
            skipped=[],
            n_pictures=len(set(pictures)),
            contents=_contents(found, vectors, path),
        )
        return _known_only(whole) if labelled else whole


def read_about(file: str | Path) -> About:
    """What a file says of itself. Raises UserError for one that cannot be used."""
    path = user_path(file)
    try:
        stat = path.stat()
        return _about(path, stat.st_mtime_ns, stat.st_size)
    except OSError as error:
        raise UserError(
            f"{_WHAT}={path} cannot be read ({error.strerror}): give an .npz file with an array "
            "`embeddings`, such as task=export writes"
        ) from error


@functools.lru_cache(maxsize=8)
def _about(path: Path, changed: int, size: int) -> About:
    """changed, size: so that a file that changes meanwhile is looked at again."""
    del changed, size
    found = npz.read(path, ABOUT, _WHAT)
    names = (
        _texts({"name": found["name"].reshape(-1)}, "name", 1, path) if "name" in found else [""]
    )
    radius = found.get("radius")
    if radius is not None and (radius.size != 1 or radius.dtype.kind not in "iuf"):
        raise _refusal(path, "radius", "a number", radius)
    assert names is not None
    return About(
        sha256(path).hex(),
        names[0] or None,
        None if radius is None else float(radius.reshape(())),
        _read_pairs(found, "strangers", path, check_strangers),
        _read_pairs(found, "likelihood", path, check_ratios),
    )


def _read_pairs(
    found: dict[str, NDArray[Any]], name: str, path: Path, check: Callable[[Any, str], Pairs]
) -> Pairs | None:
    pairs = found.get(name)
    if pairs is None:
        return None
    if pairs.dtype.kind != "f" or pairs.ndim != 2:
        raise _refusal(path, name, "numbers, (m, 2)", pairs)
    return check(pairs.tolist(), f"{_WHAT}={path}: `{name}`")


def _refusal(path: Path, name: str, expected: str, came: NDArray[Any]) -> UserError:
    return UserError(
        f"{_WHAT}={path}: `{name}` is expected to be {expected}; it is {came.dtype} of shape "
        f"{came.shape}"
    )


def _vectors(found: dict[str, NDArray[Any]], path: Path) -> NDArray[np.float32]:
    if "embeddings" not in found:
        raise UserError(
            f"{_WHAT}={path} has no array `embeddings`: give an .npz file that has one, (n, d) "
            "numbers, as task=export and numpy.savez(FILE, embeddings=…) write it"
        )
    array = found["embeddings"]
    if array.ndim != 2 or not array.size or array.dtype.kind not in "iuf":
        raise _refusal(path, "embeddings", "(n, d) numbers", array)
    vectors = array.astype(np.float32)
    # Of the whole array at once, which needs no second one of its size.
    if not (vectors.min() > -_LARGEST and vectors.max() < _LARGEST):
        usable = (np.abs(vectors) < _LARGEST).all(axis=1)
        raise UserError(
            f"{_WHAT}={path}: row {int(np.flatnonzero(~usable)[0])} of `embeddings` has a value "
            f"that is not a number below {_LARGEST:g}: leave such rows out"
        )
    return vectors


def _of_length_one(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    # Divided once more, vectors of length 1 would change in their last digits.
    return vectors if (np.abs(lengths - 1) < _UNIT).all() else scale_to_unit(vectors)


def _people(found: dict[str, NDArray[Any]], n: int, path: Path) -> list[str | None] | None:
    """Each face's person, None for an unknown one; None where the file has no labels."""
    if "labels" not in found:
        return None
    labels = found["labels"]
    if labels.dtype.kind in "US":
        texts = _texts(found, "labels", n, path)
        assert texts is not None
        return [text or None for text in texts]
    if labels.shape != (n,) or labels.dtype.kind not in "iu":
        raise _refusal(path, "labels", f"({n},) whole numbers or texts", labels)
    if "people" not in found:
        return [str(label) if label >= 0 else None for label in labels.tolist()]
    names = _texts(found, "people", len(found["people"].reshape(-1)), path)
    assert names is not None
    if labels.max() >= len(names):
        raise UserError(
            f"{_WHAT}={path}: `labels` has person {labels.max()}, and `people` has {len(names)} "
            "names, from 0 on"
        )
    return [names[label] if label >= 0 else None for label in labels.tolist()]


def _texts(found: dict[str, NDArray[Any]], name: str, n: int, path: Path) -> list[str] | None:
    """An array's texts; None where the file has none of that name."""
    if name not in found:
        return None
    array = found[name]
    if array.shape != (n,) or array.dtype.kind not in "US":
        raise _refusal(path, name, f"({n},) texts", array)
    try:
        if array.dtype.kind == "S":
            return [text.decode("utf-8", "replace") for text in array.tolist()]
        # Lone surrogates stand for no character, and no table could hold them.
        return [text.encode("utf-8", "replace").decode() for text in array.tolist()]
    except (ValueError, SystemError) as error:
        raise UserError(f"{_WHAT}={path}: `{name}` has texts that are not Unicode") from error


def _boxes(found: dict[str, NDArray[Any]], n: int, path: Path) -> Boxes:
    if "boxes" not in found:
        return np.zeros((n, 4), dtype=np.int64)
    boxes = found["boxes"]
    if boxes.shape != (n, 4) or boxes.dtype.kind not in "iuf":
        raise _refusal(path, "boxes", f"({n}, 4) numbers", boxes)
    if not (np.abs(boxes.astype(np.float64)) < 2**31).all():
        raise UserError(f"{_WHAT}={path}: `boxes` has values that are no places in a picture")
    rounded: Boxes = np.rint(boxes).astype(np.int64)
    return rounded


def _contents(
    found: dict[str, NDArray[Any]], vectors: NDArray[np.float32], path: Path
) -> list[str]:
    """Each picture's SHA-256; where the file has none, each vector's own."""
    texts = _texts(found, "contents", len(vectors), path)
    if texts is None:
        return [hashlib.sha256(vector.tobytes()).hexdigest() for vector in vectors]
    if not all(map(_HEX.fullmatch, texts)):
        raise UserError(f"{_WHAT}={path}: `contents` is not all SHA-256 in 64 hex digits")
    return texts


def _known_only(whole: Embeddings) -> Embeddings:
    """Without the faces nobody put a name to, which could not be scored."""
    known = np.array([one.person is not None for one in whole.pictures])
    if known.all():
        return whole
    faces = np.flatnonzero(known)
    left = len(known) - len(faces)
    return Embeddings(
        whole.vectors[faces],
        whole.boxes[faces],
        [whole.pictures[int(face)] for face in faces],
        [Skipped(f"({write_count(left, 'face')})", "without a label", 0)],
        whole.n_pictures,
        [whole.contents[int(face)] for face in faces],
    )
