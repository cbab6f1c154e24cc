"""Processes: starting others, and whether one that wrote something still runs.

A killed one cannot say that it ended.
"""

import contextlib
import functools
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Iterator
from multiprocessing import resource_tracker
from multiprocessing.context import SpawnContext
from pathlib import Path

_PROC = Path("/proc")


def spawning() -> SpawnContext:
    """What starts new processes; a fork would copy the locks and connections of threads.

    In the worker of a joblib launcher as well: its start method is joblib's own, which a new
    process would be told to take and does not know.
    """
    if multiprocessing.get_start_method() not in multiprocessing.get_all_start_methods():
        multiprocessing.set_start_method("spawn", force=True)
    return multiprocessing.get_context("spawn")


def trouble() -> str | None:
    """Why processes can share no work here, as with a read-only /dev/shm; None where they can."""
    try:
        multiprocessing.get_context("spawn").Lock()
    except OSError as error:
        return f"{error.strerror or error}: /dev/shm"
    except ImportError as error:
        return str(error)
    return None


@contextlib.contextmanager
def deaf() -> Iterator[None]:
    """Processes that are started within never hear Ctrl-C or that the terminal was closed.

    Both reach the whole group, also a process that only just starts; the parent ends the others.
    """
    resource_tracker.ensure_running()  # a process of Python's own, whose start ends the deafness
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def can_start() -> bool:
    """Whether new processes may be started: not from a script that has no main guard.

    Each of them runs the script that it was started from once more, all of it if nothing in it
    asks for its `__name__`: that would start others in turn, which Python refuses.
    """
    script = sys.modules["__main__"]
    path = getattr(script, "__file__", None)
    if path is None or getattr(script, "__spec__", None) is not None:
        return True  # at a prompt, or by -m: then nothing is run again
    if path == "<stdin>":
        return False  # `python < script`: each would look for a file of that name
    try:
        return "__name__" in Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True


def alive(process: int) -> bool:
    """Whether a process of this machine runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@functools.cache
def mine() -> str:
    """This process in a word: machine, boot, number, and when it started."""
    return " ".join((socket.gethostname(), _boot(), str(os.getpid()), _read_start(os.getpid())))


def is_gone(process: str) -> bool:
    """Whether a process, as `mine` tells it, is of this machine and runs no more.

    False for other machines' and for what is no such text: nobody here can tell.
    """
    host, _, rest = process.partition(" ")
    parts = rest.split(" ")
    if host != socket.gethostname() or len(parts) != 3 or not parts[1].isdecimal():
        return False
    boot, number, started = parts
    # Numbers are given again; a machine that was restarted runs none of its earlier processes.
    return boot != _boot() or not alive(int(number)) or started != _read_start(int(number))


@functools.cache
def _boot() -> str:
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "-"


def _read_start(process: int) -> str:
    """In clock ticks after the boot; "-" where the system does not tell."""
    try:
        # The name in brackets may have spaces and brackets in it.
        after_name = (_PROC / str(process) / "stat").read_text().rpartition(")")[2]
        return after_name.split()[19]
    except (OSError, IndexError):
        return "-"


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
