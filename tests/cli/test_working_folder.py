"""The working folder is data: nothing in it runs, except for what the command line names."""

import sys
from pathlib import Path

import pytest
from conftest import NASTY

from facetrack.system import module_path
from facetrack.testing import Workspace, kept

# What `python -m` itself imports before facetrack's first line; with `python -P -m`, or as
# `facetrack`, not from the working folder either.
_PYTHONS_OWN = {"contextlib", "functools", "keyword", "operator", "reprlib", "types", "warnings"}

_CLASS = """
import numpy as np
from facetrack.embedder import DlibResNet


class Mine(DlibResNet):
    def embed(self, faces):
        return np.array([np.resize(one.image, 128) for one in faces], np.float32)
"""


def _attack(folder: Path) -> Path:
    """Fill a folder with modules that leave a mark when they are run; returns the mark."""
    mark = folder.with_name("mark")
    names = {path.stem for path in Path(sys.modules["os"].__file__ or "").parent.glob("*.py")}
    assert {"random", "socket", "pickle"} < names
    names -= _PYTHONS_OWN
    names |= {"sklearn", "numpy", "mlflow", "hydra", "optuna", "torch", "faiss", "sitecustomize"}
    for name in sorted(names | {"hydra_plugins/evil", "hydra_plugins/__init__"}):
        path = folder / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            f"with open({str(mark)!r}, 'a') as mark:\n    mark.write({name!r} + '\\n')\n"
            "raise SystemExit('it ran')\n"
        )
    return mark


def test_nothing_in_the_working_folder_runs(workspace: Workspace) -> None:
    mark = _attack(workspace.folder)
    # As a process, since Python puts the folder in front before facetrack's first line.
    assert "eps: ${embedder.radius}" in workspace.command("--cfg", "job").ok()
    assert not mark.exists(), mark.read_text()


def test_of_hydras_plugins_only_those_that_facetrack_brings_are_imported(
    workspace: Workspace, tmp_path: Path
) -> None:
    evil = tmp_path / "site-packages/hydra_plugins/evil.py"
    evil.parent.mkdir(parents=True)
    evil.write_text("raise SystemExit('it ran')\n")
    # As pip installs a package that brings a plugin.
    workspace.environment["PYTHONPATH"] = str(evil.parents[1])
    told = workspace.command("--info", "plugins").ok()
    assert {"FacetrackSweeper", "RayLauncher", "SubmititLauncher"} <= set(told.split())
    refused = workspace.command("hydra/launcher=evil", "-m")
    refused.refused("there is no hydra/launcher=evil")


def test_what_the_command_line_names_is_found_in_any_folder(
    tmp_path: Path, warm_home: Path, new_mlflow: Path, small_folder: Path
) -> None:
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    workspace = Workspace(tmp_path / "alone" / NASTY, warm_home, store=new_mlflow)
    mark = _attack(workspace.folder)
    (workspace.folder / "mymodule.py").write_text(_CLASS)
    # In a worker of a launcher as well, which Python starts in the working folder.
    workspace.command(
        *("-m", "embedder._target_=mymodule.Mine", "n_resamples=2", "clusterer.eps=0.3"),
        *("dataset=folder", f"dataset.root={small_folder}", "hydra/launcher=joblib"),
    ).ok()
    (job,) = kept.runs(workspace.folder, "job", "FINISHED")
    assert job.data.params["embedder._target_"] == "mymodule.Mine"
    assert not mark.exists(), mark.read_text()
    assert {one.name for one in workspace.folder.parent.iterdir()} == {NASTY}


def test_only_named_modules_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FACETRACK_MODULES", "")  # to be put back
    for name in ("my_own", "my_other", "random"):
        (tmp_path / f"{name}.py").write_text("value = 1\n")
    module_path.name_modules(["my_own.Mine"])
    import my_own  # type: ignore[import-not-found]

    assert my_own.value == 1
    with pytest.raises(ModuleNotFoundError):
        import my_other  # type: ignore[import-not-found] # noqa: F401
    module_path.name_modules([])
    sys.modules.pop("my_own")
    with pytest.raises(ModuleNotFoundError):
        import my_own
