"""Ends that come from outside: Ctrl-C, SIGTERM (docker stop, Slurm), SIGHUP (a closed terminal).

All are one thing to the rest of facetrack, a KeyboardInterrupt: runs end KILLED, and what is done
is kept. Light to import: it is to work before all else is imported.
"""

import contextlib
import os
import signal
import sys
import threading
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_by: int | None = None  # the signal that came, since `watch`


def at_once() -> None:
    """From now on a signal ends the process at once: there is nothing to close yet, or no more."""
    _handle(_end)


def watch() -> None:
    """From now on the first signal raises KeyboardInterrupt, and a second one ends at once."""
    global _by
    _by = None
    _let_log(True)
    _handle(_interrupt)


def is_asked() -> bool:
    """Whether a signal came: an error since then is most likely what it has interrupted."""
    return _by is not None


def describe() -> str:
    """What ended the process, for the user."""
    return _name_end(signal.SIGINT if _by is None else _by)


def status() -> int:
    """The exit status that stands for it, as shells have it."""
    return 128 + (signal.SIGINT if _by is None else _by)


def leave_threads() -> None:
    """End now if a signal came and threads still work: nobody waits for what they find.

    For the very end, when everything is closed. Python would wait for them, for a fit of spectral
    clustering half a minute.
    """
    others = [one for one in threading.enumerate() if one is not threading.main_thread()]
    if is_asked() and not all(one.daemon for one in others):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):  # nobody reads any more
                stream.flush()
        os._exit(status())


def _handle(handler: object) -> None:
    if threading.current_thread() is not threading.main_thread():
        return  # only the main thread may
    for number in _SIGNALS:
        # What is ignored from the start stays ignored: nohup, a job in a shell's background.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)  # type: ignore[arg-type]


def _interrupt(number: int, frame: FrameType | None) -> None:
    global _by
    if _by is not None:
        _end(number, frame)
    _by = number
    if number == signal.SIGHUP:
        _let_go_of_terminal()
    _let_log(False)
    raise KeyboardInterrupt


def _end(number: int, frame: FrameType | None) -> None:
    """End at once. What is left open or half written, the next run closes and removes."""
    del frame
    if number == signal.SIGHUP:
        _let_go_of_terminal()
    # Daemonic ones would live on; not imported where none can have been started.
    if processes := sys.modules.get("multiprocessing"):
        for child in processes.active_children():
            child.terminate()
    os.write(2, f"\nfacetrack: {_name_end(number)}\n".encode())
    os._exit(128 + number)


def _name_end(number: int) -> str:
    return "interrupted" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"


def _let_log(may: bool) -> None:
    """What libraries log after a signal is of what it has interrupted, not of anything wrong.

    SQLAlchemy logs a traceback where a query could not be ended, for instance.
    """
    if logging := sys.modules.get("logging"):  # not imported where nobody logs yet
        logging.disable(logging.NOTSET if may else logging.CRITICAL)


def _let_go_of_terminal() -> None:
    """What is printed from now on goes nowhere: to a terminal that is gone it would be an error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        if os.isatty(number):
            os.dup2(nowhere, number)
