"""Whether facetrack may use the network, and when it last could not."""

import contextlib
import datetime
import os
from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.system.files import replace
from facetrack.system.home import find_home

VARIABLE = "FACETRACK_OFFLINE"
_NOTE = "unreachable"


def is_forbidden() -> bool:
    """Whether FACETRACK_OFFLINE says that nothing is to be downloaded."""
    return os.environ.get(VARIABLE, "") not in ("", "0")


def was_tried_today() -> bool:
    """Whether a download that nobody asked for failed today."""
    try:
        return _note().read_text(encoding="utf-8").strip() == _today()
    except (OSError, ValueError, UserError):
        return False


def remember_failure() -> None:
    """A download that nobody asked for has failed: it is not tried again today."""
    with contextlib.suppress(OSError, UserError):  # then it is tried again
        replace(_note(), f"{_today()}\n".encode())


def _note() -> Path:
    return find_home() / "downloads" / _NOTE


def _today() -> str:
    return datetime.date.today().isoformat()
