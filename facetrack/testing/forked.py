"""Commands by processes that are forked from one that has imported what commands need.

Each is a process as real as any other, to be interrupted, killed, or run beside others; it only
does not begin with five seconds of imports.
"""

import functools
import importlib
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

from facetrack import __main__ as started
from facetrack.testing.configs import shipped_configs

_SIGINT = signal.default_int_handler
_server: Any = forkserver._forkserver  # Python's own, one a process


@dataclass(frozen=True)
class _Request:
    """What to be: a command's arguments and all that a process gets from the one it is started by.

    limit: see `Workspace`.
    """

    arguments: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    limit: int | None
    out: str
    err: str


class Forked:
    """A command that runs; as far as it goes, what `subprocess.Popen` is, and used like it."""

    def __init__(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        limit: int | None,
    ) -> None:
        self._said = tempfile.TemporaryDirectory()
        out, err = (os.path.join(self._said.name, name) for name in ("out", "err"))  # noqa: PTH118
        request = _Request(arguments, folder, dict(environment), limit, out, err)
        self._process = fork(_be, request)

    @property
    def pid(self) -> int:
        """The number of the process, and of the process group it makes."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The same."""
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Standard output and error once it has ended.

        Raises subprocess.TimeoutExpired where it still runs after so many seconds.
        """
        self._process.join(timeout)
        if timeout is not None and self.returncode is None:
            raise subprocess.TimeoutExpired("facetrack", timeout)
        out, err = (
            path.read_text("utf-8", "replace") if path.exists() else ""
            for path in (Path(self._said.name, name) for name in ("out", "err"))
        )
        return out, err

    def send_signal(self, number: int) -> None:
        """Send it a signal; nothing where it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it without warning; nothing where it has ended."""
        self._process.kill()

    def __enter__(self) -> Self:
        """Nothing more."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for its end; where a test has failed meanwhile, end it."""
        if kind is not None:
            self.kill()
        self._process.join()
        self._said.cleanup()


@functools.cache
def start_server() -> tuple[str, bytes | None]:
    """Start the process that commands are forked from; it ends with this one.

    Where other processes reach it, and Python's key to it, where that has one: see `use_server`.
    """
    multiprocessing.get_context("forkserver").set_forkserver_preload([f"{__name__}_imports"])
    # One thread is what a fork keeps.
    with patch.dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1"):
        forkserver.ensure_running()
    return _server._forkserver_address, getattr(_server, "_forkserver_authkey", None)


def use_server(address: str, key: bytes | None) -> None:
    """Fork commands from what another process has started, which has to outlive this one.

    Its imports take seven seconds and half a gigabyte: once for all processes of pytest-xdist.
    """
    _server.ensure_running = resource_tracker.ensure_running
    _server._forkserver_address = address
    _server._forkserver_alive_fd = os.pipe()[1]  # what would end a server of this process's own
    if key is not None:
        _server._forkserver_authkey = key


@functools.cache
def _ready() -> ForkServerContext:
    """What starts processes that are forked from one whose imports are done."""
    if _server._forkserver_address is None:
        start_server()
    context = multiprocessing.get_context("forkserver")
    first = context.Process(target=os.getpid)
    _start(first)
    first.join()
    return context


def fork(function: Callable[..., object], *arguments: object) -> ForkServerProcess:
    """Start a function, which can be imported, in such a process."""
    process = _ready().Process(target=function, args=arguments)
    _start(process)
    return process


def _start(process: ForkServerProcess) -> None:
    # Processes take up their parent's main module: a test's would bring all that it imports.
    with patch.dict(sys.modules, __main__=started):
        process.start()


def _be(request: _Request) -> None:
    """Be the command."""
    os.setsid()
    for number, path in ((1, request.out), (2, request.err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
    signal.signal(signal.SIGINT, _SIGINT)
    os.environ.clear()
    os.environ.update(request.environment)
    os.chdir(request.folder)
    if request.limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request.limit, request.limit))
    sys.argv = [str(started.__file__), *request.arguments]
    with shipped_configs():
        importlib.import_module("facetrack.cli.command").main()
