"""An Optuna study: its storage, its sampler and pruner, its trials, by one process or several.

A study goes on wherever it stopped: its name says what is searched, its trials are in the storage,
and `n_trials` counts those that are finished, in whatever process. Only this module and report.py
know Optuna.
"""

import contextlib
import functools
import hashlib
import itertools
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from filelock import FileLock
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState
from scipy.stats.qmc import Sobol

from facetrack.errors import UserError
from facetrack.home import lock, locks
from facetrack.masked import masked
from facetrack.processes import is_gone, mine
from facetrack.tune.scoring import Scorer
from facetrack.tune.space import Range, above_zero

optuna.logging.set_verbosity(optuna.logging.WARNING)
warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)

SAMPLERS = ("tpe", "gp", "qmc", "grid", "random")
PRUNERS = ("median", "percentile", "none")
RUN = "mlflow_run"  # the attribute that names a trial's, or the study's, run in MLflow
_WORKER = "worker"
_PLACE = "place"  # which of the search's points a trial takes
_SEARCH = "search"
_FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
# A worker that has not shown itself for the grace period is taken for dead.
_HEARTBEAT_SECONDS, _GRACE_SECONDS = 10, 30
_PATIENCE_SECONDS = 0.3
# Trials evenly spread before TPE has something to go by: at random they leave gaps wider than the
# peak of an ARI curve.
_STARTUP = 10


@dataclass(frozen=True)
class Plan:
    """How to search. ranges: what; names: the objectives, all maximised."""

    name: str
    storage: str
    ranges: Sequence[Range]
    names: Sequence[str]
    sampler: str
    pruner: str
    n_trials: int
    timeout: float | None

    def __post_init__(self) -> None:
        """Raises UserError for an unknown sampler or pruner and for impossible budgets."""
        for key, value, known in (
            ("sampler", self.sampler, SAMPLERS),
            ("pruner", self.pruner, PRUNERS),
        ):
            if value not in known:
                raise UserError(f"task.{key} is one of {', '.join(known)}; got {value!r}")
        above_zero("n_trials", self.n_trials)
        if self.timeout is not None and not (
            isinstance(self.timeout, int | float) and self.timeout > 0
        ):
            raise UserError(f"task.timeout is in seconds, above 0; got {self.timeout!r}")

    def search(self) -> str:
        """What makes two studies the same search."""
        return (
            f"maximise {', '.join(self.names)} over {' '.join(one.told() for one in self.ranges)}"
        )


def opened(plan: Plan) -> optuna.Study:
    """The plan's study, new or as it stands in the storage; trials of dead workers are closed.

    Raises UserError where the storage cannot be used, or has another study of that name.
    """
    storage = _storage(plan.storage)
    study = optuna.create_study(
        study_name=plan.name,
        storage=storage,
        directions=["maximize"] * len(plan.names),
        load_if_exists=True,
        pruner=_pruner(plan.pruner),
    )
    before = study.user_attrs.get(_SEARCH)
    if before is None and not study.trials:
        study.set_user_attr(_SEARCH, plan.search())
    elif before != plan.search():
        raise UserError(
            f"study {plan.name} in {masked(plan.storage)} was started to "
            f"{before or 'search something else'}, now it should {plan.search()}: go on with the "
            "first, or name the second by task.study=…"
        )
    close_dead(study)
    return study


def close_dead(study: optuna.Study) -> None:
    """Mark trials as failed whose process is gone.

    On this machine the process is looked for; of other machines, and where there is no telling
    whose a trial is, the heartbeat or the time since it began says so.
    """
    optuna.storages.fail_stale_trials(study)
    for trial in _running(study):
        worker = str(trial.user_attrs.get(_WORKER, ""))
        assert trial.datetime_start is not None
        now = datetime.now(trial.datetime_start.tzinfo)
        # One that begins in the future began before the clock was set back.
        age = abs((now - trial.datetime_start).total_seconds())
        if is_gone(worker) or (not worker and age > _GRACE_SECONDS):
            with contextlib.suppress(ValueError, RuntimeError):  # another process was faster
                study.tell(trial.number, state=TrialState.FAIL)


def _running(study: optuna.Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))


def finished(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that count."""
    return study.get_trials(deepcopy=False, states=_FINISHED)


def _begun(study: optuna.Study) -> list[FrozenTrial]:
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
        own = trial.user_attrs.get(_PLACE)  # one that has only just begun has not said it yet
        taken.add(free() if own is None else own)
    return free()


def search(
    plan: Plan,
    study: optuna.Study,
    scorer: Scorer,
    run_of: Callable[[Trial, dict[str, float]], "contextlib.AbstractContextManager[TrialRun]"],
    told: Callable[[], None],
    alone: Callable[[], bool] = lambda: False,
) -> None:
    """Run trials until the study has `n_trials` finished ones, or the time is up.

    run_of: the run in MLflow that a trial writes to. told: called after each. alone: whether the
    process that started this one is gone.
    """
    deadline = None if plan.timeout is None else time.monotonic() + plan.timeout
    turn = _turn(plan)
    while not alone() and (deadline is None or time.monotonic() < deadline):
        # Between counting the trials and beginning one, so that no two processes begin the last.
        with turn:
            begun = _begun(study)
            if sum(trial.state in _FINISHED for trial in begun) >= plan.n_trials:
                break
            if len(begun) < plan.n_trials:
                place = _place(begun)
                # From its place, not from a stream: after an interruption the same ones follow.
                seed = scorer.trial_seed(place) % 2**32
                kind = "qmc" if plan.sampler == "tpe" and place < _STARTUP else plan.sampler
                study.sampler = _sampler(plan, kind, seed)
                study.optimize(lambda trial: _value(plan, trial, scorer, run_of, turn), n_trials=1)
                told()
                continue
        # The others may fail yet; then there is something left to do.
        time.sleep(_PATIENCE_SECONDS)
        close_dead(study)


@dataclass
class TrialRun:
    """What a trial leaves in MLflow: filled by the trial, written by tracking."""

    values: dict[str, float]
    series: dict[str, list[float]]
    pruned: bool = False


def _value(
    plan: Plan,
    trial: Trial,
    scorer: Scorer,
    run_of: Callable[[Trial, dict[str, float]], "contextlib.AbstractContextManager[TrialRun]"],
    turn: FileLock,
) -> tuple[float, ...]:
    """turn: what the others wait for until the trial has begun."""
    trial.set_user_attr(_WORKER, mine())
    # Looked at again: another machine may have begun one in between.
    earlier = [one for one in _begun(trial.study) if one.number < trial.number]
    trial.set_user_attr(_PLACE, _place(earlier))
    turn.release()
    settings = {one.name: _suggested(trial, one) for one in plan.ranges}
    with run_of(trial, settings) as run:
        values: dict[str, list[float]] = {}
        for step, values in enumerate(scorer.blocks(settings)):
            means = tuple(float(np.mean(values[name])) for name in plan.names)
            if len(means) == 1:
                trial.report(means[0], step)
            n = len(values[plan.names[0]])
            if len(means) == 1 and n < scorer.n_resamples and trial.should_prune():
                run.pruned = True
                break
        run.values = dict(zip(plan.names, means, strict=True))
        run.series = {name: one for name, one in values.items() if len(one) > 1}
        for name, one in values.items():
            trial.set_user_attr(f"{name} std", float(np.std(one)))
            trial.set_user_attr(f"{name} n", len(one))
    if run.pruned:
        raise optuna.TrialPruned
    return means


def _suggested(trial: Trial, one: Range) -> float:
    if one.integer:
        return trial.suggest_int(one.name, int(one.low), int(one.high))
    return trial.suggest_float(one.name, one.low, one.high)


def _sampler(plan: Plan, kind: str, seed: int) -> optuna.samplers.BaseSampler:
    """seed: of this trial."""
    if kind == "gp":
        try:
            return optuna.samplers.GPSampler(seed=seed)
        except ImportError as error:
            raise UserError(
                "task.sampler=gp needs PyTorch: pip install 'facetrack[gp]', or take "
                "task.sampler=tpe"
            ) from error
    if kind == "qmc":
        return _Points(plan.ranges, _sobol)
    if kind == "grid":
        each = max(2, round(plan.n_trials ** (1 / len(plan.ranges))))
        return _Points(plan.ranges, functools.partial(_grid, each))
    if kind == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=0)


class _Points(optuna.samplers.BaseSampler):
    """Points in an order of their own: a trial takes the one of its place.

    Optuna's QMCSampler counts its points in the storage, and two workers that look at once take the
    same one; its GridSampler leaves out the point of a trial that failed.
    """

    def __init__(
        self, ranges: Sequence[Range], point: Callable[[Sequence[Range], int], Sequence[float]]
    ) -> None:
        self._ranges, self._point = ranges, point

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, Any]:
        del study, trial
        return {}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, Any]
    ) -> dict[str, Any]:
        del study, trial, search_space
        return {}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: Any
    ) -> float:
        del study, param_distribution
        point = self._point(self._ranges, trial.user_attrs[_PLACE])
        return point[[one.name for one in self._ranges].index(param_name)]


def _sobol(ranges: Sequence[Range], place: int) -> list[float]:
    """Evenly spread, however many there are."""
    points = Sobol(len(ranges), scramble=False)
    if place:
        points.fast_forward(place)
    shares = points.random(1)[0]
    return [
        int(one.low + share * (one.high - one.low + 1))
        if one.integer
        else float(one.low + share * (one.high - one.low))
        for one, share in zip(ranges, shares, strict=True)
    ]


def _grid(each: int, ranges: Sequence[Range], place: int) -> tuple[float, ...]:
    """each: how many values of each setting. After the last point comes the first again."""
    axes: list[list[float]] = []
    for one in ranges:
        values = np.linspace(one.low, one.high, each).tolist()
        axes.append(sorted({round(value) for value in values}) if one.integer else values)
    points = list(itertools.product(*axes))
    return points[place % len(points)]


def _pruner(name: str) -> optuna.pruners.BasePruner:
    if name == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=5)
    if name == "percentile":
        return optuna.pruners.PercentilePruner(25.0, n_startup_trials=5)
    return optuna.pruners.NopPruner()


def _storage(url: str) -> BaseStorage:
    """Raises UserError where it cannot be reached, or is of another version."""
    if "://" not in url:
        path = Path(url).expanduser()
        if path.suffix not in (".log", ".journal"):
            raise UserError(
                f"task.storage is a URL such as sqlite:///studies.db or postgresql://…, or a "
                f"journal file ending in .log; got {url!r}"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        return JournalStorage(JournalFileBackend(str(path)))
    local = url.startswith("sqlite:///")
    try:
        if local:
            Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        with _creating():
            return RDBStorage(
                url,
                # SQLite has one writer at a time: wait for the others.
                engine_kwargs={"connect_args": {"timeout": 100}} if local else None,
                heartbeat_interval=_HEARTBEAT_SECONDS,
                grace_period=_GRACE_SECONDS,
            )
    except ImportError as error:
        raise UserError(
            f"{masked(url)} needs a driver that is not installed ({error}): for PostgreSQL, "
            "pip install 'facetrack[postgresql]'"
        ) from error
    except Exception as error:
        first = masked(str(error).strip().splitlines()[0]) if str(error).strip() else ""
        version = "version" in first or "schema" in first
        todo = (
            f"bring it up to date with: optuna storage upgrade --storage {masked(url)}"
            if version
            else "see that it runs and may be written to, or leave task.storage out"
        )
        raise UserError(
            f"the Optuna storage {masked(url)} cannot be used ({first}): {todo}"
        ) from error


@contextlib.contextmanager
def _creating() -> Iterator[None]:
    """Two processes must not create the tables of one fresh database at once."""
    with lock(locks() / "optuna.lock"):
        yield


def _turn(plan: Plan) -> FileLock:
    """The lock of a study's processes on this machine. Other machines may begin one too many."""
    server = "://" in plan.storage and not plan.storage.startswith("sqlite:")
    where = f"{'' if server else Path.cwd()}|{plan.storage}|{plan.name}"
    return lock(locks() / f"study-{hashlib.sha256(where.encode()).hexdigest()[:16]}.lock")


def best(study: optuna.Study) -> FrozenTrial:
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
