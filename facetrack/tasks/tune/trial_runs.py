"""The MLflow runs of a study's trials."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from facetrack.core.artifacts import mark_nobody
from facetrack.tasks.context.capsule import CAPSULE
from facetrack.tracking import keys
from facetrack.tracking.protocols import Tracking

if TYPE_CHECKING:
    from facetrack.tasks.tune.study import TrialRun


def make_trial_runs(tracking: Tracking, parent: str, study_name: str, capsule: bytes) -> Any:
    """The MLflow run of a trial, as study.search wants it.

    capsule: the study's, which is what it takes to run a trial again.
    """
    from facetrack.tasks.tune import study

    @contextlib.contextmanager
    def run_of(trial: Any, settings: Mapping[str, float]) -> Iterator["TrialRun"]:
        tags = {
            keys.KIND: "trial",
            keys.PARENT: parent,
            keys.STUDY: study_name,
            keys.TRIAL: trial.number,
        }
        with tracking.run(f"trial {trial.number}: {write_settings(settings)}", tags) as run:
            trial.set_user_attr(study.RUN, run.run_id)
            run.artifacts(mark_nobody({CAPSULE: capsule}))
            left = study.TrialRun({}, {})
            yield left
            run.params(settings)
            means = {keys.MEAN.format(key): value for key, value in left.values.items()}
            run.metrics(means, left.series)
            if left.pruned:
                run.tags({keys.PRUNED: "true"})

    return run_of


def kill_dead(opened: Any, tracking: Tracking) -> None:
    """Trials that failed with their process left their runs running."""
    from optuna.trial import TrialState

    from facetrack.tasks.tune import study

    for trial in opened.get_trials(deepcopy=False, states=(TrialState.FAIL,)):
        if study.RUN in trial.user_attrs:
            tracking.kill(trial.user_attrs[study.RUN])


def write_settings(params: Mapping[str, float]) -> str:
    """Settings in a few words."""
    return " ".join(f"{key}={value:.4g}" for key, value in params.items())
