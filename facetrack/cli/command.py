"""The command line: Hydra composes the config, the task does the work."""

import contextlib
import errno
import os
import select
import sys
from pathlib import Path
from typing import NoReturn

from facetrack.system import stopping

if __name__ == "__main__":
    stopping.at_once()  # what is imported below takes a second

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from hydra.utils import get_method, get_original_cwd
from omegaconf import DictConfig

from facetrack import __version__
from facetrack.cli import plugins
from facetrack.cli.arguments import hydras
from facetrack.cli.command_line import prepared
from facetrack.core.errors import Incomplete, UserError
from facetrack.system import masking, module_path, streams, terminal
from facetrack.system.shipped import CONF as CONF
from facetrack.system.terminal import refuse
from facetrack.tasks.context import grammar, outputs, targets
from facetrack.tasks.sweep import session

_NOBODY_READS = 128 + 13  # as a shell says it of SIGPIPE
_NO_PLACE = {
    *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP),
    *(errno.EACCES, errno.EPERM, errno.EROFS),
}


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")
def _run(config: DictConfig) -> session.Failure | None:
    try:
        return _done(config)
    finally:
        outputs.leave_no_empty_folder()


def _done(config: DictConfig) -> session.Failure | None:
    # hydra.job.chdir would have it elsewhere: what is relative, as MLflow's database, is taken from
    # where the command was given.
    os.chdir(get_original_cwd())
    if HydraConfig.get().mode is RunMode.MULTIRUN:
        # One job's failure must not end the others.
        return session.guarded(_do_task, config)
    try:
        _do_task(config)
    except (UserError, OSError) as error:
        if stopping.asked() or _is_unread(error):
            raise  # no mistake of the user's
        # Hydra would print the overrides above the message.
        raise SystemExit(refuse(_one_line(error))) from error
    except Incomplete as error:
        refuse(str(error))
        raise SystemExit(1) from error
    return None


def _do_task(config: DictConfig) -> None:
    get_method(targets.of_task(config.task))(config)


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
    try:
        masking.remember(grammar.texts(sys.argv[1:]))
        targets.remember(sys.argv[1:])
        module_path.name(targets.Typed().names)
        plugins.register()
        sys.argv[1:] = prepared(sys.argv[1:], CONF)
        if sys.argv[1:] == ["--version"]:
            print(f"facetrack {__version__}")
            return
        _run()
        session.close("FINISHED")
    except KeyboardInterrupt:
        _stopped()
    except Exception as error:
        if stopping.asked():
            _stopped()
        if _is_unread(error):
            _left()
        session.abandon("FAILED")
        if not isinstance(error, session.MISTAKES):
            raise
        sys.exit(refuse(_one_line(error)))
    finally:
        stopping.at_once()
    sys.exit(session.exit_status())


def _stopped() -> NoReturn:
    """End as Ctrl-C, SIGTERM and SIGHUP do."""
    then = session.how_to_resume() or "the same command"
    session.abandon("KILLED")
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
    session.abandon("KILLED")
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
        return _of_disk(error)
    if isinstance(error, UserError):
        return "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
    return hydras.told(error)


def _of_disk(error: OSError) -> str:
    if error.errno in _NO_PLACE and error.filename is not None:
        return (
            f"{error.filename} cannot be used ({error.strerror}): see that its folder is there and "
            "that you may write to it, or name another (hydra.run.dir, hydra.sweep.dir and "
            "task.out say where results go)"
        )
    return (
        f"{error}: facetrack writes to the working directory, {Path.cwd()}, and to the folder that "
        "FACETRACK_HOME names; make room there"
    )


if __name__ == "__main__":
    main()
