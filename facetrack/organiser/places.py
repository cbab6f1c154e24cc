"""Photos into folders: copies or links in `out`, and never a change to anything else.

A file that facetrack did not make, or that somebody has changed since, is never written over and
never removed. The last copy of a photo is never removed either, where the original has gone: it
moves with its person. names.py says what files are called, copies.py makes and removes single ones.
"""

import contextlib
import dataclasses
import functools
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.core.faces import Picture
from facetrack.core.progress import QUIET, Progress
from facetrack.organiser import copies
from facetrack.organiser.copies import Made, SourceError
from facetrack.organiser.folders import NO_ROOM, Folders
from facetrack.organiser.journal import Journal
from facetrack.organiser.names import file_name
from facetrack.organiser.notes import Notes
from facetrack.organiser.state import File

MODES = ("copy", "link", "none")
UNKNOWN, FACELESS = "unknown", "no-face"  # folders beside those of persons


@dataclass(frozen=True)
class Wanted:
    """A photo that should be in a folder.

    folder: what stands for the folder whatever it is called, "person-001". name: what it is
    called now, "person-001 Anna". content: hex SHA-256. picture: where the photo is; in `out`
    itself where the original has gone and there are only copies.
    """

    folder: str
    name: str
    content: str
    picture: Picture


@dataclass
class Placed:
    """What was done: the files that are facetrack's now, and what the user should know.

    made: new files. failed: photos that should be in a folder and are not, or whose link leads
    nowhere; the remarks say why. moved: where files that pictures were read from are now.
    """

    files: dict[str, File] = field(default_factory=dict)
    made: int = 0
    failed: int = 0
    moved: dict[Path, Path] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """What the folders should hold, and what there is.

    earlier: facetrack's files by path below `out`. mode: one of MODES. present: contents of the
    photos that are still where the user has them. superseded: for contents of photos that were
    edited in place, what they are now: the new copy takes the place and the name of the old one.
    """

    wanted: Sequence[Wanted]
    earlier: Mapping[str, File]
    mode: str
    present: Collection[str]
    superseded: Mapping[str, str] = field(default_factory=dict)


def arrange(out: Path, plan: Plan, unfinished: Path, progress: Progress = QUIET) -> Placed:
    """Make the folders hold what is wanted; files of earlier runs are kept, moved or removed.

    unfinished: a folder in `out` for files being made. Raises OSError where the disk is full or
    cannot be written to.
    """
    return _Arranging(out, plan, unfinished, progress).run()


@contextlib.contextmanager
def writing(out: Path) -> Iterator[None]:
    """What cannot be written in a folder is told as a UserError; the same command then goes on."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise UserError(
                f"no room in {out} ({error.strerror}): make room and run the same command again, "
                "which goes on from here, or take task.mode=link"
            ) from error
        raise UserError(
            f"{out} cannot be written to ({error.strerror}: {error.filename}): see to it and run "
            "the same command again, which goes on from here"
        ) from error


class _Arranging:
    """One run's work on the folders."""

    def __init__(self, out: Path, plan: Plan, unfinished: Path, progress: Progress) -> None:
        self._out, self._wanted, self._mode = out, plan.wanted, plan.mode
        self._progress = progress
        self._part, self._journal = unfinished / "photo", Journal(unfinished.parent)
        self._superseded = plan.superseded
        self._placed, self._notes, self._folders = Placed(), Notes(), Folders(out)
        # Photos whose original has gone. A copy is none, whoever says that it is present.
        inside = f"{str(out).rstrip('/')}/"
        self._here = {
            one.content for one in plan.wanted if str(one.picture.path).startswith(inside)
        }
        self._present = set(plan.present) - self._here
        self._originals = {one.content: one.picture.path for one in plan.wanted}
        self._intact = dict(self._look_at(plan.earlier))
        self._by_photo = {(file.folder, file.content): path for path, file in self._intact.items()}
        self._old, self._spare = self._sort_out()
        # What is in place below `out`, by content: the last of its files, and all copies. Of 50,000
        # photos it takes seconds to make a Path of each, so texts stay what they are.
        self._done: dict[str, str] = {}
        self._copies: dict[str, list[str]] = {}

    def run(self) -> Placed:
        """Place what is wanted, remove what is not."""
        try:
            if self._mode != "none":
                total = len(self._wanted)
                for wanted in self._progress.bar(
                    self._wanted, total=total, description="Sorting", unit="photo"
                ):
                    self._place(wanted)
            self._remove()
        finally:
            folders = [set(map(_folder, paths)) for paths in (self._intact, self._placed.files)]
            self._folders.remove_if_empty(folders[0] - folders[1])
        self._placed.failed = len(self._notes.failed)
        self._placed.remarks = self._notes.remarks(self._placed.files, self._folders.renamed)
        return self._placed

    def _look_at(self, earlier: Mapping[str, File]) -> Iterator[tuple[str, File]]:
        """The files of earlier runs that are as they were made, also of those that were killed."""
        begun = self._journal.read()
        paths = dict.fromkeys([*earlier, *begun])
        linked = {one: copies.is_in_link(f"{self._out}/{one}/") for one in set(map(_folder, paths))}
        shown = self._progress.bar(paths, total=len(paths), description="Looking", unit="copy")
        for path in shown:
            here = f"{self._out}/{path}"
            now = copies.look_at_begun(here, begun.get(path))
            if now is None and path in earlier and not linked[_folder(path)]:
                now = copies.look_at_file(here, earlier[path])
            if now is not None:
                yield path, now
            elif path in earlier and os.path.lexists(here):
                self._notes.changed.append(path)

    def _sort_out(self) -> tuple[dict[tuple[str, str], list[str]], dict[str, list[str]]]:
        """Copies that no folder wants.

        Those of photos that were edited by folder and what the photo is now, the others by content.
        """
        wanted = {(one.folder, one.content) for one in self._wanted}
        old: dict[tuple[str, str], list[str]] = {}
        spare: dict[str, list[str]] = {}
        for path, file in self._intact.items():
            if (file.folder, file.content) in wanted:
                continue
            now = (file.folder, self._superseded.get(file.content, ""))
            if now in wanted:
                old.setdefault(now, []).append(path)
            else:
                spare.setdefault(file.content, []).append(path)
        return old, spare

    def _place(self, one: Wanted) -> None:
        """Have a photo in its folder."""
        kind = "copy" if one.content in self._here else self._mode
        folder = self._folders.of(one.name)
        was = self._by_photo.get((one.folder, one.content))
        if was is None:
            was = self._find_spare(one, kind)
        if was is not None and self._serves(was, one, kind) and self._keep(was, one, folder):
            return
        old = [*self._old.get((one.folder, one.content), []), *([] if was is None else [was])]
        name = Path(old[0]).name if old else file_name(one.picture.path.name)
        original = self._placed.moved.get(one.picture.path, one.picture.path)
        there = self._folders.there(folder, name, one.content, original, kind)
        if there is not None:
            found, status = there
            self._record(found, one, kind, status.st_size, status.st_mtime_ns)
            return
        try:
            make = copies.link if kind == "link" else copies.copy
            made = make(original, one.content, self._part)
        except SourceError as error:
            self._notes.fail(one.content, one.picture.name, str(error))
            for path in old:  # they may be all there is
                self._placed.files[path] = self._intact[path]
            return
        file = File(one.content, one.folder, kind, made.size, made.mtime_ns)
        put = self._exchange(made, file, old, folder)
        if put is None:
            put = self._folders.put(made.part, folder, name, self._announce(file))
        self._record(put, one, kind, made.size, made.mtime_ns)
        self._placed.made += 1
        self._notes.plain = self._notes.plain or made.plain

    def _find_spare(self, one: Wanted, kind: str) -> str | None:
        """A copy of the photo that no folder wants: it can move, rather than be made again."""
        for path in self._spare.get(one.content, []):
            here, file = self._out / path, self._intact[path]
            movable = kind == file.kind == "copy" and here not in self._placed.moved
            if movable and copies.holds(here, file.content):
                return path
        return None

    def _serves(self, path: str, one: Wanted, kind: str) -> bool:
        """Whether a file of an earlier run is what is wanted, in whichever folder."""
        if self._intact[path].kind != kind:
            return False
        if kind == "link":
            if not copies.leads_to(self._out / path, one.picture.path):
                return False  # the photo was moved
            if not one.picture.path.exists():
                self._notes.fail(
                    one.content, one.picture.name, "is there no more, so its link leads nowhere"
                )
        return True

    def _keep(self, path: str, one: Wanted, folder: str) -> bool:
        """Leave a file where it belongs, or move it there; False where somebody is changing it."""
        file, was = self._intact[path], _folder(path)
        if self._folders.are_one(was, folder):
            now = f"{folder}{path.removeprefix(was)}"
        elif copies.look_at_made(self._out / path, file) is None:
            return False
        else:
            now = self._move(path, one, folder)
        if now != path:
            self._placed.moved[self._out / path] = self._out / now
        self._record(now, one, file.kind, file.size, file.mtime_ns)
        return True

    def _move(self, path: str, one: Wanted, folder: str) -> str:
        """Move a file to a folder; where it is then."""
        here, file = self._out / path, self._intact[path]
        original = one.picture.path if file.kind == "link" else here
        there = self._folders.there(folder, here.name, file.content, original, file.kind)
        if there is None:
            now = dataclasses.replace(file, folder=one.folder)
            return self._folders.put(here, folder, here.name, self._announce(now))
        # A run that was killed has given it the new name, and not yet taken the old one away.
        if not copies.remove(here, file):
            self._notes.changed.append(path)
        return there[0]

    def _exchange(self, made: Made, file: File, old: Sequence[str], folder: str) -> str | None:
        """Put a new file in the place of an old one in its folder; where it is then."""
        for path in old:
            if Path(path).parent != Path(folder):
                continue
            self._journal.note(path, file)
            if copies.exchange(made, self._out / path, self._intact[path]):
                return path
        return None

    def _announce(self, file: File) -> Callable[[str], None]:
        return functools.partial(self._journal.note, file=file)

    def _record(self, path: str, one: Wanted, kind: str, size: int, mtime_ns: int) -> None:
        self._placed.files[path] = File(one.content, one.folder, kind, size, mtime_ns)
        self._done[one.content] = path
        if kind == "copy":
            self._copies.setdefault(one.content, []).append(path)

    def _remove(self) -> None:
        """Remove facetrack's files that are wanted no more."""
        placed = set(self._placed.files)
        for path, file in self._intact.items():
            if path in placed:
                continue
            here = self._out / path
            if here in self._placed.moved or not os.path.lexists(here):
                continue
            if file.kind == "copy" and not self._is_elsewhere(file):
                self._placed.files[path] = file
            elif not copies.remove(here, file):
                self._notes.changed.append(path)

    def _is_elsewhere(self, file: File) -> bool:
        """Whether this copy of a photo is not the last one."""
        return (
            self._has_original(file)
            or self._is_replaced(file)
            or any(
                copies.holds(self._out / path, file.content)
                for path in self._copies.get(file.content, [])
            )
        )

    def _has_original(self, file: File) -> bool:
        """Whether the user has the photo of a copy where it was, at this moment."""
        if file.content not in self._present:
            return False
        original = self._originals.get(file.content)
        try:
            return original is None or original.stat().st_size == file.size
        except OSError:
            return False

    def _is_replaced(self, file: File) -> bool:
        """Whether some folder has what the photo was edited to."""
        path = self._done.get(self._superseded.get(file.content, ""))
        return path is not None and (self._out / path).exists()


def _folder(path: str) -> str:
    """The folder of a file, by its path below the organised folder."""
    return path.rpartition("/")[0]
