"""Nothing runs that a file or a server brought: one attack for each way in."""

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import pytest
from conftest import Command
from hydra import initialize_config_dir
from hydra.core.singleton import Singleton
from omegaconf import DictConfig, OmegaConf

from facetrack.cli.resume import replace_resume
from facetrack.cli.stored_arguments import find_doubtful
from facetrack.cli.tuned import replace_tuned
from facetrack.cli.typed_targets import find_typed, remember_typed
from facetrack.core.artifacts import mark_nobody
from facetrack.core.errors import UserError
from facetrack.embedder import DlibResNet
from facetrack.system.shipped import CONF
from facetrack.tasks.context import targets
from facetrack.tasks.context.instances import make
from facetrack.tasks.context.settling import of_class
from facetrack.tasks.forget.run import forget
from facetrack.tasks.sweep import tsne_pages
from facetrack.testing import Workspace
from facetrack.testing.kept import client
from facetrack.tracking.store import MlflowStore

OWN = "own.Own"


class _Trap:
    """Runs a command where it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


@pytest.fixture
def sprung(tmp_path: Path) -> Path:
    """A file that is there once an attack has run."""
    return tmp_path / "sprung"


@pytest.fixture
def trap(sprung: Path, tmp_path: Path) -> Path:
    """A pickle that makes the file when it is loaded."""
    path = tmp_path / "trap.pickle"
    path.write_bytes(pickle.dumps(_Trap(f"touch {sprung}")))
    joblib.load(path)
    sprung.unlink()  # the trap works
    return path


@pytest.fixture
def nothing_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets.Typed(), "names", frozenset())


def _attacks(trap: Path, sprung: Path) -> list[dict[str, Any]]:
    touch = f"touch {sprung}"
    return [
        {"_target_": "joblib.load", "filename": str(trap)},
        {"_target_": "os.system", "_args_": [touch]},
        {"_target_": "subprocess.check_output", "args": touch, "shell": True},
        {"_target_": "functools.partial", "_args_": [{"_target_": "os.system"}, touch]},
        {"_target_": "facetrack.embedder.os.system", "command": touch},
        {"_target_": "facetrack.tasks.forget.run.forget", "config": {}},
        {"_target_": "builtins.eval", "_partial_": True},
        {
            "_target_": "facetrack.dataset.Folder",
            "root": {"_target_": "joblib.load", "filename": str(trap)},
        },
        {
            "_target_": "facetrack.dataset.Folder",
            "root": ["a", [{"deep": {"_target_": "os.system", "command": touch}}]],
        },
    ]


def test_no_config_makes_what_is_not_in_conf(trap: Path, sprung: Path, nothing_typed: None) -> None:
    for attack in _attacks(trap, sprung):
        with pytest.raises(UserError, match=r"_target_ \S+ is none of facetrack's choices"):
            make(OmegaConf.create(attack))
    assert not sprung.exists()


def test_a_target_that_is_put_together_is_seen_whole(nothing_typed: None) -> None:
    node = OmegaConf.create({"a": "os", "_target_": "${a}.system", "command": "true"})
    with pytest.raises(UserError, match=r"os\.system"):
        make(node)


def test_what_is_in_conf_is_made(nothing_typed: None) -> None:
    embedder = OmegaConf.load(CONF / "embedder/dlib.yaml")
    assert isinstance(embedder, DictConfig)
    assert isinstance(make(of_class(embedder)), DlibResNet)


@pytest.mark.parametrize("task", ["os.system", "facetrack.dataset.Folder", "builtins.print"])
def test_a_task_is_one_of_conf(task: str, nothing_typed: None) -> None:
    with pytest.raises(UserError, match="type it in this very command"):
        targets.of_task(OmegaConf.create({"_target_": task}))
    known = OmegaConf.load(CONF / "task/forget.yaml").task
    assert targets.of_task(known) == f"{forget.__module__}.{forget.__name__}"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["embedder._target_=mine.A"], {"mine.A"}),
        (["-m", "embedder._target_=mine.A,'mine.B'"], {"mine.A", "mine.B"}),
        (["embedder._target_=choice(mine.A)"], {"mine.A"}),
        (["+x={_target_: mine.A, y: [{_target_: mine.B}]}"], {"mine.A", "mine.B"}),
        (["seed=1:3", "--cfg", "job", "~clusterer.space", "seed=range(1,1000000000)"], set()),
        (["dataset.root=mine.A", "resume=last"], set()),
    ],
)
def test_what_the_user_types_is_his_own(arguments: list[str], named: set[str]) -> None:
    assert set(find_typed(arguments)) == named


@pytest.mark.parametrize(
    "arguments",
    [
        ["--config-dir", "{}"],
        ["--config-dir={}"],
        ["-cd", "{}"],
        ["hydra.searchpath=['file://{}']"],
    ],
)
def test_so_are_the_configs_in_a_folder_that_is_typed(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "embedder").mkdir()
    (tmp_path / "embedder/mine.yaml").write_text("_target_: mine.A\n")
    (tmp_path / "broken.yaml").write_text("{")
    assert set(find_typed([one.format(tmp_path) for one in arguments])) == {"mine.A"}


def test_what_was_typed_goes_with_jobs_into_other_processes(nothing_typed: None) -> None:
    remember_typed(["embedder._target_=mine.A"])
    sent = cloudpickle.dumps(Singleton.get_state())
    before = Singleton.get_state()
    try:
        remember_typed([])
        Singleton.set_state(pickle.loads(sent))
        assert targets.Typed().names == {"mine.A"}
    finally:
        Singleton.set_state(before)


HARMLESS = (
    *("clusterer=dbscan,meanshift", "clusterer.eps=0.1,0.2", "clusterer.eps=choice(0.3)"),
    *("dataset=folder", "dataset.root='~/Fotos, é'", "dataset.exclude=['*-e.*',drafts]"),
    *("+experiment=table1", "task=tune", "task.n_trials=3", "task.space.eps=[0.1,0.4]"),
    *("task.storage=postgresql://me:***@host/db", "extract.engine=ray", "n_people=10,20,null"),
    *("seed=range(1,4)", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"),
    *("hydra.launcher.slurm_partition=gpu-2", "hydra.job.chdir=true"),
)
DOUBTFUL = (
    *("embedder._target_=joblib.load", "embedder._target_=choice(joblib.load)"),
    *("+embedder._args_=[a]", "embedder._partial_=true", "embedder.x._target_=os.system"),
    *("embedder={_target_:os.system}", "dataset.root={_target_:os.system}"),
    *("dataset.root=[{_target_:os.system}]", "task._target_=os.system", "task.x={_args_:[a]}"),
    *("tracking._target_=os.system", "tracking.uri=http://elsewhere", "tracking=server"),
    *("hydra.callbacks.x={_target_:os.system}", "+hydra.callbacks.x._target_=os.system"),
    *("hydra/launcher=../../mine", "hydra/launcher._target_=os.system", "hydra/sweeper=mine"),
    *("hydra.launcher._target_=os.system", "hydra.launcher.pre_dispatch='__import__(1)'"),
    *("+hydra.launcher.setup=['rm -r x']", 'hydra.launcher.slurm_partition="a\\n#b"'),
    *("hydra.searchpath=[file:///tmp]", "hydra.job.env_set.PATH=/tmp", "hydra.sweep.dir=/etc"),
    *("hydra/job_logging=mine", "hydra.job_logging.handlers={x:{()\\::os.system}}"),
    *("dataset=../../mine", "dataset=/tmp/mine", "+experiment=../mine", "+experiment=[a,b]"),
    *("dataset@task=folder", "+clusterer.memory=/tmp", "++clusterer.memory=/tmp", "~clusterer"),
    *("dataset.name=${oc.env:HOME}", "dataset.name='${oc.env:HOME}'", "embedder.url=https://x"),
    *("task=forget", "task=organise", "task=[forget]", "sweep_id=x", "dataset=glob(*)"),
    *("--config-dir=/tmp", "-m", "not an override", "", "seed=interval(0,1)", "resume=x"),
)


def test_only_what_sets_values_is_run_again_from_the_store() -> None:
    assert find_doubtful(HARMLESS) == []
    assert find_doubtful(DOUBTFUL) == list(DOUBTFUL)


def _store(workspace: Workspace, *overrides: str, sweep_id: str = "s1") -> None:
    """A store with a sweep that is said to have been started with overrides."""
    tracking = MlflowStore(f"sqlite:///{workspace.folder / 'mlflow.db'}", "facetrack")
    tracking.start_sweep(sweep_id, overrides, []).end("KILLED")


def test_resume_runs_no_changed_command(
    facetrack: Command, workspace: Workspace, trap: Path, sprung: Path
) -> None:
    _store(workspace, "clusterer.eps=0.2,0.3")
    (parent,) = workspace.runs("sweep")
    for attack in (
        f'["dataset={{_target_: joblib.load, filename: {trap}}}", "seed=1,2"]',
        f'["dataset._target_=joblib.load", "+dataset.filename={trap}", "seed=1,2"]',
        f'["task._target_=os.system", "hydra.callbacks.x={{_target_: joblib.load, a: {trap}}}"]',
    ):
        client(workspace.folder).set_tag(parent.info.run_id, "command.0", attack)
        facetrack("resume=last").refused("which could run anything")
    assert not sprung.exists()
    assert not (workspace.folder / "outputs").exists()


@pytest.mark.parametrize("command", ["{}", "[1]", '"x"', "[" * 9_000, "null"])
def test_a_command_that_is_none_is_told(workspace: Workspace, command: str) -> None:
    _store(workspace, "seed=1,2")
    uri = f"sqlite:///{workspace.folder / 'mlflow.db'}"
    (parent,) = workspace.runs("sweep")
    for number, start in enumerate(range(0, len(command), 4000)):
        piece = command[start : start + 4000]
        client(workspace.folder).set_tag(parent.info.run_id, f"command.{number}", piece)
    said = pytest.raises(UserError, match="does not say how it was started")
    with initialize_config_dir(str(CONF), version_base="1.3"), said:
        replace_resume(["resume=last", f"tracking.uri={uri}"])


def test_the_last_sweep_names_no_folder_elsewhere(workspace: Workspace) -> None:
    _store(workspace, "seed=1,2", sweep_id="../../elsewhere")
    uri = f"sqlite:///{workspace.folder / 'mlflow.db'}"
    said = pytest.raises(UserError, match=r"if that is yours, say resume=\.\./\.\./elsewhere")
    with initialize_config_dir(str(CONF), version_base="1.3"), said:
        replace_resume(["resume=last", f"tracking.uri={uri}"])


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """An embedder of the user's own, and the environment in which it is found."""
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "own.py").write_text(
        "from facetrack.embedder import DlibResNet\n\n\nclass Own(DlibResNet):\n    pass\n\n\n"
        "class Other(Own):\n    pass\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(paths)}


def test_a_class_of_the_users_own_is_run_and_run_again_when_it_is_typed_again(
    facetrack: Command, workspace: Workspace, own: Mapping[str, str]
) -> None:
    typed = f"embedder._target_={OWN}"
    more_than_faces = ("clusterer=kmeans", "clusterer.n_clusters=known,500")
    facetrack("-m", typed, *more_than_faces, "n_resamples=2")
    facetrack("resume=last").refused(f"resume=last {typed}")
    facetrack("resume=last", "embedder._target_=own.Other").refused("leave out embedder._target_")
    again = facetrack("resume=last", f"embedder._target_='{OWN}'")
    assert "finished before" in again.stdout
    (failed,) = (line for line in again.stdout.splitlines() if "FAILED: " in line)
    assert "clusterer.n_clusters=500" in failed.partition(": ")[2]
    (finished,) = workspace.runs("job", "FINISHED")
    assert finished.data.params["embedder._target_"] == OWN


@pytest.mark.long
@pytest.mark.parametrize(
    ("package", "launcher"),
    [
        ("hydra_plugins.hydra_joblib_launcher", ["hydra/launcher=joblib"]),
        ("ray", ["hydra/launcher=ray"]),
        ("submitit", ["hydra/launcher=submitit_slurm", "hydra.launcher.cluster=local"]),
    ],
)
def test_jobs_in_other_processes_inherit_it(
    package: str, launcher: list[str], workspace: Workspace, own: Mapping[str, str]
) -> None:
    pytest.importorskip(package)
    workspace.environment.update(own)
    typed = f"embedder._target_={OWN}"
    done = workspace.command("-m", typed, "clusterer.eps=0.2,0.3", "n_resamples=2", *launcher)
    done.ok()
    assert "2 of 2 jobs finished" in done.stdout


# A class of the user's own in the workers of a study: test_two_workers_share_a_study, too.
@pytest.mark.long
def test_a_studys_workers_inherit_it(
    facetrack: Command, workspace: Workspace, own: Mapping[str, str]
) -> None:
    workspace.environment.update(own)
    done = facetrack(
        *("task=tune", "task.workers=2", "task.n_trials=3", "n_resamples=2"),
        f"embedder._target_={OWN}",
    )
    done.ok()
    assert "a worker ended before its time" not in done.stdout


def test_a_sweeps_page_makes_nothing_that_a_changed_config_names(
    trap: Path,
    sprung: Path,
    nothing_typed: None,
    workspace: Workspace,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tracking = MlflowStore(f"sqlite:///{workspace.folder / 'mlflow.db'}", "facetrack")
    parent = tracking.start("sweep", {"kind": "sweep", "sweep": "s"})
    tags = {"kind": "job", "sweep": "s", "dataset": "faces", "people": 1}
    with tracking.run("job", tags) as run:
        pass
    jobs = tracking.jobs("s")
    stages = {"detector": {"_target_": "facetrack.detector.Whole"}, "embedder": {}}
    configs = [
        OmegaConf.to_yaml({"dataset": attack, **stages}) for attack in _attacks(trap, sprung)
    ]
    configs += ["dataset: ${oc.env:HOME}", "[" * 1_500, "a: !!python/name:os.system", "[a]", "\0"]
    for config in configs:
        run.artifacts(mark_nobody({"config.yaml": config}))
        tsne_pages.write(jobs, workspace.folder, parent, tracking)
        assert capsys.readouterr().out.startswith("No t-SNE page of faces: ")
    assert not sprung.exists()


@pytest.mark.parametrize(
    "content",
    [
        "!!python/object/apply:os.system ['touch {}']",
        "detector: haar\nembedder: dlib\nclusterer: dbscan\nsettings: {{clusterer._target_: 1}}",
        "detector: haar\nembedder: ../x\nclusterer: dbscan\nsettings: {{clusterer.eps: 1}}",
        "detector: haar\nembedder: {{_target_: os.system}}\nclusterer: dbscan\nsettings: {{}}",
        "detector: haar\nembedder: dlib\nclusterer: dbscan\n"
        "settings: {{hydra.callbacks.x._target_: 1}}",
        "detector: haar\nembedder: dlib\nclusterer: dbscan\n"
        "settings: {{clusterer.eps: '${{oc.env:HOME}}'}}",
    ],
)
def test_a_changed_best_yaml_brings_numbers_and_choices_only(
    content: str, tmp_path: Path, sprung: Path
) -> None:
    path = tmp_path / "best.yaml"
    path.write_text(content.format(sprung))
    with pytest.raises(UserError, match="tuned="):
        replace_tuned([f"tuned={path}"])
    assert not sprung.exists()


def test_people_yaml_is_read_as_text(
    facetrack: Command, tmp_path: Path, small_folder: Path, sprung: Path
) -> None:
    out = tmp_path / "out"
    command = ("task=organise", f"dataset.root={small_folder}", f"task.out={out}", "tracking=none")
    facetrack(*command).ok()
    people = out / "people.yaml"
    before = people.read_text()
    for attack in (
        f"persons: !!python/object/apply:os.system ['touch {sprung}']\n",
        f"_target_: os.system\ncommand: touch {sprung}\n",
    ):
        people.write_text(f"{attack}{before}")
        done = facetrack(*command)
        assert done.returncode == 2, done.stdout
        assert "people.yaml, line" in done.stderr
    assert not sprung.exists()


def test_the_hydra_that_is_installed_refuses_what_runs_commands() -> None:
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate

    for target in ("os.system", "logging.os.system", "joblib.os.system"):
        with pytest.raises(InstantiationException):
            instantiate({"_target_": target, "_args_": ["true"]})


def test_what_cannot_be_listed_names_nothing() -> None:
    arguments = ["clusterer=glob(*)", "seed=interval(0,1)", "~embedder._target_=mine.A"]
    assert set(find_typed(arguments)) == set()
