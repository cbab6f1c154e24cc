"""Who each face is: groups of the clusterer, and what earlier runs and the user know."""

from dataclasses import dataclass

import numpy as np
from hydra.core.hydra_config import HydraConfig
from numpy.typing import NDArray
from omegaconf import DictConfig
from sklearn.base import BaseEstimator
from threadpoolctl import threadpool_limits

from facetrack.core.faces import Embedder
from facetrack.evaluation import radius
from facetrack.evaluation.experiment import WORTH_THREADS, Fit, fit
from facetrack.organiser import corrections, state
from facetrack.organiser.grouping import Numbers, give_numbers, take_apart
from facetrack.organiser.people import Corrections
from facetrack.organiser.photos import Photos
from facetrack.organiser.state import Photo, State
from facetrack.system.progress import say


def begin_state(
    config: DictConfig,
    embedder: Embedder,
    photos: Photos,
    before: State,
    said: Corrections,
    text: str,
) -> State:
    """The new state, with what stays as it was."""
    kept = {} if config.task.prune else before.photos
    seen = {
        content: Photo(list(names), photos.looks.get(content, b"").hex())
        for content, names in photos.names.items()
    }
    return State(
        embedder=f"{embedder.identity()} normalize={embedder.normalize}",
        clusterer=f"{HydraConfig.get().runtime.choices['clusterer']} {_settings(config.clusterer)}",
        photos={**kept, **seen},
        pinned=list(before.pinned),
        barred=corrections.bars(before, said),
        parted=dict(before.parted),
        following=before.following,
        people=text,
        logged=before.logged,
    )


@dataclass(frozen=True)
class Groups:
    """numbers: (n,), the person each face is given to.

    remarks: what of the corrections could not be done. neighbors_recall: as in `evaluate.Fit`.
    """

    numbers: Numbers
    remarks: list[str]
    neighbors_recall: float | None = None


def group_faces(
    config: DictConfig,
    estimator: BaseEstimator,
    photos: Photos,
    before: State,
    now: State,
    said: Corrections,
) -> Groups:
    """Cluster the faces and give each its person; `now` remembers what was decided.

    Gives the estimator its radius.
    """
    regroup = _set_radius(config, estimator, photos, before, now)
    clustered = _cluster(config, estimator, photos)
    numbers, remarks = _give_numbers(clustered.labels, photos, before, now, said, regroup)
    return Groups(numbers, remarks, clustered.neighbors_recall)


def restore_groups(photos: Photos, back: State, now: State) -> Groups:
    """The persons that a state gives faces to, all of which it knows."""
    numbers = np.array([back.faces[key] for key in photos.keys], dtype=np.int64)
    now.pinned, now.radius, now.radius_faces = back.pinned, back.radius, back.radius_faces
    now.embedder, now.clusterer, now.barred = back.embedder, back.clusterer, back.barred
    return Groups(numbers, [])


def _settings(clusterer: DictConfig) -> dict[str, object]:
    """What a clusterer's groups depend on besides its radius."""
    left_out = ("_target_", *radius.NAMES, "space")
    return {str(key): value for key, value in clusterer.items() if key not in left_out}


def _set_radius(
    config: DictConfig,
    estimator: BaseEstimator,
    photos: Photos,
    before: State,
    now: State,
) -> bool:
    """Give the clusterer the radius that was given, that of the last run, or a chosen one.

    Returns whether settled faces may come into other groups: only where the user asks for it, by
    task.regroup or by another radius, embedder or clusterer than last time.
    """
    n = len(photos.vectors)
    same = state.is_same_setting(before.embedder, now.embedder, config.embedder) and (
        state.is_same_setting(before.clusterer, now.clusterer, _settings(config.clusterer))
    )
    settled = same and not config.task.regroup
    if radius.is_not_given(config):
        if settled and before.radius is not None:
            radius.set_to(estimator, before.radius)
            now.radius_faces = before.radius_faces
            say(f"  radius {before.radius:g}, as last time")
            # What was chosen for few faces need not suit many.
            if n > 2 * before.radius_faces:
                now.radius_faces = n
                better = radius.better(config, estimator, photos.vectors, before.radius)
                if better is not None:
                    say(
                        f"  a radius of {better:g} may suit these faces better: with "
                        "task.regroup=true all groups are made anew with it"
                    )
        else:
            radius.choose(config, estimator, photos.vectors)
            now.radius_faces = n
    now.radius = radius.of(estimator)
    return not settled or (before.radius is not None and before.radius != now.radius)


def _cluster(config: DictConfig, estimator: BaseEstimator, photos: Photos) -> Fit:
    """The clusters of all faces."""
    with threadpool_limits(1 if len(photos.vectors) < WORTH_THREADS else None):
        return fit(estimator, photos.vectors, None, (config.seed, config.dataset.name, 0))


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
