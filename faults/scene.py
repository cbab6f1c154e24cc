"""Photos, and a place for commands that can be put back to how it was."""

import shutil
from pathlib import Path

from facetrack.testing import Workspace, organise, portraits
from faults.place import tree
from faults.steps import Done, Live
from faults.tally import Tally

NAME = "Zoe Quill"


class Scene:
    """Photos, and a place for commands that can be put back to how it was.

    The place is in `live` below the folder: home, working directory, photos and the organised
    folder.
    """

    def __init__(self, folder: Path, home: Path) -> None:
        self.live, self._kept = Live(folder / "live"), folder / "kept"
        self.photos = _photos(self.live.root, home)
        self.originals = tree(self.photos)
        self.out = self.live.root / "out"
        _embedded(self.photos, home, self.live.home)

    @property
    def command(self) -> tuple[str, ...]:
        """How the photos are organised."""
        root = f"dataset.root={self.photos}"
        models = ("detector=dlib_hog", "embedder=dlib")
        out = f"task.out={self.out}"
        return ("task=organise", root, out, *models, "tracking=none", "clusterer.eps=0.3")

    def run(self, *arguments: str) -> Done:
        """Run a command that must succeed."""
        done = self.live.run(*arguments)
        assert done.status == 0, done.stderr
        return done

    def keep(self) -> None:
        """From now on the place is put back to how it is."""
        shutil.rmtree(self._kept, ignore_errors=True)
        shutil.copytree(self.live.root, self._kept, symlinks=True)

    def put_back(self) -> None:
        """Put the place back."""
        shutil.rmtree(self.live.root)
        shutil.copytree(self._kept, self.live.root, symlinks=True)

    @property
    def people(self) -> str:
        """people.yaml; nothing where there is none."""
        path = self.out / "people.yaml"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def name(self) -> str:
        """Name the first person, who is the third one as well; returns people.yaml's text."""
        named = self.people.replace(
            "person-001:\n  name:", f"person-001:\n  name: {NAME}\n  merge: [person-003]", 1
        )
        assert named != self.people
        (self.out / "people.yaml").write_text(named, encoding="utf-8")
        return named

    def found(self) -> tuple[dict[str, str], str]:
        """The copies of photos by path, and people.yaml."""
        return tree(self.out), self.people

    def expect(self, tally: Tally, done: Done, expected: tuple[dict[str, str], str]) -> None:
        """Count what is not as an uninterrupted command leaves it."""
        tally.expect(done.status == 0, "unfinished", f"exit {done.status}: {done.stderr}")
        files, people = self.found()
        lost = expected[0].keys() - files.keys()
        tally.expect(not lost, "lost", f"no {sorted(lost)}")
        more = files.keys() - expected[0].keys()
        tally.expect(not more and people == expected[1], "wrong", f"{sorted(more)}, {people}")
        tally.expect(tree(self.photos) == self.originals, "lost", "the photos have changed")
        parts = [*self.live.root.rglob("*.part"), *self.live.root.rglob("unfinished/*")]
        tally.expect(not parts, "left over", str([path.name for path in parts]))


def _photos(folder: Path, home: Path) -> Path:
    """Two drawn portraits of each of three people in a flat folder."""
    root = folder / "photos"
    root.mkdir(parents=True)
    pictures = portraits(home)
    for person in sorted({str(one.person) for one in pictures})[:3]:
        for picture in [one for one in pictures if one.person == person][:2]:
            shutil.copy(picture.path, root)
    return root


def _embedded(root: Path, home: Path, into: Path) -> None:
    """Copy a store that has the faces of some photos into a new home."""
    work = root.parents[1]
    done = organise(Workspace(work / "embeds", home), root, work / "embedded")
    assert done.returncode == 0, done.stderr
    into.mkdir(mode=0o700, parents=True)
    shutil.copy(home / "embeddings.sqlite", into)
