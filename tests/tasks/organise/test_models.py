"""Which detector and embedder sort photos where nobody names them."""

import datetime
import json
import re
import shutil
from pathlib import Path

import pytest
from real_models import MOBILEFACENET, YUNET, needs_models

from facetrack.organiser import state
from facetrack.organiser.groups import describe_embedder
from facetrack.system.choices import Choice, make_default
from facetrack.tasks.organising.models import BEST, BUILT_IN, Models, choose_models
from facetrack.testing import Workspace, copied_home, photos

_STATE = ".facetrack/state.json"


def _choose(out: Path, *named: str) -> tuple[Models, list[str]]:
    said: list[str] = []
    return choose_models(out, named, said.append), said


def _unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there


def test_without_a_network_it_goes_on_with_what_is_built_in(home: Path, tmp_path: Path) -> None:
    models, said = _choose(tmp_path / "out")
    assert models.choices == BUILT_IN
    assert said == []
    assert models.told == (
        "FACETRACK_OFFLINE is set: photos are sorted by dlib_hog and dlib, which come with "
        "facetrack and confuse more people"
    )
    assert _choose(tmp_path / "out", "detector", "embedder") == (Models({}), [])
    assert _choose(tmp_path / "out", "embedder")[0].choices == {"detector": "dlib_hog"}


@pytest.mark.usefixtures("online")
def test_what_could_not_be_had_is_not_tried_again_that_day(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _unreachable(monkeypatch)
    models, said = _choose(tmp_path / "out")
    assert models.choices == BUILT_IN
    assert said == [
        "  downloading YuNet, which finds faces (0.2 MB, MIT licence) and MobileFaceNet, which "
        "tells them apart (4 MB, Apache-2.0 licence), once, from media.githubusercontent.com and "
        "raw.githubusercontent.com; no photo leaves this machine"
    ]
    assert str(models.told).startswith(
        "YuNet and MobileFaceNet cannot be had today (media.githubusercontent.com cannot be "
        "reached): photos are sorted by dlib_hog and dlib"
    )
    again, said = _choose(tmp_path / "out")
    assert (again.choices, said) == (BUILT_IN, [])
    assert str(again.told).startswith("YuNet and MobileFaceNet could not be downloaded today: ")
    note = home / "downloads" / "unreachable"
    assert note.read_text() == f"{datetime.date.today().isoformat()}\n"
    note.write_text("2001-01-01\n")
    assert _choose(tmp_path / "out")[1] != []


@needs_models
def test_what_was_downloaded_before_is_used(home: Path, tmp_path: Path) -> None:
    (home / "downloads").mkdir(parents=True)
    for file in (YUNET, MOBILEFACENET):
        shutil.copy(file, home / "downloads")
    assert _choose(tmp_path / "out") == (Models(BEST), [])


@needs_models
def test_a_folder_stays_with_what_it_was_made_with(
    warm_home: Path, new_mlflow: Path, tmp_path: Path
) -> None:
    workspace = Workspace(
        tmp_path / "work", copied_home(tmp_path / "home", warm_home), store=new_mlflow
    )
    root, out = photos(tmp_path, warm_home, 12), tmp_path / "out"
    command = ("task=organise", f"dataset.root={root}", f"task.out={out}", "tracking=none")
    told = workspace.run(*command).ok()
    assert "FACETRACK_OFFLINE is set: photos are sorted by dlib_hog and dlib" in told
    assert state.load(out).detector == "dlib_hog"
    before = json.loads((out / _STATE).read_text())["faces"]
    people = out / "people.yaml"
    people.write_text(people.read_text().replace("name:", "name: Ada", 1))
    (workspace.home / "downloads").mkdir(mode=0o700, exist_ok=True)
    for file in (YUNET, MOBILEFACENET):
        shutil.copy(file, workspace.home / "downloads")
    told = workspace.run(*command).ok()
    assert (
        "sorted by dlib_hog and dlib, as last time; detector=yunet embedder=mobilefacenet" in told
    )
    assert json.loads((out / _STATE).read_text())["faces"] == before
    assert "sorted by dlib_hog and dlib, as last time\n" in workspace.run(*command).ok()
    as_it_was = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    others = ("detector=yunet", "embedder=mobilefacenet")
    foreseen = workspace.run(*command, *others, "task.dry_run=true").ok()
    assert "Nothing was changed: leave out task.dry_run=true" in foreseen
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == as_it_was
    told = workspace.run(*command, *others).ok()
    change = re.search(
        r"  by yunet and mobilefacenet instead of dlib_hog and dlib: (\d+) of (\d+) faces come to "
        r"another person or group, \d+ are no longer found and (\d+) are new\n",
        told,
    )
    assert change is not None
    assert int(change[2]) == len(before)
    assert change[0] in foreseen
    moved = next(line for line in told.splitlines() if " moved" in line)
    assert moved in foreseen
    assert moved.startswith(f"{change[1]} face")
    assert "as last time" not in told
    found = state.load(out)
    assert found.detector == "yunet"
    assert set(found.faces) != set(before)
    assert "name: Ada" in people.read_text()
    assert 1 in found.faces.values()  # the person who has the name
    assert (found.detector, found.embedder_name) == _names(others)
    told = workspace.run(*command).ok()
    assert "instead of" not in told
    assert "0 moved" in told or "nothing" in told or state.load(out).faces == found.faces
    assert state.load(out).embedder == found.embedder


def _names(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one.partition("=")[2] for one in given)


def test_only_a_folder_that_was_sorted_before_can_be_looked_at(
    warm_home: Path, new_mlflow: Path, tmp_path: Path
) -> None:
    workspace = Workspace(
        tmp_path / "work", copied_home(tmp_path / "home", warm_home), store=new_mlflow
    )
    root, out = photos(tmp_path, warm_home, 3), tmp_path / "out"
    command = ("task=organise", f"dataset.root={root}", f"task.out={out}", "task.dry_run=true")
    told = workspace.run(*command).refused("task.dry_run=true says what would change")
    assert f"{out} was not sorted before: leave it out, or name a folder that was" in told
    assert not out.exists()
    workspace.run(*command, "task.restore=true").refused("task.dry_run=true only says what would")


@pytest.mark.usefixtures("home")
def test_what_would_be_better_is_told_where_it_can_be_had_and_once_a_month(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, short = tmp_path / "out", "sorted by dlib_hog and dlib, as last time"
    _sort_by(out, describe_embedder(make_default("embedder", "dlib")))
    assert _choose(out) == (Models(BUILT_IN, short), [])  # no network, no files
    monkeypatch.delenv("FACETRACK_OFFLINE")
    told = str(_choose(out)[0].told)
    assert told.startswith(f"{short}; detector=yunet embedder=mobilefacenet finds more faces")
    assert _choose(out)[0].told == short
    note = state.own_folder(out) / "advised"
    assert note.read_text() == f"{datetime.date.today().isoformat()}\n"
    note.write_text("2001-01-01\n")
    assert _choose(out)[0].told == told
    note.write_text("2001-01-01\n")
    (home / "downloads").mkdir(parents=True)
    (home / "downloads" / "unreachable").write_text(f"{datetime.date.today().isoformat()}\n")
    assert _choose(out)[0].told == short


@pytest.mark.parametrize("name", ["mobilefacenet", "facenet512"])
def test_of_the_embedders_only_the_one_that_the_state_names_is_built(
    home: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = describe_embedder(make_default("embedder", name))
    built: list[str] = []

    def make(self: Choice) -> object:
        built.append(self.name)
        return self.make(self.fill({}, {}))

    monkeypatch.setattr(Choice, "make_default", make)
    _sort_by(tmp_path / "named", embedder, name)
    assert _choose(tmp_path / "named", "detector")[0].choices == {"embedder": name}
    assert built == [name]
    _sort_by(tmp_path / "before", embedder)
    assert _choose(tmp_path / "before", "detector")[0].choices == {"embedder": name}
    _sort_by(tmp_path / "other", "of an embedder that is gone", "gone")
    assert _choose(tmp_path / "other", "detector")[0].choices == {"embedder": "dlib"}


def _sort_by(out: Path, embedder: str, name: str = "") -> None:
    with state.open_folder(out):
        state.save(out, state.State(embedder=embedder, embedder_name=name))


def test_a_folder_of_the_version_before_stays_with_dlib(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with state.open_folder(out):
        last = state.State(embedder="dlib_resnet square landmarks=x descriptor=y normalize=True")
        state.save(out, last)
    stored = json.loads((out / _STATE).read_text())
    del stored["detector"]
    (out / _STATE).write_text(json.dumps(stored))
    models, said = _choose(out)
    assert models.choices == BUILT_IN
    assert said == []
    assert "as last time" in str(models.told)
