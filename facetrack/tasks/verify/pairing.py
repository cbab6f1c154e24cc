"""The pairs of a dataset, and the faces of those pictures that a pair names; no others."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import UserError
from facetrack.core.faces import Dataset, Embedded, Embeddings, Picture, Pictures
from facetrack.core.texts import write_count
from facetrack.dataset.folder import XMP
from facetrack.dataset.lfw_pairs import read_pairs
from facetrack.evaluation.pairs import Pairs, draw_pairs
from facetrack.evaluation.resampling import start_pairs
from facetrack.evaluation.verification import measure_distances

_GONE = Path("/")  # of a picture that has no vector: it is never opened


@dataclass(frozen=True)
class Request:
    """Which pairs of a dataset are wanted.

    dataset: one with pictures, or with embeddings. embed: gives the faces of some of its pictures,
    one of each, but with labels of XMP all that have a name.
    name: of it, which draws random pairs. file: of pairs in LFW's format; None for random ones.
    n_pairs: of those, at most so many of each kind.
    """

    dataset: Dataset | Embedded
    embed: Callable[[Pictures], Embeddings]
    name: str
    file: Path | None
    n_pairs: int
    seed: int


@dataclass(frozen=True)
class Paired:
    """Pairs with what is known of their pictures.

    pictures: those that the pairs are indices of; one for each face where several of a picture
    are in pairs. rows: of each, its row of the embeddings; -1 where it has no face.
    """

    pairs: Pairs
    pictures: Sequence[Picture]
    rows: NDArray[np.int64]
    embeddings: Embeddings

    @property
    def used(self) -> NDArray[np.int64]:
        """The pictures that are in a pair, sorted."""
        return np.union1d(self.pairs.first, self.pairs.second)

    @property
    def are_faces(self) -> bool:
        """Whether pairs are of faces, of which a picture may have several."""
        names = [self.pictures[one].name for one in self.used.tolist()]
        return len(set(names)) < len(names)

    @property
    def distances(self) -> NDArray[np.float64]:
        """(m,) of the pairs, inf where a face is missing."""
        first, second = (self.rows[one] for one in (self.pairs.first, self.pairs.second))
        return measure_distances(self.embeddings.vectors, first, second)


def make_pairs(request: Request) -> Paired:
    """The pairs, their faces embedded.

    Raises UserError where the pairs are of pictures that there are not, where there are too few to
    draw pairs of, and where no picture gives a face.
    """
    dataset = request.dataset
    if isinstance(dataset, Embedded):
        return _pair_vectors(dataset.embeddings(), request)
    listing = dataset.load()
    if getattr(dataset, "labels", None) == XMP:
        return _pair_vectors(request.embed(listing), request)
    pictures = listing.pictures
    pairs, missing = _choose(pictures, request)
    if missing:
        raise UserError(
            f"{request.file} names {write_count(len(missing), 'picture')} that dataset "
            f"{request.name} does not have, such as {missing[0]}: take the dataset that the "
            "pairs are of, with all its people (dataset.min_pictures=1)"
        )
    used = np.union1d(pairs.first, pairs.second)
    named = replace(listing, pictures=[pictures[one] for one in used.tolist()])
    embeddings = request.embed(named)
    row = {picture.name: at for at, picture in enumerate(embeddings.pictures)}
    rows = np.array([row.get(picture.name, -1) for picture in pictures], dtype=np.int64)
    return Paired(pairs, pictures, rows, embeddings)


def _pair_vectors(whole: Embeddings, request: Request) -> Paired:
    """Pairs of vectors. A picture that has none had no face when they were made."""
    pairs, missing = _choose(whole.pictures, request)
    if len(missing) == len(np.union1d(pairs.first, pairs.second)):
        raise UserError(
            f"dataset {request.name} has none of the pictures that {request.file} names, such "
            f"as {missing[0]}: its array `pictures` has to name those files"
        )
    pictures = [*whole.pictures, *(Picture(_GONE, name) for name in missing)]
    used = np.union1d(pairs.first, pairs.second)
    used = used[used < len(whole.pictures)]
    rows = np.full(len(pictures), -1)
    rows[used] = np.arange(len(used))
    return Paired(pairs, pictures, rows, whole.some(used))


def _choose(pictures: Sequence[Picture], request: Request) -> tuple[Pairs, list[str]]:
    """The pairs, as indices of the pictures and, behind them, of the names that are not there."""
    if request.file is not None:
        return _find(pictures, request.file)
    people = sorted({one.person for one in pictures if one.person is not None})
    if not people:
        raise UserError(
            f"nobody says who is on the pictures of dataset {request.name}, and pairs need "
            "that: give a folder with a sub-folder per person, dataset.labels=FILE or "
            "dataset.labels=xmp"
        )
    number = {person: at for at, person in enumerate(people)}
    known = np.array([at for at, one in enumerate(pictures) if one.person is not None])
    labels = np.array([number[str(pictures[at].person)] for at in known.tolist()])
    pairs = draw_pairs(labels, request.n_pairs, start_pairs(request.seed, request.name))
    return replace(pairs, first=known[pairs.first], second=known[pairs.second]), []


def _find(pictures: Sequence[Picture], path: Path) -> tuple[Pairs, list[str]]:
    named = read_pairs(path)
    wanted = dict.fromkeys(name for pair in named for name in (pair.first, pair.second))
    place = _find_places(wanted, pictures, path)
    missing = [name for name in wanted if name not in place]
    place |= {name: len(pictures) + at for at, name in enumerate(missing)}
    pairs = Pairs(
        first=np.array([place[pair.first] for pair in named], dtype=np.int64),
        second=np.array([place[pair.second] for pair in named], dtype=np.int64),
        same=np.array([pair.same for pair in named]),
        folds=np.array([pair.fold for pair in named], dtype=np.int64),
    )
    return pairs, missing


def _find_places(wanted: Iterable[str], pictures: Sequence[Picture], path: Path) -> dict[str, int]:
    """Which picture each name of a file is, its ending left out. Raises UserError for two."""
    names = set(wanted)
    found: dict[str, int] = {}
    for at, picture in enumerate(pictures):
        file = PurePosixPath(picture.name)
        for name in {file.name, file.stem} & names:
            if name in found:
                raise UserError(
                    f"{path} names {name}, and there are two of it, {pictures[found[name]].name} "
                    f"and {picture.name}: leave one of them out"
                )
            found[name] = at
    return found
