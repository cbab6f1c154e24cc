"""A place where commands run, undisturbed by all others."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from facetrack.testing import kept
from facetrack.testing.forked import Forked
from facetrack.testing.outcome import Outcome
from facetrack.testing.process import in_process

# Long enough after a kill for worker processes to see that their parent is gone.
_WORKERS_END_SECONDS = 10
_A_RUN_SECONDS = 300
_HUNG = 124  # as `timeout` says it

Process: TypeAlias = "subprocess.Popen[str] | Forked"


class Workspace:
    """A working folder and a FACETRACK_HOME for commands, both made when missing.

    home: one to share, so that faces are embedded once; None for one of its own beside the folder.
    environment: more of it. store: an MLflow store to begin with, a copy of which is put where
    commands look for theirs (see `new_store`). limit: no file grows beyond so many bytes while it
    is set, which stands in for a full disk.
    """

    def __init__(
        self,
        folder: Path,
        home: Path | None = None,
        environment: Mapping[str, str] | None = None,
        store: Path | None = None,
    ) -> None:
        self.folder = folder
        self.home = home or folder.with_name(f"{folder.name} home")
        self.environment = dict(environment or {})
        self.limit: int | None = None
        folder.mkdir(parents=True, exist_ok=True)
        if store is not None and not (folder / "mlflow.db").exists():
            shutil.copy(store, folder / "mlflow.db")

    def run(self, *arguments: str) -> Outcome:
        """What comes of `python -m facetrack ARGUMENTS`, run in this process."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        if self.limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.limit, before[1]))
        try:
            return in_process(arguments, self.folder, self._added())
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    def command(self, *arguments: str, timeout: float = _A_RUN_SECONDS) -> Outcome:
        """The same by a process of its own; status 124 where it hangs for so many seconds."""
        return ended(self.start(*arguments), timeout)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the command by a process of its own, in a group of its own."""
        return self.start_python("-m", "facetrack", *arguments)

    def fork(self, *arguments: str) -> Forked:
        """Start the command by a process of its own that has its imports behind it."""
        return Forked(arguments, self.folder, {**os.environ, **self._added()}, self.limit)

    def start_python(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start Python here with some arguments."""
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, **self._added()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=self._prepare,
        )

    def kill(self, after: float, *arguments: str) -> None:
        """Start a command and kill it, alone and without warning, after some seconds."""
        kill(self.start(*arguments), after)

    def runs(self, kind: str | None = None, status: str | None = None) -> list[Any]:
        """Its MLflow runs (see `kept.runs`)."""
        return kept.runs(self.folder, kind, status)

    def _added(self) -> dict[str, str]:
        return {"FACETRACK_HOME": str(self.home), **self.environment}

    def _prepare(self) -> None:
        # Started in the background by a shell, this process and its children ignore Ctrl-C.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if self.limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.limit, self.limit))


DRAWN = {"detector": "dlib_hog", "embedder": "dlib"}
"""What sorts drawn faces."""


def organise(workspace: Workspace, root: Path, out: Path, *arguments: str) -> Outcome:
    """Organise the photos of a folder into another.

    Unless the arguments say so without MLflow, and by dlib's detector and embedder: drawn faces are
    not what MobileFaceNet knows, and what comes with facetrack gives the same without a network.
    """
    named = {one.partition("=")[0] for one in arguments}
    others = {"tracking": "none", **DRAWN}
    return workspace.run(
        *("task=organise", "dataset=folder", f"dataset.root={root}", f"task.out={out}"),
        *(f"{key}={value}" for key, value in others.items() if key not in named),
        *arguments,
    )


def ended(process: Process, timeout: float = _A_RUN_SECONDS) -> Outcome:
    """What came of a command that was started; status 124 where it hangs."""
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return Outcome(_HUNG, "", "it hung")
    assert process.returncode is not None
    return Outcome(process.returncode, out, err)


def kill(process: Process, after: float) -> None:
    """Kill a command that was started, alone and without warning, after some seconds."""
    try:
        # Reads on meanwhile: nobody would empty its pipes else.
        process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    workers_end(process)


def workers_end(process: Process) -> None:
    """Wait until the workers of a command that was killed have ended, too."""
    deadline = time.monotonic() + _WORKERS_END_SECONDS
    while _group_lives(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
