"""What an organised folder remembers: whose each face is, and which files facetrack made.

Kept below `.facetrack` in the folder, which also says that facetrack made it. `state.json` is the
last run's, `previous.json` the one before, to go back to; each holds the text of people.yaml too.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from facetrack.errors import UserError
from facetrack.files import replace
from facetrack.organise import people

PAGE = "index.html"
_FOLDER = ".facetrack"
_LAST, _PREVIOUS = "state.json", "previous.json"
_VERSION = 1


@dataclass
class File:
    """A file facetrack made: of a photo with this content, for a person's (or other) folder.

    kind: "copy" or "link". size in bytes, mtime_ns: as it was made.
    """

    content: str
    folder: str
    kind: str
    size: int
    mtime_ns: int


@dataclass
class State:
    """What the last run knew. Faces are named by their photo's content and their box.

    settings: what the groups depend on besides the radius. radius: None for clusterers without.
    radius_faces: how many faces there were when the radius was chosen; 0 where it was given.
    faces: the number each face was given to; 0 for nobody. pinned: faces a user has given to
    another person. barred: for each face, the persons it is not, and by which name of its photo a
    user said so. parted: for each person split off, the one they were split off from.
    following: the next free number. files: by their path below the folder. people: the text of
    people.yaml as the run left it.
    """

    settings: str = ""
    radius: float | None = None
    radius_faces: int = 0
    faces: dict[str, int] = field(default_factory=dict)
    pinned: list[str] = field(default_factory=list)
    barred: dict[str, dict[int, str]] = field(default_factory=dict)
    parted: dict[int, int] = field(default_factory=dict)
    following: int = 1
    files: dict[str, File] = field(default_factory=dict)
    people: str = ""


@contextlib.contextmanager
def opened(out: Path) -> Iterator[Path]:
    """The folder to organise into, made when missing, and nobody else's until this is left.

    Yields the folder for what is unfinished. Raises UserError for a folder that is not
    facetrack's, and where another facetrack is at work there.
    """
    own = out / _FOLDER
    try:
        if out.is_symlink() or (out.exists() and not out.is_dir()):
            raise UserError(f"task.out={out} is not a folder: name one that facetrack may make")
        if not own.is_dir() and out.is_dir() and any(out.iterdir()):
            raise UserError(
                f"task.out={out} has something in it that facetrack did not make: name an empty "
                "or a new folder"
            )
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        if own.is_symlink():
            raise UserError(f"{own} is a link, which facetrack did not make: name another task.out")
        lock = FileLock(own / "lock", blocking=False, mode=0o600)
        with lock:
            unfinished = own / "unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)  # of a run that was killed
            unfinished.mkdir(mode=0o700)
            try:
                yield unfinished
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    except Timeout as error:
        raise UserError(
            f"another facetrack is organising into {out}: wait until it is done"
        ) from error
    except PermissionError as error:
        raise UserError(
            f"task.out={out} cannot be written to ({error.strerror}): name another folder"
        ) from error


def own_folder(out: Path) -> Path:
    """Where facetrack keeps its own things in an organised folder."""
    return out / _FOLDER


def load(out: Path, name: str = _LAST) -> State:
    """The last run's state, an empty one for a new folder. Raises UserError for a damaged one."""
    path = out / _FOLDER / name
    try:
        stored = json.loads(path.read_bytes())
        if stored.pop("version") != _VERSION:
            raise ValueError("of another version of facetrack")
        state = State(**stored)
        state.files = {name: File(**one) for name, one in stored["files"].items()}
        for file in map(Path, state.files):
            if len(file.parts) != 2 or ".." in file.parts or file.is_absolute():
                raise ValueError(f"it has a file at {file}")
        state.barred = {
            face: {int(person): photo for person, photo in of.items()}
            for face, of in stored["barred"].items()
        }
        state.parted = {int(person): int(of) for person, of in stored["parted"].items()}
        state.faces = {face: int(person) for face, person in stored["faces"].items()}
    except FileNotFoundError:
        return State()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UserError(
            f"{path} cannot be used ({str(error)[:100]}): go back to the run before with "
            "task.restore=true, or organise into another folder"
        ) from error
    return state


def save(out: Path, state: State, before: State | None = None) -> None:
    """Keep a state as the last one, and the one before it to go back to."""
    own = out / _FOLDER
    if before is not None:
        replace(own / _PREVIOUS, _text(before))
    replace(own / _LAST, _text(state))


def restore(out: Path) -> State:
    """Go back to the state before the last run, and return it; done twice, it is undone.

    What is in people.yaml now is kept with the other state. Raises UserError where there is none.
    """
    own = out / _FOLDER
    if not (own / _PREVIOUS).exists():
        raise UserError(f"{out} has no earlier state to go back to")
    before = load(out, _PREVIOUS)
    now = State()
    with contextlib.suppress(UserError):  # a damaged state is one to go back from
        now = load(out)
    now.people = people.text_of(out / people.FILE) or now.people
    before.files = {**before.files, **now.files}  # they are there, whoever knew of them
    undone = own / "undone.json"
    replace(undone, _text(now))
    replace(own / _LAST, _text(before))
    people.put(out / people.FILE, before.people)
    os.replace(undone, own / _PREVIOUS)  # noqa: PTH105
    return before


def _text(state: State) -> bytes:
    return json.dumps({"version": _VERSION, **dataclasses.asdict(state)}).encode()


def forget(out: Path, contents: Collection[str]) -> int:
    """Drop the faces on some photos, their thumbnails, and the page; returns how many faces.

    Raises UserError where this is no folder of facetrack's.
    """
    own = out / _FOLDER
    if not (own / _LAST).exists():
        raise UserError(f"task.out={out} is no folder that facetrack organised")
    forgotten: set[str] = set()
    with opened(out):
        for name in (_LAST, _PREVIOUS):
            if (own / name).exists():
                state = load(out, name)
                gone = {face for face in state.faces if face.partition(":")[0] in contents}
                state.faces = {face: of for face, of in state.faces.items() if face not in gone}
                state.barred = {face: of for face, of in state.barred.items() if face not in gone}
                state.pinned = [face for face in state.pinned if face not in gone]
                replace(own / name, _text(state))
                forgotten |= gone
        for face in forgotten:
            thumbnail_path(own, face).unlink(missing_ok=True)
        (out / PAGE).unlink(missing_ok=True)
    return len(forgotten)


def thumbnail_path(own: Path, face: str) -> Path:
    """Where a face's thumbnail is kept. own: `own_folder`."""
    return own / "faces" / f"{hashlib.sha256(face.encode()).hexdigest()[:32]}.jpg"


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a path is a folder or below it, links followed."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
