"""A folder whose groups dbscan has made goes on with infomap, and nobody in it is moved.

The version before made it: at a radius of 0.45, at which dbscan joins people whom infomap tells
apart, so that clustering anew would show.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from organised_before import unpack

from facetrack.organiser import state
from facetrack.testing import Workspace, organise, portraits

_FIVE = ("Bruno", "Daoud", "Femi", "Hana", "Lotte")
_FOLDERS = {
    "person-001 Anna": {"Femi_01", "Femi_02", "Hana_01", "Lotte_01", "Lotte_02"},
    "person-002 Bea: the elder": {"Bruno_01", "Bruno_02"},
    "person-003": {"Daoud_01", "Daoud_02"},
    "unknown": {"Hana_02"},
}
_TOLD = "groups so far were made by dbscan and stay"
Run = Callable[..., str]


@pytest.fixture
def photos(warm_home: Path, tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    root.mkdir()
    _add(warm_home, root, "12")
    return root


def _add(home: Path, root: Path, numbers: str, people: tuple[str, ...] = _FIVE) -> None:
    for picture in portraits(home):
        if picture.person in people and picture.path.stem[-1] in numbers:
            shutil.copy(picture.path, root)


@pytest.fixture
def out(photos: Path, tmp_path: Path) -> Path:
    return unpack("organised_by_dbscan", photos, tmp_path / "out")


@pytest.fixture
def run(workspace: Workspace, photos: Path, out: Path) -> Run:
    return lambda *arguments: organise(workspace, photos, out, *arguments).ok()


def _folders(out: Path) -> dict[str, set[str]]:
    return {
        folder.name: {path.stem for path in folder.iterdir()}
        for folder in sorted(out.iterdir())
        if folder.is_dir() and folder.name != ".facetrack"
    }


def test_added_photos_move_nobody(run: Run, photos: Path, out: Path, warm_home: Path) -> None:
    _add(warm_home, photos, "3")
    _add(warm_home, photos, "12", ("Ada",))
    told = run()
    assert _TOLD in told
    assert "by infomap" in told
    assert "0 faces moved" in told
    assert _folders(out) == {
        "person-001 Anna": _FOLDERS["person-001 Anna"] | {"Femi_03", "Hana_03", "Lotte_03"},
        "person-002 Bea: the elder": {"Bruno_01", "Bruno_02", "Bruno_03"},
        "person-003": {"Daoud_01", "Daoud_02", "Daoud_03"},
        "person-004": {"Ada_01", "Ada_02"},
        "unknown": {"Hana_02"},
    }
    # Once is enough, and a radius for more photos is no reason to move anybody either.
    before = state.load(out)
    _add(warm_home, photos, "45")
    told = run()
    assert _TOLD not in told
    assert "0 faces moved" in told
    now = state.load(out)
    assert before.clusterer.startswith("infomap ")
    assert {face: now.faces[face] for face in before.faces} == before.faces


def test_all_groups_are_made_anew_where_that_is_asked_for(run: Run, out: Path) -> None:
    told = run("task.regroup=true")
    assert _TOLD not in told
    groups = _folders(out)
    assert groups["person-003"] == {"Daoud_01", "Daoud_02"}  # the user has said so
    assert {"Femi_01", "Femi_02"} in groups.values()
    assert {"Lotte_01", "Lotte_02"} in groups.values()


def test_dbscan_goes_on_where_it_is_asked_for(run: Run, out: Path) -> None:
    told = run("clusterer=dbscan")
    assert "radius 0.45, as last time" in told
    assert _TOLD not in told
    assert "0 faces moved" in told
    assert _folders(out) == _FOLDERS
    assert state.load(out).radius == 0.45


@pytest.mark.parametrize(
    "given", ["clusterer=infomap", "clusterer.trials=2", "clusterer.eps=0.36", "seed=1"]
)
def test_what_the_user_chooses_makes_groups_anew(given: str, run: Run) -> None:
    told = run(given)
    assert (_TOLD in told) == (given == "seed=1")
    assert ("0 faces moved" in told) == (given == "seed=1")


def test_corrections_go_on(run: Run, out: Path) -> None:
    people = out / "people.yaml"
    text = people.read_text().replace("person-003:\n  name:\n", "person-003: Cid\n")
    people.write_text(
        text.replace("  not: [Hana_02.png]\n", "  split: [Lotte_01.png, Lotte_02.png]\n")
    )
    run()
    assert _folders(out) == {
        "person-001 Anna": {"Femi_01", "Femi_02", "Hana_01", "Hana_02"},
        "person-002 Bea: the elder": {"Bruno_01", "Bruno_02"},
        "person-003 Cid": {"Daoud_01", "Daoud_02"},
        "person-004": {"Lotte_01", "Lotte_02"},
    }


def test_it_is_restored(run: Run, photos: Path, out: Path, warm_home: Path) -> None:
    _add(warm_home, photos, "3")
    run()
    assert "Restored" in run("task.restore=true")
    assert {
        name: {*files} - {f"{one}_03" for one in _FIVE} for name, files in _folders(out).items()
    } == _FOLDERS
    back = state.load(out)
    assert (back.clusterer, back.radius) == (
        "dbscan {'min_samples': 1, 'neighbors': 'exact'}",
        0.45,
    )
    # Before that run there was one that knew of no corrections.
    assert "0 faces moved" in run()


def test_photos_that_are_gone_are_let_go(run: Run, photos: Path, out: Path) -> None:
    for name in ("Bruno_01.png", "Femi_02.png"):
        (photos / name).unlink()
    assert "2 photos are no longer where they were" in run()
    assert _folders(out) == _FOLDERS
    for path in out.rglob("Femi_02.png"):
        path.unlink()
    run("task.prune=true")
    assert _folders(out)["person-001 Anna"] == _FOLDERS["person-001 Anna"] - {"Femi_02"}
    assert _folders(out)["person-002 Bea: the elder"] == {"Bruno_01", "Bruno_02"}


@pytest.mark.parametrize(
    ("stored", "name"),
    [
        ("dbscan {'min_samples': 1, 'neighbors': 'exact'}", "dbscan"),
        (
            "version 1: {'_target_': 'facetrack.embedder.DlibResNet', 'radius': 0.3}; "
            "{'_target_': 'sklearn.cluster.HDBSCAN', 'min_cluster_size': 2}",
            "hdbscan",
        ),
        ("version 1: ", "another clusterer"),
    ],
)
def test_the_method_of_a_state_has_a_name(stored: str, name: str) -> None:
    assert state.name_method(stored) == name
