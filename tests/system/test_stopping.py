"""Ctrl-C, SIGTERM and SIGHUP: one sentence, runs KILLED, nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from facetrack.testing import Workspace, portrait_faces
from facetrack.testing.forked import Forked
from facetrack.testing.place import ended

_WATCHING = """
import signal, sys, time
from facetrack.system import stopping
stopping.watch()
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print(stopping.describe(), stopping.is_asked(), flush=True)
    if "twice" in sys.argv:
        time.sleep(60)
    sys.exit(stopping.status())
"""


def _python(program: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


_WORKING = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from facetrack.system import stopping
stopping.watch()
pool = ThreadPoolExecutor(1)
pool.submit(time.sleep, 600)
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print(stopping.describe())
    sys.exit(stopping.status())
finally:
    stopping.leave_threads()
"""


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (signal.SIGINT, "interrupted"),
        (signal.SIGTERM, "ended by SIGTERM"),
        (signal.SIGHUP, "ended by SIGHUP"),
    ],
)
def test_each_signal_is_an_interruption_with_a_status_of_its_own(
    number: signal.Signals, told: str
) -> None:
    with _python(_WATCHING) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        out, errors = process.communicate(timeout=60)
    assert (out, errors) == (f"{told} True\n", "")
    assert process.returncode == 128 + number


def test_what_libraries_log_of_what_was_interrupted_is_not_shown() -> None:
    program = """
import logging, signal
from facetrack.system import stopping
stopping.watch()
try:
    logging.error("before")
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    logging.exception("Error closing cursor")
stopping.watch()
logging.error("after")
"""
    with _python(program) as process:
        out, errors = process.communicate(timeout=60)
    assert (out, errors) == ("", "ERROR:root:before\nERROR:root:after\n")


def test_a_second_one_ends_at_once() -> None:
    with _python(_WATCHING, "twice") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted True\n"
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert errors == "\nfacetrack: ended by SIGTERM\n"
    assert process.returncode == 128 + signal.SIGTERM


def test_what_was_ignored_from_the_start_stays_so() -> None:
    """As nohup has it."""
    program = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{_WATCHING}"
    with _python(program) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    assert out == "ended by SIGTERM True\n"


def test_while_it_is_still_being_imported_there_is_no_traceback(workspace: Workspace) -> None:
    program = """
import os, runpy, signal, sys

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == "hydra":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
runpy.run_module("facetrack", run_name="__main__")
"""
    done = ended(workspace.start_python("-c", program))
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "\nfacetrack: interrupted\n"


def _until(condition: Callable[[], bool], process: Forked) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_sigterm_ends_a_sweep_as_ctrl_c_does(workspace: Workspace) -> None:
    sweep = ("-m", "clusterer=meanshift", "clusterer.eps=0.2,0.3", "n_resamples=100000")
    with workspace.fork(*sweep) as process:
        _until(lambda: bool(workspace.runs("job", "RUNNING")), process)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    (parent,) = workspace.runs("sweep")
    sentence = errors.strip().splitlines()[-1]
    assert sentence.startswith("facetrack: ended by SIGTERM; ")
    assert f"python -m facetrack resume={parent.data.tags['sweep']} goes on" in sentence
    assert "Traceback" not in errors
    statuses = {run.info.status for kind in ("sweep", "job") for run in workspace.runs(kind)}
    assert statuses == {"KILLED"}


def test_ctrl_c_while_the_workers_of_a_study_start(workspace: Workspace) -> None:
    portrait_faces(workspace.home)  # else there may be a bar of their drawing
    study = ("task=tune", "task.workers=3", "clusterer=meanshift", "n_resamples=100000")
    with workspace.fork(*study) as process:
        # The terminal sends it to the whole group, to those that only just start as well.
        _until(lambda: len(_below(process.pid)) >= 2, process)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert errors.strip().startswith("facetrack: interrupted; ")
    assert not _below(process.pid)
    statuses = {run.info.status for kind in ("study", "trial") for run in workspace.runs(kind)}
    assert statuses <= {"KILLED"}


def _below(group: int) -> list[str]:
    """Worker processes of a command's group that run."""
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        try:
            command = (one / "cmdline").read_bytes()
            if os.getpgid(int(one.name)) == group and b"spawn_main" in command:
                found.append(one.name)
        except OSError:
            continue
    return found


# Whose jobs nobody reads: the next test. A sweep that is KILLED: the one of SIGTERM.
def test_nobody_waits_for_what_threads_do_after_a_signal() -> None:
    with _python(_WORKING) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)  # the thread works for ten minutes
    assert (out, errors, process.returncode) == ("interrupted\n", "", 130)


@pytest.mark.long
def test_who_reads_no_more_is_told_nothing(workspace: Workspace) -> None:
    with workspace.start("-m", "clusterer.eps=0.2,0.3", "n_resamples=2") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()  # as `| head -1` does
        assert process.stderr is not None
        errors = process.stderr.read()
        process.wait(timeout=60)
    assert process.returncode == 128 + signal.SIGPIPE
    assert "facetrack:" not in errors
    assert "Traceback" not in errors
    (parent,) = workspace.runs("sweep")
    assert parent.info.status == "KILLED"


def test_who_reads_nothing_of_a_job_is_told_nothing(workspace: Workspace) -> None:
    portrait_faces(workspace.home)
    with workspace.start("n_resamples=2", "tracking=none") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        errors = process.stderr.read()
        process.wait(timeout=60)
    assert process.returncode == 128 + signal.SIGPIPE
    assert errors == ""
