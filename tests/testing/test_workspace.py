"""Commands in process: as a process of their own would run them, and nothing left behind."""

import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

import facetrack.tasks.evaluate.run
from facetrack.tasks.sweep import session
from facetrack.testing import Outcome, Workspace, artifacts, ended, people, rows


class Ending(session.NoSession):
    """A sweep that ends the command with a status."""

    def __init__(self, status: int) -> None:
        self._status = status

    def close(self, status: str) -> int:
        del status
        return self._status


def _instead(monkeypatch: pytest.MonkeyPatch, task: Any) -> None:
    """Another task in place of `evaluate`."""
    monkeypatch.setattr(facetrack.tasks.evaluate.run, "evaluate", task)


def test_it_says_and_leaves_what_a_process_does(
    workspace: Workspace, warm_home: Path, new_mlflow: Path, tmp_path: Path
) -> None:
    root = people(tmp_path, warm_home, 3)
    arguments = ("dataset=folder", f"dataset.root={root}", "clusterer.eps=0.3", "n_resamples=3")
    other = Workspace(tmp_path / "other", warm_home, store=new_mlflow)
    told, expected = workspace.run(*arguments), other.command(*arguments)
    timeless = re.compile(r"seconds per fit .*|\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d")
    assert timeless.sub("", told.stdout) == timeless.sub("", expected.stdout)
    assert (told.returncode, told.stderr) == (0, expected.stderr)
    (run,), (like,) = workspace.runs(), other.runs()
    metrics, expected_metrics = (
        {key: value for key, value in one.data.metrics.items() if "seconds" not in key}
        for one in (run, like)
    )
    assert metrics == expected_metrics
    assert metrics["ari_mean"] > 0
    assert run.data.tags["people"] == "3"
    assert run.data.params == like.data.params
    picture, expected_picture = (artifacts(one)["tsne.png"].read_bytes() for one in (run, like))
    assert picture == expected_picture


def test_a_picture_that_was_drawn_is_drawn_anew_for_other_clusters(workspace: Workspace) -> None:
    for eps in ("0.2", "0.3", "0.2"):
        few = ("n_resamples=2", "n_people=5")
        workspace.run(*few, f"clusterer.eps={eps}", f"dataset.name=set {eps}").ok()
    for name in ("tsne.png", "split.png"):
        pictures = [artifacts(one)[name].read_bytes() for one in workspace.runs("job")]
        assert pictures[0] == pictures[2] != pictures[1]


def test_everything_is_as_it_was(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def upset(config: DictConfig) -> None:
        os.environ["FACETRACK_TEST"] = "set"
        os.chdir("/")
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        warnings.simplefilter("error")
        logging.getLogger().addHandler(logging.NullHandler())
        session.begin(Ending(7))

    def state() -> list[Any]:
        return [
            *(sys.argv, Path.cwd(), dict(os.environ), sys.stdout, sys.stderr),
            *(signal.getsignal(signal.SIGTERM), list(warnings.filters), warnings.showwarning),
            *(logging.getLogger().handlers[:], logging.getLogger().level),
            *(sys.modules["__main__"], session.current(), GlobalHydra().is_initialized()),
            *(HydraConfig.initialized(), os.fstat(1).st_ino, os.fstat(2).st_ino),
        ]

    _instead(monkeypatch, upset)
    before = state()
    assert workspace.run("--cfg", "job").returncode == 0
    assert workspace.run().returncode == 7
    assert state() == before
    assert workspace.run("clusterer.radius=1").returncode == 2
    assert state() == before


def test_what_a_command_finds_is_as_in_a_process(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.environment |= {"FACETRACK_TEST": "given", "TMPDIR": str(workspace.folder)}
    assert tempfile.gettempdir() != str(workspace.folder)

    def look(config: DictConfig) -> None:
        print(Path.cwd(), os.environ["FACETRACK_HOME"], os.environ["FACETRACK_TEST"])
        print(sys.modules["__main__"].__file__, sys.argv[1:], sys.stderr.isatty())
        print(tempfile.gettempdir())

    _instead(monkeypatch, look)
    main = Path(facetrack.__file__).parent / "__main__.py"
    assert workspace.run("seed=3").ok().splitlines() == [
        f"{workspace.folder} {workspace.home} given",
        f"{main} ['seed=3'] False",
        str(workspace.folder),
    ]
    assert tempfile.gettempdir() != str(workspace.folder)


def test_configs_are_those_of_the_command(workspace: Workspace, tmp_path: Path) -> None:
    """Whatever others were given, and whatever became of the files of the user's own."""
    own = tmp_path / "conf/dataset/mine.yaml"
    own.parent.mkdir(parents=True)
    with_own = ("--cfg", "job", "--config-dir", str(own.parents[1]), "dataset=mine")
    plain = workspace.run("--cfg", "job").ok()
    for name in ("one", "two"):
        own.write_text(f"name: {name}\n")
        assert f"dataset:\n  name: {name}\n" in workspace.run(*with_own).ok()
        assert "eps: 0.5\n" in workspace.run("--cfg", "job", "clusterer.eps=0.5").ok()
        assert workspace.run("--cfg", "job").ok() == plain
    workspace.run("--cfg", "job", "dataset=mine").refused("dataset=mine")


def test_all_that_is_written_is_caught(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(config: DictConfig) -> None:
        print("printed")
        os.write(1, b"by C code\n")
        subprocess.run(["sh", "-c", "echo by a child; echo complaint >&2"], check=True)
        warnings.warn("strange", UserWarning, stacklevel=1)
        warnings.warn("for developers", DeprecationWarning, stacklevel=1)
        logging.getLogger("somebody").warning("logged")
        logging.getLogger("somebody").info("chatter")

    _instead(monkeypatch, write)
    for _ in range(2):  # a warning that was shown is shown again, as by another process
        done = workspace.run()
        # What Python prints waits in a buffer until the end, as in a process that nobody looks at.
        assert done.ok().splitlines() == ["by C code", "by a child", "printed"]
        complaint, warning, _, logged = done.stderr.splitlines()
        assert complaint == "complaint"
        assert warning.endswith("UserWarning: strange")
        assert logged == "logged"


@pytest.mark.parametrize(
    ("end", "status", "told"),
    [
        (SystemExit(), 0, ""),
        (SystemExit(5), 5, ""),
        (SystemExit("why"), 1, "why\n"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (RuntimeError("a defect"), 1, "RuntimeError: a defect"),
        (MemoryError(), 1, "MemoryError"),
    ],
)
def test_it_ends_with_the_status_of_a_process(
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    end: BaseException,
    status: int,
    told: str,
) -> None:
    def fail(config: DictConfig) -> None:
        raise end

    _instead(monkeypatch, fail)
    done = workspace.run()
    assert done.returncode == status
    assert told in done.stderr
    assert ("Traceback" in done.stderr) == isinstance(end, Exception)


def test_what_a_sweep_remembers_ends_with_it(workspace: Workspace, small_folder: Path) -> None:
    failing = ("-m", "clusterer=kmeans", "clusterer.n_clusters=5,500", "n_resamples=1")
    pictures = ("dataset=folder", f"dataset.root={small_folder}")
    assert workspace.run(*failing, *pictures).returncode == 2
    assert workspace.run("--cfg", "job").returncode == 0
    # The sweep's lock is free again, though the process that held it lives.
    assert "1 of 2 jobs" in workspace.run("resume=last").stdout


def test_a_store_that_was_replaced_is_opened_anew(
    small_folder: Path, workspace: Workspace, new_mlflow: Path
) -> None:
    pictures = ("dataset=folder", f"dataset.root={small_folder}")
    for seed in (1, 2):
        workspace.run(*pictures, f"seed={seed}", "n_resamples=1").ok()
        (run,) = workspace.runs("job", "FINISHED")
        assert run.data.params["seed"] == str(seed)
        shutil.copy(new_mlflow, workspace.folder / "mlflow.db")
    shutil.rmtree(workspace.folder)
    assert workspace.runs() == []


def test_each_home_has_its_own_embeddings(tmp_path: Path, warm_home: Path) -> None:
    root = people(tmp_path, warm_home, 2)
    arguments = ("dataset=folder", f"dataset.root={root}", "tracking=none", "n_resamples=1")
    kept = []
    for name in ("one", "two"):
        workspace = Workspace(tmp_path / name)
        workspace.run(*arguments).ok()
        assert workspace.home == tmp_path / f"{name} home"
        kept.append(rows(workspace.home))
    assert kept[0] == kept[1]
    assert len(kept[0]) >= 4


def test_files_have_a_limit_while_it_is_set(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(config: DictConfig) -> None:
        Path("file").write_bytes(bytes(5000))

    _instead(monkeypatch, write)
    workspace.limit = 3000
    workspace.run().refused("File too large")
    workspace.limit = None
    workspace.run().ok()


def test_it_runs_in_a_thread(workspace: Workspace) -> None:
    told: list[Outcome] = []
    thread = threading.Thread(target=lambda: told.append(workspace.run("--cfg", "job")))
    thread.start()
    thread.join()
    assert "n_resamples" in told[0].ok()


def test_one_that_hangs_is_ended(workspace: Workspace) -> None:
    process = workspace.start_python("-c", "import time; time.sleep(600)")
    assert ended(process, timeout=0.1) == Outcome(124, "", "it hung")
    assert process.poll() == -signal.SIGKILL


def test_outcomes_say_what_is_wrong() -> None:
    line = "facetrack: no\n"
    assert Outcome(0, "told\n", "").ok() == "told\n"
    assert Outcome(2, "", line).refused("no") == line
    for done in (
        *(Outcome(2, "", "facetrack: yes\n"), Outcome(2, "", line * 2), Outcome(1, "", line)),
        Outcome(2, "", "Traceback no\n"),
    ):
        with pytest.raises(AssertionError):
            done.refused("no")
        with pytest.raises(AssertionError):
            done.ok()
