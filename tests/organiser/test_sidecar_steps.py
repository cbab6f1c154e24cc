"""Sidecars that change meanwhile, and disks that take nothing: nothing of anybody is lost."""

import contextlib
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from facetrack.extraction.xmp import document, reading
from facetrack.extraction.xmp.regions import Frame
from facetrack.organiser import exported
from facetrack.organiser.exported import Exported
from facetrack.organiser.sidecar_steps import Step, Wanted, carry_out, plan_removal, plan_writing
from faults.limits import may_mount, mounted

_FRAME = Frame(200, 100)
_HEAD = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF "
_HEAD += b"xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
_END = b"</rdf:RDF></x:xmpmeta>"


def _rated(rating: int) -> bytes:
    return (
        b"<rdf:Description rdf:about='' xmlns:xmp='http://ns.adobe.com/xap/1.0/' "
        b"xmp:Rating='%d'/>" % rating
    )


class Place:
    """Photos a, b and c; beside b is a sidecar of somebody else's."""

    def __init__(self, out: Path, photos: Path) -> None:
        self.out, self.photos = out, photos
        (out / ".facetrack").mkdir(parents=True)
        for name in "abc":
            (photos / f"{name}.jpg").write_bytes(b"a photo")
        self.theirs = _HEAD + _rated(4) + _END
        self.sidecar("b").write_bytes(self.theirs)

    def sidecar(self, name: str) -> Path:
        return self.photos / f"{name}.jpg.xmp"

    def plan(self, person: str = "Ada") -> list[Step]:
        region = _FRAME.to_region(person, np.array([10, 20, 30, 40]))
        known = exported.load(self.out)
        return [
            plan_writing(
                self.out,
                Wanted(key, "00", self.photos / f"{name}.jpg", _FRAME, [(1, region)]),
                known.sidecars.get(key),
            )
            for name in "abc"
            for key in [str(self.sidecar(name))]
        ]

    def do(self, steps: list[Step]) -> list[str]:
        failed = carry_out(self.out, steps, exported.load(self.out))
        assert not list(self.photos.glob(".facetrack*"))
        return [one.removeprefix(f"{self.photos}/") for one in failed]

    def write(self, person: str = "Ada") -> list[str]:
        return self.do(self.plan(person))

    def remove(self) -> Exported:
        known = exported.load(self.out)
        steps = [
            plan_removal(self.out, key, one, one.regions) for key, one in known.sidecars.items()
        ]
        assert self.do(steps) == []
        return exported.load(self.out)

    def read(self, name: str) -> list[str]:
        tree = document.parse(self.sidecar(name).read_bytes())
        return [one.region.name for one in reading.list_mwg(tree).found]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "photos").mkdir()
    return Place(tmp_path / "out", tmp_path / "photos")


def test_what_changes_between_the_list_and_the_answer_stays(place: Place) -> None:
    steps = place.plan()
    place.sidecar("a").write_bytes(b"somebody's, by now")
    changed = _HEAD + _rated(5) + _END
    place.sidecar("b").write_bytes(changed)
    assert place.do(steps) == ["a.jpg.xmp was changed meanwhile", "b.jpg.xmp was changed meanwhile"]
    assert place.sidecar("a").read_bytes() == b"somebody's, by now"
    assert place.sidecar("b").read_bytes() == changed
    assert place.read("c") == ["Ada"]
    # It goes on with what is there now, and gives that back.
    place.sidecar("a").write_bytes(place.theirs)
    assert [one.action for one in place.plan()] == ["merge", "merge", "same"]
    assert place.write() == []
    assert place.remove() == Exported()
    assert place.sidecar("a").read_bytes() == place.theirs
    assert place.sidecar("b").read_bytes() == changed
    assert not place.sidecar("c").exists()


def test_a_link_that_is_put_in_its_place_leads_nowhere(place: Place, tmp_path: Path) -> None:
    steps = place.plan()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(place.theirs)
    place.sidecar("b").unlink()
    for name in "ab":
        place.sidecar(name).symlink_to(elsewhere)
    assert place.do(steps) == ["a.jpg.xmp is a link", "b.jpg.xmp is a link"]
    assert elsewhere.read_bytes() == place.theirs
    for name in "ab":
        place.sidecar(name).unlink()
    steps = place.plan("Ida")
    moved = place.photos.rename(tmp_path / "moved")
    place.photos.symlink_to(moved)
    before = {path.name: path.read_bytes() for path in moved.iterdir()}
    failed = carry_out(place.out, steps, exported.load(place.out))
    assert [one.partition(" ")[2] for one in failed] == ["is in a folder behind a link"] * 3
    assert {path.name: path.read_bytes() for path in moved.iterdir()} == before


def test_what_others_write_into_a_sidecar_outlives_new_names_and_their_removal(
    place: Place,
) -> None:
    assert place.write() == []
    for name in "ab":
        text = place.sidecar(name).read_bytes()
        place.sidecar(name).write_bytes(text.replace(_END[:10], _rated(3) + _END[:10]))
    assert [one.action for one in place.plan("Ida")] == ["update"] * 3
    assert place.write("Ida") == []
    assert [place.read(name) for name in "abc"] == [["Ida"]] * 3
    assert place.remove() == Exported()
    assert b"Rating='3'" in place.sidecar("a").read_bytes().replace(b'"', b"'")
    left = place.sidecar("b").read_bytes().replace(b'"', b"'")
    assert (left.count(b"Rating='4'"), left.count(b"Rating='3'")) == (1, 1)
    assert not place.sidecar("c").exists()
    assert not (place.out / ".facetrack/sidecars").exists()


def test_a_sidecar_that_was_facetracks_and_is_somebody_elses_now_is_kept(place: Place) -> None:
    assert place.write() == []
    place.sidecar("a").write_bytes(place.theirs)  # another program has made it anew
    assert [one.action for one in place.plan()] == ["merge", "same", "same"]
    assert place.write() == []
    assert place.remove() == Exported()
    assert place.sidecar("a").read_bytes() == place.theirs


def test_what_the_version_before_kept_is_read_and_taken_out(place: Place) -> None:
    assert place.write() == []
    path = place.out / ".facetrack/exported.json"
    stored = json.loads(path.read_text())
    for one in stored["sidecars"].values():
        del one["coming"]
    assert {key: sorted(value) for key, value in stored.items() if key != "version"} == {
        "sidecars": [str(place.sidecar(name)) for name in "abc"],
        "files": [],
    }
    path.write_text(json.dumps(stored))
    assert [one.action for one in place.plan()] == ["same"] * 3
    assert place.remove() == Exported()
    assert place.sidecar("b").read_bytes() == place.theirs


@contextlib.contextmanager
def _filled(disk: Path) -> Iterator[None]:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    yield
    filler.unlink()


@contextlib.contextmanager
def _closed(disk: Path) -> Iterator[None]:
    for how in ("ro", "rw"):
        subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True, capture_output=True)
        if how == "ro":
            yield


@pytest.mark.parametrize(
    ("trouble", "told"),
    [(_filled, "No space left on device"), (_closed, "Read-only file system")],
)
def test_a_disk_that_takes_nothing_is_told_and_keeps_what_it_has(
    tmp_path: Path, trouble: Callable[[Path], contextlib.AbstractContextManager[None]], told: str
) -> None:
    if not may_mount(tmp_path):
        pytest.skip("only root may mount a file system")
    with mounted(tmp_path / "disk", "size=256k,nr_inodes=64") as disk:
        place = Place(tmp_path / "out", disk)
        with trouble(disk):
            failed = place.write()
            assert failed == [f"{name}.jpg.xmp cannot be written ({told})" for name in "abc"]
            assert place.sidecar("b").read_bytes() == place.theirs
            assert not place.sidecar("a").exists()
        assert place.write() == []
        assert [place.read(name) for name in "abc"] == [["Ada"]] * 3
        with trouble(disk):
            known = exported.load(place.out)
            steps = [
                plan_removal(place.out, key, one, one.regions)
                for key, one in known.sidecars.items()
            ]
            place.do(steps)
            assert place.sidecar("b").exists()
        assert place.remove() == Exported()
        assert place.sidecar("b").read_bytes() == place.theirs
        assert not place.sidecar("a").exists()
