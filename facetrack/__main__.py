"""The command line: Hydra composes the config, the task does the work."""

import contextlib
import os
import select
import sys
from pathlib import Path
from typing import NoReturn

from facetrack import stopping

if __name__ == "__main__":
    stopping.at_once()  # what is imported below takes a second

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from hydra.utils import get_method
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from facetrack import sweep
from facetrack.command_line import prepared
from facetrack.errors import Incomplete, UserError, refuse

_NOBODY_READS = 128 + 13  # as a shell says it of SIGPIPE

# In a wheel the configs are part of the package, in a checkout they stand beside it.
_PACKAGE = Path(__file__).resolve().parent
CONF = _PACKAGE / "conf" if (_PACKAGE / "conf").is_dir() else _PACKAGE.parent / "conf"


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
def _run(config: DictConfig) -> sweep.Failure | None:
    task = get_method(config.task._target_)
    if HydraConfig.get().mode is RunMode.MULTIRUN:
        # One job's failure must not end the others.
        return sweep.guarded(task, config)
    try:
        task(config)
    except (UserError, OSError) as error:
        if stopping.asked() or _is_unread(error):
            raise  # no mistake of the user's
        # Hydra would print the overrides above the message.
        raise SystemExit(refuse(_one_line(error))) from error
    except Incomplete as error:
        refuse(str(error))
        raise SystemExit(1) from error
    return None


def main() -> None:
    """Run the command line.

    Exit status: 0, 1 (failure), 2 (a user's mistake), 128 and the number of the signal that ended
    it: 130 (Ctrl-C), 129, 143, 141 where nobody reads what it prints.
    """
    # Hydra would print its own shortened traceback; with this it raises instead.
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    stopping.watch()
    try:
        sys.argv[1:] = prepared(sys.argv[1:], CONF)
        _run()
        sweep.close("FINISHED")
    except KeyboardInterrupt:
        _stopped()
    except Exception as error:
        if stopping.asked():
            _stopped()
        if _is_unread(error):
            _left()
        sweep.abandon("FAILED")
        if not isinstance(error, UserError | HydraException | OmegaConfBaseException | OSError):
            raise
        sys.exit(refuse(_one_line(error)))
    finally:
        stopping.at_once()
    sys.exit(sweep.exit_status())


def _stopped() -> NoReturn:
    """End as Ctrl-C, SIGTERM and SIGHUP do."""
    then = sweep.how_to_resume() or "the same command"
    sweep.abandon("KILLED")
    print(
        f"\nfacetrack: {stopping.told()}; embeddings, finished jobs and finished trials are kept, "
        f"and {then} goes on from there",
        file=sys.stderr,
    )
    sys.exit(stopping.status())


def _left() -> NoReturn:
    """End without a word: nobody reads any more (`| head`)."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        if _is_left(number):  # Python would complain once more when it flushes
            os.dup2(nowhere, number)
    sweep.abandon("KILLED")
    sys.exit(_NOBODY_READS)


def _is_unread(error: Exception) -> bool:
    """Whether an error is that what is printed goes into a pipe whose other end is closed."""
    return isinstance(error, BrokenPipeError) and (_is_left(1) or _is_left(2))


def _is_left(number: int) -> bool:
    looked = select.poll()
    with contextlib.suppress(OSError):
        looked.register(number, 0)
        return any(event & select.POLLERR for _, event in looked.poll(0))
    return False


def _one_line(error: Exception) -> str:
    if isinstance(error, BrokenPipeError):
        return (
            f"{error}: a process that facetrack works with has ended before its time; run the same "
            "command again"
        )
    if isinstance(error, OSError) and not isinstance(error, HydraException):
        return (
            f"{error}: facetrack writes to the working directory, {Path.cwd()}, and to the folder "
            "that FACETRACK_HOME names; make room there"
        )
    parts = [str(error)]
    if not isinstance(error, UserError) and error.__cause__ is not None:
        parts.append(str(error.__cause__))
    lines = [line.strip() for part in parts for line in part.splitlines() if line.strip()]
    return "; ".join(dict.fromkeys(lines))


if __name__ == "__main__":
    main()
