"""Names of an organised folder in XMP and back: for other programs, as labels and as names."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from facetrack.extraction.xmp import document, reading
from facetrack.organiser import exported, people_file, sidecar_steps
from facetrack.organiser.named_photos import read_named
from facetrack.system import terminal
from facetrack.tasks.export import names
from facetrack.testing import Outcome, Workspace, organise, portraits

NAMES = {"person-001": "Anna", "person-002": "Bo & Co <x>"}
_TURNS = (None, 0, 3, 1, 5, 4, 6, 2)  # what stores a picture as orientations 1 to 8 have it


def _store_turned(source: Path, target: Path, orientation: int) -> None:
    turn = _TURNS[orientation - 1]
    with PIL.Image.open(source) as picture:
        stored = picture.convert("RGB")
        if turn is not None:
            stored = stored.transpose(PIL.Image.Transpose(turn))
        exif = PIL.Image.Exif()
        exif[0x0112] = orientation
        stored.save(target, exif=exif, quality=95)


@pytest.fixture(scope="module")
def organised(tmp_path_factory: pytest.TempPathFactory, warm_home: Path) -> Path:
    """Photos of drawn people, stored in all eight ways; two of the three persons have names."""
    folder = tmp_path_factory.mktemp("named")
    (folder / "photos" / "trip").mkdir(parents=True)
    drawn = portraits(warm_home)
    people = sorted({str(picture.person) for picture in drawn})[:4]
    chosen = [one for name in people for one in drawn if one.person == name]
    for at, picture in enumerate(chosen):
        into = folder / "photos" / ("trip" if at % 3 == 0 else ".") / f"{at}.jpg"
        _store_turned(picture.path, into, at % 8 + 1)
    organise(_workspace(folder, warm_home), folder / "photos", folder / "out").ok()
    text = (folder / "out" / people_file.FILE).read_text()
    for person, name in NAMES.items():
        text = text.replace(f"{person}:\n  name:", f"{person}:\n  name: {json.dumps(name)}")
    (folder / "out" / people_file.FILE).write_text(text)
    return folder


def _workspace(folder: Path, home: Path) -> Workspace:
    return Workspace(folder / "work", home)


class Case:
    """A copy of it, in which commands run."""

    def __init__(self, folder: Path, of: Path, home: Path) -> None:
        shutil.copytree(of, folder, dirs_exist_ok=True)
        self.folder, self.photos, self.out = folder, folder / "photos", folder / "out"
        self.workspace = _workspace(folder, home)
        self.pictures = {path: path.read_bytes() for path in sorted(self.photos.rglob("*.jpg"))}

    def export(self, *arguments: str) -> Outcome:
        return self.workspace.run("task=export", f"task.out={self.out}", *arguments)

    def beside(self, *arguments: str) -> Outcome:
        dataset = ("dataset=folder", f"dataset.root={self.photos}")
        return self.export("task.format=xmp", "task.sidecars=beside", *dataset, *arguments)

    def named(self) -> list[Path]:
        """The photos with somebody who has a name."""
        found = [
            self.photos / photo.names[0]
            for photo in read_named(self.out).photos
            if any(face.name for face in photo.faces)
        ]
        assert len(found) > 4
        return sorted(found)

    def read(self, sidecar: Path) -> list[str]:
        tree = document.parse(sidecar.read_bytes())
        return [one.region.name for one in reading.list_mwg(tree).found]

    def are_pictures_as_they_were(self) -> bool:
        return self.pictures == {path: path.read_bytes() for path in self.pictures}


@pytest.fixture
def case(organised: Path, warm_home: Path, tmp_path: Path) -> Iterator[Case]:
    made = Case(tmp_path, organised, warm_home)
    yield made
    assert made.are_pictures_as_they_were()


def _beside(photo: Path) -> Path:
    return photo.with_name(f"{photo.name}.xmp")


def _faces(out: Path) -> dict[tuple[str, tuple[int, ...]], str]:
    return {
        (photo.content, tuple(face.box.tolist())): face.name
        for photo in read_named(out).photos
        for face in photo.faces
    }


@pytest.mark.parametrize("place", ["out", "beside"])
def test_exported_names_come_back_on_the_same_faces(case: Case, place: str) -> None:
    if place == "out":
        told = case.export("task.format=xmp").ok()
        shutil.copytree(case.out / "sidecars", case.photos, dirs_exist_ok=True)
    else:
        told = case.beside("task.write=true").ok()
    assert f"{len(case.named())} sidecars to write: {len(case.named())} new" in told
    other = case.folder / "other"
    told = organise(case.workspace, case.photos, other, "dataset.labels=xmp").ok()
    n = len(case.named())
    assert f"{n} names in XMP: {n} on faces that were found, 0 on none" in told
    assert _faces(other) == _faces(case.out)
    assert (other / "person-001 Anna").is_dir()
    # And they are labels to score by: without the third person, who has no name.
    told = case.workspace.run(
        *("dataset=folder", f"dataset.root={case.photos}", "dataset.labels=xmp"),
        *("detector=dlib_hog", "n_resamples=2", "tracking=none"),
    ).ok()
    assert f"{len(case.pictures)} pictures, {n} faces, 2 people" in told


def test_sidecars_mirror_the_photos_and_are_their_owners_alone(case: Case) -> None:
    told = case.export("task.format=xmp").ok()
    assert "without a name (person-003): no sidecar has them" in told
    made = sorted(path for path in (case.out / "sidecars").rglob("*") if path.is_file())
    assert [path.relative_to(case.out / "sidecars") for path in made] == [
        _beside(photo).relative_to(case.photos) for photo in case.named()
    ]
    folders = {path for one in made for path in one.relative_to(case.out).parents}
    assert {(case.out / one).stat().st_mode & 0o777 for one in folders} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in made} == {0o600}
    assert list(case.photos.rglob("*.xmp")) == []
    before = {path: path.read_bytes() for path in made}
    assert "0 sidecars to write" in case.export("task.format=xmp").ok()
    assert {path: path.read_bytes() for path in made} == before
    # Another name takes the place of the first; none takes the sidecars away.
    yaml = case.out / people_file.FILE
    yaml.write_text(yaml.read_text().replace('"Anna"', '"Änne"'))
    assert "update" in case.export("task.format=xmp").ok()
    assert {name for path in made for name in case.read(path)} == {"Änne", "Bo & Co <x>"}
    yaml.write_text("")
    case.export("task.format=xmp").ok()
    assert not (case.out / "sidecars").exists()
    case.export("task.format=xmp").refused("has a name yet: write names into people.yaml first")


def test_nothing_is_written_beside_photos_unless_somebody_says_so(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    for said in ((), ("task.write=false",)):
        told = case.beside(*said).ok()
        assert "Nothing was written beside photos: add task.write=true" in told
        assert str(_beside(case.named()[0])) in told
    assert list(case.photos.rglob("*.xmp")) == []
    assert not (case.out / ".facetrack/exported.json").exists()
    # At a terminal it asks, each time.
    answers, ours = os.openpty()
    with os.fdopen(ours) as stream, os.fdopen(os.dup(ours), "w") as shown:
        for name, file in (("stdin", stream), ("stderr", shown)):
            monkeypatch.setattr(f"sys.{name}", file)
        assert terminal.can_ask()
        for answer, agreed in ((b"n\n", False), (b"\n", False), (b"y\n", True)):
            os.write(answers, answer)
            assert names._may_write(names.Request(case.out, "xmp", "beside"), 3) is agreed
    os.close(answers)


def test_what_is_beside_a_photo_keeps_all_else_and_is_as_it_was_afterwards(case: Case) -> None:
    photos = case.named()
    mine = {
        photos[0]: b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF "
        b"xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description rdf:about='' "
        b"xmlns:dc='http://purl.org/dc/elements/1.1/' dc:format='image/jpeg'/>"
        b"<!-- mine --></rdf:RDF></x:xmpmeta>",
        photos[1]: b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        photos[2]: b"no XML",
    }
    for photo, content in mine.items():
        _beside(photo).write_bytes(content)
    _beside(photos[0]).chmod(0o640)
    elsewhere = case.folder / "elsewhere.xmp"
    _beside(photos[3]).symlink_to(elsewhere)
    photos[4].chmod(0o604)
    done = case.beside("task.write=true")
    assert done.returncode == 1
    assert "3 sidecars were not written to, for the reasons above: all others are done" in (
        done.stderr
    )
    for at, told in ((1, "declares a document type"), (2, "is no XML"), (3, "is a link")):
        assert f"refused  {_beside(photos[at])} {told}" in done.stdout
    merged = _beside(photos[0]).read_bytes()
    assert b"dc:format" in merged
    assert b"<!-- mine -->" in merged
    assert len(case.read(_beside(photos[0]))) == 1
    assert _beside(photos[0]).stat().st_mode & 0o777 == 0o640
    assert _beside(photos[4]).stat().st_mode & 0o777 == 0o604  # who may see the photo
    assert not elsewhere.exists()
    kept = list((case.out / ".facetrack/sidecars").iterdir())
    assert [(one.read_bytes(), one.stat().st_mode & 0o777) for one in kept] == [
        (mine[photos[0]], 0o600)
    ]
    assert case.export("task.format=xmp", "task.sidecars=remove", "task.write=true").ok()
    found = {path for path in case.photos.rglob("*.xmp") if not path.is_symlink()}
    assert {path: path.read_bytes() for path in found} == {
        _beside(photo): content for photo, content in mine.items()
    }
    assert not (case.out / ".facetrack/exported.json").exists()
    assert not (case.out / ".facetrack/sidecars").exists()


def test_a_sidecar_that_others_have_changed_keeps_what_they_wrote(case: Case) -> None:
    case.beside("task.write=true").ok()
    sidecar = _beside(case.named()[0])
    text = sidecar.read_text()
    at = text.index("</rdf:RDF>")
    added = (
        '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/>'
    )
    sidecar.write_text(text[:at] + added + text[at:])
    case.export("task.format=xmp", "task.sidecars=remove", "task.write=true").ok()
    assert list(case.photos.rglob("*.xmp")) == [sidecar]
    assert 'xmp:Rating="4"' in sidecar.read_text()
    assert case.read(sidecar) == []


def test_no_sidecar_is_written_through_a_link(case: Case) -> None:
    away = case.folder / "away"
    shutil.move(case.photos / "trip", away)
    (case.photos / "trip").symlink_to(away)
    done = case.beside("task.write=true")
    assert done.returncode == 1
    assert "is in a folder behind a link, so it stays as it is" in done.stdout
    assert list(away.glob("*.xmp")) == []
    assert list(case.photos.glob("*.xmp"))
    shutil.rmtree(case.photos / "trip", ignore_errors=True)
    (case.photos / "trip").unlink()
    shutil.move(away, case.photos / "trip")


def test_photos_of_one_stem_have_a_sidecar_each(case: Case) -> None:
    photo = case.named()[0]
    twin = photo.with_suffix(".jpeg")
    shutil.copy(photo, twin)
    organise(case.workspace, case.photos, case.out).ok()
    case.beside("task.write=true").ok()
    assert case.read(_beside(photo)) == case.read(_beside(twin))


def test_forgetting_takes_a_persons_regions_out_of_both_places(
    case: Case, tmp_path: Path, warm_home: Path
) -> None:
    case.workspace = Workspace(case.folder / "work", tmp_path / "own home")
    photo = case.named()[0]
    theirs = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF " + (
        b"xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/></x:xmpmeta>"
    )
    _beside(photo).write_bytes(theirs)
    case.export("task.format=xmp").ok()
    case.beside("task.write=true").ok()
    case.export("task.format=json").ok()
    case.export("task.format=pdf").ok()
    sidecars = [*case.photos.rglob("*.xmp"), *(case.out / "sidecars").rglob("*.xmp")]
    anna = [path for path in sidecars if "Anna" in case.read(path)]
    others = {path: path.read_bytes() for path in sidecars if path not in anna}
    assert len(anna) > 2
    assert len(others) > 2
    told = case.workspace.run(
        "task=forget", f"task.out={case.out}", "person=Anna", "tracking=none"
    ).ok()
    n = len(anna) + 3  # with names.json, a sheet and a portrait
    assert f"sidecars with regions of faces, and files of names and faces: {n} before, 0" in told
    assert [path for path in anna if path.exists() and path != _beside(photo)] == []
    assert {path: path.read_bytes() for path in others} == others
    if _beside(photo) in anna:
        assert _beside(photo).read_bytes() == theirs
    assert not list((case.out / "sheets").glob("*Anna*"))
    assert list((case.out / "sheets").glob("*Bo & Co*"))
    assert not (case.out / "names.json").exists()
    stored = (case.out / ".facetrack/exported.json").read_text()
    assert "Anna" not in stored


def test_a_command_that_is_killed_leaves_nothing_that_nobody_knows_of(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    do = sidecar_steps._do

    def die(out: Path, step: sidecar_steps.Step) -> None:
        if len(done) == 2:
            raise KeyboardInterrupt
        do(out, step)
        done.append(step.key)

    with monkeypatch.context() as patched:
        patched.setattr(sidecar_steps, "_do", die)
        assert case.beside("task.write=true").returncode != 0
    assert len(list(case.photos.rglob("*.xmp"))) == 2
    case.export("task.format=xmp", "task.sidecars=remove", "task.write=true").ok()
    assert list(case.photos.rglob("*.xmp")) == []
    assert not exported.load(case.out).sidecars


def test_a_name_that_is_another_now_is_told_by_the_organiser(case: Case) -> None:
    case.export("task.format=xmp").ok()
    yaml = case.out / people_file.FILE
    yaml.write_text(yaml.read_text().replace('"Anna"', '"Änne"'))
    told = organise(case.workspace, case.photos, case.out).ok()
    assert "still have names from before (Anna): the same task=export writes them anew" in told
    case.export("task.format=xmp").ok()
    assert "names from before" not in organise(case.workspace, case.photos, case.out).ok()
    told = organise(case.workspace, case.photos, case.out, "task.restore=true").ok()
    assert "still have names from before (Bo & Co <x>, Änne)" in told


def test_hand_written_names_win_and_others_are_told(case: Case) -> None:
    case.beside("task.write=true").ok()
    other = case.folder / "other"
    organise(case.workspace, case.photos, other).ok()
    yaml = other / people_file.FILE
    yaml.write_text(
        yaml.read_text().replace("person-001:\n  name:", "person-001: Zoe\nperson-001:")
    )
    _beside(case.named()[-1]).write_bytes(b"rubbish")
    told = organise(case.workspace, case.photos, other, "dataset.labels=xmp").ok()
    said = people_file.read(yaml)[1].names
    assert said[1] == "Zoe"
    assert said[2] == NAMES["person-002"]
    assert "have another name in XMP than their person" in told
    assert "its .jpg.xmp is no XML" in told
    assert '  name: "Bo & Co <x>" # in XMP\n' in yaml.read_text()


def test_json_and_sheets_are_of_all_persons(case: Case) -> None:
    case.export("task.format=json").ok()
    stored = json.loads((case.out / "names.json").read_text())
    first = stored["photos"][0]
    assert (stored["version"], first["names"], first["size"]) == (1, ["1.jpg"], [320, 320])
    assert {face["name"] for photo in stored["photos"] for face in photo["faces"]} == {
        *NAMES.values(),
        None,
    }
    case.export("task.format=png").ok()
    sheets = case.out / "sheets"
    assert sorted(path.name for path in sheets.iterdir()) == [
        *("person-001 Anna.jpg", "person-001 Anna.png"),
        *("person-002 Bo & Co <x>.jpg", "person-002 Bo & Co <x>.png"),
        *("person-003.jpg", "person-003.png"),
    ]
    with PIL.Image.open(sheets / "person-001 Anna.png") as page:
        assert page.size == (1240, 1754)
        assert np.asarray(page.convert("L")).min() < 50
    case.export("task.format=pdf").ok()
    assert not list(sheets.glob("*.png"))
    assert (sheets / "person-003.pdf").read_bytes().startswith(b"%PDF")
    assert {path.stat().st_mode & 0o777 for path in sheets.iterdir()} == {0o600}
    mine = sheets / "person-003.png"
    mine.write_bytes(b"mine")
    case.export("task.format=png").refused("person-003.png is there already, and not facetrack's")
    assert mine.read_bytes() == b"mine"


def test_mistakes_are_told(case: Case, tmp_path: Path) -> None:
    out = f"task.out={case.out}"
    for arguments, told in (
        (["task.format=xmp"], "task.format=xmp is of an organised folder: name it with task.out="),
        (["task.format=xmp", f"task.out={tmp_path / 'none'}"], "no folder that task=organise has"),
        (["task.format=xmp", out, "task.sidecars=in"], "task.sidecars is one of out, beside, remo"),
        (["task.format=xmp", out, "task.write=2"], "task.write is true or false, or null for a q"),
        (["task.format=json", out, "task.write=true"], "task.write is of task.format=xmp: add th"),
        (["task.format=xmp", out, "task.sidecars=beside"], "say where they are, with dataset=fo"),
    ):
        case.workspace.run("task=export", *arguments).refused(told)
    assert not (tmp_path / "none").exists()
    (case.out / ".facetrack/exported.json").write_text('{"version": 7}')
    case.export("task.format=xmp").refused("which says what task=export has written, cannot be u")
    empty = ("dataset=folder", f"dataset.root={case.photos}", "dataset.labels=xmp")
    case.workspace.run(*empty, "detector=dlib_hog", "tracking=none").refused(
        "dataset.labels=xmp: 0 names in XMP: 0 on faces that were found, 0 on none"
    )
