"""What a command finds where it is started: closed streams, a system without locks."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from PIL import Image

from facetrack.cli import extras
from facetrack.core.errors import UserError
from facetrack.system.processes import trouble
from facetrack.system.shipped import CONF
from facetrack.testing import Workspace
from facetrack.tracking.store import MlflowStore

PRINT = """
import os, sys
from facetrack.system.streams import open_closed
from facetrack.system.progress import bar, say
from facetrack.system.terminal import refuse
open_closed()
opened = open("opened", "w")
assert opened.fileno() > 2, opened.fileno()
say("a line")
print("another", file=sys.stderr)
refuse("a mistake")
list(bar(range(3), description="Bar", unit="b", delay=0))
os.system("echo from a child; echo and more >&2")
sys.stdout.flush()
"""


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_what_is_printed_to_a_closed_stream_is_lost_and_nothing_else(
    closed: str, tmp_path: Path
) -> None:
    command = f'exec "$0" -c "$1" {closed}'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable, PRINT], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "opened").read_text() == ""
    assert ("a line" in done.stdout) == (closed == "2>&-")
    assert ("a mistake" in done.stderr) == (closed == ">&-")
    assert "Traceback" not in done.stderr


@pytest.mark.long
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_command_whose_streams_are_closed_does_its_work(
    closed: str, workspace: Workspace
) -> None:
    (workspace.folder / "closed.sh").write_text(f'exec "$@" {closed}\n')
    code = (
        "import subprocess, sys; sys.exit(subprocess.run(['sh', 'closed.sh', sys.executable, '-m', "
        "'facetrack', '-m', 'clusterer.eps=0.2,0.3', 'n_resamples=2']).returncode)"
    )
    process = workspace.start_python("-c", code)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert len(workspace.runs("job", "FINISHED")) == 2


SHARE = """
import hashlib, sys
from pathlib import Path
import numpy as np
from facetrack.detector import Whole
from facetrack.system.processes import trouble
from facetrack.cli.extras import check
from facetrack.core.errors import UserError
from facetrack.extraction.engines import in_processes
from facetrack.extraction.jobs import Job
from facetrack.system.progress import TERMINAL

class Means:
    batch, parallel = 2, True
    def identity(self): return "means"
    def embed(self, faces):
        return np.array([face.image.mean(axis=(0, 1)) for face in faces], np.float32)

picture = Path(sys.argv[1])
digest = hashlib.sha256(picture.read_bytes()).digest()
jobs = [Job(digest, picture, None) for _ in range(3)]
done = list(in_processes(jobs, Whole(), Means(), TERMINAL))
print(len(done), [one.reason for one in done], done[0].vectors.shape)
try:
    check(["hydra/launcher=joblib"])
except UserError as error:
    print(error)
"""


def test_where_processes_cannot_share_locks_threads_do_the_work(tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    Image.new("RGB", (64, 64), "red").save(picture)
    read_only = "mount --bind /dev/shm /dev/shm && mount -o remount,ro,bind /dev/shm"
    alone = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    if not shutil.which("unshare") or subprocess.run([*alone, read_only]).returncode:
        pytest.skip("/dev/shm cannot be made read-only here")
    command = f'{read_only} && exec "$0" -c "$1" "$2"'
    done = subprocess.run(
        [*alone, command, sys.executable, SHARE, str(picture)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    told, result, refused = done.stdout.splitlines()
    assert told.startswith("  processes cannot share the work here (Read-only file system: /dev/s")
    assert result == "3 [None, None, None] (1, 3)"
    assert refused.startswith("hydra/launcher=joblib needs processes that share locks")
    assert trouble() is None
    extras.check(["hydra/launcher=joblib"])


@pytest.mark.parametrize("choice", ["local", "server", "none"])
def test_mlflows_name_of_the_experiment_is_heeded(
    choice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def experiment(*overrides: str) -> object:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return compose("config", [f"tracking={choice}", *overrides]).tracking.experiment

    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    assert experiment() == "facetrack"
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "2024")
    assert experiment() == "2024"
    assert experiment("tracking.experiment=mine") == "mine"


def test_an_experiment_without_a_name_is_told(home: Path) -> None:
    with pytest.raises(UserError, match=r"say tracking\.experiment=NAME, or unset MLFLOW_EXP"):
        MlflowStore(None, "")


def test_a_process_looks_for_no_rubbish_at_its_end() -> None:
    code = (
        "import atexit, gc, sys\n"
        "atexit.register(lambda: print('frozen:', gc.get_freeze_count() > 0))\n"  # after ours
        "from facetrack.cli.start import main\n"
        "sys.argv[1:] = ['--version']\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "frozen: True"
