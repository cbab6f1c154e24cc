"""The detectors and embedders of a sweep, compared on the faces that both have.

Jobs of one detector share their faces, and their scores are compared as they are. Those of two
detectors do not: the faces that both have are clustered again, over the same resamples. What a job
had comes from MLflow (its config, the digest of its faces), the embeddings from the store.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import UserError
from facetrack.core.progress import Progress
from facetrack.core.scale import SETTINGS
from facetrack.evaluation.common_faces import CommonFaces, find_common
from facetrack.evaluation.comparison import ModelDifference, Pair, compare_each
from facetrack.evaluation.experiment import Experiment, limit_threads
from facetrack.system.progress import TERMINAL
from facetrack.tasks.context.experiments import embed_experiment
from facetrack.tasks.context.stored_configs import CONFIG_ERRORS, read_logged
from facetrack.tasks.sweep.article_tables import column, read_drawn, row
from facetrack.tracking import keys
from facetrack.tracking.protocols import Tracking
from facetrack.tracking.records import JobRecord

_STAGES = ("detector", "embedder")
_ONLY_SCALES = ("radius", *SETTINGS)  # of the embedder, which embeds the same whatever they say
_MOST = 6  # models of which every pair is compared; of more, the best with each other one


def compare_models(
    jobs: Sequence[JobRecord],
    swept: Sequence[str],
    tracking: Tracking,
    progress: Progress = TERMINAL,
) -> dict[str, list[ModelDifference]]:
    """By dataset, every pair of detector and embedder at their best, best first.

    Of more than six the best is compared with each other one.
    jobs: the scored ones. A pair that cannot be compared, since its pictures have gone or changed
    meanwhile, is told.
    """
    of_models = [
        key
        for key in swept
        if key.partition(".")[0] in _STAGES and key.partition(".")[2] not in _ONLY_SCALES
    ]
    if not of_models:
        return {}
    compared = {}
    others = [key for key in swept if key not in of_models]
    for dataset, best in _choose_best(jobs, of_models, others).items():
        if found := _Comparison(best, swept, tracking, progress).compare():
            compared[dataset] = found
    return compared


def _choose_best(
    jobs: Sequence[JobRecord], of_models: Sequence[str], others: Sequence[str]
) -> dict[str, dict[str, JobRecord]]:
    """By column without models, and by what a detector and embedder are called, the best job."""
    best: dict[str, dict[str, JobRecord]] = {}
    for job in jobs:
        if job.status != "FINISHED" or job.ari is None:
            continue
        of_dataset, name = best.setdefault(column(job, others), {}), _name(job, of_models)
        if name not in of_dataset or _mean(of_dataset[name]) < _mean(job):
            of_dataset[name] = job
    return best


def _name(job: JobRecord, of_models: Sequence[str]) -> str:
    settings = {**job.quiet, **job.parameters}
    said = [
        f"{key.partition('.')[2]}={settings[key]}"
        for key in of_models
        if "." in key and key in settings
    ]
    return " ".join([*(job.choices[stage] for stage in _STAGES), *said])


def _mean(job: JobRecord) -> float:
    return -math.inf if job.ari is None else job.ari.mean


class _Comparison:
    """The models of one dataset. best: the job of each, by its name."""

    def __init__(
        self,
        best: Mapping[str, JobRecord],
        swept: Sequence[str],
        tracking: Tracking,
        progress: Progress,
    ) -> None:
        self._best = dict(sorted(best.items(), key=lambda one: -_mean(one[1])))
        self._swept, self._tracking, self._progress = swept, tracking, progress
        self._experiments: dict[str, Experiment] = {}

    def compare(self) -> list[ModelDifference]:
        """Every pair that can be compared."""
        pairs: list[Pair] = []
        faces: list[tuple[str, CommonFaces]] = []  # with the name of the first side
        for one, other in self._pair():
            try:
                common = find_common(*(self._load(name).embeddings for name in (one, other)))
                pairs.append(self._score(one, other, common))
            except (UserError, *CONFIG_ERRORS) as error:
                self._progress.say(f"No comparison of {one} and {other}: {error}")
                continue
            faces.append((pairs[-1][0][0], common))
        differences = compare_each(pairs, read_drawn(self._best.values()))
        return [
            ModelDifference(
                difference, len(common.first), *_count_others(common, first, difference.better)
            )
            for difference, (first, common) in zip(differences, faces, strict=True)
        ]

    def _pair(self) -> Iterator[tuple[str, str]]:
        """The pairs to compare, the best first."""
        names = list(self._best)
        if len(names) <= _MOST:
            yield from combinations(names, 2)
        else:
            yield from ((names[0], other) for other in names[1:])

    def _load(self, name: str) -> Experiment:
        """What a job has evaluated. Raises UserError where its faces are not those it had."""
        if name not in self._experiments:
            job = self._best[name]
            config = read_logged(self._tracking.artifact(job.run_id, "config.yaml"))
            experiment = embed_experiment(config)
            if experiment.embeddings.digest not in job.digests:
                raise UserError(f"the pictures are not those that {job.name} had")
            self._experiments[name] = experiment
        return self._experiments[name]

    def _score(self, one: str, other: str, common: CommonFaces) -> Pair:
        """The scores of both on the resamples of the faces that both have."""
        titles = [f"{name} {' '.join(row(self._best[name], self._swept))}" for name in (one, other)]
        if common.is_everything:
            history = self._tracking.history
            scores = [history(self._best[name].run_id, keys.ARI) for name in (one, other)]
        else:
            rows = (common.first, common.second)
            scores = [
                self._score_some(self._load(name), some)
                for name, some in zip((one, other), rows, strict=True)
            ]
        if len(scores[0]) != len(scores[1]):
            raise UserError("they were scored on different numbers of resamples")
        return (titles[0], scores[0]), (titles[1], scores[1])

    def _score_some(self, experiment: Experiment, rows: NDArray[np.int64]) -> list[float]:
        embeddings = experiment.embeddings.some(rows)
        if len(embeddings.names) < 2:
            raise UserError("the faces that both have are of fewer than two people")
        some = replace(experiment, embeddings=embeddings)
        resamples = self._progress.bar(
            some.score_resamples(information=False),
            total=some.n_resamples,
            description="Faces that both have",
            unit="resample",
        )
        with limit_threads(len(rows)):
            return [scores["ari"] for scores in resamples]


def _count_others(common: CommonFaces, first: str, better: str) -> tuple[int, int]:
    """How many other faces the better side has, and the worse."""
    counts = common.only_first, common.only_second
    return counts if first == better else counts[::-1]
