"""What is to be done to each sidecar, decided before anything is, and then done.

A sidecar keeps what others have written into it. One that there was before is kept as it was in
facetrack's own part of the organised folder; where nobody has changed it since, it is put back when
facetrack's regions go.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.extraction.xmp import document, writing
from facetrack.extraction.xmp.document import Element
from facetrack.extraction.xmp.regions import Frame, Region
from facetrack.organiser import exported
from facetrack.organiser.exported import Exported, Sidecar, Written
from facetrack.system.files import create, make_folder, replacing, sweep

_CHANGED = "was changed meanwhile"


@dataclass(frozen=True)
class Wanted:
    """A sidecar to have, by its key (see `exported`).

    content: SHA-256 of its photo in hex. photo: the file, whose mode a new sidecar beside it gets.
    faces: persons and their regions.
    """

    key: str
    content: str
    photo: Path
    frame: Frame
    faces: Sequence[tuple[int, Region]]


@dataclass(frozen=True)
class Step:
    """What is to be done to a sidecar.

    action: "new", "merge" (into somebody else's), "update" (facetrack's own), "take out", "same"
    (nothing is to be done). before, after: its content, None for no file. record: what is to be
    remembered then, None for nothing. others: how many faces have another name in it, and keep it.
    photo: as in `Wanted`. kept: what to keep of it first, None where that is kept already.
    """

    key: str
    action: str
    before: bytes | None
    after: bytes | None
    record: Sidecar | None
    others: int = 0
    photo: Path | None = None
    kept: bytes | None = None


def plan_writing(out: Path, wanted: Wanted, one: Sidecar | None) -> Step:
    """Put regions into a sidecar, those that were put there before replaced.

    out: the organised folder, its links followed. one: what is remembered of the sidecar. Raises
    UserError, with what is wrong with the sidecar, where it stays as it is.
    """
    before, tree = _open(exported.path_of(out, wanted.key))
    old = () if one is None else one.regions
    count = _take_out(tree, old)
    # Where facetrack's regions are gone from a file of its own, that is somebody else's by now.
    made = before is None or (one is not None and one.made and bool(count))
    kept = None if made or before is None else _find_new_backup(one, before, tree, count)
    people = {region: person for person, region in wanted.faces}
    added = writing.add(tree, list(people), wanted.frame)
    now = (
        *(Written(people[region], "mwg", region) for region in added.mwg),
        *(Written(people[region], "mp", region) for region in added.mp),
    )
    others = len(added.others)
    if not now:
        if one is not None:
            return plan_removal(out, wanted.key, one, old)
        return Step(wanted.key, "same", before, before, None, others)
    if one is not None and count == len(old) and set(now) == set(old):
        return Step(wanted.key, "same", before, before, one, others)
    after = document.serialise(tree, before or writing.EMPTY)
    record = Sidecar(wanted.content, made, _digest(after), now)
    action = "new" if before is None else "update" if count else "merge"
    return Step(wanted.key, action, before, after, record, others, wanted.photo, kept)


def plan_removal(out: Path, key: str, one: Sidecar, gone: Collection[Written]) -> Step:
    """Take regions out of a sidecar. Raises UserError as above, and where nobody can look."""
    path = exported.path_of(out, key)
    if exported.is_beside(key) and not path.parent.is_dir():
        raise UserError(
            "cannot be reached: connect the disk that it is on, or make an empty folder "
            f"{path.parent} where that is gone for good"
        )
    before, tree = _open(path)
    rest = exported.without(one, gone)
    left = rest if rest.regions else None
    if before is None:
        return Step(key, "same", None, None, None)
    count = _take_out(tree, gone)
    if not count:
        return Step(key, "same", before, before, left)
    if left is None:
        after = _restore(out, key, one, before, tree)
        return Step(key, "take out", before, after, None)
    after = document.serialise(tree, before)
    # What somebody else has changed since stays known as that: what is kept of it is older.
    digest = _digest(after) if one.is_as_written(_digest(before)) else ""
    return Step(key, "take out", before, after, replace(rest, digest=digest, coming=""))


def carry_out(out: Path, steps: Sequence[Step], known: Exported) -> list[str]:
    """Do it; `known` is kept, before and after. Returns what could not be done, and why.

    out: as above. Raises OSError where it cannot be written to.
    """
    folders = {exported.path_of(out, step.key).parent for step in steps}
    for folder in (*folders, exported.backup_path(out, "").parent):
        sweep(folder)  # what a killed command has left half written
    for step in steps:  # before a killed command could have written what nobody knows of
        _announce(step, known)
    exported.save(out, known)
    failed = []
    for step in steps:
        try:
            _do(out, step)
        except UserError as error:
            failed.append(f"{exported.path_of(out, step.key)} {error}")
            continue
        except OSError as error:
            failed.append(f"{exported.path_of(out, step.key)} cannot be written ({error.strerror})")
            continue
        if step.record is None:
            known.sidecars.pop(step.key, None)
            exported.drop_backup(out, step.key)
        else:
            known.sidecars[step.key] = step.record
    exported.save(out, known)
    return failed


def _announce(step: Step, known: Exported) -> None:
    if step.record is None or step.action == "same":
        return
    one = known.sidecars.get(step.key)
    old = () if one is None else one.regions
    before = "" if step.before is None else _digest(step.before)
    known.sidecars[step.key] = Sidecar(
        step.record.content,
        step.record.made,
        before if one is not None and one.is_as_written(before) else "",
        tuple(dict.fromkeys([*old, *step.record.regions])),
        coming=step.record.digest,
    )


def _do(out: Path, step: Step) -> None:
    """Write a sidecar, or remove it. Raises UserError where it is not as it was, and OSError."""
    if step.action == "same":
        return
    path = exported.path_of(out, step.key)
    if not exported.is_beside(step.key):
        make_folder(path.parent)
    _refuse_changed(path, step)
    if step.after is None:
        path.unlink()
        if not exported.is_beside(step.key):
            _remove_empty(path.parent, out / exported.SIDECARS)
        return
    if step.before is None:
        try:
            create(path, step.after, _find_mode(step))
        except FileExistsError as error:
            raise UserError(_CHANGED) from error
        return
    if step.kept is not None:
        exported.keep_backup(out, step.key, step.kept)
    with replacing(path, like=path.lstat()) as part:
        part.write(step.after)
        _refuse_changed(path, step)


def _refuse_changed(path: Path, step: Step) -> None:
    _refuse_link(path)
    if document.read_file(path) != step.before:
        raise UserError(_CHANGED)


def _find_mode(step: Step) -> int:
    """Who may read a photo may read who is on it, such as a program that shows both."""
    if not exported.is_beside(step.key) or step.photo is None:
        return 0o600
    return stat.S_IMODE(step.photo.stat().st_mode) & 0o666 | 0o600


def _find_new_backup(one: Sidecar | None, before: bytes, tree: Element, count: int) -> bytes | None:
    """What is to be kept of a sidecar of somebody else's; None where it is kept as it was.

    before: its content; tree: it without the `count` regions of facetrack's that were in it.
    """
    if not count:
        return before
    known = one is not None and one.is_as_written(_digest(before))
    return None if known else document.serialise(tree, before)


def _open(path: Path) -> tuple[bytes | None, Element]:
    """A sidecar's content and tree, an empty one where there is none. Raises UserError."""
    _refuse_link(path)
    before = document.read_file(path)
    return before, document.parse(writing.EMPTY if before is None else before)


def _refuse_link(path: Path) -> None:
    """Raise UserError for a sidecar in a folder that is behind a link, which may lead anywhere."""
    if os.path.realpath(path.parent) != str(path.parent):
        raise UserError("is in a folder behind a link")


def _take_out(tree: Element, regions: Collection[Written]) -> int:
    mwg, mp = ([one.region for one in regions if one.form == form] for form in ("mwg", "mp"))
    return writing.take_out(tree, mwg, mp)


def _restore(out: Path, key: str, one: Sidecar, before: bytes, tree: Element) -> bytes | None:
    """What a sidecar is to be once none of facetrack's regions is in it; None for no file."""
    if one.made:
        return None if writing.says_nothing(tree) else document.serialise(tree, before)
    if one.is_as_written(_digest(before)):
        with contextlib.suppress(OSError):
            return exported.backup_path(out, key).read_bytes()
    return document.serialise(tree, before)


def _remove_empty(folder: Path, top: Path) -> None:
    with contextlib.suppress(OSError):
        while folder.is_relative_to(top):
            folder.rmdir()
            folder = folder.parent


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
