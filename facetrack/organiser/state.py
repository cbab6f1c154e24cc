"""What an organised folder remembers: whose each face is, and which files facetrack made.

Kept below `.facetrack` in the folder, which also says that facetrack made it. `state.json` is the
last run's, `previous.json` the one before, to go back to; each holds the text of people.yaml too.
`restoring.json` is there while a restore is under way (restoring.py).

Version 1 had no `photos` and `logged`, and `settings` in place of `embedder` and `clusterer`.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from facetrack.core.errors import UserError
from facetrack.system import owner
from facetrack.system.files import make_folder, replace, sweep
from facetrack.system.owner import hand_over

PAGE = "index.html"
_FOLDER = ".facetrack"
_FACES = "faces"
LAST, PREVIOUS = "state.json", "previous.json"
_VERSION = 2
# What settings of version 1 are kept behind: they name classes, and say no more than that much.
_BEFORE = "version 1: "


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
class Photo:
    """A photo as a run saw it: all its names below the folder of photos, and its look in hex.

    look: see `store.Store.looks`; empty where it is not known.
    """

    names: list[str]
    look: str = ""


@dataclass
class Given:
    """A face that people.yaml gives to somebody: to whom, by which words, and whose it was before.

    person, was: numbers; `was` is 0 for nobody's.
    """

    person: int
    name: str
    was: int


@dataclass
class State:
    """What the last run knew. Faces are named by their photo's content and their box.

    embedder, clusterer: what the groups depend on besides the radius. detector, embedder_name: the
    choices that found the faces and told them apart; empty where the version before kept them.
    radius: None for clusterers without. radius_faces: for how many faces the radius was last looked
    at; 0 where it was given.
    faces: the number each face was given to; 0 for nobody. photos: by content, those with faces and
    those without. pinned: faces a user has given to another person. barred: for each face, the
    persons it is not, and by which name of its photo a user said so; 0: it is no person's at all.
    given: faces that people.yaml gives to somebody. parted: for each person split off, the one they
    were split off from. following: the next free number. files: by their path
    below the folder. people: the text of people.yaml as the run left it. logged: which page is in
    MLflow, and where. roots, mode: the folders of photos and what was made of them; empty where the
    version before kept neither.
    """

    embedder: str = ""
    clusterer: str = ""
    radius: float | None = None
    radius_faces: int = 0
    faces: dict[str, int] = field(default_factory=dict)
    photos: dict[str, Photo] = field(default_factory=dict)
    pinned: list[str] = field(default_factory=list)
    barred: dict[str, dict[int, str]] = field(default_factory=dict)
    given: dict[str, Given] = field(default_factory=dict)
    parted: dict[int, int] = field(default_factory=dict)
    following: int = 1
    files: dict[str, File] = field(default_factory=dict)
    people: str = ""
    logged: str = ""
    detector: str = ""
    embedder_name: str = ""
    roots: list[str] = field(default_factory=list)
    mode: str = ""


@contextlib.contextmanager
def open_folder(out: Path) -> Iterator[Path]:
    """The folder to organise into, made when missing, and nobody else's until this is left.

    Yields the folder for what is unfinished. Raises UserError for a folder that is not
    facetrack's or that is somebody else's, and where another facetrack is at work there.
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
        demand_ours(out)
        make_folder(own)
        lock = FileLock(own / "lock", blocking=False, mode=0o600)
        with lock:
            hand_over(own / "lock")
            for folder in (out, own, own / _FACES):
                sweep(folder, alone=True)
            unfinished = own / "unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)  # of a run that was killed
            make_folder(unfinished)
            try:
                yield unfinished
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    except Timeout as error:
        raise UserError(
            f"another facetrack is organising into {out}: wait until it is done"
        ) from error
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise UserError(
            f"task.out={out} cannot be written to ({error.strerror}): name another folder"
        ) from error


def demand_ours(out: Path) -> None:
    """Raises UserError for a folder that is somebody else's, or whose own part is a link."""
    own = out / _FOLDER
    if own.is_symlink():
        raise UserError(f"{own} is a link, which facetrack did not make: name another task.out")
    for folder in (out, own):
        _demand_own(folder)


def _demand_own(folder: Path) -> None:
    """Raises UserError for somebody else's folder: its owner could not read what is made there."""
    if folder.is_dir() and not owner.may_make_files_in(folder):
        whose = owner.name(folder.stat().st_uid)
        raise UserError(
            f"{folder} belongs to {whose}, who could not read what facetrack would keep there: run "
            f"it as {whose}, or name a folder of your own"
        )


def own_folder(out: Path) -> Path:
    """Where facetrack keeps its own things in an organised folder."""
    return out / _FOLDER


def exists(out: Path) -> bool:
    """Whether a run has ended in the folder."""
    return (own_folder(out) / LAST).exists()


def load(out: Path, name: str = LAST) -> State:
    """The last run's state, an empty one for a new folder. Raises UserError for a damaged one."""
    path = own_folder(out) / name
    try:
        return from_json(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return State()
    except PermissionError as error:
        raise UserError(
            f"{path} may not be read by {owner.name(os.geteuid())} ({error.strerror}), and is not "
            f"damaged: give it back to whom {out} belongs to, or run facetrack as its owner"
        ) from error
    except (OSError, *DAMAGED) as error:
        raise UserError(
            f"{path} cannot be used ({str(error)[:100]}): go back to the run before with "
            "task.restore=true, or organise into another folder"
        ) from error


DAMAGED = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What `from_json` raises for something that is no state."""


def from_json(stored: Any) -> State:
    """A state from what `to_json` has made, now or in the version before. Raises DAMAGED."""
    stored = dict(stored)
    version = stored.pop("version")
    if version == 1:
        settings = _BEFORE + stored.pop("settings")
        stored |= {"embedder": settings, "clusterer": settings, "photos": {}}
    elif version != _VERSION:
        raise ValueError("of another version of facetrack")
    state = State(**stored)
    state.files = {name: File(**one) for name, one in stored["files"].items()}
    for path in state.files:
        demand_below(path)
    state.photos = {content: Photo(**one) for content, one in stored["photos"].items()}
    if version == 1:
        for path, made in state.files.items():
            state.photos.setdefault(made.content, Photo([])).names.append(Path(path).name)
    state.barred = {
        face: {int(person): photo for person, photo in of.items()}
        for face, of in stored["barred"].items()
    }
    state.given = {face: Given(**one) for face, one in stored.get("given", {}).items()}
    state.parted = {int(person): int(of) for person, of in stored["parted"].items()}
    state.faces = {face: int(person) for face, person in stored["faces"].items()}
    return state


def demand_below(path: str) -> None:
    """Raises ValueError for what is not a file in a folder of an organised folder."""
    parts = path.split("/")
    if len(parts) == 2 and not {"", ".", ".."}.intersection(parts):
        return  # of 50,000 paths a second goes into making such
    file = Path(path)
    if len(file.parts) != 2 or ".." in file.parts or file.is_absolute():
        raise ValueError(f"it has a file at {file}")


def to_json(state: State) -> dict[str, Any]:
    """A state as JSON can hold it; not to be changed, since it is made of the state's own."""
    # dataclasses.asdict copies every text and list, which of 50,000 photos takes seconds.
    return {
        "version": _VERSION,
        **vars(state),
        "files": {path: vars(file) for path, file in state.files.items()},
        "photos": {content: vars(photo) for content, photo in state.photos.items()},
        "given": {face: vars(one) for face, one in state.given.items()},
    }


def rename_faces(
    state: State, names: Mapping[str, str], alive: Collection[str], edited: Collection[str]
) -> State:
    """A state in which faces are called what they are called now.

    names: what a face was called, by what it is called now. alive: faces of now; one that is there
    under its old name as well keeps that, too. edited: contents that others have replaced.
    """
    now = {old: new for new, old in names.items()}

    def of(faces: Iterable[str]) -> Iterator[tuple[str, str]]:
        for face in faces:
            if face in now:
                yield now[face], face
            if face not in now or face in alive:
                yield face, face

    return dataclasses.replace(
        state,
        faces={new: state.faces[old] for new, old in of(state.faces)},
        photos={one: photo for one, photo in state.photos.items() if one not in edited},
        pinned=[new for new, _ in of(dict.fromkeys(state.pinned))],
        barred={new: state.barred[old] for new, old in of(state.barred)},
        given={new: state.given[old] for new, old in of(state.given)},
    )


def is_same_setting(stored: str, now: str, before: Mapping[str, object]) -> bool:
    """Whether a state's embedder or clusterer is that of now.

    before: its config, as version 1 kept it, whatever the path of the class was then.
    """
    if not stored.startswith(_BEFORE):
        return stored == now
    settings = str({key: value for key, value in before.items() if key != "_target_"})
    return settings in _TARGET.sub("", stored)


def name_method(stored: str) -> str:
    """The name of a state's clusterer, without its settings."""
    if not stored.startswith(_BEFORE):
        return stored.partition(" ")[0]
    classes = _CLASS.findall(stored)
    return classes[-1].lower() if classes else "another clusterer"


_CLASS = re.compile(r"'_target_': '[\w.]*?(\w+)'")
_TARGET = re.compile(r"'_target_': '[^']*'(, )?")


def keep_last(out: Path) -> None:
    """Keep the last state as the one before, to go back to, as it is written. Raises OSError."""
    replace(own_folder(out) / PREVIOUS, (own_folder(out) / LAST).read_bytes())


def save(out: Path, state: State, before: State | None = None) -> None:
    """Keep a state as the last one, and the one before it to go back to."""
    own = own_folder(out)
    if before is not None:
        replace(own / PREVIOUS, _text(before))
    replace(own / LAST, _text(state))


def _text(state: State) -> bytes:
    return json.dumps(to_json(state)).encode()


def thumbnail_path(own: Path, face: str) -> Path:
    """Where a face's thumbnail is kept. own: `own_folder`."""
    return own / _FACES / f"{_name_thumbnail(face)}.jpg"


def large_thumbnail_path(own: Path, face: str) -> Path:
    """Where a face's larger picture is kept, of `task=review`."""
    return own / _FACES / f"{_name_thumbnail(face)}-large.jpg"


THUMBNAILS = (thumbnail_path, large_thumbnail_path)


def remove_old_thumbnails(out: Path, state: State) -> None:
    """Remove thumbnails of faces that the state does not know any more."""
    kept = {_name_thumbnail(face) for face in state.faces}
    with contextlib.suppress(FileNotFoundError), os.scandir(own_folder(out) / _FACES) as entries:
        for entry in entries:
            face, _, kind = entry.name.partition(".")
            if kind != "jpg" or face.removesuffix("-large") not in kept:
                Path(entry.path).unlink()


def _name_thumbnail(face: str) -> str:
    return hashlib.sha256(face.encode()).hexdigest()[:32]


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a path is a folder or below it, links followed."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
