"""A run is killed while it moves copies; what the user does before the next one is heeded."""

import hashlib
import json
import shutil
from pathlib import Path

import PIL.Image
import pytest

from facetrack.organiser import forgetting
from facetrack.organiser.journal import Journal
from facetrack.organiser.state import File
from facetrack.testing import copied_home, portraits
from faults.steps import Live

_KILLS = 3


@pytest.fixture
def live(tmp_path: Path, warm_home: Path) -> Live:
    """Two photos of each of two people, organised; then the first gets a name."""
    live = Live(tmp_path / "live")
    shutil.copytree(copied_home(tmp_path / "home", warm_home), live.home)
    photos = live.root / "photos"
    photos.mkdir()
    for picture in [one for one in portraits(warm_home) if one.person in ("Ada", "Bruno")]:
        if sum(path.name[:3] == picture.path.name[:3] for path in photos.iterdir()) < 2:
            shutil.copy(picture.path, photos)
    done = live.run(*_command(live))
    assert done.status == 0, done.stderr
    with (live.root / "out/people.yaml").open("a") as yaml:
        yaml.write("\nperson-001:\n  name: Anna\n")
    return live


def _command(live: Live) -> tuple[str, ...]:
    folders = (f"dataset.root={live.root}/photos", f"task.out={live.root}/out")
    models = ("detector=dlib_hog", "embedder=dlib")
    return ("task=organise", *folders, *models, "tracking=none", "clusterer.eps=0.3")


def _copies(live: Live) -> list[tuple[str, str]]:
    """The folder and the content of each copy."""
    return sorted(
        (path.parent.name, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in (live.root / "out").glob("*/*.png")
    )


def _edit(photo: Path) -> None:
    with PIL.Image.open(photo) as picture:
        picture.point(lambda value: min(255, value + 2)).save(photo)


def test_an_edited_photo_replaces_the_copy_that_a_killed_run_has_moved(
    live: Live, tmp_path: Path
) -> None:
    prepared = tmp_path / "prepared"
    shutil.copytree(live.root, prepared, symlinks=True)
    steps = live.run(*_command(live)).steps
    whole = _copies(live)
    assert {folder for folder, _ in whole} == {"person-001 Anna", "person-002"}
    moved = 0
    for number in range(_KILLS):
        shutil.rmtree(live.root)
        shutil.copytree(prepared, live.root, symlinks=True)
        # The last steps, where copies are moved and the state is saved.
        at = steps - (number * steps) // (2 * _KILLS)
        assert live.run(*_command(live), at=at).status == -9
        moved += _copies(live) != whole and (live.root / "out/person-001 Anna").exists()
        for photo in sorted((live.root / "photos").iterdir())[::2]:
            _edit(photo)
        done = live.run(*_command(live))
        assert done.status == 0, done.stderr
        now = {path.read_bytes() for path in (live.root / "photos").iterdir()}
        assert sorted(content for _, content in _copies(live)) == sorted(
            hashlib.sha256(content).hexdigest() for content in now
        ), at
        assert not (live.root / "out/.facetrack/placing.jsonl").exists()
    assert moved  # some of the kills came between the first and the last of the moves


def test_a_journal_that_was_cut_short_gives_what_it_has(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    first = File("aa", "person-001", "copy", 3, 4)
    journal.note("person-001/a.jpg", File("bb", "person-001", "copy", 1, 2))
    journal.note("person-001/a.jpg", first)
    journal.note("../a.jpg", first)
    with journal.path.open("a") as file:
        file.write('{"path": "person-001/b')
    assert journal.read() == {"person-001/a.jpg": first}
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert journal.knows(["aa"]) == 1
    assert journal.knows(["bb"]) == 0
    journal.remove()
    journal.remove()
    assert journal.read() == {}


def test_forgetting_takes_what_a_killed_run_has_noted(live: Live) -> None:
    own = live.root / "out/.facetrack"
    state = json.loads((own / "state.json").read_text())
    path, made = next(iter(state["files"].items()))
    Journal(own).note(path, File(**made))
    assert forgetting.count(live.root / "out", [made["content"]], [])[own / "placing.jsonl"]
    forgetting.clean(live.root / "out", ["another"], [])
    assert (own / "placing.jsonl").exists()
    forgetting.clean(live.root / "out", [made["content"]], [])
    assert not (own / "placing.jsonl").exists()
