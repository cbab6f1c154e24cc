"""A sweep is run by one process at a time."""

from typing import TYPE_CHECKING

from facetrack.core.errors import UserError
from facetrack.system import home

if TYPE_CHECKING:
    from filelock import FileLock


def take_lock(sweep_id: str) -> "FileLock":
    """The lock that a process holds while it runs a sweep, taken.

    Raises UserError where another process has it.
    """
    from filelock import Timeout

    name = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in sweep_id)
    held = home.lock(home.find_locks() / f"sweep-{name[:100]}.lock")
    try:
        held.acquire(timeout=0)
    except Timeout as error:
        raise UserError(
            f"sweep {sweep_id} is running in another process: wait until it is done, or stop it"
        ) from error
    return held
