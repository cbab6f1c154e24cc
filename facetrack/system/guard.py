"""A process that a single picture cannot keep busy or make large without end."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

SECONDS = 10.0
"""Of processor time, in which a picture is decoded."""
BYTES = 1_500_000_000
"""The memory of a process that decodes a picture and looks for faces on it."""

_TOO_LARGE = 91  # the exit status of a process that ended itself
_EVERY_SECONDS = 0.05
_MORE = 1_000_000_000  # bytes, for a process that is large before it has a picture

_active = False
_most: int | None = None  # bytes at present, while there is a picture


def start() -> None:
    """Guard this process from now on: it ends itself, with a status that `reason` knows."""
    global _active
    _active = True
    threading.Thread(target=_watch, daemon=True).start()


@contextlib.contextmanager
def decoding() -> Iterator[None]:
    """While a picture is decoded: in a process that is guarded, no longer than SECONDS."""
    if not _active:
        yield
        return
    # SIGPROF ends the process, also in the midst of a library that lets no other thread run.
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


@contextlib.contextmanager
def looking() -> Iterator[None]:
    """While a picture is decoded and looked at: in a process that is guarded, within BYTES."""
    global _most
    if _active:
        _most = max(BYTES, _size() + _MORE)
    try:
        yield
    finally:
        _most = None


def reason(status: int | None) -> str:
    """Why a process with that exit status ended at a picture."""
    if status == -signal.SIGPROF:
        return f"it takes more than {SECONDS:g} seconds of processor time to decode"
    if status == _TOO_LARGE:
        return f"it takes more than {BYTES / 1e9:g} GB of memory"
    return "the detector or embedder crashed on it"


def _watch() -> None:
    while True:
        time.sleep(_EVERY_SECONDS)
        most = _most
        if most is not None and _size() > most:
            os._exit(_TOO_LARGE)


def _size() -> int:
    """This process's memory, in bytes; 0 where the system does not tell (only Linux does)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
