"""What people have lasts, whatever they do to their photos: names, groups, corrections, copies."""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import PIL.PngImagePlugin
import pytest
from organised_before import unpack

from facetrack.organiser.places import Placed, arrange
from facetrack.testing import Outcome, Workspace, organise, portraits

FIVE = ("Bruno", "Daoud", "Femi", "Hana", "Lotte")
FIXTURE = Path(__file__).resolve().parents[1] / "fixtures/organised_by_version_1"
Run = Callable[..., str]


@pytest.fixture
def photos(warm_home: Path, tmp_path: Path) -> Path:
    """Two photos each of five drawn people, whom a radius of 0.21 tells apart."""
    root = tmp_path / "photos"
    root.mkdir()
    taken = [f"{person}_0{number}.png" for person in FIVE for number in (1, 2)]
    for picture in portraits(warm_home):
        if picture.path.name in taken:
            shutil.copy(picture.path, root)
    return root


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def run(workspace: Workspace, photos: Path, out: Path) -> Run:
    """Organise the photos; returns what is said."""

    def run(*arguments: str, root: Path = photos) -> str:
        return organise(workspace, root, out, *_radius(arguments)).ok()

    return run


def _radius(arguments: Sequence[str]) -> list[str]:
    given = any(one.startswith("clusterer.eps") for one in arguments)
    return [*([] if given else ["clusterer.eps=0.21"]), *arguments]


def folders(out: Path) -> dict[str, list[str]]:
    """Names of the files in each folder."""
    return {
        folder.name: sorted(path.name for path in folder.iterdir())
        for folder in sorted(out.iterdir())
        if folder.is_dir() and folder.name != ".facetrack"
    }


def name_persons(out: Path) -> dict[str, list[str]]:
    """Name each person after the first letters of their first photo; returns the folders then."""
    lines, named = [], {}
    for folder, files in folders(out).items():
        lines.append(f"{folder}: {files[0][:3]}\n")
        named[f"{folder} {files[0][:3]}"] = files
    (out / "people.yaml").write_text("".join(lines))
    return named


def caption(path: Path) -> None:
    """Write a caption into a photo, and leave its pixels alone."""
    text = PIL.PngImagePlugin.PngInfo()
    text.add_text("Description", "holiday")
    with PIL.Image.open(path) as picture:
        picture.save(path, pnginfo=text)


def brighten(path: Path) -> None:
    with PIL.Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(float)
    PIL.Image.fromarray(np.clip(pixels * 1.05 + 4, 0, 255).astype(np.uint8)).save(path)


def crop(path: Path) -> None:
    with PIL.Image.open(path) as picture:
        picture.crop((10, 14, picture.width - 4, picture.height)).save(path)


def turn(path: Path) -> None:
    """Turn the pixels, and say so in the file: a rotation as picture viewers make it."""
    with PIL.Image.open(path) as picture:
        exif = PIL.Image.Exif()
        exif[0x0112] = 6  # to be turned by 90 degrees clockwise
        picture.transpose(PIL.Image.Transpose.ROTATE_90).save(path, exif=exif)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "edit",
    [
        caption,
        pytest.param(brighten, marks=pytest.mark.long),
        crop,
        pytest.param(turn, marks=pytest.mark.long),
    ],
)
def test_edited_photos_keep_their_names_and_replace_their_copies(
    edit: Callable[[Path], None], run: Run, photos: Path, out: Path
) -> None:
    run()
    named = name_persons(out)
    run()
    assert folders(out) == named
    for photo in photos.iterdir():
        edit(photo)
    told = run()
    assert "0 faces moved" in told
    assert "0 new persons; 0 new faces" in told
    assert folders(out) == named
    for folder, files in named.items():
        for name in files:
            assert digest(out / folder / name) == digest(photos / name)
    assert "0 new persons; 0 new faces" in run()
    assert folders(out) == named


def test_a_caption_and_another_detector_at_once(run: Run, photos: Path, out: Path) -> None:
    run()
    named = name_persons(out)
    run()
    for photo in photos.iterdir():
        caption(photo)
    run("detector=whole")
    assert folders(out) == named


@pytest.mark.parametrize("edit", [caption, crop])
def test_the_only_photo_of_somebody_split_off(
    edit: Callable[[Path], None], run: Run, photos: Path, out: Path
) -> None:
    run()
    lines = "person-003:\n  split: [Femi_02.png]\n"
    (out / "people.yaml").write_text(lines)
    run()
    assert folders(out)["person-006"] == ["Femi_02.png"]
    (out / "people.yaml").write_text(lines + "person-006:\n  name: Femi's sister\n")
    run()
    edit(photos / "Femi_02.png")
    run()
    assert folders(out)["person-006 Femi's sister"] == ["Femi_02.png"]
    assert folders(out)["person-003"] == ["Femi_01.png"]


def test_a_face_that_is_not_somebody_stays_so_when_its_photo_is_edited(
    run: Run, photos: Path, out: Path
) -> None:
    run()
    (out / "people.yaml").write_text("person-002:\n  not: [Daoud_02.png]\n")
    run()
    assert folders(out)["unknown"] == ["Daoud_02.png"]
    brighten(photos / "Daoud_02.png")
    run()
    assert folders(out)["person-002"] == ["Daoud_01.png"]
    assert folders(out)["unknown"] == ["Daoud_02.png"]


def test_another_embedder_of_the_users_own(
    run: Run, photos: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Vectors of another make, which have nothing to do with the stored ones.
    (tmp_path / "turned.py").write_text(
        "from facetrack.embedder import DlibResNet\n"
        "class Turned(DlibResNet):\n"
        "    def identity(self): return 'turned ' + super().identity()\n"
        "    def embed(self, faces): return -super().embed(faces)[:, ::-1]\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    run()
    named = name_persons(out)
    run()
    for photo in photos.iterdir():
        caption(photo)
    run("embedder._target_=turned.Turned")
    assert folders(out) == named


def test_photos_that_moved_keep_their_persons_and_links(
    run: Run, photos: Path, out: Path, tmp_path: Path
) -> None:
    run("task.mode=link")
    named = name_persons(out)
    run("task.mode=link")
    for number, photo in enumerate(sorted(photos.iterdir())):
        (photos / f"trip {number % 3}").mkdir(exist_ok=True)
        photo.rename(photos / f"trip {number % 3}" / photo.name)
    elsewhere = tmp_path / "elsewhere"
    photos.rename(elsewhere)
    told = run("task.mode=link", root=elsewhere)
    assert "0 faces moved" in told
    assert folders(out) == named
    links = [path for path in out.rglob("*.png") if path.parent.parent == out]
    assert len(links) == 10
    assert all(path.is_symlink() and path.exists() for path in links)


def test_originals_that_are_gone(run: Run, photos: Path, out: Path) -> None:
    """Their copies move with their person's name and merges, and take corrections."""
    run()
    for name in ("Bruno_01.png", "Bruno_02.png", "Hana_02.png"):
        (photos / name).unlink()
    (out / "people.yaml").write_text("person-001:\n  name: Bruno\n  merge: [person-004]\n")
    told = run()
    assert "3 photos are no longer where they were; the copies here are kept" in told
    together = ["Bruno_01.png", "Bruno_02.png", "Hana_01.png", "Hana_02.png"]
    assert folders(out)["person-001 Bruno"] == together
    assert "person-004" not in folders(out)
    assert (out / "index.html").read_text().count("Bruno_01.png (original gone)") > 0
    (out / "people.yaml").write_text("person-001:\n  split: [Bruno_02.png]\n")
    run()
    assert folders(out)["person-006"] == ["Bruno_02.png"]
    assert folders(out)["person-001"] == ["Bruno_01.png"]
    assert folders(out)["person-004"] == ["Hana_01.png", "Hana_02.png"]


def test_originals_that_come_back(run: Run, photos: Path, out: Path, tmp_path: Path) -> None:
    run()
    named = name_persons(out)
    run()
    away = tmp_path / "away"
    away.mkdir()
    for photo in list(photos.glob("*_02.png")):
        shutil.move(photo, away)
    assert "5 photos are no longer where they were" in run()
    assert folders(out) == named
    for photo in list(away.iterdir()):
        shutil.move(photo, photos)
    assert "no longer" not in run()
    assert folders(out) == named


@pytest.mark.parametrize(
    ("method", "radius", "other"),
    [
        ([], "eps 0.372: for 59 faces", 0.45),
        (["clusterer=dbscan"], "radius 0.21, as last time", 0.3),
    ],
)
def test_settled_faces_stay_until_the_user_asks(
    method: list[str],
    radius: str,
    other: float,
    workspace: Workspace,
    photos: Path,
    out: Path,
    warm_home: Path,
) -> None:
    organise(workspace, photos, out, *method, "clusterer.eps=0.21").ok()
    named = name_persons(out)
    organise(workspace, photos, out, *method).ok()
    for picture in portraits(warm_home):  # six times as many photos, more than twice
        if not (photos / picture.path.name).exists():
            shutil.copy(picture.path, photos)
    told = organise(workspace, photos, out, *method).ok()
    assert radius in told
    assert "0 faces moved" in told
    for folder, files in named.items():
        assert set(files) <= set(folders(out)[folder])
    told = organise(workspace, photos, out, *method, f"clusterer.eps={other}").ok()
    assert "0 faces moved" not in told
    back = organise(workspace, photos, out, *method, "task.regroup=true", "clusterer.eps=0.21").ok()
    assert "0 faces moved" not in back
    # Names stay with those who have most of the faces.
    assert set(named) <= set(folders(out))


def shrink(photo: Path) -> Path:
    """Put a smaller, recompressed copy beside a photo."""
    copy = photo.with_name(f"{photo.stem}-WA.jpg")
    with PIL.Image.open(photo) as picture:
        size = picture.width * 9 // 10, picture.height * 9 // 10
        picture.convert("RGB").resize(size).save(copy, quality=70)
    return copy


def test_smaller_copies_come_to_their_originals(
    workspace: Workspace, photos: Path, out: Path, tmp_path: Path
) -> None:
    """The radius is chosen without the copies, and then with them in a new folder."""
    organise(workspace, photos, out).ok()
    named = name_persons(out)
    organise(workspace, photos, out).ok()
    for photo in list(photos.iterdir()):
        shrink(photo)
    told = organise(workspace, photos, out).ok()
    assert "0 new persons" in told
    assert "0 faces moved" in told
    expected = {
        folder: sorted([*files, *(f"{Path(name).stem}-WA.jpg" for name in files)])
        for folder, files in named.items()
    }
    assert folders(out) == expected
    organise(workspace, photos, tmp_path / "anew").ok()
    assert sorted(folders(tmp_path / "anew").values()) == sorted(expected.values())


def test_what_changed_is_told(run: Run, photos: Path, out: Path, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    for name in ("Bruno_02.png", "Lotte_01.png", "Lotte_02.png"):
        shutil.move(photos / name, away)
    told = run()
    assert f"New folder: {out}" in told
    assert "new face" not in told
    for name in ("Bruno_02.png", "Lotte_01.png", "Lotte_02.png"):
        shutil.move(away / name, photos)
    (out / "people.yaml").write_text("person-002: Daoud\n")
    told = run()
    assert "New folder" not in told
    assert "1 new person (person-004); 3 new faces (1 to no group)" not in told
    bruno = next(name for name, files in folders(out).items() if "Bruno_01.png" in files)
    lotte = next(name for name, files in folders(out).items() if "Lotte_01.png" in files)
    assert f"2 new persons ({bruno}, {lotte}); 3 new faces" in told
    assert f"1 face moved (1 from no group to {bruno})" in told
    (out / "people.yaml").write_text("person-001:\n  name: Anna\n  merge: [person-002]\n")
    assert "2 faces moved (2 from person-002 to person-001 Anna)" in run()


def test_nothing_grows_when_nothing_changes(
    workspace: Workspace, run: Run, photos: Path, out: Path
) -> None:
    run()
    (out / "people.yaml").write_text("person-003:\n  split: [Femi_02.png]\n")
    run("tracking=local")

    def kept() -> dict[str, int]:
        own = sorted((out / ".facetrack").rglob("*"))
        return {str(path.relative_to(out)): path.stat().st_size for path in own if path.is_file()}

    def pages() -> list[Path]:
        return list((workspace.folder / "mlruns").rglob("index.html"))

    run("tracking=local")
    before, logged = kept(), pages()
    assert len(logged) == 1
    run("tracking=local")
    assert kept() == before
    assert pages() == logged
    first, *later = sorted(workspace.runs("organise"), key=lambda one: int(one.info.start_time))
    assert [one.data.tags["page_of_run"] for one in later] == [first.info.run_id] * 2
    shutil.copy(photos / "Femi_01.png", photos / "again.png")  # another page
    run("tracking=local")
    assert len(pages()) == 2


def test_prune_lets_go_of_faces_of_photos_that_are_gone(
    run: Run, photos: Path, out: Path, tmp_path: Path
) -> None:
    run("task.mode=none")
    for name in ("Lotte_01.png", "Lotte_02.png"):
        (photos / name).unlink()
    state = out / ".facetrack/state.json"
    run("task.mode=none")
    assert len(json.loads(state.read_text())["faces"]) == 10
    assert len(list((out / ".facetrack/faces").iterdir())) == 10
    run("task.mode=none", "task.prune=true")
    stored = json.loads(state.read_text())
    assert len(stored["faces"]) == len(stored["photos"]) == 8
    assert len(list((out / ".facetrack/faces").iterdir())) == 8


def test_a_disk_that_is_unplugged_while_it_runs(
    workspace: Workspace, photos: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unplugged(*arguments: Any) -> Placed:
        for photo in photos.iterdir():
            if not photo.name.startswith("Lotte"):
                photo.unlink()
        return arrange(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr("facetrack.tasks.organising.sorting.arrange", unplugged)
        done: Outcome = organise(workspace, photos, out, "clusterer.eps=0.21")
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert "8 of 10 photos could not be put into their folders" in line
    assert folders(out) == {"person-005": ["Lotte_01.png", "Lotte_02.png"]}
    assert "8 of 10 photos could not be put" in (out / "index.html").read_text()


@pytest.fixture
def version_1(photos: Path, out: Path) -> Path:
    """A folder as the version before left it: named, merged, split off, and a face barred."""
    return unpack("organised_by_version_1", photos, out)


VERSION_1 = {
    "person-001 Anna": ["Bruno_01.png", "Bruno_02.png"],
    "person-002": ["Daoud_01.png"],
    "person-003 Bea: the elder": ["Femi_01.png"],
    "person-004": ["Hana_01.png", "Hana_02.png", "Lotte_01.png", "Lotte_02.png"],
    "person-006": ["Femi_02.png"],
    "unknown": ["Daoud_02.png"],
}


@pytest.mark.parametrize(
    ("method", "radius"),
    [([], "eps 0.372: for 10 faces"), (["clusterer=dbscan"], "radius 0.21, as last time")],
)
def test_a_folder_of_the_version_before_goes_on(
    method: list[str], radius: str, workspace: Workspace, photos: Path, version_1: Path
) -> None:
    told = organise(workspace, photos, version_1, *method).ok()
    assert radius in told
    assert ("groups so far were made by dbscan and stay" in told) == (not method)
    assert "0 new persons; 0 new faces" in told
    assert "0 faces moved" in told
    assert folders(version_1) == VERSION_1
    for photo in photos.iterdir():
        brighten(photo)
    organise(workspace, photos, version_1).ok()
    assert folders(version_1) == VERSION_1


def test_a_folder_of_the_version_before_is_restored(
    workspace: Workspace, photos: Path, version_1: Path
) -> None:
    organise(workspace, photos, version_1, "task.restore=true").ok()
    assert folders(version_1) == {
        **{name: files for name, files in VERSION_1.items() if not name.startswith("person-003")},
        "person-003": ["Femi_01.png"],
    }
    assert "Bea" not in (version_1 / "people.yaml").read_text()
    organise(workspace, photos, version_1, "task.restore=true").ok()
    assert folders(version_1) == VERSION_1
    assert (version_1 / "people.yaml").read_text() == (FIXTURE / "people.yaml").read_text()


@pytest.mark.parametrize("step", range(4))
def test_a_restore_that_the_version_before_has_begun_is_finished(
    step: int, workspace: Workspace, photos: Path, version_1: Path
) -> None:
    """It was killed after so many of its steps; then the user gives the ordinary command."""
    own = version_1 / ".facetrack"
    now, back = (own / "state.json").read_text(), (own / "previous.json").read_text()
    (own / "undone.json").write_text(now)
    if step > 0:
        (own / "state.json").write_text(back)
    if step > 1:
        (version_1 / "people.yaml").write_text(json.loads(back)["people"])
    if step > 2:
        (own / "undone.json").rename(own / "previous.json")
    told = organise(workspace, photos, version_1).ok()
    assert folders(version_1)["person-003"] == ["Femi_01.png"]
    assert not (own / "undone.json").exists()
    if step < 3:
        assert "Restored: what was begun before is finished" in told
        organise(workspace, photos, version_1, "task.restore=true").ok()
        assert folders(version_1) == VERSION_1
