"""Who each face is: groups of the clusterer, and what earlier runs and the user know."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from facetrack.clusterer.kernels.known import Memory, remembering
from facetrack.core.faces import Embedder
from facetrack.core.likelihood import are_unit
from facetrack.core.progress import QUIET, Progress
from facetrack.evaluation import radius
from facetrack.evaluation.experiment import Fit, fit, limit_threads, takes_photos
from facetrack.evaluation.impossible import ImpossiblePairs
from facetrack.organiser import corrections, photo_pairs, state
from facetrack.organiser.given import GivenFaces, find_given
from facetrack.organiser.grouping import Numbers, give_numbers, take_apart
from facetrack.organiser.low_quality import find_reach, join_low
from facetrack.organiser.people import Corrections
from facetrack.organiser.photos import Photos, Stages
from facetrack.organiser.state import Photo, State


@dataclass(frozen=True)
class Clusterer:
    """What makes groups of faces.

    name: what it is called in the state. settings: what its groups depend on besides its radius.
    build: makes the estimator; may raise UserError. radius_is_given: whether the estimator's
    radius, if it has one, is to be kept. dataset, seed: what its random numbers come from.
    is_given: whether somebody has chosen the method or its settings; faces that another one has
    sorted stay where they are as long as nobody has. has_own_radius: whether its radius is on a
    scale of its own, and not the embedder's.
    """

    name: str
    settings: Mapping[str, object]
    build: Callable[[], BaseEstimator]
    radius_is_given: bool
    dataset: str = ""
    seed: int = 0
    is_given: bool = True
    has_own_radius: bool = False


@dataclass(frozen=True)
class Grouping:
    """How faces are grouped. regroup: whether all groups are made anew.

    memory: of near faces, which need not be looked for again.
    """

    stages: Stages
    clusterer: Clusterer
    regroup: bool = False
    progress: Progress = QUIET
    memory: Memory = field(default_factory=Memory)


def begin_state(
    how: Grouping, photos: Photos, before: State, said: Corrections, *, prune: bool
) -> State:
    """The new state, with what stays as it was. prune: whether photos that are gone do not."""
    kept = {} if prune else before.photos
    seen = {
        content: Photo(list(names), photos.looks.get(content, b"").hex())
        for content, names in photos.names.items()
    }
    clusterer = how.clusterer
    return State(
        embedder=describe_embedder(how.stages.embedder),
        detector=how.stages.detector_name,
        embedder_name=how.stages.embedder_name,
        clusterer=f"{clusterer.name} {dict(clusterer.settings)}",
        photos={**kept, **seen},
        pinned=list(before.pinned),
        barred=corrections.bars(before, said),
        parted=dict(before.parted),
        following=before.following,
        logged=before.logged,
    )


def describe_embedder(embedder: Embedder) -> str:
    """An embedder as the state calls it."""
    return f"{embedder.identity()} normalize={embedder.normalize}"


@dataclass(frozen=True)
class Groups:
    """numbers: (n,), the person each face is given to.

    remarks: what of the corrections could not be done. neighbors_recall: as in `experiment.Fit`.
    mistaken: the impossible pairs, of `photo_pairs.count`.
    """

    numbers: Numbers
    remarks: list[str]
    neighbors_recall: float | None = None
    mistaken: ImpossiblePairs | None = None


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
    found = find_given(photos, before, said)
    among = np.array([key not in found.nobody for key in photos.keys], dtype=bool)
    if not among.any():
        among[:] = True  # something must be clustered; nobody's faces stay nobody's all the same
    people = photos if among.all() else photos.some(among)
    regroup = _set_radius(how, estimator, people, before, now)
    counted = photo_pairs.are_enough(people.contents)
    told = [True, False] if counted and takes_photos(estimator) else [True]
    clustered, *untold = _cluster(how, estimator, people, told)
    labels, mistaken = clustered.labels, None
    if counted:
        # While it does not know who shares a photo.
        at = radius.read_radius(estimator) or how.stages.radius
        mistaken = photo_pairs.count((untold or [clustered])[0].labels, people, at)
    if not takes_photos(estimator):
        labels = take_apart(labels, people.vectors, people.contents, now.radius)
    labels = _set_apart(labels, among, [key in found.nobody for key in photos.keys])
    numbers, remarks = _give_numbers(labels, photos, before, now, said, found, regroup)
    return Groups(numbers, remarks, clustered.neighbors_recall, mistaken)


def _set_apart(labels: Numbers, among: NDArray[np.bool_], nobody: Sequence[bool]) -> Numbers:
    """Labels of all faces, of which those of no person are alone.

    labels: of the faces that were clustered. among: (n,) which those are.
    """
    every = np.full(len(among), -1, dtype=np.int64)
    every[among] = labels
    alone = np.array(nobody, dtype=bool)
    every[alone] = every.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    return every


def restore_groups(photos: Photos, back: State, now: State) -> Groups:
    """The persons that a state gives faces to, all of which it knows."""
    numbers = np.array([back.faces[key] for key in photos.keys], dtype=np.int64)
    now.pinned, now.radius, now.radius_faces = back.pinned, back.radius, back.radius_faces
    now.embedder, now.clusterer, now.barred = back.embedder, back.clusterer, back.barred
    now.given = back.given
    now.detector, now.embedder_name = back.detector, back.embedder_name
    return Groups(numbers, [])


def _set_radius(
    how: Grouping, estimator: BaseEstimator, photos: Photos, before: State, now: State
) -> bool:
    """Give the clusterer the radius that was given, that of the last run, or one for these faces.

    Returns whether settled faces may come into other groups: only where the user asks for it, by
    task.regroup or by another embedder, radius or clusterer than last time. A radius that follows
    the number of faces, and a clusterer that is only now the default, move nobody.
    """
    clusterer = how.clusterer
    same = state.is_same_setting(before.clusterer, now.clusterer, clusterer.settings)
    settled = (
        state.is_same_setting(before.embedder, now.embedder, how.stages.settings)
        and (same or not clusterer.is_given)
        and not how.regroup
    )
    if not clusterer.radius_is_given:
        kept = settled and same and not radius.has_own_radius(estimator)
        if kept and before.radius is not None:
            _keep_radius(how, estimator, photos, before, now)
        else:
            radius.choose(estimator, photos.vectors, how.stages.scale, how.progress)
            now.radius_faces = len(photos.vectors)
    now.radius = radius.read_radius(estimator)
    if clusterer.radius_is_given and before.radius is not None and before.radius != now.radius:
        return True
    if settled and not same:
        how.progress.say(f"  {_tell_method(before.clusterer, clusterer.name)}")
    return not settled


def _tell_method(before: str, now: str) -> str:
    """That settled faces are where another method has put them. before: of the state."""
    was = state.name_method(before)
    was = f"{now} with other settings" if was == now else was
    return (
        f"groups so far were made by {was} and stay; new faces come to them by {now}, which a "
        "chance likeness of two people misleads less: task.regroup=true makes all groups anew "
        "with it"
    )


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


def _cluster(
    how: Grouping, estimator: BaseEstimator, photos: Photos, told: Sequence[bool]
) -> list[Fit]:
    """The clusters of all faces, for each of `told`: whether the estimator is told of photos.

    Told or not, one that does not take photos gives the same.
    """
    clusterer = how.clusterer
    seed = (clusterer.seed, clusterer.dataset, 0)
    low = photos.low
    good = photos.some(~low) if (~low).sum() > 1 else photos
    on = photo_pairs.number_photos(good.contents) if takes_photos(estimator) else None
    with limit_threads(len(good.vectors)), remembering(how.memory):
        found = [fit(estimator, good.vectors, None, seed, on if one else None) for one in told]
    if good is photos:
        return found
    ratios = how.stages.scale.likelihood if are_unit(photos.vectors) else None
    reach = find_reach(ratios, radius.read_radius(estimator), photos.sharpness[low])
    labels = join_low([one.labels for one in found], photos.vectors, photos.contents, low, reach)
    return [one._replace(labels=of) for one, of in zip(found, labels, strict=True)]


def _give_numbers(
    labels: NDArray[np.int64],
    photos: Photos,
    before: State,
    now: State,
    said: Corrections,
    found: GivenFaces,
    regroup: bool,
) -> tuple[Numbers, list[str]]:
    """Each face's number, and what of the corrections could not be done."""
    earlier = corrections.recall_earlier(photos, before, said, found, settled=not regroup)
    numbers = give_numbers(labels, photos.vectors, earlier, found.following)
    now.following = max(found.following, int(numbers.max(initial=0)) + 1)
    remarks = corrections.carry_out(numbers, photos, before, now, said, found)
    return numbers, remarks
