"""Commands by forked processes: as a process of their own would run them, and each its own."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from facetrack.testing import Workspace, ended, kill


@pytest.fixture
def workspace(tmp_path: Path, warm_home: Path) -> Workspace:
    return Workspace(tmp_path / "work", warm_home, {"FACETRACK_TEST": "a value"})


def test_it_says_what_a_command_says(workspace: Workspace) -> None:
    shown = ("--cfg", "job", "tracking.experiment=${oc.env:FACETRACK_TEST}", "--resolve")
    done = ended(workspace.fork(*shown))
    assert done == workspace.run(*shown)
    assert "experiment: a value" in done.ok()


def test_a_mistake_is_one_line_and_status_2(workspace: Workspace) -> None:
    ended(workspace.fork("clusterer.eps=-1")).refused("clusterer.eps is a distance")


def test_a_limit_holds_there_alone(workspace: Workspace) -> None:
    workspace.limit = 1000
    ended(workspace.fork("n_resamples=2")).refused("the MLflow store")
    (workspace.folder / "more").write_bytes(bytes(2000))


def test_it_is_a_process_and_a_group_of_its_own(workspace: Workspace) -> None:
    with workspace.fork("n_resamples=100000", "tracking=none") as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.communicate(timeout=0.1)
        assert process.poll() is None
        assert process.pid != os.getpid()
        kill(process, 0)
    assert process.returncode == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="there is one test process")
def test_processes_of_tests_share_what_they_fork_from(workspace: Workspace) -> None:
    with workspace.fork("n_resamples=100000", "tracking=none") as process:
        server = _parent(process.pid)
        process.kill()
    assert server != os.getpid()
    assert _parent(server) == os.getppid()


def _parent(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("PPid:")[2].split()[0])
