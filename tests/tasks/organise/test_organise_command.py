"""task=organise as a user runs it."""

import hashlib
import json
import re
import shutil
import signal
import tarfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from conftest import SHARED

from facetrack.evaluation.metrics import scores
from facetrack.organiser.places import arrange
from facetrack.testing import Outcome, Workspace, artifacts, copied_home, portraits, rows
from faults.steps import Live

Organise = Callable[..., Outcome]


@pytest.fixture
def place(warm_home: Path, new_mlflow: Path, tmp_path: Path) -> Workspace:
    """Where commands run: the folder that has the photos and what is made of them."""
    return Workspace(tmp_path, warm_home, store=new_mlflow)


@pytest.fixture
def organise(place: Workspace) -> Organise:
    """Organise the folder `photos` into `out`, without MLflow unless told otherwise."""

    def run(*arguments: str, root: Path | None = None, out: Path | None = None) -> Outcome:
        return place.run(*_command(place.folder, root, out), *_untracked(arguments), *arguments)

    return run


def _command(folder: Path, root: Path | None = None, out: Path | None = None) -> tuple[str, ...]:
    photos, into = root or folder / "photos", out or folder / "out"
    folders = (f"dataset.root={photos}", f"task.out={into}")
    return ("task=organise", "dataset=folder", *folders, "detector=dlib_hog", "embedder=dlib")


def _untracked(arguments: Sequence[str]) -> list[str]:
    return [] if any("tracking" in one for one in arguments) else ["tracking=none"]


@pytest.fixture(scope="module")
def drawn(warm_home: Path) -> dict[str, list[Path]]:
    """The drawn portraits by person."""
    by_person = defaultdict(list)
    for picture in portraits(warm_home):
        by_person[str(picture.person)].append(picture.path)
    return dict(by_person)


@pytest.fixture
def photos(drawn: Mapping[str, list[Path]], tmp_path: Path) -> Path:
    """A folder with the first pictures of five people, who are told apart at a radius of 0.3."""
    root = tmp_path / "photos"
    _copy(drawn, root, slice(0, 2))
    return root


FIVE = ("Lotte", "Femi", "Daoud", "Bruno", "Hana")


def _copy(drawn: Mapping[str, list[Path]], root: Path, which: slice) -> None:
    for person in FIVE:
        for path in drawn[person][which]:
            root.mkdir(exist_ok=True)
            shutil.copy(path, root / path.name)


def _folders(out: Path) -> dict[str, set[str]]:
    """Names of the files in each folder."""
    return {
        folder.name: {path.name for path in folder.iterdir()}
        for folder in sorted(out.iterdir())
        if folder.is_dir() and folder.name != ".facetrack"
    }


def _folder_of(out: Path, name: str) -> str:
    (folder,) = [folder for folder, names in _folders(out).items() if name in names]
    return folder


def _fingerprints(root: Path) -> dict[str, tuple[str, int]]:
    return {
        str(path.relative_to(root)): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
        )
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


# People and pictures of LFW


@pytest.fixture(scope="session")
def ten_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten people of LFW with ten pictures each, in one flat folder."""
    archive = SHARED / "data/lfw-deepfunneled.tgz"
    if not archive.exists():
        pytest.skip("no LFW pictures here")
    root = tmp_path_factory.mktemp("ten") / "photos"
    root.mkdir()
    found: dict[str, list[str]] = defaultdict(list)
    with tarfile.open(archive) as opened:
        for member in opened:
            name = Path(member.name).name
            person = re.sub(r"_\d{4}\.jpg$", "", name)
            # A tenth of the people by a fixed rule, and of those the first ten with ten pictures.
            if not name.endswith(".jpg") or hashlib.md5(person.encode()).digest()[0] > 25:
                continue
            if len(found[person]) < 10:
                found[person].append(name)
                content = opened.extractfile(member)
                assert content is not None
                (root / name).write_bytes(content.read())
    ten = sorted(person for person, names in found.items() if len(names) == 10)[:10]
    assert len(ten) == 10
    for person, names in found.items():
        if person not in ten:
            for name in names:
                (root / name).unlink()
    return root


def test_ten_people_of_lfw(ten_people: Path, organise: Organise, tmp_path: Path) -> None:
    before = _fingerprints(ten_people)
    told = organise(root=ten_people).ok()
    assert "faces, by how far apart strangers are for this embedder" in told
    assert _fingerprints(ten_people) == before
    folders = _folders(tmp_path / "out")
    person_of = {}
    for folder, names in folders.items():
        for name in names:
            if folder.startswith("person-") or name not in person_of:
                person_of[name] = folder if folder.startswith("person-") else name
    assert person_of.keys() == before.keys()
    people = np.unique([re.sub(r"_\d+\.jpg$", "", name) for name in before], return_inverse=True)[1]
    groups = np.unique([person_of[name] for name in before], return_inverse=True)[1]
    assert scores(people, groups)["bcubed_f"] >= 0.95
    sizes = [len(names) for folder, names in folders.items() if folder.startswith("person-")]
    assert sizes == sorted(sizes, reverse=True)
    for folder, names in folders.items():
        for name in names:
            assert (tmp_path / "out" / folder / name).read_bytes() == (
                ten_people / name
            ).read_bytes()


def test_two_people_on_a_photo_put_it_in_both_folders(
    ten_people: Path, organise: Organise, tmp_path: Path
) -> None:
    by_person = defaultdict(list)
    for path in sorted(ten_people.iterdir()):
        by_person[re.sub(r"_\d+\.jpg$", "", path.name)].append(path)
    people = list(by_person)
    root = tmp_path / "photos"
    root.mkdir()
    for first, second in zip(people[::2], people[1::2], strict=True):
        left, right = by_person[first].pop(0), by_person[second].pop(0)
        both = np.hstack([np.asarray(PIL.Image.open(left)), np.asarray(PIL.Image.open(right))])
        PIL.Image.fromarray(both).save(root / f"{first}+{second}.png")
    for paths in by_person.values():
        for path in paths:
            shutil.copy(path, root)
    organise("clusterer.eps=0.36").ok()
    folders = _folders(tmp_path / "out")

    def main_folder(person: str) -> str:
        names = {path.name for path in by_person[person]}
        return max(folders, key=lambda folder: len(folders[folder] & names))

    assert len({main_folder(person) for person in people}) == 10
    for first, second in zip(people[::2], people[1::2], strict=True):
        assert f"{first}+{second}.png" in folders[main_folder(first)]
        assert f"{first}+{second}.png" in folders[main_folder(second)]


# Names, numbers and corrections over several runs


def test_numbers_names_and_a_merge_survive_new_photos(
    photos: Path, drawn: Mapping[str, list[Path]], organise: Organise, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    told = organise("clusterer.eps=0.3").ok()
    assert "10 photos, 10 faces: 5 persons" in told
    first = {person: _folder_of(out, f"{person}_01.png") for person in FIVE}
    assert sorted(first.values()) == [f"person-{number:03d}" for number in range(1, 6)]
    yaml = out / "people.yaml"
    text = yaml.read_text()
    for person in ("Lotte", "Femi"):  # one named, one merged into the other
        assert f"{first[person]}:\n  name:\n" in text
    text = text.replace(
        f"{first['Lotte']}:\n  name:\n",
        f"# mine\n{first['Lotte']}:\n  name: Lotte & Femi\n  merge: [{first['Femi']}]\n",
    )
    yaml.write_text(text)
    both = f"{first['Lotte']} Lotte & Femi"
    for run in range(4):
        if run:
            _copy(drawn, photos, slice(1 + run, 2 + run))
        organise("clusterer.eps=0.3").ok()
        folders = _folders(out)
        assert first["Femi"] not in folders
        assert first["Lotte"] not in folders
        for person in FIVE:
            expected = both if person in ("Lotte", "Femi") else first[person]
            for path in drawn[person][: 2 + run]:
                assert _folder_of(out, path.name) == expected, (run, path.name)
        assert yaml.read_text().startswith(text.rstrip("\n"))
    # Without the line they are two again: nothing was lost.
    yaml.write_text(yaml.read_text().replace(f"  merge: [{first['Femi']}]\n", ""))
    organise("clusterer.eps=0.3").ok()
    assert _folder_of(out, "Femi_01.png") == first["Femi"]


def test_only_new_photos_are_embedded(drawn: Mapping[str, list[Path]], tmp_path: Path) -> None:
    place, photos = Workspace(tmp_path, tmp_path / "home"), tmp_path / "photos"
    photos.mkdir()
    counts = []
    for new in (drawn["Lotte"][:3], drawn["Femi"][:1]):
        for path in new:
            shutil.copy(path, photos)
        place.run(*_command(tmp_path), "tracking=none").ok()
        counts.append(len(rows(place.home)))
    assert counts == [3, 4]


def test_split_and_not_this_person(
    drawn: Mapping[str, list[Path]], organise: Organise, tmp_path: Path
) -> None:
    # At a radius that is far too large they are one person.
    root, out = tmp_path / "photos", tmp_path / "out"
    root.mkdir()
    for path in (*drawn["Lotte"][:3], *drawn["Hana"][:2]):
        shutil.copy(path, root)
    organise("clusterer.eps=0.9").ok()
    assert _folders(out)["person-001"] == {
        *("Lotte_01.png", "Lotte_02.png", "Lotte_03.png", "Hana_01.png", "Hana_02.png")
    }
    yaml = out / "people.yaml"
    yaml.write_text(
        yaml.read_text().replace(
            "person-001:\n  name:\n",
            "person-001:\n  name: Lotte\n"
            "  split: [Hana_01.png, Hana_02.png]\n  not: [Lotte_03.png]\n",
        )
    )
    for run in range(3):
        if run == 1:  # new photos go to those who are nearest
            shutil.copy(drawn["Lotte"][3], root)
            shutil.copy(drawn["Hana"][2], root)
        told = organise("clusterer.eps=0.9").ok()
        assert "people.yaml, line" not in told
        folders = _folders(out)
        lotte = {"Lotte_01.png", "Lotte_02.png"} | ({"Lotte_04.png"} if run else set())
        hana = {"Hana_01.png", "Hana_02.png"} | ({"Hana_03.png"} if run else set())
        assert folders["person-001 Lotte"] == lotte
        assert folders["person-002"] == hana
        assert folders["unknown"] == {"Lotte_03.png"}
    assert "person-002:" in yaml.read_text()
    # Without the lines, Lotte's third photo is hers again; who was split off stays so.
    yaml.write_text(yaml.read_text().replace("  not: [Lotte_03.png]\n", ""))
    organise("clusterer.eps=0.9").ok()
    assert _folders(out)["person-001 Lotte"] == lotte | {"Lotte_03.png"}


def test_a_name_of_a_photo_that_is_not_there_is_told(
    photos: Path, organise: Organise, tmp_path: Path
) -> None:
    organise().ok()
    yaml = tmp_path / "out/people.yaml"
    text = yaml.read_text().replace("person-002:\n  name:\n", "person-002:\n  not: nowhere.jpg\n")
    yaml.write_text(text)
    line = text.splitlines().index("  not: nowhere.jpg") + 1
    told = organise().ok()
    assert f"people.yaml, line {line}: person-002 is on no photo nowhere.jpg" in told
    assert yaml.read_text() == text


def test_the_last_state_can_be_restored(
    photos: Path, drawn: Mapping[str, list[Path]], organise: Organise, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    organise("clusterer.eps=0.3").ok()
    before, text = _folders(out), (out / "people.yaml").read_text()
    edited = text.replace("person-001:\n  name:\n", "person-001:\n  merge: [person-002]\n")
    (out / "people.yaml").write_text(edited)
    shutil.copy(drawn["Otto"][0], photos)
    shutil.copy(drawn["Otto"][1], photos)
    organise("clusterer.eps=0.3").ok()
    after = _folders(out)
    assert len(after) == 5
    organise("clusterer.eps=0.3", "task.restore=true").ok()
    assert _folders(out) == before
    assert (out / "people.yaml").read_text() == text
    organise("clusterer.eps=0.3", "task.restore=true").ok()
    assert _folders(out) == after
    assert "merge: [person-002]" in (out / "people.yaml").read_text()


# What stays as it is


def test_interrupted_anywhere_it_goes_on(
    photos: Path, place: Workspace, organise: Organise, warm_home: Path, tmp_path: Path
) -> None:
    whole = tmp_path / "whole"
    organise(out=whole).ok()
    live = Live(tmp_path / "live")
    out = live.root / "out"
    command = (*_command(tmp_path, out=out), "tracking=none")
    # Killed before a step, by processes that are ready at once.
    copied_home(live.home, warm_home)
    for step in (45, 50):
        assert live.run(*command, at=step).status == -signal.SIGKILL
    there = len(list(out.glob("person-*/*")))
    assert 1 < there < 10
    # And one that is killed at whatever it does by then.
    process = place.fork(*command)
    while process.poll() is None and len(list(out.glob("person-*/*"))) <= there:
        time.sleep(0.0005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert live.run(*command).status == 0
    assert _folders(out) == _folders(whole)
    assert not list(out.rglob("*.part"))
    assert not list(out.glob(".facetrack/unfinished"))
    files = json.loads((out / ".facetrack/state.json").read_text())["files"]
    assert len(files) == sum(map(len, _folders(out).values()))


def test_files_of_the_user_in_the_folder_stay(
    photos: Path, organise: Organise, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    organise().ok()
    folders = _folders(out)
    mine = out / "person-001/mine.txt"
    mine.write_text("mine")
    (name,) = sorted(folders["person-001"])[:1]
    (out / "person-001" / name).write_bytes(b"edited")  # a copy that the user worked on
    yaml = out / "people.yaml"
    yaml.write_text(yaml.read_text().replace("person-001:\n  name:\n", "person-001:\n  name: Q\n"))
    told = organise().ok()
    assert f"person-001/{name} was changed since, and is left as it is" in told
    assert mine.read_text() == "mine"
    assert (out / "person-001" / name).read_bytes() == b"edited"
    assert _folders(out)["person-001 Q"] == folders["person-001"]


def test_copies_of_photos_that_are_gone_are_kept(
    photos: Path, organise: Organise, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    organise().ok()
    folders = _folders(out)
    (photos / "Femi_01.png").unlink()
    told = organise().ok()
    assert "1 photo is no longer where it was; the copy here is kept" in told
    assert _folders(out) == folders


def test_links_and_none(photos: Path, organise: Organise, tmp_path: Path) -> None:
    out = tmp_path / "out"
    organise("task.mode=link").ok()
    folders = _folders(out)
    link = out / "person-001" / min(folders["person-001"])
    assert link.is_symlink()
    assert link.resolve() == (photos / link.name).resolve()
    organise("task.mode=copy").ok()
    assert _folders(out) == folders
    assert not link.is_symlink()
    organise("task.mode=none").ok()
    assert _folders(out) == {}
    assert (out / "index.html").exists()
    assert len(list(photos.iterdir())) == 10


# Photos of every kind


def test_whatever_is_in_the_folder(
    photos: Path, drawn: Mapping[str, list[Path]], organise: Organise, tmp_path: Path
) -> None:
    album = photos / "2019" / "Žluťoučký 🐎"
    album.mkdir(parents=True)
    shutil.copy(drawn["Otto"][0], album / "Lotte_01.png")  # the name of another photo
    shutil.copy(drawn["Otto"][1], album / ("ä" * 120 + ".png"))
    shutil.copy(drawn["Otto"][2], album / "<script>alert(1)<script>'\".png")
    shutil.copy(drawn["Femi"][0], album / "twin.png")  # the same content
    sideways = PIL.Image.open(drawn["Daoud"][2]).convert("RGB")
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    sideways.transpose(PIL.Image.Transpose.ROTATE_90).save(photos / "sideways.jpg", exif=exif)
    PIL.Image.new("RGB", (300, 200), "green").save(photos / "lawn.png")
    (photos / "clip.mp4").touch()
    (photos / "raw.nef").touch()
    (photos / "broken.jpg").write_bytes(drawn["Femi"][1].read_bytes()[40:500])
    (photos / "gone.png").symlink_to("nowhere.png")
    before = _fingerprints(photos)
    told = organise("clusterer.eps=0.3").ok()
    assert _fingerprints(photos) == before
    out = tmp_path / "out"
    folders = _folders(out)
    assert folders.get("no-face") == {"lawn.png"}, told
    (otto,) = (
        names
        for names in folders.values()
        if "Lotte_01.png" in names and "Lotte_02.png" not in names
    )
    assert otto == {"Lotte_01.png", "ä" * 98 + ".png", "<script>alert(1)<script>'\".png"}
    assert "sideways.jpg" in folders[_folder_of(out, "Daoud_01.png")]
    assert sum("Femi_01.png" in names or "twin.png" in names for names in folders.values()) == 1
    assert "1 photo is the same as another one" in told
    for reason in (
        *("clip.mp4: mp4 videos are not read", "raw.nef: RAW nef pictures are not read"),
        *("gone.png: a broken link", "broken.jpg:"),
    ):
        assert reason in told


def test_a_photo_that_vanishes_meanwhile(
    photos: Path, organise: Organise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    organise("task.mode=none").ok()

    def late(*given: Any) -> Any:
        (photos / "Hana_01.png").unlink()
        return arrange(*given)

    monkeypatch.setattr("facetrack.tasks.organising.sorting.arrange", late)
    done = organise()
    assert done.returncode == 1
    assert "Hana_01.png: cannot be read any more" in done.stdout
    assert "1 of 10 photos could not be put into their folders" in done.stderr
    names = set.union(*_folders(tmp_path / "out").values())
    assert len(names) == 9


# MLflow


def test_it_is_a_run_in_mlflow(
    photos: Path, place: Workspace, organise: Organise, tmp_path: Path
) -> None:
    told = organise("tracking=local").ok()
    assert " ui --workers 1" in told
    (run,) = place.runs()
    assert run.info.status == "FINISHED"
    assert run.data.tags["kind"] == "organise"
    assert run.data.metrics["faces"] == 10
    assert run.data.metrics["persons"] == 5
    assert run.data.params["detector.choose"] == "all"
    assert "clusterer.eps" in run.data.params
    assert not any(str(tmp_path) in value for value in run.data.params.values())
    page = artifacts(run)["index.html"]
    assert page.read_text() == (tmp_path / "out/index.html").read_text()


def test_approximate_neighbours_tell_their_recall(
    photos: Path, place: Workspace, organise: Organise
) -> None:
    pytest.importorskip("faiss", reason="faiss is not installed: the extra facetrack[faiss]")
    organise("tracking=local", "clusterer.eps=0.3", "clusterer.neighbors=faiss").ok()
    (run,) = place.runs()
    assert run.data.metrics["neighbors_recall"] == 1.0
    assert run.data.metrics["persons"] == 5


def test_people_on_one_photo_say_how_often_they_would_be_confused(
    drawn: Mapping[str, list[Path]], place: Workspace, organise: Organise, tmp_path: Path
) -> None:
    """Fifteen of them are 105 pairs, of which Ada and Alma are as good as equal."""
    faces = [np.asarray(PIL.Image.open(drawn[person][0])) for person in sorted(drawn)[:15]]
    rows = [np.hstack(faces[first : first + 5]) for first in (0, 5, 10)]
    (tmp_path / "photos").mkdir()
    PIL.Image.fromarray(np.vstack(rows)).save(tmp_path / "photos/all.png")
    done = organise("tracking=local", "--json")
    (told,) = [json.loads(line) for line in done.ok().splitlines()]
    (run,) = place.runs()
    assert told["counts"]["faces"] == 15
    assert run.data.metrics["photo_pairs"] == 104
    assert told["impossible_pairs"] == run.data.metrics["impossible_pairs"] == 0
    sentence = "infomap would take 0 of 104 pairs of faces on one photo for one person (none)"
    assert sentence in done.stderr
    assert sentence in (tmp_path / "out/index.html").read_text()


# Mistakes


def test_mistakes_are_one_line(photos: Path, organise: Organise, tmp_path: Path) -> None:
    strange = tmp_path / "strange"
    strange.mkdir()
    (strange / "thesis.txt").write_text("mine")
    for into, told in (
        (photos / "people", "lies in dataset.root="),
        (photos, "lies in dataset.root="),
        (tmp_path, "lies in task.out="),
        (strange, "has something in it that facetrack did not make"),
        (strange / "thesis.txt", "is not a folder"),
    ):
        organise(out=into).refused(told)
    for argument, told in (
        ("task.mode=move", "task.mode is one of copy, link, none; got 'move'"),
        ("task.restore=true", "has no earlier state to go back to"),
        ("clusterer=kmeans", "n_clusters"),
    ):
        organise(argument).refused(told)
    (tmp_path / "into").symlink_to(photos)
    organise(out=tmp_path / "into" / "out").refused("lies in dataset.root=")
    assert sorted(path.name for path in photos.iterdir()) == sorted(
        f"{person}_0{number}.png" for person in FIVE for number in (1, 2)
    )
    assert (strange / "thesis.txt").read_text() == "mine"


def test_a_syntax_error_in_people_yaml_changes_nothing(
    photos: Path, drawn: Mapping[str, list[Path]], organise: Organise, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    organise().ok()
    yaml = out / "people.yaml"
    yaml.write_text(yaml.read_text() + "person-099: [\n")
    lines = len(yaml.read_text().splitlines())
    _copy(drawn, photos, slice(2, 3))
    before = _fingerprints(out)
    organise().refused(f"people.yaml, line {lines}: not YAML")
    assert _fingerprints(out) == before


def test_no_room_while_copying(
    photos: Path, place: Workspace, organise: Organise, tmp_path: Path
) -> None:
    # One photo is larger than what the limit lets be written.
    big = photos / "Zoe.bmp"
    PIL.Image.open(photos / "Femi_01.png").convert("RGB").resize((1200, 1200)).save(big)
    out = tmp_path / "out"
    organise("task.mode=none").ok()
    place.limit = 3_000_000
    organise().refused("no room in")
    place.limit = None
    assert not list(out.rglob("*.bmp"))
    organise().ok()
    assert len(list(out.rglob("*.bmp"))) == 1
    assert len(set.union(*_folders(out).values())) == 11
