"""The radius of a clusterer that has one: given, tuned, or chosen from the faces themselves."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from facetrack.clusterer.average_linkage import AverageLinkage
from facetrack.clusterer.graph_estimator import GraphClusterer
from facetrack.core.faces import Vectors
from facetrack.core.progress import QUIET, Progress
from facetrack.core.scale import Scale
from facetrack.core.texts import write_count
from facetrack.evaluation.label_free import Search

NAMES = ("eps", "bandwidth")
KEYS = tuple(f"clusterer.{name}" for name in NAMES)
_CLEARLY = 0.03  # of separation: less does not make up for groups that people know


def is_not_given(given: Collection[str], keys: Collection[object]) -> bool:
    """Whether a clusterer has a radius, which is left to the default.

    given: the settings that somebody has given. keys: those that the clusterer has; one with a
    `share`, which gives a radius too, does not take the embedder's for its own.
    """
    others = (*KEYS, "clusterer.share") if "share" in keys else (*KEYS, "embedder.radius")
    return "eps" in keys and set(given).isdisjoint(others)


def read_radius(estimator: BaseEstimator) -> float | None:
    """An estimator's radius; None where it has none."""
    settings = estimator.get_params()
    return next((float(settings[name]) for name in NAMES if name in settings), None)


def set_radius(estimator: BaseEstimator, radius: float) -> None:
    """Give an estimator that has a radius another one."""
    estimator.set_params(**{_name(estimator): radius})


def choose(
    estimator: BaseEstimator, vectors: Vectors, scale: Scale, progress: Progress = QUIET
) -> None:
    """Set the radius that suits unlabelled faces, and say why.

    vectors: (n, d). A graph method's follows the number of faces (see core/scale.py), average
    linkage's is its own already. For others it is the one that separates the faces best, or where
    they do not tell, the radius to expect for so many of them (see label_free.py).
    """
    name = _name(estimator)
    if isinstance(estimator, GraphClusterer):
        _follow(estimator, len(vectors), scale, progress)
        return
    if has_own_radius(estimator):
        progress.say(f"  {name} {read_radius(estimator):g}: the embedder's own for this method")
        return
    assert scale.radius is not None
    natural = scale.radius
    found, separated = _search(estimator, vectors, natural).best(progress)
    set_radius(estimator, found)
    if separated is None:
        why = "what suits so many faces, for these do not tell a better one"
    else:
        why = "no labels, so chosen by how well the groups lie apart"
    progress.say(f"  {name} {found:g}: {why}")


def has_own_radius(estimator: BaseEstimator) -> bool:
    """Whether an estimator's radius follows from the embedder, not from a search."""
    return isinstance(estimator, GraphClusterer | AverageLinkage)


def _follow(estimator: BaseEstimator, n: int, scale: Scale, progress: Progress) -> None:
    """Set the radius for n faces."""
    set_radius(estimator, scale.find_distance_for(n))
    measured = "" if scale.strangers else ", guessed from its radius, for they are not measured"
    progress.say(
        f"  {_name(estimator)} {read_radius(estimator):g}: for {write_count(n, 'face')}, by how "
        f"far apart strangers are for this embedder{measured}"
    )


def find_better(
    estimator: BaseEstimator,
    vectors: Vectors,
    natural: float,
    current: float,
    progress: Progress = QUIET,
) -> float | None:
    """A radius that suits unlabelled faces clearly better than the current one; None without.

    vectors: (n, d). natural: the embedder's radius. Costs what `choose` costs: a dozen clusterings.
    """
    search = _search(estimator, vectors, natural)
    found, separated = search.best(progress)
    if separated is None:
        # Nothing but the number of faces speaks against the current radius.
        fits = search.radii[0] <= current <= search.radii[-1]
    else:
        fits = separated - search.separation(current) < _CLEARLY
    return None if fits else found


def _search(estimator: BaseEstimator, vectors: Vectors, natural: float) -> Search:
    name = _name(estimator)

    def cluster(at: float) -> NDArray[np.int64]:
        labels: NDArray[np.int64] = clone(estimator).set_params(**{name: at}).fit_predict(vectors)
        return labels

    return Search(vectors, cluster, natural)


def _name(estimator: BaseEstimator) -> str:
    """What an estimator that has a radius calls it."""
    return next(name for name in NAMES if name in estimator.get_params())
