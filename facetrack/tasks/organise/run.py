"""`task=organise`: from a composed config to a sorted folder, and a run of it in MLflow."""

import contextlib
from collections.abc import Iterator

from omegaconf import DictConfig
from sklearn.base import BaseEstimator

from facetrack.core.errors import Incomplete
from facetrack.evaluation import radius
from facetrack.evaluation.experiment import check
from facetrack.system.progress import TERMINAL
from facetrack.tasks.context import outputs
from facetrack.tasks.context.job import Job
from facetrack.tasks.context.settling import settle
from facetrack.tasks.forgetting.carrying_out import finish_forgetting
from facetrack.tasks.organise import telling
from facetrack.tasks.organising.composing import read_request, take_all_faces, take_models
from facetrack.tasks.organising.request import Report, Sorted
from facetrack.tasks.organising.sorting import sort_photos
from facetrack.tracking.protocols import Run


def organise(config: DictConfig) -> None:
    """Sort the photos into `task.out`. Raises UserError for what the user can put right."""
    take_models(config)
    settle(config)
    take_all_faces(config)
    check(config.seed, 1)
    request = read_request(config)
    finish_forgetting()
    if request.dry_run:
        telling.tell_dry(sort_photos(request, progress=TERMINAL))
        return
    log = _RunLog(config, radius_is_given=request.clusterer.radius_is_given)
    result = sort_photos(request, log, TERMINAL)
    if result.missing:
        raise Incomplete(result.missing)


class _RunLog:
    """The job's run in MLflow, and what is printed at its end."""

    def __init__(self, config: DictConfig, *, radius_is_given: bool) -> None:
        self._config = config
        self._later = () if radius_is_given else radius.KEYS
        self._job: Job
        self._run: Run

    @contextlib.contextmanager
    def begin(self) -> Iterator[None]:
        """Within, the run is there."""
        self._job = Job(self._config, "organise")
        with self._job.run(later=self._later) as self._run:
            yield

    def say_radius(self, estimator: BaseEstimator) -> None:
        """Log it."""
        self._job.say_radius(self._run, estimator)

    def keep(self, report: Report) -> str:
        """Log counts, page and what was skipped."""
        return telling.keep(self._run, self._job.tracking, report)

    def tell(self, result: Sorted) -> None:
        """Print what was done, and give it to scripts."""
        telling.tell(result, self._job.tracking)
        self._job.give(
            self._run,
            counts=result.counts,
            radius=result.radius,
            changes=result.changes,
            missing=result.failed,
            impossible_pairs=None if result.mistaken is None else result.mistaken.rate,
            folder=result.out,
        )
        outputs.leave_no_empty_folder()
