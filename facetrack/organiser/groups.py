"""Who each face is: groups of the clusterer, and what earlier runs and the user know."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from facetrack.core.progress import QUIET, Progress
from facetrack.evaluation import radius
from facetrack.evaluation.experiment import Fit, fit, limit_threads
from facetrack.organiser import corrections, state
from facetrack.organiser.grouping import Numbers, give_numbers, take_apart
from facetrack.organiser.people import Corrections
from facetrack.organiser.photos import Photos, Stages
from facetrack.organiser.state import Photo, State


@dataclass(frozen=True)
class Clusterer:
    """What makes groups of faces.

    name: what it is called in the state. settings: what its groups depend on besides its radius.
    build: makes the estimator; may raise UserError. radius_is_given: whether the estimator's
    radius, if it has one, is to be kept. dataset, seed: what its random numbers come from.
    """

    name: str
    settings: Mapping[str, object]
    build: Callable[[], BaseEstimator]
    radius_is_given: bool
    dataset: str = ""
    seed: int = 0


@dataclass(frozen=True)
class Grouping:
    """How faces are grouped. regroup: whether all groups are made anew."""

    stages: Stages
    clusterer: Clusterer
    regroup: bool = False
    progress: Progress = QUIET


def begin_state(
    how: Grouping, photos: Photos, before: State, said: Corrections, *, prune: bool
) -> State:
    """The new state, with what stays as it was. prune: whether photos that are gone do not."""
    kept = {} if prune else before.photos
    seen = {
        content: Photo(list(names), photos.looks.get(content, b"").hex())
        for content, names in photos.names.items()
    }
    embedder, clusterer = how.stages.embedder, how.clusterer
    return State(
        embedder=f"{embedder.identity()} normalize={embedder.normalize}",
        clusterer=f"{clusterer.name} {dict(clusterer.settings)}",
        photos={**kept, **seen},
        pinned=list(before.pinned),
        barred=corrections.bars(before, said),
        parted=dict(before.parted),
        following=before.following,
        logged=before.logged,
    )


@dataclass(frozen=True)
class Groups:
    """numbers: (n,), the person each face is given to.

    remarks: what of the corrections could not be done. neighbors_recall: as in `experiment.Fit`.
    """

    numbers: Numbers
    remarks: list[str]
    neighbors_recall: float | None = None


def group_faces(
    how: Grouping,
    estimator: BaseEstimator,
    photos: Photos,
    before: State,
    now: State,
    said: Corrections,
) -> Groups:
    """Cluster the faces and give each its person; `now` remembers what was decided.

    Gives the estimator its radius. Raises UserError where it cannot cluster them.
    """
    regroup = _set_radius(how, estimator, photos, before, now)
    clustered = _cluster(how.clusterer, estimator, photos)
    numbers, remarks = _give_numbers(clustered.labels, photos, before, now, said, regroup)
    return Groups(numbers, remarks, clustered.neighbors_recall)


def restore_groups(photos: Photos, back: State, now: State) -> Groups:
    """The persons that a state gives faces to, all of which it knows."""
    numbers = np.array([back.faces[key] for key in photos.keys], dtype=np.int64)
    now.pinned, now.radius, now.radius_faces = back.pinned, back.radius, back.radius_faces
    now.embedder, now.clusterer, now.barred = back.embedder, back.clusterer, back.barred
    return Groups(numbers, [])


def _set_radius(
    how: Grouping, estimator: BaseEstimator, photos: Photos, before: State, now: State
) -> bool:
    """Give the clusterer the radius that was given, that of the last run, or a chosen one.

    Returns whether settled faces may come into other groups: only where the user asks for it, by
    task.regroup or by another radius, embedder or clusterer than last time.
    """
    same = state.is_same_setting(before.embedder, now.embedder, how.stages.settings) and (
        state.is_same_setting(before.clusterer, now.clusterer, how.clusterer.settings)
    )
    settled = same and not how.regroup
    if not how.clusterer.radius_is_given:
        if settled and before.radius is not None:
            _keep_radius(how, estimator, photos, before, now)
        else:
            radius.choose(estimator, photos.vectors, how.stages.scale, how.progress)
            now.radius_faces = len(photos.vectors)
    now.radius = radius.read_radius(estimator)
    return not settled or (before.radius is not None and before.radius != now.radius)


def _keep_radius(
    how: Grouping, estimator: BaseEstimator, photos: Photos, before: State, now: State
) -> None:
    """Give the clusterer the radius of the last run, and say where another may suit better."""
    assert before.radius is not None
    radius.set_radius(estimator, before.radius)
    now.radius_faces = before.radius_faces
    how.progress.say(f"  radius {before.radius:g}, as last time")
    # What was chosen for few faces need not suit many.
    n = len(photos.vectors)
    if n > 2 * before.radius_faces:
        now.radius_faces = n
        better = radius.find_better(
            estimator, photos.vectors, how.stages.radius, before.radius, how.progress
        )
        if better is not None:
            how.progress.say(
                f"  a radius of {better:g} may suit these faces better: with "
                "task.regroup=true all groups are made anew with it"
            )


def _cluster(clusterer: Clusterer, estimator: BaseEstimator, photos: Photos) -> Fit:
    """The clusters of all faces."""
    with limit_threads(len(photos.vectors)):
        return fit(estimator, photos.vectors, None, (clusterer.seed, clusterer.dataset, 0))


def _give_numbers(
    labels: NDArray[np.int64],
    photos: Photos,
    before: State,
    now: State,
    said: Corrections,
    regroup: bool,
) -> tuple[Numbers, list[str]]:
    """Each face's number, and what of the corrections could not be done."""
    labels = take_apart(labels, photos.vectors, photos.contents, now.radius)
    earlier = corrections.recall_earlier(photos, before, said, settled=not regroup)
    numbers = give_numbers(labels, photos.vectors, earlier, now.following)
    now.following = max(now.following, int(numbers.max(initial=0)) + 1)
    remarks = corrections.carry_out(numbers, photos, before, now, said)
    return numbers, remarks
