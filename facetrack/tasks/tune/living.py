"""Which of a study's running trials still run, and whom one waits for.

On this machine the process is looked for. Of other machines, a database's heartbeat says so; in a
journal each trial leaves a sign of life itself, and whoever waits watches whether it changes, so
that no two clocks need to agree.
"""

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime

import optuna
from optuna.storages import BaseStorage, JournalStorage
from optuna.trial import FrozenTrial, Trial, TrialState

from facetrack.system.processes import is_gone, mine
from facetrack.tasks.tune.storages import GRACE_SECONDS, HEARTBEAT_SECONDS

_WORKER = "worker"
_SEEN = "seen"  # the attribute of a trial whose value changes as long as it runs
# Trials of the version before give no sign: they are waited for so long after they began.
_LONGEST_SECONDS = 3600
_PATIENT_SECONDS = 5


def running(study: optuna.Study) -> list[FrozenTrial]:
    """The trials that have begun and not ended."""
    return study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))


def close_dead(study: optuna.Study) -> None:
    """Mark trials as failed whose process is known to be gone.

    Where there is no telling whose a trial is, the time since it began says so.
    """
    optuna.storages.fail_stale_trials(study)
    for trial in running(study):
        worker = str(trial.user_attrs.get(_WORKER, ""))
        if is_gone(worker) or (not worker and _age(trial) > GRACE_SECONDS):
            _close(study, trial)


class Watch:
    """A study's running trials as one process watches them.

    tell: says what the user should know. clock: in seconds.
    """

    def __init__(
        self,
        study: optuna.Study,
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._study, self._tell, self._clock = study, tell, clock
        self._since = clock()
        self._signs: dict[int, tuple[object, float]] = {}
        self._told: set[int] = set()

    def look(self) -> None:
        """Close trials that are dead by now, and tell of others that keep one waiting."""
        close_dead(self._study)
        now = self._clock()
        for trial in running(self._study):
            sign = (
                trial.user_attrs.get(_SEEN),
                dict(trial.intermediate_values),
                dict(trial.params),
            )
            before, since = self._signs.get(trial.number, (None, now))
            if before != sign:
                since = now
            self._signs[trial.number] = (sign, since)
            if now - since > GRACE_SECONDS and self._is_silent(trial):
                _close(self._study, trial)
            elif now - self._since >= _PATIENT_SECONDS and trial.number not in self._told:
                self._told.add(trial.number)
                self._tell(f"  waiting for trial {trial.number} of {_whose(trial)}")

    def _is_silent(self, trial: FrozenTrial) -> bool:
        """Whether a trial that gave no new sign would have given one if it still ran."""
        worker = str(trial.user_attrs.get(_WORKER, ""))
        if worker.partition(" ")[0] == mine().partition(" ")[0]:
            return False  # its process was looked for, and is there
        if _beats_itself(self._study._storage):
            return False
        return _SEEN in trial.user_attrs or _age(trial) > _LONGEST_SECONDS


@contextlib.contextmanager
def alive(trial: Trial) -> Iterator[None]:
    """While a trial runs here: it leaves signs of life, where the storage does not do so itself."""
    trial.set_user_attr(_WORKER, mine())
    if _beats_itself(trial.study._storage):
        yield
        return
    trial.set_user_attr(_SEEN, 0)
    ended = threading.Event()
    beats = threading.Thread(target=_beat, args=(trial, ended), daemon=True)
    beats.start()
    try:
        yield
    finally:
        ended.set()
        beats.join()


def _beat(trial: Trial, ended: threading.Event) -> None:
    count = 0
    with contextlib.suppress(Exception):  # the trial itself meets what is wrong with the storage
        while not ended.wait(HEARTBEAT_SECONDS):
            count += 1
            trial.set_user_attr(_SEEN, count)


def _beats_itself(storage: BaseStorage) -> bool:
    """Whether Optuna sees to signs of life; in a journal it does not."""
    return not isinstance(storage, JournalStorage)


def _close(study: optuna.Study, trial: FrozenTrial) -> None:
    with contextlib.suppress(ValueError, RuntimeError):  # another process was faster
        study.tell(trial.number, state=TrialState.FAIL)


def _age(trial: FrozenTrial) -> float:
    """Seconds since a trial began; endless for one that has lost its beginning."""
    if trial.datetime_start is None:
        return math.inf
    now = datetime.now(trial.datetime_start.tzinfo)
    # One that begins in the future began before the clock was set back.
    return abs((now - trial.datetime_start).total_seconds())


def _whose(trial: FrozenTrial) -> str:
    host, _, rest = str(trial.user_attrs.get(_WORKER, "")).partition(" ")
    if not host:
        return "a process that has not said who it is"
    number = rest.split(" ")[1] if " " in rest else "?"
    if host == mine().partition(" ")[0]:
        return f"process {number} of this machine"
    if _SEEN in trial.user_attrs:
        return f"process {number} on {host}, dead if it gives no sign for {GRACE_SECONDS} s"
    return f"process {number} on {host}, dead if it gives no sign for long"
