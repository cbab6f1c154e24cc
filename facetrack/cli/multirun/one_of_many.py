"""One job of a sweep, whose failure does not end the others."""

import re
from collections.abc import Callable

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from facetrack.cli.mistakes import MISTAKES
from facetrack.system import stopping
from facetrack.system.progress import say
from facetrack.tasks.context.own_overrides import keep_own_overrides
from facetrack.tasks.sweep.failure import Failure


def run_job(task: Callable[[DictConfig], None], config: DictConfig) -> Failure | None:
    """Run one job of a sweep; a failure is told and returned, and the sweep goes on.

    Its run in MLflow has the traceback. Runs in whatever process the launcher gives the job.
    """
    try:
        task(config)
    except BrokenPipeError:
        raise  # nobody reads what is said of it either
    except Exception as error:
        if stopping.is_asked():  # that is what a signal has interrupted
            raise KeyboardInterrupt from error
        said = " ".join(str(error).split()) or type(error).__name__
        failure = Failure(f"{_job()}: {said}", mistake=isinstance(error, MISTAKES))
        say(failure.line)
        failure.give()
        return failure
    return None


def _job() -> str:
    """What makes this process's job what it is: its overrides."""
    own = keep_own_overrides(HydraConfig.get().overrides.task)
    return " ".join(re.sub(r"=choice\((.*)\)$", r"=\1", one) for one in own)
