"""An Optuna study: its storage, its sampler and pruner, its trials, by one process or several.

A study goes on wherever it stopped: its name says what is searched, its trials are in the storage,
and `n_trials` counts those that are finished, in whatever process. Only this module and report.py
know Optuna.
"""

import contextlib
import hashlib
import itertools
import math
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from filelock import FileLock
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState

from facetrack.core.errors import UserError
from facetrack.system.home import find_locks, lock
from facetrack.system.masking import mask
from facetrack.system.progress import say
from facetrack.tasks.tune.living import Watch, alive, close_dead
from facetrack.tasks.tune.samplers import PLACE, PRUNERS, SAMPLERS, make_pruner, make_sampler
from facetrack.tasks.tune.scoring import Scorer
from facetrack.tasks.tune.space import Range, check_above_zero
from facetrack.tasks.tune.storages import ending_heartbeats, open_storage, reading, using
from facetrack.tasks.tune.whole_folder import as_begun

# A trial that fails raises; Optuna would tell of it as well, with a traceback.
optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)

RUN = "mlflow_run"  # the attribute that names a trial's, or the study's, run in MLflow
IDENTITY = "identity"  # the attribute that says what a study's scores depend on
_SEARCH = "search"
_FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
_PATIENCE_SECONDS = 0.3


@dataclass(frozen=True)
class Plan:
    """How to search. ranges: what; names: the objectives, all maximised.

    identity: what the scores depend on (see study_identity.py); empty where nobody asks.
    earlier: names that versions before would have given the study, the latest first; none where the
    user has named it.
    """

    name: str
    storage: str
    ranges: Sequence[Range]
    names: Sequence[str]
    sampler: str
    pruner: str
    n_trials: int
    timeout: float | None
    identity: Mapping[str, str] = field(default_factory=dict)
    earlier: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Raises UserError for an unknown sampler or pruner and for impossible budgets."""
        for key, value, known in (
            ("sampler", self.sampler, SAMPLERS),
            ("pruner", self.pruner, PRUNERS),
        ):
            if value not in known:
                raise UserError(f"task.{key} is one of {', '.join(known)}; got {value!r}")
        check_above_zero("n_trials", self.n_trials)
        if self.timeout is not None and not (
            isinstance(self.timeout, int | float) and self.timeout > 0
        ):
            raise UserError(f"task.timeout is in seconds, above 0; got {self.timeout!r}")

    def search(self) -> str:
        """What makes two studies the same search."""
        return (
            f"maximise {', '.join(self.names)} over {' '.join(one.told() for one in self.ranges)}"
        )


def open_study(plan: Plan) -> optuna.Study:
    """The plan's study, new or as it stands in the storage; trials of dead workers are closed.

    One that the version before has made is taken up under the name it has. Raises UserError where
    the storage cannot be used or is damaged, or has another study of that name.
    """
    kept = open_storage(plan.storage)
    with reading(plan.storage):
        names = {one.study_name for one in kept.get_all_studies()}
        known = [one for one in (plan.name, *plan.earlier) if one in names]
        plan = replace(plan, name=known[0] if known else plan.name)
        with make_turn(plan):  # two that begin with one name, each its own
            study = optuna.create_study(
                study_name=plan.name,
                storage=kept,
                directions=["maximize"] * len(plan.names),
                load_if_exists=True,
                pruner=make_pruner(plan.pruner),
            )
            _demand_same(plan, study)
        demand_whole(plan, study)
        close_dead(study)
    return study


def _demand_same(plan: Plan, study: optuna.Study) -> None:
    """Tell a new study what it is; raises UserError where it is another one."""
    attributes = study.user_attrs
    before = attributes.get(_SEARCH)
    if before is None and not study.trials:
        study.set_user_attr(_SEARCH, plan.search())
        if plan.identity:
            study.set_user_attr(IDENTITY, dict(plan.identity))
    elif before != plan.search():
        raise UserError(
            f"study {plan.name} in {mask(plan.storage)} was started to "
            f"{before or 'search something else'}, now it should {plan.search()}: go on with the "
            "first, or name the second by task.study=…"
        )
    elif plan.identity and IDENTITY in attributes:
        demand_equal(plan, attributes[IDENTITY], as_begun(plan.identity, attributes[IDENTITY]))


def demand_equal(plan: Plan, before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Raises UserError, with what differs, unless two identities are one."""
    keys = [*now, *(key for key in before if key not in now)]
    differences = [
        f"{key} was {before.get(key, 'not set')}, now {now.get(key, 'not set')}"
        for key in keys
        if before.get(key) != now.get(key)
    ]
    if differences:
        raise UserError(
            f"study {plan.name} in {mask(plan.storage)} is of something else, and its scores do "
            f"not count here ({'; '.join(differences)}): go on with it as it was started, or name "
            "another by task.study=…"
        )


def demand_whole(plan: Plan, study: optuna.Study) -> None:
    """Raises UserError for a study whose trials do not say what they must to find the best."""
    if study.directions != [StudyDirection.MAXIMIZE] * len(plan.names):
        directions = ", ".join(one.name.lower() for one in study.directions) or "nothing"
        raise UserError(
            f"study {plan.name} in {mask(plan.storage)} is made to {directions}, and facetrack "
            f"maximises {', '.join(plan.names)}: name another by task.study=…"
        )
    for trial in list_finished(study):
        lacks = _lacks(plan, trial)
        if lacks:
            raise UserError(
                f"the Optuna storage {mask(plan.storage)} is damaged (trial {trial.number} of "
                f"study {plan.name} has no {lacks}): go on with a copy of it from before, or name "
                "another study by task.study=…"
            )


def _lacks(plan: Plan, trial: FrozenTrial) -> str:
    """What a finished trial should have and has not; empty for a whole one."""
    for searched in plan.ranges:
        value = trial.params.get(searched.name)
        nearly = 1e-5 * abs(searched.high)  # ranges are told, and kept, with six digits
        if not isinstance(value, int | float) or not (
            searched.low - nearly <= value <= searched.high + nearly
        ):
            return f"{searched.name} within {searched.told().partition('=')[2]}"
    if trial.state is TrialState.COMPLETE:
        values = trial.values or []
        if len(values) != len(plan.names) or not all(map(math.isfinite, values)):
            return f"value of {', '.join(plan.names)}"
    return ""


def list_finished(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that count."""
    return study.get_trials(deepcopy=False, states=_FINISHED)


def _list_begun(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that are finished or run, by number.

    Looked at once for all that is decided by it: one that ends between two looks would be in
    neither.
    """
    return study.get_trials(deepcopy=False, states=(*_FINISHED, TrialState.RUNNING))


def _place(begun: Sequence[FrozenTrial]) -> int:
    """The first place in the search that no trial of those that have begun takes.

    A trial that failed, as with its process, takes none, so that another one gets its place: an
    interrupted study comes to the points of one that was not.
    """
    taken: set[int] = set()

    def free() -> int:
        return next(place for place in itertools.count() if place not in taken)

    for trial in begun:
        own = trial.user_attrs.get(PLACE)  # one that has only just begun has not said it yet
        taken.add(free() if own is None else own)
    return free()


@dataclass
class TrialRun:
    """What a trial leaves in MLflow: filled by the trial, written by tracking."""

    values: dict[str, float]
    series: dict[str, list[float]]
    pruned: bool = False


RunOf = Callable[[Trial, dict[str, float]], contextlib.AbstractContextManager[TrialRun]]
"""The run in MLflow that a trial with these settings writes to."""


@dataclass(frozen=True)
class Hooks:
    """What a search calls.

    move_on: after each trial. is_alone: whether the process that started this one is gone. tell:
    with what keeps it waiting.
    """

    move_on: Callable[[], None] = lambda: None
    is_alone: Callable[[], bool] = lambda: False
    tell: Callable[[str], None] = say


def search(plan: Plan, study: optuna.Study, scorer: Scorer, run_of: RunOf, hooks: Hooks) -> None:
    """Run trials until the study has `n_trials` finished ones, or the time is up.

    Raises UserError where the storage stops working.
    """
    deadline = None if plan.timeout is None else time.monotonic() + plan.timeout
    turn = make_turn(plan)
    watch: Watch | None = None
    while not hooks.is_alone() and (deadline is None or time.monotonic() < deadline):
        with using(plan.storage):
            # Between counting the trials and beginning one, so that no two processes begin the last
            with turn:
                begun = _list_begun(study)
                if sum(trial.state in _FINISHED for trial in begun) >= plan.n_trials:
                    break
                if len(begun) < plan.n_trials:
                    place = _place(begun)
                    # From its place, not from a stream: after an interruption the same ones follow.
                    seed = scorer.trial_seed(place) % 2**32
                    study.sampler = make_sampler(
                        plan.sampler, plan.ranges, plan.n_trials, place, seed
                    )
                    with ending_heartbeats():
                        study.optimize(
                            lambda trial: _value(plan, trial, scorer, run_of, turn), n_trials=1
                        )
                    hooks.move_on()
                    watch = None
                    continue
            # The others may fail yet; then there is something left to do.
            time.sleep(_PATIENCE_SECONDS)
            watch = watch or Watch(study, hooks.tell)
            watch.look()


def _value(
    plan: Plan, trial: Trial, scorer: Scorer, run_of: RunOf, turn: FileLock
) -> tuple[float, ...]:
    """turn: what the others wait for until the trial has begun."""
    with alive(trial):
        # Looked at again: another machine may have begun one in between.
        earlier = [one for one in _list_begun(trial.study) if one.number < trial.number]
        trial.set_user_attr(PLACE, _place(earlier))
        turn.release()
        settings = {one.name: _suggest(trial, one) for one in plan.ranges}
        with run_of(trial, settings) as run:
            means = _score(plan, trial, scorer, settings, run)
    if run.pruned:
        raise optuna.TrialPruned
    return means


def _score(
    plan: Plan, trial: Trial, scorer: Scorer, settings: dict[str, float], run: TrialRun
) -> tuple[float, ...]:
    """The objectives' means, over as many resamples as it takes to see that it is no good."""
    values: dict[str, list[float]] = {}
    for step, values in enumerate(scorer.blocks(settings)):
        means = tuple(float(np.mean(values[name])) for name in plan.names)
        if len(means) == 1:
            trial.report(means[0], step)
        n = len(values[plan.names[0]])
        if len(means) == 1 and n < scorer.experiment.n_resamples and trial.should_prune():
            run.pruned = True
            break
    run.values = dict(zip(plan.names, means, strict=True))
    run.series = {name: one for name, one in values.items() if len(one) > 1}
    for name, one in values.items():
        trial.set_user_attr(f"{name} std", float(np.std(one)))
        trial.set_user_attr(f"{name} n", len(one))
    return means


def _suggest(trial: Trial, one: Range) -> float:
    if one.integer:
        return trial.suggest_int(one.name, int(one.low), int(one.high))
    return trial.suggest_float(one.name, one.low, one.high)


def make_turn(plan: Plan) -> FileLock:
    """The lock of a study's processes on this machine. Other machines may begin one too many."""
    server = "://" in plan.storage and not plan.storage.startswith("sqlite:")
    where = f"{'' if server else Path.cwd()}|{plan.storage}|{plan.name}"
    return lock(find_locks() / f"study-{hashlib.sha256(where.encode()).hexdigest()[:16]}.lock")


def choose_best(study: optuna.Study) -> FrozenTrial:
    """The trial to use: the best one; of a front, the one with the highest harmonic mean.

    Raises UserError where no trial is complete.
    """
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not complete:
        raise UserError(
            f"study {study.study_name} has no finished trial: give it more time (task.timeout=…) "
            "or look at why its trials failed in MLflow"
        )
    if len(study.directions) == 1:
        return study.best_trial
    return max(study.best_trials, key=lambda trial: _harmonic(trial.values))


def _harmonic(values: Sequence[Any]) -> float:
    least = min(values)
    return float(len(values) / sum(1 / value for value in values)) if least > 0 else float(least)
