"""Names of an organised folder for other programs: XMP sidecars, JSON, and sheets of faces.

All of it goes into the organised folder, but for sidecars beside the photos: the one thing that
facetrack writes elsewhere, after a list of what it would write, when somebody says so.
"""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from facetrack.core.errors import Incomplete, UserError
from facetrack.core.faces import Dataset
from facetrack.core.texts import write_count
from facetrack.extraction.xmp.photos import SUFFIX
from facetrack.organiser import exported, state
from facetrack.organiser.exported import SIDECARS, Exported
from facetrack.organiser.named_photos import Named, NamedPhoto, read_named
from facetrack.organiser.originals import Original, find_originals
from facetrack.organiser.people import folder_name
from facetrack.organiser.restoring import find_pending
from facetrack.organiser.sidecar_steps import Step, Wanted, carry_out, plan_removal, plan_writing
from facetrack.system import json_lines, terminal
from facetrack.system.progress import TERMINAL, say
from facetrack.tasks.export.people_files import write_json, write_sheets
from facetrack.tasks.forgetting.carrying_out import finish_forgetting

FORMATS = ("xmp", "json", "pdf", "png")
PLACES = ("out", "beside", "remove")
_MOST_TOLD = 20


@dataclass(frozen=True)
class Request:
    """What to export of an organised folder, `out`.

    form: one of FORMATS. place: where sidecars go, "out" or "beside"; "remove" takes facetrack's
    regions out of both. write: whether to write beside photos; None to ask. dataset: of the photos,
    None where the command names none.
    """

    out: Path
    form: str
    place: str = "out"
    write: bool | None = None
    dataset: Dataset | None = None


def export_names(request: Request) -> None:
    """Write it, and tell what and where.

    Raises UserError for what the user can put right, Incomplete where something could not be
    written.
    """
    named = read_named(request.out)  # before the folder of a mistyped name is made
    finish_forgetting()
    with state.open_folder(request.out):
        if find_pending(request.out) is not None:
            raise UserError(
                f"a restore of {request.out} was interrupted: run task=organise, which finishes "
                "it, first"
            )
        named, known = read_named(request.out), exported.load(request.out)
        if request.form == "xmp":
            _export_sidecars(request, named, known)
            return
        listed = _list_photos(request)
        write = write_json if request.form == "json" else write_sheets
        files = write(request.out, named, known, listed, request.form)
        _tell(named, files)


def _export_sidecars(request: Request, named: Named, known: Exported) -> None:
    out = Path(os.path.realpath(request.out))
    refused: list[str] = []
    if request.place == "remove":
        steps = _plan_removals(out, known, list(known.sidecars), refused)
    else:
        if not any(named.people.values()) and not known.sidecars:
            raise UserError(
                f"nobody in {request.out} has a name yet: write names into people.yaml first"
            )
        wanted = _list_wanted(request, named)
        steps = _plan(out, known, wanted, refused)
        steps += _plan_removals(out, known, _list_stale(known, wanted, named), refused)
    changes = [step for step in steps if step.action != "same"]
    beside = [step for step in changes if exported.is_beside(step.key)]
    _tell_steps(out, changes, refused)
    status = "FINISHED"
    if beside and not _may_write(request, len(beside)):
        say("Nothing was written beside photos: add task.write=true to this command, and it is")
        steps = [step for step in steps if not exported.is_beside(step.key)]
        status = "DRY"
    failed = carry_out(out, steps, known)
    others = sum(step.others for step in steps)
    if others:
        say(f"  {write_count(others, 'face has', 'faces have')} another name there, which stays")
    if request.place != "remove":
        _tell_people(named)
    json_lines.tell("export", status=status, sidecars=_list_for_scripts(out, changes, refused))
    for trouble in failed:
        terminal.refuse(trouble)
    if refused or failed:
        n = write_count(len(refused) + len(failed), "sidecar was", "sidecars were")
        raise Incomplete(f"{n} not written to, for the reasons above: all others are done")


def _list_wanted(request: Request, named: Named) -> list[Wanted]:
    """The sidecars to have. Raises UserError where photos have to be named and are not."""
    listed = _list_photos(request)
    if request.place == "beside" and listed is None:
        raise UserError(
            "task.sidecars=beside writes beside your photos: say where they are, with "
            "dataset=folder dataset.root=…"
        )
    wanted: list[Wanted] = []
    missing = 0
    shown = TERMINAL.bar(
        named.photos, total=len(named.photos), description="Looking up", unit="photo"
    )
    for photo in shown:
        if not any(face.name for face in photo.faces):
            continue
        originals = find_originals(photo, listed, request.out)
        missing += not originals
        for original in originals:
            key = _find_key(request, original)
            if key is not None:
                wanted.append(_make_wanted(key, photo, original))
    if missing:
        say(
            f"  {write_count(missing, 'photo is', 'photos are')} not where the last run saw "
            "them, so without a sidecar: task=organise knows them again"
            + (
                ""
                if listed is not None
                else ", or dataset=folder dataset.root=… says where they are"
            )
        )
    return wanted


def _make_wanted(key: str, photo: NamedPhoto, original: Original) -> Wanted:
    faces = [
        (face.person, original.frame.to_region(face.name, face.box))
        for face in photo.faces
        if face.name
    ]
    return Wanted(key, photo.content, original.path, original.frame, faces)


def _find_key(request: Request, original: Original) -> str | None:
    """What a photo's sidecar is called in the record; None for a name that leads elsewhere."""
    name = PurePosixPath(original.name)
    if request.place == "out":
        # The state could have been tampered with.
        leads_out = name.is_absolute() or ".." in name.parts
        return None if leads_out else f"{SIDECARS}/{name}{SUFFIX}"
    # Below the folder that the user named, which may be a link itself, no folder may be one.
    above = len(name.parts) - 1 - (getattr(request.dataset, "roots", None) is not None)
    folder = original.path.parent
    if not any(one.is_symlink() for one in list(original.path.parents)[:above]):
        folder = Path(os.path.realpath(folder))  # else it is refused later, by its own name
    return f"{folder / original.path.name}{SUFFIX}"


def _list_photos(request: Request) -> Mapping[str, Path] | None:
    if request.dataset is None:
        return None
    return {picture.name: picture.path for picture in request.dataset.load().pictures}


def _plan(out: Path, known: Exported, wanted: Sequence[Wanted], refused: list[str]) -> list[Step]:
    steps = []
    for one in wanted:
        try:
            steps.append(plan_writing(out, one, known.sidecars.get(one.key)))
        except UserError as error:
            refused.append(f"{exported.path_of(out, one.key)} {error}")
    return steps


def _plan_removals(
    out: Path, known: Exported, keys: Sequence[str], refused: list[str]
) -> list[Step]:
    steps = []
    for key in keys:
        one = known.sidecars[key]
        try:
            steps.append(plan_removal(out, key, one, one.regions))
        except UserError as error:
            refused.append(f"{exported.path_of(out, key)} {error}")
    return steps


def _list_stale(known: Exported, wanted: Sequence[Wanted], named: Named) -> list[str]:
    """Sidecars of an earlier export that name people on photos where nobody has a name now."""
    keys = {one.key for one in wanted}
    contents = {photo.content for photo in named.photos if any(face.name for face in photo.faces)}
    return [
        key
        for key, one in known.sidecars.items()
        if key not in keys and one.content not in contents
    ]


def _may_write(request: Request, n: int) -> bool:
    """Whether to write beside photos: as the command says, or who sits at the terminal."""
    if request.write is not None:
        return request.write
    if not terminal.can_ask():
        return False
    return terminal.ask(f"Write {write_count(n, 'sidecar')} beside your photos?")


def _tell_steps(out: Path, changes: Sequence[Step], refused: Sequence[str]) -> None:
    counts = Counter(step.action for step in changes)
    told = ", ".join(f"{count:,} {action}" for action, count in sorted(counts.items()))
    say(f"{write_count(len(changes), 'sidecar')} to write{': ' if told else ''}{told}")
    lines = [f"  {step.action:8} {exported.path_of(out, step.key)}" for step in changes]
    for listed in (lines, [f"  refused  {one}, so it stays as it is" for one in refused]):
        for line in listed[:_MOST_TOLD]:
            say(line)
        if len(listed) > _MOST_TOLD:
            say(f"  and {len(listed) - _MOST_TOLD:,} more, all of which --json lists")
    if counts["merge"]:
        kept = exported.backup_path(out, "").parent
        say(f"  those to merge into are kept as they were in {kept}")


def _list_for_scripts(
    out: Path, changes: Sequence[Step], refused: Sequence[str]
) -> list[dict[str, str]]:
    """Each sidecar with what is done to it; of one that is refused, why as well."""
    done = [(one.action, str(exported.path_of(out, one.key))) for one in changes]
    rows = [*done, *(("refused", one) for one in refused)]
    return [{"action": action, "file": file} for action, file in rows]


def _tell(named: Named, files: Sequence[Path]) -> None:
    _tell_people(named)
    for path in files[:_MOST_TOLD]:
        say(f"  {path}")
    if len(files) > _MOST_TOLD:
        say(f"  and {len(files) - _MOST_TOLD:,} more")
    json_lines.tell("export", status="FINISHED", files=list(files))


def _tell_people(named: Named) -> None:
    faces = [face for photo in named.photos for face in photo.faces]
    people = {face.person for face in faces if face.name}
    nameless = {face.person for face in faces if not face.name}
    say(
        f"{write_count(sum(bool(face.name) for face in faces), 'face')} of "
        f"{write_count(len(people), 'person', 'people')} with a name"
    )
    if nameless:
        first = ", ".join(folder_name(one) for one in sorted(nameless)[:3])
        more = " …" if len(nameless) > 3 else ""
        n = sum(not face.name for face in faces)
        say(
            f"  {write_count(n, 'face')} of {write_count(len(nameless), 'person', 'people')} "
            f"without a name ({first}{more}): no sidecar has them, as other programs expect"
        )
    if named.stale:
        say(
            "  people.yaml was changed since the last run: names and merges count, splits and "
            "photos that somebody is not on do after the next task=organise"
        )
