"""The experiment: cluster each resample and score it (PROTOCOL, "What is measured")."""

import functools
import inspect
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from facetrack.clusterer import for_resample
from facetrack.core.errors import UserError
from facetrack.core.faces import Embeddings, Sampling
from facetrack.core.labels import separate_noise
from facetrack.core.progress import QUIET, Progress
from facetrack.core.scores import Summary
from facetrack.core.texts import write_count
from facetrack.evaluation import metrics
from facetrack.evaluation.resampling import check_halves, derive_seed, draw_faces, draws_people
from facetrack.evaluation.side_by_side import WORTH_THREADS, Side, share_threads
from facetrack.system import threads


@dataclass(frozen=True)
class Evaluation:
    """What a clusterer did on a dataset.

    resamples: the scores of each.
    clusters: (n,) labels found on all n faces.
    neighbors_recall: the share of neighbours found on all n faces, by an estimator that finds them
    approximately and tells; else None. of_people: whether the resamples are halves of the people.
    """

    resamples: Sequence[dict[str, float]]
    clusters: NDArray[np.int64]
    neighbors_recall: float | None = None
    of_people: bool = False

    def column(self, key: str) -> list[float]:
        """One score over the resamples."""
        return [resample[key] for resample in self.resamples]

    def summarise(self, key: str) -> Summary:
        """The same with its mean and spread, and an interval of what the resamples speak of."""
        return metrics.summarise(self.column(key), of_people=self.of_people)


class Fit(NamedTuple):
    """Labels (n,) int64 of some faces, the seconds it took, and the recall as in `Evaluation`."""

    labels: NDArray[np.int64]
    seconds: float
    neighbors_recall: float | None


def check(seed: int, n_resamples: int, sampling: Sampling | None = None) -> None:
    """Refuse a seed or a number of resamples that cannot be meant. Raises UserError.

    sampling: what draws them, where that is known by now.
    """
    derive_seed(seed, "", 0)
    if type(n_resamples) is not int or n_resamples < 1:
        raise UserError(f"n_resamples is a whole number, 1 or more; got {n_resamples!r}")
    if sampling is not None:
        check_halves(sampling, n_resamples)


Scores = dict[str, float]
"""One resample: "fit_seconds", "n_clusters", and with labels all of `metrics.scores`."""


@dataclass(frozen=True)
class Experiment:
    """Some faces, what clusters them, and how they are drawn.

    embeddings: n faces. dataset: the name that, with the seed and the resample's number, draws the
    resample.
    """

    embeddings: Embeddings
    estimator: BaseEstimator
    sampling: Sampling
    dataset: str
    seed: int
    n_resamples: int

    def with_settings(self, settings: Mapping[str, float]) -> Self:
        """The same with other settings of the estimator."""
        return replace(self, estimator=clone(self.estimator).set_params(**settings))

    def score_resamples(self, *, information: bool = True) -> Iterator[Scores]:
        """Cluster and score the resamples, in their order.

        information: see `metrics.scores`. Raises UserError where the faces or people are too few,
        or the estimator cannot cluster them.
        """
        with share_threads(len(self.embeddings.vectors)) as side:
            yield from self._score_on(side, information)

    def score_all(self, progress: Progress) -> tuple[list[Scores], Fit]:
        """The scores of the resamples, and `fit_all`, which is made beside them."""
        with share_threads(len(self.embeddings.vectors)) as side:
            whole = side.begin(self.fit_all)
            resamples = progress.bar(
                self._score_on(side, True),
                total=self.n_resamples,
                description="Resamples",
                unit="resample",
            )
            return list(resamples), whole()

    def _score_on(self, side: Side, information: bool) -> Iterator[Scores]:
        check_halves(self.sampling, self.n_resamples)
        score = functools.partial(self._score, information=information)
        yield from side.in_order(score, self.n_resamples)

    def _score(self, i: int, information: bool) -> Scores:
        """Draw, cluster and score a resample."""
        vectors, people = self.embeddings.vectors, self.embeddings.people
        faces = len(vectors) if people is None else people
        drawn = draw_faces(self.sampling, faces, self.seed, self.dataset, i)
        drawn_people = None if people is None else people[drawn]
        seed = (self.seed, self.dataset, i)
        labels, seconds, _ = fit(self.estimator, vectors[drawn], drawn_people, seed)
        if drawn_people is None:
            scores: Scores = {"n_clusters": len(np.unique(separate_noise(labels)))}
        else:
            scores = metrics.scores(drawn_people, labels, information=information)
        return {**scores, "fit_seconds": seconds}

    def fit_all(self) -> Fit:
        """Cluster all faces at once. Raises UserError where the estimator cannot."""
        # All faces together are not a resample, so they get a seed after the last one's.
        seed = (self.seed, self.dataset, self.n_resamples)
        return fit(self.estimator, self.embeddings.vectors, self.embeddings.people, seed)


def limit_threads(n: int) -> AbstractContextManager[Any]:
    """Within, as many threads as clusterings of n faces are worth."""
    return threads.limit(1 if n < WORTH_THREADS else None)


def evaluate(experiment: Experiment, progress: Progress = QUIET) -> Evaluation:
    """Cluster and score the resamples, then cluster all faces once for the pictures.

    Raises UserError where the faces are too few, of one person only, or the estimator cannot
    cluster them.
    """
    embeddings = experiment.embeddings
    people = embeddings.people
    if people is not None and len(embeddings.names) < 2:
        raise UserError(
            f"all {write_count(len(people), 'face')} of dataset {experiment.dataset} are of one "
            f"person ({embeddings.names[0]}), and a score needs at least two: add another person's "
            "sub-folder, or put the pictures in one flat folder to cluster without scores"
        )
    with limit_threads(len(embeddings.vectors)):
        scores, whole = experiment.score_all(progress)
    of_people = draws_people(experiment.sampling)
    return Evaluation(scores, whole.labels, whole.neighbors_recall, of_people)


def fit(
    estimator: BaseEstimator,
    vectors: NDArray[np.float32],
    people: NDArray[np.int64] | None,
    seed: tuple[int, str, int],
    photos: NDArray[np.int64] | None = None,
) -> Fit:
    """Cluster some faces. seed: seed, dataset, number of the resample.

    people: who they are, for estimators that are told how many; None where nobody knows.
    photos: (n,) the photo each face is on, for estimators that take it (`takes_photos`); None where
    it is not to be told. Raises UserError where the estimator cannot cluster them.
    """
    known = None if people is None else len(np.unique(people))
    fresh: Any = for_resample(estimator, known, derive_seed(*seed))
    start = time.perf_counter()
    try:
        if photos is None:
            labels = fresh.fit_predict(vectors)
        else:
            labels = fresh.fit(vectors, photos=photos).labels_
    except ValueError as error:
        raise UserError(
            f"{type(fresh).__name__} cannot cluster a resample of "
            f"{write_count(len(vectors), 'face')}: "
            f"{' '.join(str(error).split())}"
        ) from error
    seconds = time.perf_counter() - start
    recall = getattr(fresh, "neighbors_recall_", None)
    return Fit(np.asarray(labels, dtype=np.int64), seconds, recall)


def takes_photos(estimator: BaseEstimator) -> bool:
    """Whether an estimator can be told which faces are on one photo, and then keeps them apart."""
    return "photos" in inspect.signature(estimator.fit).parameters
