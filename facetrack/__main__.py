"""The command line: Hydra composes the config, the task does the work."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from hydra.utils import get_method
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from facetrack import outputs, sweep
from facetrack.command_line import prepared
from facetrack.errors import Incomplete, UserError, refuse

_NOBODY_READS = 128 + 13  # as a shell says it of SIGPIPE

# In a wheel the configs are part of the package, in a checkout they stand beside it.
_PACKAGE = Path(__file__).resolve().parent
CONF = _PACKAGE / "conf" if (_PACKAGE / "conf").is_dir() else _PACKAGE.parent / "conf"


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
def _run(config: DictConfig) -> sweep.Failure | None:
    task = get_method(config.task._target_)
    try:
        return _done(task, config)
    finally:
        outputs.leave_no_empty_folder()


def _done(task: Callable[[DictConfig], None], config: DictConfig) -> sweep.Failure | None:
    if HydraConfig.get().mode is RunMode.MULTIRUN:
        # One job's failure must not end the others.
        return sweep.guarded(task, config)
    try:
        task(config)
    except BrokenPipeError:
        # Nobody reads any more (`| head`). Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(_NOBODY_READS) from None
    except (UserError, OSError) as error:
        # Hydra would print the overrides above the message.
        raise SystemExit(refuse(_one_line(error))) from error
    except Incomplete as error:
        refuse(str(error))
        raise SystemExit(1) from error
    return None


def main() -> None:
    """Run the command line. Exit status: 0, 1 (failure), 2 (a user's mistake), 130 (Ctrl-C)."""
    # Hydra would print its own shortened traceback; with this it raises instead.
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    try:
        sys.argv[1:] = prepared(sys.argv[1:], CONF)
        _run()
        sweep.close("FINISHED")
    except (UserError, HydraException, OmegaConfBaseException, OSError) as error:
        sweep.abandon("FAILED")
        sys.exit(refuse(_one_line(error)))
    except KeyboardInterrupt:
        sweep.abandon("KILLED")
        print("\nfacetrack: interrupted; embeddings and finished jobs are kept", file=sys.stderr)
        sys.exit(130)
    except Exception:
        sweep.abandon("FAILED")
        raise
    sys.exit(sweep.exit_status())


def _one_line(error: Exception) -> str:
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
