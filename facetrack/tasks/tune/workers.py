"""Processes that run trials of one study together."""

import contextlib
import multiprocessing
from collections.abc import Iterator
from typing import TYPE_CHECKING

from facetrack.system import stopping
from facetrack.system.masking import remember
from facetrack.system.processes import deaf, spawning
from facetrack.system.progress import say
from facetrack.tasks.context import stored_configs, targets
from facetrack.tasks.context.experiments import embed_experiment
from facetrack.tasks.tune import planning
from facetrack.tasks.tune.trial_runs import make_trial_runs
from facetrack.tracking.store import open_store

if TYPE_CHECKING:
    from facetrack.tasks.tune.study import Plan


_PATIENCE = 20.0  # seconds in which a worker closes its trial; the next run closes what is left


@contextlib.contextmanager
def start_workers(config: str, plan: "Plan", number: int, capsule: bytes) -> Iterator[None]:
    """So many processes that run trials meanwhile; one that dies stops no other.

    config: the composed config as YAML. capsule: the study's, for each trial.
    """
    context = spawning()
    known = (config, plan, targets.Typed().names, capsule)
    processes = [context.Process(target=_work, args=known, daemon=True) for _ in range(number)]
    try:
        for process in processes:
            with deaf():
                process.start()
        yield
        for process in processes:
            process.join()
            if process.exitcode:
                say("  a worker ended before its time; the others ran its trials")
    finally:
        started = [process for process in processes if process.pid is not None]
        for process in started:
            process.terminate()
        for process in started:
            process.join(_PATIENCE)
            process.kill()  # an interrupt may get lost in a library's callback
            process.join()


def _work(text: str, plan: "Plan", typed: frozenset[str], capsule: bytes) -> None:
    """A worker process: opens the same study and runs trials until there are enough.

    typed: see `targets.Typed`.
    """
    from facetrack.tasks.tune import study

    targets.Typed().names = typed
    config = stored_configs.read(text)
    remember(stored_configs.contain(config))
    parent = multiprocessing.parent_process()
    assert parent is not None
    stopping.watch()  # the first process ends the others by SIGTERM; their trials are to be closed
    try:
        experiment = embed_experiment(config)
        opened = study.open_study(plan)
        natural = float(config.embedder.radius)
        scorer = planning.make_scorer(experiment, opened, plan.names, natural)
        tracking = open_store(config.tracking.uri, config.tracking.experiment, patient=True)
        run_of = make_trial_runs(tracking, opened.user_attrs[study.RUN], plan.name, capsule)
        hooks = study.Hooks(is_alone=lambda: not parent.is_alive(), tell=_leave_to_the_first)
        study.search(plan, opened, scorer, run_of, hooks)
    except KeyboardInterrupt:
        pass  # the process that started this one says so
    except Exception:
        if not stopping.is_asked():
            raise
    finally:
        stopping.at_once()


def _leave_to_the_first(line: str) -> None:
    """What keeps a study waiting is said by the process that started the others."""
    del line
