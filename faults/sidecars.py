"""Sidecars beside photos, killed before each of the file-system steps that write or remove them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faults.place import tree
from faults.scene import NAME, Scene
from faults.steps import every_step
from faults.tally import Tally

_OTHER = "Bo Quill"
_HEAD = (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
)
_END = "</rdf:RDF></x:xmpmeta>"
_RATED = (
    '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/>'
    "<!-- mine -->"
)
_MEANWHILE = "written meanwhile"
_PERSON = (
    '<rdf:Description rdf:about="" xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/'
    'regions/" xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"><mwg-rs:Regions '
    'rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag><rdf:li rdf:parseType="Resource">'
    "<mwg-rs:Name>Ida</mwg-rs:Name><mwg-rs:Type>Face</mwg-rs:Type>"
    '<mwg-rs:Area stArea:x=".05" stArea:y=".05" stArea:w=".05" stArea:h=".05"/></rdf:li></rdf:Bag>'
    "</mwg-rs:RegionList></mwg-rs:Regions></rdf:Description>"
)
Files = dict[str, tuple[bytes, int]]


class Beside:
    """Photos of people with names; beside two of them are sidecars of another program's."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.scene = scene = Scene(folder, home)
        scene.run(*scene.command)
        scene.name()
        self.people = scene.out / "people.yaml"
        self.rename("person-002:\n  name:", f"person-002:\n  name: {_OTHER}")
        scene.run(*scene.command)
        self.photos = sorted(scene.photos.glob("*.png"))
        for photo, said in zip(self.photos, (_RATED, _PERSON), strict=False):
            self.beside(photo).write_text(_HEAD + said + _END)
            self.beside(photo).chmod(0o640)
            photo.chmod(0o644)
        of_photos = ("dataset=folder", f"dataset.root={scene.photos}")
        self._of_folder = (f"task.out={scene.out}", *of_photos)
        self.theirs = self.sidecars()

    def beside(self, photo: Path) -> Path:
        """A photo's sidecar."""
        return photo.with_name(f"{photo.name}.xmp")

    def command(self, place: str) -> tuple[str, ...]:
        """To export; place: "beside" or "remove"."""
        form = ("task=export", "task.format=xmp", f"task.sidecars={place}", "task.write=true")
        return (*form, *self._of_folder)

    def rename(self, old: str, new: str) -> None:
        """Change people.yaml."""
        before = self.people.read_text(encoding="utf-8")
        assert old in before
        self.people.write_text(before.replace(old, new, 1), encoding="utf-8")

    def edit(self, photo: Path, said: str) -> None:
        """Be another program that writes into a sidecar."""
        sidecar = self.beside(photo)
        text = sidecar.read_text(encoding="utf-8")
        sidecar.write_text(text.replace("</rdf:RDF>", f"{said}</rdf:RDF>"), encoding="utf-8")

    def sidecars(self) -> Files:
        """What is beside the photos, content and mode."""
        found = self.scene.photos.glob("*.xmp")
        return {path.name: (path.read_bytes(), path.stat().st_mode & 0o777) for path in found}

    def backups(self) -> list[bytes]:
        """Sidecars as they were."""
        kept = (self.scene.out / ".facetrack" / "sidecars").glob("*.xmp")
        return sorted(path.read_bytes() for path in kept)

    def record(self) -> Any:
        """What facetrack knows of it, but for what tells whether somebody has changed it since."""
        path = self.scene.out / ".facetrack" / "exported.json"
        if not path.exists():
            return None
        stored = json.loads(path.read_text(encoding="utf-8"))["sidecars"]
        return {key: {**one, "digest": "", "coming": ""} for key, one in stored.items()}

    def found(self) -> tuple[Files, list[bytes], Any]:
        """All of it."""
        return self.sidecars(), self.backups(), self.record()

    def expect_whole(self, tally: Tally, before: Files, after: Files) -> None:
        """Right after a kill: each sidecar is one or the other, and nothing of theirs is lost."""
        kept, now = self.backups(), self.sidecars()
        for name in before.keys() | after.keys():
            mine, whole = (files.get(name) for files in (before, after))
            halfway = now.get(name) not in (mine, whole)
            tally.expect(not halfway, "lost", f"{name} is neither: {now.get(name)}")
            merged = mine is not None and mine == self.theirs.get(name) and whole != mine
            if merged and mine and now.get(name) == whole:
                tally.expect(mine[0] in kept, "lost", f"{name} has no backup")

    def expect(self, tally: Tally, command: tuple[str, ...], right: Any, what: str) -> None:
        """Run a command, and count what is not as it leaves it without a kill."""
        done = self.scene.live.run(*command)
        tally.expect(done.status == 0, "unfinished", f"exit {done.status}: {done.stderr}")
        found = self.found()
        tally.expect(found == right, "wrong", f"{what}: {found}")
        parts = [*self.scene.photos.glob(".facetrack*"), *self.scene.live.root.rglob("*.part")]
        tally.expect(not parts, "left over", str([path.name for path in parts]))
        same = tree(self.scene.photos) == self.scene.originals
        tally.expect(same, "lost", "the photos have changed")


def exported(folder: Path, home: Path, rounds: int, seed: int) -> Tally:
    """Sidecars are made, and merged into others'; then again, and out again."""
    del seed
    place, tally = Beside(folder, home), Tally("task.sidecars=beside")
    _write_and_remove(tally, place, rounds)
    return tally


def renamed(folder: Path, home: Path, rounds: int, seed: int) -> Tally:
    """A name is another one in sidecars that another program has written to meanwhile."""
    del seed
    place, tally = Beside(folder, home), Tally("task.sidecars=beside after a new name")
    place.scene.run(*place.command("beside"))
    edited = place.photos[:3]
    for photo in edited:
        place.edit(photo, _RATED.replace("mine", _MEANWHILE))
    place.rename(f"name: {NAME}", "name: Another")
    kept = _write_and_remove(tally, place, rounds)
    said = [kept[place.beside(photo).name][0].decode().count(_MEANWHILE) for photo in edited]
    tally.expect(said == [1] * 3, "lost", f"what was written meanwhile: {said}")
    return tally


def _write_and_remove(tally: Tally, place: Beside, rounds: int) -> Files:
    """Returns what is left once all is out again."""
    scene, write, remove = place.scene, place.command("beside"), place.command("remove")
    before = place.sidecars()
    scene.keep()
    scene.run(*remove)
    out = place.found()
    scene.put_back()
    scene.run(*write)
    whole = place.found()
    assert len(whole[0]) > len(place.theirs)
    scene.run(*remove)
    again = place.found()

    def look_again() -> None:
        place.expect_whole(tally, before, whole[0])
        place.expect(tally, write, whole, "written again")
        place.expect(tally, remove, again, "written again and removed")

    def look_removed() -> None:
        place.expect(tally, remove, out, "removed")

    for look in (look_again, look_removed):
        every_step(tally, scene.live, write, scene.put_back, look, rounds)
    return again[0]


def removed(folder: Path, home: Path, rounds: int, seed: int) -> Tally:
    """All of it is taken out again, or is written once more."""
    del seed
    place, tally = Beside(folder, home), Tally("task.sidecars=remove")
    scene, write, remove = place.scene, place.command("beside"), place.command("remove")
    scene.run(*write)
    place.edit(place.photos[2], _RATED)
    before = place.sidecars()
    scene.keep()
    scene.run(*remove)
    out = place.found()
    assert {one: out[0][one] for one in place.theirs} == place.theirs
    scene.run(*write)
    whole = place.found()

    def look_again() -> None:
        place.expect_whole(tally, before, out[0])
        place.expect(tally, remove, out, "removed again")

    def look_written() -> None:
        done = scene.live.run(*write)
        tally.expect(done.status == 0, "unfinished", f"exit {done.status}: {done.stderr}")
        place.expect(tally, remove, out, "written and removed")

    for look in (look_again, look_written):
        every_step(tally, scene.live, remove, scene.put_back, look, rounds)
    assert whole[0].keys() == before.keys()
    return tally


def forgotten(folder: Path, home: Path, rounds: int, seed: int) -> Tally:
    """`task=forget` of a person who is in sidecars, in tables and on sheets."""
    del seed
    place, tally = Beside(folder, home), Tally("task=forget of what was exported")
    scene = place.scene
    scene.run(*place.command("beside"))
    for form in ("xmp", "json", "pdf"):
        scene.run("task=export", f"task.format={form}", f"task.out={scene.out}")
    scene.keep()
    command = ("task=forget", f"person={NAME}", f"task.out={scene.out}", "tracking=none")
    scene.run(*command)
    whole = place.found()
    assert not _left(scene)
    assert _OTHER.encode() in b"".join(content for content, _ in whole[0].values())

    def look() -> None:
        place.expect(tally, command, whole, "forgotten")
        left = _left(scene)
        tally.expect(not left, "left over", "; ".join(left))

    every_step(tally, scene.live, command, scene.put_back, look, rounds)
    return tally


def _left(scene: Scene) -> list[str]:
    """What names the person still, of what was exported."""
    places = (*scene.photos.glob("*.xmp"), *(scene.out / "sidecars").rglob("*.xmp"))
    others = (scene.out / "names.json", scene.out / ".facetrack" / "exported.json")
    found = [path for path in (*places, *others) if path.exists()]
    named = [path.name for path in found if NAME.encode() in path.read_bytes()]
    return named + [path.name for path in (scene.out / "sheets").glob(f"*{NAME}*")]


CAMPAIGNS: dict[str, Callable[[Path, Path, int, int], Tally]] = {
    "exported-at-every-step": exported,
    "renamed-at-every-step": renamed,
    "removed-at-every-step": removed,
    "exports-forgotten-at-every-step": forgotten,
}
