"""Pairs of faces on one photo that were put together: an error figure that needs no labels."""

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from facetrack.core.faces import Embeddings
from facetrack.core.texts import write_count
from facetrack.evaluation import radius
from facetrack.evaluation.impossible import ImpossiblePairs, count_impossible
from facetrack.tracking import keys


def count_on_photos(
    embeddings: Embeddings,
    clusters: NDArray[np.int64],
    estimator: BaseEstimator,
    natural: float | None,
) -> ImpossiblePairs | None:
    """The impossible pairs among all faces; None where there is no pair, or no radius is known.

    clusters: (n,) of all faces, found by the estimator. natural: the embedder's radius.
    Faces within half a radius are as good as equal: half the method's, or the embedder's where the
    method has none. Of files with the same content the first one counts.
    """
    near = _read_radius(estimator, natural)
    if near is None:
        return None
    first: dict[str, str] = {}
    photos: dict[str, int] = {}
    rows = []
    for row, (content, picture) in enumerate(
        zip(embeddings.contents, embeddings.pictures, strict=True)
    ):
        if first.setdefault(content, picture.name) == picture.name:
            rows.append(row)
            photos.setdefault(content, len(photos))
    numbers = np.array([photos[embeddings.contents[row]] for row in rows], dtype=np.int64)
    found = count_impossible(clusters[rows], numbers, embeddings.vectors[rows], near / 2)
    return found if found.n_pairs else None


def make_metrics(found: ImpossiblePairs | None) -> dict[str, float]:
    """The rate and what it is of, by the names of metrics; empty for None."""
    if found is None or found.rate is None:
        return {}
    return {keys.IMPOSSIBLE_PAIRS: found.rate, keys.PHOTO_PAIRS: found.n_pairs}


def tell(found: ImpossiblePairs) -> str:
    """The rate in a sentence. found: with at least one pair."""
    pairs = write_count(found.n_pairs, "pair")
    told = f"{found.n_together:,} of {pairs} of faces on one photo"
    if not found.n_together:
        return f"{told} were put together: each would be two people, so a mistake"
    share = 100 * found.n_together / found.n_pairs
    share_told = f"{share:.1f}" if share >= 0.05 else f"{share:.1g}"
    were = "was" if found.n_together == 1 else "were"
    return f"{told} {were} put together ({share_told} %): two people, so each is a mistake"


def _read_radius(estimator: BaseEstimator, natural: float | None) -> float | None:
    """The method's radius, else the embedder's; None where neither is known."""
    settings = estimator.get_params()
    known = [settings.get(name) for name in radius.NAMES] + [natural]
    return next((float(one) for one in known if isinstance(one, int | float)), None)
