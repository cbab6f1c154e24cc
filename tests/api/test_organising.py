"""A notebook sorts photos as a command does, and both go on with the same folder."""

import json
from pathlib import Path
from typing import Any

import pytest

import facetrack
from facetrack import testing
from facetrack.testing import Workspace

_STATE = ".facetrack/state.json"


@pytest.fixture
def photos(tmp_path: Path, warm_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FACETRACK_HOME", str(warm_home))
    return testing.photos(tmp_path, warm_home, 20)


def _list(out: Path) -> list[str]:
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*"))


def test_the_commands_folder(
    photos: Path, workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = testing.organise(workspace, photos, tmp_path / "command").ok()
    capsys.readouterr()
    own = facetrack.organise(photos, tmp_path / "own", detector="dlib_hog", embedder="dlib")
    said = capsys.readouterr().out
    assert "by how far apart strangers are for this embedder" in said
    assert said in command
    assert _list(tmp_path / "own") == _list(tmp_path / "command")
    for name in ("people.yaml", _STATE):
        assert (tmp_path / "own" / name).read_text() == (tmp_path / "command" / name).read_text()
    assert own.is_new
    assert all(line in command for line in own.summary)
    assert repr(own) == "\n".join([*own.summary, f"Open {own.page}"])


@pytest.mark.parametrize("clusterer", ["infomap", "dbscan"])
def test_either_goes_on_where_the_other_stopped(
    clusterer: str, photos: Path, workspace: Workspace, tmp_path: Path
) -> None:
    command = [] if clusterer == "infomap" else [f"clusterer={clusterer}"]
    out = tmp_path / "out"
    late = sorted(photos.iterdir())[-3:]
    for path in late:
        path.rename(tmp_path / path.name)
    testing.organise(workspace, photos, out, *command).ok()
    for path in late:
        (tmp_path / path.name).rename(path)
    again = facetrack.organise(photos, out, clusterer=clusterer)
    assert again.counts["photos"] == 20
    assert sum("face" in line for line in again.changes) > 0
    assert again.changes[0].startswith(("0 new", "1 new"))
    assert again.changes[0] in repr(again)
    told = testing.organise(workspace, photos, out, *command).ok()
    assert "0 new persons; 0 new faces" in told
    assert "0 faces moved" in told
    assert (", as last time" in told) == (clusterer == "dbscan")
    restored = facetrack.organise(photos, out, restore=True)
    assert restored.restored
    assert restored.counts["photos"] == 20


def test_choices_reach_the_state(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    choices: dict[str, Any] = {"detector": "haar", "settings": {"trials": 2}, "eps": 0.25}
    done = facetrack.organise(photos, out, mode="none", **choices)
    assert done.radius == 0.25
    assert not list(out.glob("person-*"))
    before = (out / _STATE).read_bytes()
    dry = facetrack.organise(photos, out, dry_run=True, regroup=True, **choices)
    assert repr(dry).endswith("0 faces moved\nNothing was changed")
    assert (out / _STATE).read_bytes() == before
    assert not list(out.glob("person-*"))
    state = json.loads((out / _STATE).read_text())
    assert state["clusterer"].startswith("infomap {'trials': 2")
    done = facetrack.organise(photos, out, clusterer="dbscan", settings={"min_samples": 2})
    state = json.loads((out / _STATE).read_text())
    assert state["clusterer"] == "dbscan {'min_samples': 2, 'neighbors': 'exact'}"


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"mode": "move"}, "mode is one of copy, link, none; got 'move'"),
        ({"regroup": 1}, "regroup is true or false; got 1"),
        ({"espilon": 1}, r"there is no espilon.*\(choose of detector, embedder, clusterer, eps"),
        ({"detektor": "haar"}, "there is no detektor: did you mean detector?"),
        ({"detector": "harr"}, "there is no detector 'harr'; did you mean haar?"),
        ({"settings": {"trails": 1}}, "infomap has no setting trails; did you mean trials"),
        (
            {"clusterer": "dbscan", "settings": {"min_sample": 1}},
            "dbscan has no setting min_sample; did you mean",
        ),
        ({"clusterer": "kmeans"}, "kmeans needs the number of people, which photos do not tell"),
        ({"eps": -1.0}, "eps is a distance between embeddings"),
        ({"seed": "x"}, "seed is a whole number"),
    ],
)
def test_mistakes_are_told_before_anything_is_made(
    choices: dict[str, Any], message: str, photos: Path, tmp_path: Path
) -> None:
    with pytest.raises(facetrack.UserError, match=message) as told:
        facetrack.organise(photos, tmp_path / "out", **choices)
    assert "\n" not in str(told.value)
    assert not (tmp_path / "out").exists()


def test_folders_that_cannot_be_used(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(facetrack.UserError, match="cannot be read as a folder"):
        facetrack.organise(tmp_path / "nowhere", tmp_path / "out")
    with pytest.raises(facetrack.UserError, match="name a folder outside of it"):
        facetrack.organise(photos, photos / "out")
