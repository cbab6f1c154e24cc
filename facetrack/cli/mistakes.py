"""Mistakes of the user's: what ends a command with status 2, and how that is told."""

import errno
from pathlib import Path

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from facetrack.cli.arguments import hydra_errors
from facetrack.core.errors import UserError

# Be it one job or a sweep of them.
MISTAKES = (UserError, HydraException, OmegaConfBaseException, OSError)
_NO_PLACE = {
    *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP),
    *(errno.EACCES, errno.EPERM, errno.EROFS),
}


def tell_in_one_line(error: Exception) -> str:
    """What to tell of a mistake, with what to do about it."""
    if isinstance(error, BrokenPipeError):
        return (
            f"{error}: a process that facetrack works with has ended before its time; run the same "
            "command again"
        )
    if isinstance(error, OSError) and not isinstance(error, HydraException):
        return _tell_of_disk(error)
    if isinstance(error, UserError):
        return "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
    return hydra_errors.explain(error)


def _tell_of_disk(error: OSError) -> str:
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
