"""Studies and sweeps of the version before are gone on with, or refused with what differs."""

import sqlite3
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from facetrack.system.shipped import CONF
from facetrack.tasks.context.stored_configs import contain
from facetrack.tasks.tune import study_identity
from facetrack.testing import Workspace, portrait_faces

_FIXTURE = Path(__file__).resolve().parents[2] / "fixtures/studied_by_version_1"
# Of the embeddings where the fixture was made, whose last digits are another machine's own.
_DIGEST, _NAMED = "9875b65146d2c313", "portraits-dbscan-498553da"
_CHOICES = {"clusterer": "dbscan", "sampling": "bootstrap"}


@pytest.fixture
def before(workspace: Workspace) -> Workspace:
    """A working folder as the version before has left it."""
    digest = portrait_faces(workspace.home).digest
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", ["task=tune", "n_resamples=6"])
    OmegaConf.resolve(config)
    words = ("portraits", "dbscan")
    name = study_identity.make_earlier_name(
        contain(config), _CHOICES, words, "eps=[0.075,0.6]", ["ari"], digest
    )

    def text(file: str) -> str:
        stored = (_FIXTURE / file).read_text()
        for old, new in ((_DIGEST, digest), (_NAMED, name), ("@HERE@", str(workspace.folder))):
            stored = stored.replace(old, new)
        return stored

    outputs = workspace.folder / "outputs"
    outputs.mkdir()
    for database, file in (("mlflow.db", "runs.sql"), ("outputs/studies.db", "studies.sql")):
        with sqlite3.connect(workspace.folder / database) as connection:
            connection.executescript(text(file))
    (workspace.folder / "studies.log").write_text(text("studies.log"))
    return workspace


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        (["task.study=mine"], 4),
        ([], 3),
        (["task.storage=studies.log"], 3),
    ],
)
def test_a_study_goes_on(before: Workspace, arguments: list[str], kept: int) -> None:
    studies = {run.info.run_id for run in before.runs("study")}
    command = ["task=tune", "n_resamples=6", *arguments]
    done = before.run(*command, f"task.n_trials={kept + 1}")
    done.ok()
    assert f"{kept} finished trials are kept" in done.stdout
    assert f"after {kept + 1} trials" in done.stdout
    assert {run.info.run_id for run in before.runs("study")} == studies
    # From now on it says itself what it is.
    if arguments == ["task.study=mine"]:
        before.run(*command, "detector.border=5").refused("detector.border was 0, now 5")


def test_another_one_under_its_name_is_refused_and_its_run_stays(before: Workspace) -> None:
    (run,) = (one for one in before.runs("study") if one.data.tags["study"] == "mine")
    done = before.run("task=tune", "n_resamples=7", "seed=3", "task.study=mine")
    done.refused("study mine")
    assert "(seed was 0, now 3; n_resamples was 6, now 7)" in done.stderr
    unknown = before.run("task=tune", "task.study=mine", "tracking.uri=sqlite:///other.db")
    unknown.refused("does not say what it is of")
    (after,) = (one for one in before.runs("study") if one.data.tags["study"] == "mine")
    assert after.to_dictionary() == run.to_dictionary()


def test_a_sweep_goes_on(before: Workspace) -> None:
    (job,) = before.runs("job")
    done = before.run("resume=last")
    done.ok()
    assert done.stdout.count("finished before") == 1
    assert "2 of 2 jobs finished" in done.stdout
    assert job.info.run_id in {one.info.run_id for one in before.runs("job")}
    assert len(before.runs("job")) == 2
