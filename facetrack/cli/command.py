"""The command line: Hydra composes the config, the task does the work."""

import contextlib
import os
import select
import sys
from typing import NoReturn

from facetrack.system import stopping

if __name__ == "__main__":
    stopping.at_once()  # what is imported below takes a second

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from hydra.utils import get_method, get_original_cwd
from omegaconf import DictConfig

from facetrack import __version__
from facetrack.cli import plugins, working_folder
from facetrack.cli.arguments.overrides import read_said_texts
from facetrack.cli.command_line import prepare
from facetrack.cli.mistakes import MISTAKES, tell_in_one_line
from facetrack.cli.multirun.composing import composed_once
from facetrack.cli.multirun.one_of_many import run_job
from facetrack.cli.typed_targets import remember_typed
from facetrack.core.errors import Incomplete, UserError
from facetrack.system import masking, module_path, streams, terminal
from facetrack.system.shipped import CONF as CONF
from facetrack.system.terminal import refuse
from facetrack.tasks.context import outputs, targets
from facetrack.tasks.context.groups import name_group
from facetrack.tasks.sweep import session
from facetrack.tasks.sweep.failure import Failure

_NOBODY_READS = 128 + 13  # as a shell says it of SIGPIPE


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
def _run(config: DictConfig) -> Failure | None:
    try:
        return _do(config)
    finally:
        outputs.leave_no_empty_folder()


def _do(config: DictConfig) -> Failure | None:
    # hydra.job.chdir would have it elsewhere: what is relative, as MLflow's database, is taken from
    # where the command was given.
    os.chdir(get_original_cwd())
    if HydraConfig.get().mode is RunMode.MULTIRUN:
        # One job's failure must not end the others.
        return run_job(_do_task, config)
    try:
        _do_task(config)
    except (UserError, OSError) as error:
        if stopping.is_asked():
            raise  # no mistake of the user's
        if _is_unread(error):
            _end_unread()
        # Hydra would print the overrides above the message.
        raise SystemExit(refuse(tell_in_one_line(error))) from error
    except Incomplete as error:
        refuse(str(error))
        raise SystemExit(1) from error
    return None


def _do_task(config: DictConfig) -> None:
    """Run a config's task; where it reproduces a run alone, say how far the two agree."""
    task = get_method(targets.of_task(config.task))
    with name_group(config):
        task(config)
    again = config.get("reproduces")  # not in a config of the user's own
    if again and not config.sweep_id:
        from facetrack.tasks.reproduce.telling import tell_run

        tell_run(config.tracking.uri, config.tracking.experiment, again)


def main() -> None:
    """Run the command line.

    Exit status: 0, 1 (failure), 2 (a user's mistake), 128 and the number of the signal that ended
    it: 130 (Ctrl-C), 129, 143, 141 where nobody reads what it prints.
    """
    # Hydra would print its own shortened traceback; with this it raises, and what is raised is told
    # in a line, which is what HYDRA_FULL_ERROR=0 asks for.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    # Python would put the working folder in front of the module path of each worker process.
    os.environ["PYTHONSAFEPATH"] = "1"
    streams.open_closed()
    stopping.watch()
    terminal.print_anything()
    working_folder.keep_as_it_is()
    try:
        masking.remember(read_said_texts(sys.argv[1:]))
        remember_typed(sys.argv[1:])
        module_path.name_modules(targets.Typed().names)
        plugins.register()
        with composed_once():
            sys.argv[1:] = prepare(sys.argv[1:], CONF)
            if sys.argv[1:] == ["--version"]:
                print(f"facetrack {__version__}")
                return
            _run()
        status = session.current().close("FINISHED")
    except KeyboardInterrupt:
        _end_stopped()
    except Exception as error:
        if stopping.is_asked():
            _end_stopped()
        if _is_unread(error):
            _end_unread()
        _abandon("FAILED")
        if not isinstance(error, MISTAKES):
            raise
        sys.exit(refuse(tell_in_one_line(error)))
    finally:
        stopping.at_once()
    sys.exit(status)


def _abandon(status: str) -> None:
    """Close a sweep that did not get to its end, as far as it still can be closed."""
    with contextlib.suppress(Exception):  # what ended the sweep is the error to report
        session.current().close(status)


def _end_stopped() -> NoReturn:
    """End as Ctrl-C, SIGTERM and SIGHUP do."""
    then = session.current().resume_command or "the same command"
    _abandon("KILLED")
    print(
        f"\nfacetrack: {stopping.describe()}; embeddings, finished jobs and finished trials are "
        f"kept, and {then} goes on from there",
        file=sys.stderr,
    )
    sys.exit(stopping.status())


def _end_unread() -> NoReturn:
    """End without a word: nobody reads any more (`| head`)."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        if _is_left(number):  # Python would complain once more when it flushes
            os.dup2(nowhere, number)
    _abandon("KILLED")
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


if __name__ == "__main__":
    main()
