"""Runs facetrack commands, each in a process that is ready at once, and kills them at a step.

This process has imported what commands need, and does nothing else: it forks for each request. A
step is whatever changes a file system or a database: just before the given one the command kills
itself, without warning.
"""

import contextlib
import itertools
import mmap
import multiprocessing
import os
import signal
import sqlite3
import struct
import sys
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from facetrack.testing.configs import shipped_configs

ANSWER = "answer"
"""In place of facetrack's arguments, before an organised folder: answers on its page."""

_CHANGES = {
    *("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.mkfifo"),
    *("os.chmod", "os.chown", "os.utime", "os.truncate", "os.setxattr"),
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_STATEMENTS = (
    "INSERT",
    "UPDATE",
    "DELETE",
    "REPLACE",
    "CREATE",
    "DROP",
    "ALTER",
    "COMMIT",
    "VACUUM",
    "PRAGMA WAL_CHECKPOINT",
    "PRAGMA JOURNAL_MODE",
)
_CONNECT = sqlite3.connect


class Steps:
    """Counts the steps of this process below a folder, and kills it before one of them.

    at: which; 0 for none. counter: 8 bytes that are there for another process to read.
    """

    def __init__(self, root: str, at: int, counter: mmap.mmap) -> None:
        self._root, self._at, self._counter = root, at, counter
        self._numbers = itertools.count(1)  # threads take steps as well

    def seen(self, event: str, arguments: tuple[Any, ...]) -> None:
        """The hook for Python's audit events."""
        if event == "open":
            if arguments[2] & _WRITING and self._inside(arguments[0]):
                self._step()
        elif event in _CHANGES and self._inside(arguments[0]):
            self._step()

    def connect(self, *arguments: Any, **settings: Any) -> sqlite3.Connection:
        """`sqlite3.connect`, whose statements are no audit events."""
        connection: sqlite3.Connection = _CONNECT(*arguments, **settings)
        connection.set_trace_callback(self._statement)
        return connection

    def _statement(self, sql: str) -> None:
        if sql.upper().startswith(_STATEMENTS):
            self._step()

    def _inside(self, path: object) -> bool:
        """Names relative to an open folder, and open files, are taken for ones of the command's."""
        text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
        return not text.startswith("/") or text.startswith(self._root)

    def _step(self) -> None:
        number = next(self._numbers)
        self._counter[:8] = struct.pack("q", number)
        if number == self._at:
            os.kill(os.getpid(), signal.SIGKILL)


def serve(connection: "Connection[dict[str, int], dict[str, Any]]") -> None:
    """Answer requests until the connection ends."""
    multiprocessing.set_start_method(None, force=True)  # Python's own, as commands have it
    with contextlib.suppress(EOFError):
        while True:
            connection.send(_answer(connection.recv()))


def _answer(request: dict[str, Any]) -> dict[str, int]:
    """Exit status of a command, negative for a signal, and how many steps it took."""
    with mmap.mmap(-1, 8) as counter:
        child = os.fork()
        if child == 0:
            _run(request, counter)
        _, status = os.waitpid(child, 0)
        (steps,) = struct.unpack("q", counter[:8])
        return {"status": os.waitstatus_to_exitcode(status), "steps": steps}


def _run(request: dict[str, Any], counter: mmap.mmap) -> None:
    """Be the command. Does not return."""
    status = 1
    try:
        os.chdir(request["cwd"])
        os.environ.update(request["environment"])
        for stream, name in ((0, os.devnull), (1, request["stdout"]), (2, request["stderr"])):
            os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), stream)
        steps = Steps(request["root"], request["at"], counter)
        sys.addaudithook(steps.seen)
        for module in (sqlite3, sqlite3.dbapi2):  # SQLAlchemy takes the latter
            vars(module)["connect"] = steps.connect
        if request["arguments"][0] == ANSWER:
            from faults.answering import answer_all

            answer_all(*request["arguments"][1:])
            status = 0
        else:
            sys.argv = [str(Path(sys.prefix, "facetrack")), *request["arguments"]]
            from facetrack.cli.command import main

            with shipped_configs():
                main()
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)
