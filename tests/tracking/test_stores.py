"""What both stores do alike: MLflow, and none at all. Each fills the whole seam."""

import inspect
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from facetrack.core.artifacts import Artifact
from facetrack.core.errors import UserError
from facetrack.tracking import protocols
from facetrack.tracking.address import NOWHERE
from facetrack.tracking.keys import FINGERPRINT, KIND
from facetrack.tracking.null import NullRun, NullStore
from facetrack.tracking.protocols import Tracking
from facetrack.tracking.runs import MlflowRun
from facetrack.tracking.store import MlflowStore, open_store

_TAGS = {KIND: "job", FINGERPRINT: "f"}


@pytest.fixture(params=["mlflow", "none"])
def store(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    home: Path,
    new_mlflow: Path,
) -> Tracking:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copy(new_mlflow, tmp_path / "mlflow.db")
    return open_store(NOWHERE if request.param == "none" else None, "faces", alone=True)


def _members(of: type) -> dict[str, inspect.Signature | None]:
    """What others may use of a class, with how it is called; None for a value."""
    return {
        name: inspect.signature(member) if callable(member) else None
        for name, member in inspect.getmembers(of)
        if not name.startswith("_")
    }


def _how(signature: inspect.Signature | None) -> list[tuple[str, object]]:
    if signature is None:
        return []
    return [(one.name, one.default) for one in signature.parameters.values()]


@pytest.mark.parametrize(
    ("seam", "filling"),
    [
        (protocols.Tracking, MlflowStore),
        (protocols.Tracking, NullStore),
        (protocols.Run, MlflowRun),
        (protocols.Run, NullRun),
    ],
)
def test_the_seam_is_filled_whole(seam: type, filling: type) -> None:
    members = _members(filling)
    for name, signature in _members(seam).items():
        if signature is not None:
            assert _how(members[name]) == _how(signature), name
    assert len(_members(protocols.Tracking)) > 15


def test_a_run_takes_everything(store: Tracking) -> None:
    with store.run("a job", _TAGS) as run:
        run.params({"eps": 0.3}, {"quiet": 1})
        run.params({})
        run.tags({"faces": 2})
        run.metrics({"ari_mean": 0.5}, {"ari": [0.4, 0.6]})
        run.dataset("faces", "digest", "{}")
        run.artifacts([Artifact("note.txt", "é", shows_people=False)], {"more": "said"})
        run.artifacts([Artifact("faces.png", b"", shows_people=True)])
    assert store.has_run(run.run_id) == bool(run.run_id)
    assert (store.kept(run.run_id) is None) == (not run.run_id)


@pytest.mark.parametrize("error", [ZeroDivisionError, UserError, KeyboardInterrupt])
def test_what_ends_a_run_is_raised(store: Tracking, error: type[BaseException]) -> None:
    with pytest.raises(error, match="so"), store.run("a job", _TAGS):
        raise error("so")


def test_what_ends_the_work_is_raised(store: Tracking) -> None:
    with pytest.raises(ZeroDivisionError), store.working("go on"):
        raise ZeroDivisionError


def test_a_run_that_is_given_up_raises_nothing(store: Tracking) -> None:
    run = store.start_sweep("s", ["a=1"], [])
    store.give_up(run)
    store.give_up(run, ZeroDivisionError("so"))
    run.end("FAILED")


def test_what_is_not_there_is_nothing(store: Tracking) -> None:
    nobody = "0" * 32
    assert not store.has_run(nobody)
    assert store.kept(nobody) is None
    store.kill(nobody)
    assert store.sweep("s") is None
    assert store.jobs("s") == []
    assert store.last_begun("s") == -1
    assert not store.finished("s", _TAGS)
    store.close_left("s", "KILLED")
    with pytest.raises(UserError, match=r"has no note\.txt"):
        store.artifact(nobody, "note.txt")


@pytest.mark.parametrize(("sweep_id", "told"), [(None, "no unfinished sweep"), ("s", "no sweep s")])
def test_a_sweep_that_is_not_there_cannot_be_gone_on_with(
    store: Tracking, sweep_id: str | None, told: str
) -> None:
    with pytest.raises(UserError, match=f"there is {told}"):
        store.resumable(sweep_id)


@pytest.mark.parametrize("line", [Tracking.open_line, Tracking.where_line])
def test_where_runs_are_is_one_line(store: Tracking, line: Callable[[Tracking], str]) -> None:
    told = getattr(store, line.__name__)()
    assert told
    assert "\n" not in told


def test_nothing_is_kept_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store(NOWHERE, "faces", alone=True)
    with store.run("a job", _TAGS) as run:
        run.artifacts([Artifact("faces.png", b"", shows_people=True)])
    assert store.uri == NOWHERE
    assert not (tmp_path / "mlflow.db").exists()
    assert not (tmp_path / "mlruns").exists()
    with pytest.raises(UserError, match="tracking=none is for a single job"):
        open_store(NOWHERE, "faces")
