"""A Ray cluster: the one that RAY_ADDRESS names, else one on this machine while it is needed.

The only module that imports Ray, and only when asked.
"""

import contextlib
import logging
import os
import re
import socket
from collections.abc import Iterator
from typing import Any

from facetrack.core.errors import UserError
from facetrack.system.masking import read_first_line

# Faces are biometric data: nothing is sent anywhere. Ray reads these when it starts.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_DATA_LOG_LEVEL", "ERROR")
_ADDRESS = "RAY_ADDRESS"
_HOST_AND_PORT = re.compile(r"[^:/]+:\d+")
_ANSWERS_SECONDS = 5.0
# What a worker on another machine needs to know of this command's environment.
_PASSED_ON = ("FACETRACK_", "MLFLOW_", "DO_NOT_TRACK")


def environment() -> dict[str, str]:
    """Variables that a process on another machine must have as this one."""
    return {key: value for key, value in os.environ.items() if key.startswith(_PASSED_ON)}


@contextlib.contextmanager
def connect() -> Iterator[Any]:
    """The module `ray`, connected to its cluster; what was started for it ends with it.

    Raises UserError where Ray is not installed, no cluster answers, or this process is itself a
    worker of one: what it waits for might never get a core.
    """
    try:
        import ray
    except ImportError as error:
        raise UserError("Ray is not installed: pip install 'facetrack[ray]'") from error
    if ray.is_initialized():
        raise UserError(
            "extract.engine=ray is for a command of its own, not for a job that hydra/launcher=ray "
            "has brought to the cluster: leave out one of them"
        )
    address = os.environ.get(_ADDRESS)
    try:
        if address and _HOST_AND_PORT.fullmatch(address):
            # Ray itself would try for minutes.
            host, _, port = address.rpartition(":")
            socket.create_connection((host, int(port)), _ANSWERS_SECONDS).close()
        # Its workers' output is kept in Ray's log files; what a job tells comes with its result.
        ray.init(
            # Left to itself Ray would look for a cluster that was started here earlier, and wait
            # for one that was killed.
            address=address or "local",
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (OSError, RuntimeError, ValueError) as error:
        raise UserError(
            f"no Ray cluster can be used at {address or 'this machine'} "
            f"({read_first_line(error)}): start one with `ray start --head`, or unset {_ADDRESS} "
            "to use this machine alone"
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()
