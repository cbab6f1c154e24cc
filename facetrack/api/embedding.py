"""From pictures, or a file of vectors, to faces."""

import hashlib
from pathlib import Path
from typing import Any

from facetrack.api.faces import Faces
from facetrack.core.errors import UserError
from facetrack.core.faces import Dataset, Detector, Embedded, Embedder
from facetrack.core.scale import Scale
from facetrack.core.suggestions import find_nearest
from facetrack.dataset import Folder, Vectors
from facetrack.dataset.folder import XMP
from facetrack.dataset.vectors import read_about
from facetrack.extraction.pipeline import extract
from facetrack.extraction.store import Store
from facetrack.extraction.xmp.labels import label_faces
from facetrack.system.choices import choose, make_default
from facetrack.system.files import user_path
from facetrack.system.home import find_home, find_locks, lock
from facetrack.system.progress import TERMINAL

_DETECTOR, _EMBEDDER = "haar", "dlib"
# Those that are complete without a path.
_DATASETS = ("lfw", "muct", "portraits")


def embed(
    photos: str | Path | Dataset,
    *,
    detector: str | Detector = _DETECTOR,
    embedder: str | Embedder = _EMBEDDER,
) -> Faces:
    """The faces of some pictures with their embeddings.

    What was embedded before comes from the store, in the folder that FACETRACK_HOME names or else
    in your cache folder. Pictures are only read.

    photos: a folder with a sub-folder per person, or a flat one, whose faces nobody has named; or
    an .npz file with `embeddings`, as `task=export` writes it; or a dataset: "portraits", "lfw",
    "muct", or an object such as `facetrack.dataset.Folder("~/Pictures", min_pictures=3)`. A folder
    that is called like a dataset is "./portraits".
    detector, embedder: named as in conf/, or objects such as
    `facetrack.detector.Haar(choose="all")`.

    Raises UserError where there is no such path or choice, and where no picture gives a face.

    >>> import facetrack
    >>> facetrack.embed("portraits", detector="haar_article")
    59 faces of 18 people on 59 pictures: portraits
    embeddings (59, 128) float32, by haar_article and dlib, radius 0.3
    0 pictures skipped
    """
    dataset: Dataset
    if isinstance(photos, str) and photos in _DATASETS:
        dataset = make_default("dataset", photos)
    elif isinstance(photos, str | Path):
        path = user_path(photos)
        if path.is_file():
            return _read(path, detector, embedder)
        dataset = _take_folder(path, photos)
    else:
        dataset = photos
    if not hasattr(dataset, "load"):
        raise UserError(
            f"expected a path, one of the datasets {', '.join(_DATASETS)}, or an object with load; "
            f"got {photos!r}"
        )
    if isinstance(dataset, Embedded):
        return Faces(dataset.embeddings(), dataset.name)
    found = _make_stage("detector", detector, "detect")
    used = _make_stage("embedder", embedder, "embed")
    identities = "\0".join((dataset.name, found.identity(), used.identity()))
    key = hashlib.sha256(identities.encode()).hexdigest()[:16]
    # Others may want the same pictures: one embeds, the others find them stored.
    listing = dataset.load()
    with lock(find_locks() / f"embed-{key}.lock"), Store(find_home()) as store:
        faces = extract(listing, found, used, store, progress=TERMINAL)
    if isinstance(dataset, Folder) and dataset.labels == XMP:
        faces = label_faces(faces, listing, dataset.min_pictures, TERMINAL)
    source = f"{_name(detector)} and {_name(embedder)}"
    return Faces(faces, dataset.name, _find_scale(embedder, used), source)


def _find_scale(given: object, embedder: Any) -> Scale:
    """An embedder's distances: its own radius, and what conf/ says of one that is named there."""
    facts = choose("embedder", given).facts if isinstance(given, str) else {}
    return Scale.read({"radius": getattr(embedder, "radius", None), **facts})


def _make_stage(group: str, given: object, method: str) -> Any:
    """A detector or an embedder. method: what an object has to have. Raises UserError."""
    if isinstance(given, str):
        return make_default(group, given)
    if not (hasattr(given, method) and hasattr(given, "identity")):
        raise UserError(
            f"{group} is a name in conf/{group}, or an object with {method} and identity; got "
            f"{given!r}"
        )
    return given


def _take_folder(path: Path, given: str | Path) -> Folder:
    if not path.is_dir():
        near = find_nearest(str(given), _DATASETS)
        meant = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise UserError(
            f"there is no folder or .npz file {path}{meant} (expected a path, or one of the "
            f"datasets {', '.join(_DATASETS)})"
        )
    return Folder(path)


def _read(path: Path, detector: object, embedder: object) -> Faces:
    """The faces of a file of vectors. Raises UserError for one that cannot be used."""
    if (detector, embedder) != (_DETECTOR, _EMBEDDER):
        raise UserError(
            f"{path.name} holds embeddings, which leaves a detector and an embedder nothing to do: "
            "leave them out"
        )
    said = read_about(path)
    name = said.call(path)
    faces = Vectors(path, name, said.sha256).embeddings()
    scale = Scale(said.radius, said.strangers, likelihood=said.likelihood)
    return Faces(faces, name, scale, path.name)


def _name(stage: object) -> str:
    return stage if isinstance(stage, str) else type(stage).__name__
