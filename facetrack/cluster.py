"""A Ray cluster: the one that RAY_ADDRESS names, else one on this machine while it is needed.

The only module that imports Ray, and only when asked.
"""

import contextlib
import logging
import os
from collections.abc import Iterator
from typing import Any

from facetrack.errors import UserError

# Faces are biometric data: nothing is sent anywhere. Ray reads this when it starts.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
_ADDRESS = "RAY_ADDRESS"


@contextlib.contextmanager
def connected() -> Iterator[Any]:
    """The module `ray`, connected to its cluster; what was started for it ends with it.

    Raises UserError where Ray is not installed, or no cluster answers.
    """
    try:
        import ray
    except ImportError as error:
        raise UserError("Ray is not installed: pip install 'facetrack[ray]'") from error
    address = os.environ.get(_ADDRESS)
    # A cluster of its own is for this machine alone: it listens on the loopback interface.
    where: dict[str, Any] = {} if address else {"_node_ip_address": "127.0.0.1"}
    try:
        # Its workers' output is kept in Ray's log files; what a job tells comes with its result.
        ray.init(
            address=address,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            **where,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        first = str(error).strip().splitlines()[0]
        raise UserError(
            f"no Ray cluster can be used at {address or 'this machine'} ({first}): start one with "
            f"`ray start --head`, or unset {_ADDRESS} to use this machine alone"
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()
