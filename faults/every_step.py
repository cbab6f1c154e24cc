"""The organiser, restoring and forgetting, killed before each of their file-system steps."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from facetrack.organiser import audit_answers
from facetrack.organiser.audit_answers import Asked
from facetrack.testing import rows
from faults import sidecars
from faults.answering import answered
from faults.place import tree
from faults.scene import NAME, Scene
from faults.steps import every_step
from faults.tally import Tally

KINDS = ("lost", "opposite", "unfinished", "wrong", "left over")


def organised(folder: Path, home: Path, rounds: int, seed: int) -> Tally:
    """A folder's first run."""
    del seed
    tally = Tally("a first run")
    scene = Scene(folder, home)
    scene.live.work.mkdir()
    scene.keep()
    scene.run(*scene.command)
    whole = scene.found()
    _same_again(tally, scene, scene.command, whole, rounds)
    return tally


def corrected(folder: Path, home: Path, rounds: int, seed: int) -> Tally:
    """A run that a name and a merge are new to."""
    del seed
    tally = Tally("a run with a new name and a merge")
    scene = Scene(folder, home)
    scene.run(*scene.command)
    scene.name()
    scene.keep()
    scene.run(*scene.command)
    whole = scene.found()
    assert any(NAME in name for name in whole[0])
    _same_again(tally, scene, scene.command, whole, rounds)
    return tally


def restored(folder: Path, home: Path, rounds: int, seed: int) -> Tally:
    """`task.restore=true`, with the same command or the ordinary one after the kill."""
    del seed
    tally = Tally("task.restore=true")
    scene = Scene(folder, home)
    scene.run(*scene.command)
    named = scene.name()
    scene.run(*scene.command)
    forth = scene.found()
    scene.keep()
    restore = (*scene.command, "task.restore=true")
    scene.run(*restore)
    back = scene.found()
    assert back != forth

    def look(command: tuple[str, ...], *right: tuple[dict[str, str], str]) -> None:
        done = scene.live.run(*command)
        found = scene.found()
        opposite = found not in right and found in (back, forth)
        tally.expect(not opposite, "opposite", f"after {command[-1]}")
        if not opposite:
            scene.expect(tally, done, found if found in right else right[0])
        texts = [scene.people, *_texts(scene.out)]
        tally.expect(named in texts, "lost", "the names are in no state")

    every_step(tally, scene.live, restore, scene.put_back, lambda: look(restore, back), rounds)
    every_step(
        tally,
        scene.live,
        restore,
        scene.put_back,
        lambda: look(scene.command, back, forth),
        rounds,
    )
    return tally


def forgotten(folder: Path, home: Path, rounds: int, seed: int) -> Tally:
    """`task=forget` of a person who is in each of the places where somebody can be."""
    del seed
    tally = Tally("task=forget")
    scene = Scene(folder, home)
    scene.run(*scene.command)
    scene.name()
    scene.run(*(one for one in scene.command if one != "tracking=none"))
    traces = Traces(scene)
    scene.keep()
    command = ("task=forget", f"person={NAME}", f"task.out={scene.out}")
    scene.run(*command)
    assert not traces.left(), traces.left()

    def look() -> None:
        done = scene.live.run(*command)
        tally.expect(done.status == 0, "unfinished", f"exit {done.status}: {done.stderr}")
        left = traces.left()
        tally.expect(not left, "left over", "; ".join(left))
        others = rows(scene.live.home)
        tally.expect(others == traces.others, "lost", "embeddings of others")
        kept = audit_answers.load(scene.out)
        tally.expect(kept == traces.answers, "lost", "answers about others")
        tally.expect(tree(scene.out) == traces.copies, "lost", "copies of photos")

    every_step(tally, scene.live, command, scene.put_back, look, rounds)
    return tally


class Traces:
    """Puts what can be left of a person into all places, and finds it again.

    The scene is one in which the person was named, and organised with MLflow.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        own, home, work = scene.out / ".facetrack", scene.live.home, scene.live.work
        state = json.loads((own / "state.json").read_text())
        self.digests = {
            face.partition(":")[0] for face, number in state["faces"].items() if number in (1, 3)
        }
        assert self.digests
        keys = [bytes.fromhex(one) for one in self.digests]
        stored = rows(home)
        theirs = {key: vector for key, vector in stored.items() if key[16:48] in keys}
        self.others = {key: one for key, one in stored.items() if key not in theirs}
        self.copies = tree(scene.out)
        # A store that others use too may have the same face on another photo, which stays.
        alone = set(theirs.values()) - set(self.others.values())
        assert alone
        self._bytes = [*keys, *(one.encode() for one in self.digests), *alone]
        self._page = b"a page with a face of theirs"
        assert self.others
        assert theirs
        everything = b"<h2>Faces of folder haar dlib: errors</h2>" + b"".join(theirs.values())
        for path in (
            *(home / "tsne/made.npy", home / "sheets/made.jpg", home / "tmp12345678.part"),
            *(home / "damaged-20260101-000000-embeddings.sqlite", own / "tmp12345678.part"),
            *(own / "answers.jsonl", own / "faces/abc-large.jpg"),
            *(scene.out / ".facetrack-x.part", work / "outputs/a sweep/tsne-folder-haar-dlib.html"),
            work / "outputs/a sweep/report.html",
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(everything)
            path.chmod(0o600)
        self._answer_audit(state["faces"])

    def _answer_audit(self, faces: Mapping[str, int]) -> None:
        """Answers to an audit about them, and one about others, which is to stay."""
        out = self._scene.out
        theirs = [face for face in faces if face.partition(":")[0] in self.digests]
        others = [face for face in faces if face.partition(":")[0] not in self.digests]
        asked = [
            Asked(1, theirs[0], others[0], "no"),
            Asked(2, others[0], others[1], "yes"),
            *(Asked(3, others[0], one, "no", shown=2) for one in (theirs[0], others[1])),
        ]
        audit_answers.save(out, asked)
        audit_answers.write_table(out, asked, {})
        (out / audit_answers.NUMBERS).write_text("{}")
        self.answers = [asked[1], asked[3]]

    def left(self) -> list[str]:
        """What is left, and where."""
        found = []
        for path in sorted(self._scene.live.root.rglob("*")):
            if not path.is_file() or path.suffix == ".png":
                continue
            content = path.read_bytes()
            if path.suffix == ".json" and path.parent.name == ".facetrack":
                content = _without_files(json.loads(content))
                if NAME.encode() in content:
                    found.append(f"the name in {path.name}")
            if any(one in content for one in self._bytes):
                found.append(f"something of theirs in {path.name}")
        pages = [*self._scene.live.root.rglob("index.html")]
        marks = [*self._scene.live.home.rglob("forgetting")]
        return [*found, *(str(path) for path in (*pages, *marks))]


CAMPAIGNS: dict[str, Callable[[Path, Path, int, int], Tally]] = {
    "organised-at-every-step": organised,
    "corrected-at-every-step": corrected,
    "restored-at-every-step": restored,
    "forgotten-at-every-step": forgotten,
    "answered-at-every-step": answered,
    **sidecars.CAMPAIGNS,
}


def _same_again(
    tally: Tally,
    scene: Scene,
    command: tuple[str, ...],
    whole: tuple[dict[str, str], str],
    rounds: int,
) -> None:
    """Kill a command and give it again: what it leaves must be what it leaves without a kill."""

    def look() -> None:
        scene.expect(tally, scene.live.run(*command), whole)

    every_step(tally, scene.live, command, scene.put_back, look, rounds)


def _texts(out: Path) -> list[str]:
    """What the states of an organised folder have of people.yaml."""
    found = []
    for path in (out / ".facetrack").glob("*.json"):
        stored = json.loads(path.read_text(encoding="utf-8"))
        states = [stored] if "people" in stored else stored.values()
        found += [one["people"] for one in states]
    return found


def _without_files(stored: object) -> bytes:
    """A state's JSON without the files that facetrack made: they are left to the user."""
    if isinstance(stored, dict):
        stored = {key: value for key, value in stored.items() if key != "files"}
    return json.dumps(stored).encode()
