"""Whatever people do to their photos and corrections, in any order: nothing they have is lost."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import PIL.PngImagePlugin
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from facetrack.testing import portraits
from faults.steps import Live

_AT_FIRST = 6
_PICK = st.integers(0, 10**6)


class Photos:
    """Photos of a person each that the user has; each goes by a number whatever becomes of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths: dict[int, Path] = {}
        self.contents: dict[int, str] = {}

    def add(self, photo: int, source: Path) -> None:
        self.paths[photo] = Path(shutil.copy(source, self.root))
        self.note(photo)

    def note(self, photo: int) -> None:
        content = self.paths[photo].read_bytes()
        self.contents[photo] = hashlib.sha256(content).hexdigest()

    def untouched(self) -> bool:
        """Whether the folder is as the user left it."""
        files = self.root.rglob("*.png")
        there = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
        return there == {path: self.contents[photo] for photo, path in self.paths.items()}


class Organising(RuleBasedStateMachine):
    """What a user does between runs, and what must hold after each run.

    live: runs commands, in a place made anew for each machine. home: in which the faces are
    embedded. drawn: portraits that have one face each.
    """

    live: Live
    home: Path
    drawn: Sequence[Path]

    def __init__(self) -> None:
        super().__init__()
        shutil.rmtree(self.live.root, ignore_errors=True)
        shutil.copytree(self.home, self.live.home)
        self.out = self.live.root / "out"
        (self.live.root / "photos").mkdir()
        self.photos = Photos(self.live.root / "photos")
        self.persons: dict[int, int] = {}  # of each photo after the last run, 0 for nobody
        self.names: dict[int, str] = {}
        self.merged: dict[int, int] = {}
        self.split_off: set[int] = set()
        self.asked: dict[int, int | None] = {}  # photos: not this person; None: a new person
        self.barred: dict[int, set[int]] = {}
        self.given: dict[int, int] = {}  # photos: to this person; 0: nobody's
        self.steps = 0
        self.renamed: set[int] = set()  # photos, since the last run
        self.changed: set[int] = set()
        self.known: set[str] = set()  # contents that the last run knew
        self.half_seen: set[int] = set()  # photos that a run saw first which was killed
        self.called_else: set[int] = set()  # photos that were asked for by the name they had
        self.left = 0

    # What the user does

    @initialize()
    def begin(self) -> None:
        for photo in range(_AT_FIRST):
            self.photos.add(photo, self.drawn[photo])
        self.organise()

    @precondition(lambda self: len(self.photos.contents) < len(self.drawn))
    @rule()
    def add(self) -> None:
        photo = len(self.photos.contents)
        self.photos.add(photo, self.drawn[photo])

    @precondition(lambda self: len(self.photos.paths) > 3)
    @rule(pick=_PICK)
    def remove(self, pick: int) -> None:
        self.photos.paths.pop(self._photo(pick)).unlink()

    @rule(pick=_PICK)
    def rename(self, pick: int) -> None:
        photo = self._photo(pick)
        folder = self.photos.root / f"trip {pick % 3}"
        folder.mkdir(exist_ok=True)
        old = self.photos.paths[photo]
        self.photos.paths[photo] = old.rename(folder / f"{pick}-{photo}.png")
        self.renamed.add(photo)
        self.called_else |= {photo} & set(self.asked)

    @rule(pick=_PICK)
    def edit(self, pick: int) -> None:
        photo = self._photo(pick)
        with PIL.Image.open(self.photos.paths[photo]) as picture:
            pixels = np.asarray(picture.convert("RGB")).astype(float)
        brighter = np.clip(pixels + 3, 0, 255).astype(np.uint8)
        PIL.Image.fromarray(brighter).save(self.photos.paths[photo])
        self._change(photo)

    @rule(pick=_PICK)
    def caption(self, pick: int) -> None:
        photo = self._photo(pick)
        text = PIL.PngImagePlugin.PngInfo()
        text.add_text("Description", f"holiday {pick}")
        with PIL.Image.open(self.photos.paths[photo]) as picture:
            picture.save(self.photos.paths[photo], pnginfo=text)
        self._change(photo)

    @precondition(lambda self: set(self._roots()) - self.names.keys())
    @rule(pick=_PICK)
    def name(self, pick: int) -> None:
        unnamed = sorted(set(self._roots()) - self.names.keys())
        person = unnamed[pick % len(unnamed)]
        self.names[person] = f"Name {person}"
        self._write(person, f"name: {self.names[person]}")

    @precondition(lambda self: not self.asked and len(self._mergeable()) > 1)
    @rule(pick=_PICK)
    def merge(self, pick: int) -> None:
        persons = self._mergeable()
        into = persons[pick % len(persons)]
        other = persons[(pick + 1) % len(persons)]
        self.merged[other] = into
        self._write(into, f"merge: [person-{other:03d}]")

    @precondition(lambda self: not self.asked and self._several())
    @rule(pick=_PICK)
    def split(self, pick: int) -> None:
        photo = self._several()[pick % len(self._several())]
        self.asked[photo] = None
        self._write(self._person(photo), f"split: [{self._called(photo)}]")

    @precondition(lambda self: not self.asked and self._several())
    @rule(pick=_PICK)
    def say_not(self, pick: int) -> None:
        photo = self._several()[pick % len(self._several())]
        self.asked[photo] = self._person(photo)
        self.barred.setdefault(photo, set()).add(self._person(photo))
        self._write(self._person(photo), f"not: [{self._called(photo)}]")

    @precondition(lambda self: not self.asked and self._several())
    @rule(pick=_PICK)
    def give(self, pick: int) -> None:
        """To another person, to one who is new by it, or to nobody."""
        photo = self._several()[pick % len(self._several())]
        others = [one for one in self._roots() if one != self._person(photo)]
        to = [0, self._following(), *others][pick % (2 + len(others))]
        self.asked[photo] = self._person(photo)
        self.given[photo] = to
        self.barred.get(photo, set()).discard(to)
        if to:
            self._write(to, f"also: [{self._called(photo)}]")
        else:
            with (self.out / "people.yaml").open("a") as file:
                file.write(f"nobody: [{self._called(photo)}]\n")

    @rule(pick=_PICK)
    def run_and_kill(self, pick: int) -> None:
        if self.live.run(*self._command(), at=1 + pick % max(1, self.steps)).status:
            contents = self.photos.contents
            self.half_seen |= {one for one in self.photos.paths if contents[one] not in self.known}

    # What must hold

    @rule()
    def organise(self) -> None:
        before = dict(self.persons)
        # Neither its path nor its content tells that it was another photo: both copies stay.
        self.left += len(self.renamed & self.changed)
        for photo in self.called_else & self.changed:
            self.barred.get(photo, set()).discard(self.asked.pop(photo) or 0)
            self.given.pop(photo, None)
        self.called_else.clear()
        self.renamed.clear()
        self.changed.clear()
        self.half_seen.clear()
        done = self.live.run(*self._command())
        assert done.status == 0, done.stderr
        self.steps = done.steps
        self._look()
        # Settled faces stay unless the user asks.
        for photo, person in before.items():
            if photo not in self.persons or not person:
                continue
            now = self._person(photo)
            if photo not in self.asked:
                assert now == self._root(person), (photo, person, now)
            elif self.asked[photo] is None:
                assert now not in before.values()
                self.split_off.add(now)
            else:
                assert now != self._root(person)
        for photo, persons in self.barred.items():
            assert self._person(photo) not in {self._root(one) for one in persons}
        for photo, person in self.given.items():
            assert self._person(photo) == self._root(person), (photo, person)
        # No named person disappears unless merged.
        for person, name in self.names.items():
            root = self._root(person)
            shown = {folder.name.partition(" ")[2] for folder in self._folders()}
            assert self.names[root] in shown if root in self.names else name in shown
        self.asked.clear()

    @precondition(lambda self: (self.out / ".facetrack/previous.json").exists())
    @rule(pick=st.none() | _PICK)
    def restore(self, pick: int | None) -> None:
        """Killed at a step or not, it goes back once; a second restore comes back to now."""
        if self.asked or self.merged:
            return  # what is asked for would be gone
        self.organise()
        texts = self._text(), json.loads((self.out / ".facetrack/previous.json").read_text())
        command = (*self._command(), "task.restore=true")
        back, forth = texts[1]["people"], texts[0]
        if (
            pick is not None
            and not self.live.run(*command, at=1 + pick % max(1, self.steps)).status
        ):
            back, forth = forth, back  # it was not killed: the next one comes back
        for expected in (back, forth):
            done = self.live.run(*command)
            assert done.status == 0, done.stderr
            assert self._text() == expected
            assert self.photos.untouched()
        self.organise()

    def _look(self) -> None:
        """Read whose each photo is, and see that each is where it belongs."""
        assert self.photos.untouched()
        state = json.loads((self.out / ".facetrack/state.json").read_text())
        whose = {face.partition(":")[0]: number for face, number in state["faces"].items()}
        self.known = set(whose)
        copies: dict[str, list[Path]] = {}
        for folder in self._folders():
            for path in folder.iterdir():
                content = hashlib.sha256(path.read_bytes()).hexdigest()
                copies.setdefault(content, []).append(path)
        for photo, content in self.photos.contents.items():
            if content not in whose:  # it was edited, and removed before a run saw it
                assert photo not in self.photos.paths
                self.persons.pop(photo, None)
                continue
            self.persons[photo] = whose[content]
            root = self._root(whose[content])
            (copy,) = copies.pop(content)  # gone originals are there as well
            called = f"person-{root:03d} {self._name(root)}".strip() if root else "unknown"
            assert copy.parent.name == called
        # Old versions of photos are replaced, save of those that were removed before a run.
        assert len(copies) <= len(self.photos.contents) - len(self.photos.paths) + self.left

    def _change(self, photo: int) -> None:
        self.photos.note(photo)
        self.changed.add(photo)
        # Whose face is on what a killed run has copied was never kept, so it is no old version.
        self.left += photo in self.half_seen
        self.half_seen.discard(photo)

    # Looking things up

    def _command(self) -> tuple[str, ...]:
        return (
            *("task=organise", f"dataset.root={self.photos.root}", f"task.out={self.out}"),
            *("detector=dlib_hog", "embedder=dlib"),
            *("tracking=none", "clusterer.eps=0.21"),
        )

    def _folders(self) -> list[Path]:
        return [path for path in self.out.iterdir() if path.is_dir() and path.name[0] != "."]

    def _photo(self, pick: int) -> int:
        there = sorted(self.photos.paths)
        return there[pick % len(there)]

    def _called(self, photo: int) -> str:
        return str(self.photos.paths[photo].relative_to(self.photos.root))

    def _root(self, person: int) -> int:
        while person in self.merged:
            person = self.merged[person]
        return person

    def _person(self, photo: int) -> int:
        return self._root(self.persons.get(photo, 0))

    def _name(self, root: int) -> str:
        """The name of a person, which those merged into them may have brought."""
        if root in self.names:
            return self.names[root]
        brought = [name for one, name in self.names.items() if self._root(one) == root]
        shown = [path.name.partition(" ")[2] for path in self._folders()]
        return next((name for name in brought if name in shown), "")

    def _roots(self) -> list[int]:
        return sorted({self._root(person) for person in self.persons.values() if person})

    def _mergeable(self) -> list[int]:
        return [person for person in self._roots() if person not in self.split_off]

    def _several(self) -> list[int]:
        """Photos, known to the last run, of persons who have others that are there as well."""
        there = [
            photo for photo in self.photos.paths if self._person(photo) and photo not in self.given
        ]
        persons = [self._person(photo) for photo in there]
        return [photo for photo in there if persons.count(self._person(photo)) > 1]

    def _following(self) -> int:
        return int(json.loads((self.out / ".facetrack/state.json").read_text())["following"])

    def _text(self) -> str:
        return (self.out / "people.yaml").read_text()

    def _write(self, person: int, line: str) -> None:
        with (self.out / "people.yaml").open("a") as file:
            file.write(f"\nperson-{person:03d}:\n  {line}\n")


@pytest.fixture(scope="module")
def drawn(warm_home: Path) -> list[Path]:
    """Portraits in which one face is found each."""
    return [picture.path for picture in portraits(warm_home)][:14]


def _try(
    folder: Path, home: Path, drawn: Sequence[Path], examples: int, steps: int, **more: Any
) -> None:
    ready = folder / "ready"
    ready.mkdir(mode=0o700)
    shutil.copy(home / "embeddings.sqlite", ready)
    Organising.live, Organising.home, Organising.drawn = Live(folder / "live"), ready, drawn
    run_state_machine_as_test(
        Organising,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            **more,
        ),
    )


@pytest.fixture(scope="module")
def embedded(warm_home: Path, drawn: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the portraits are embedded."""
    from facetrack.testing import Workspace, copied_home, organise

    folder = tmp_path_factory.mktemp("embedded")
    (folder / "photos").mkdir()
    for path in drawn:
        shutil.copy(path, folder / "photos")
    organise(Workspace(folder / "work", warm_home), folder / "photos", folder / "out").ok()
    return copied_home(folder / "home", warm_home)


def test_in_any_order(tmp_path: Path, embedded: Path, drawn: list[Path]) -> None:
    phases = [Phase.generate]  # shrinking takes minutes: the long test does it
    _try(tmp_path, embedded, drawn, examples=2, steps=15, derandomize=True, phases=phases)


@pytest.mark.long
def test_in_any_order_long(tmp_path: Path, embedded: Path, drawn: list[Path]) -> None:
    _try(tmp_path, embedded, drawn, examples=40, steps=40)
