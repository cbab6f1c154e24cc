"""What a run of the organiser says: counts, a summary, what was skipped, and its MLflow run."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facetrack.core import texts
from facetrack.core.artifacts import mark_people
from facetrack.core.faces import Skipped
from facetrack.figures import printable
from facetrack.organiser import people
from facetrack.organiser.grouping import NOBODY, Numbers
from facetrack.organiser.photos import Photos
from facetrack.organiser.state import PAGE, State
from facetrack.system.progress import say
from facetrack.tasks.scores import write_skipped
from facetrack.tracking import keys
from facetrack.tracking.address import NOWHERE
from facetrack.tracking.protocols import Run, Tracking

_MOST_TOLD = 20


def lost(failed: int, wanted: int) -> str:
    """What to say where photos went missing during the run; empty where none did."""
    if not failed:
        return ""
    return (
        f"{failed:,} of {wanted:,} photos could not be put into their folders, since they are no "
        "longer where they were: is the disk still there? Run the same command again then"
    )


def present(persons: Numbers) -> list[int]:
    """The persons there are, smallest number first."""
    return [int(person) for person in np.unique(persons) if person != NOBODY]


def counts(photos: Photos, persons: Numbers, far: NDArray[np.bool_]) -> dict[str, int]:
    """The numbers of a run. persons: (n,) of each face; far: (n,) whether it is doubtful."""
    return {
        "photos": photos.n_pictures,
        "faces": len(persons),
        "persons": len(present(persons)),
        "unknown_faces": int((persons == NOBODY).sum()),
        "doubtful_faces": int(far.sum()),
        "photos_without_face": len(photos.faceless),
        "originals_gone": len(photos.gone),
        "twins": photos.n_twins,
        "skipped": sum(one.pictures for one in photos.skipped),
    }


def summary(numbers: dict[str, int], distance: float | None, missing: str) -> list[str]:
    """The run in lines. distance: the radius, if there is one; missing: of `lost`."""
    lines = [
        f"{texts.counted(numbers['photos'], 'photo')}, "
        f"{texts.counted(numbers['faces'], 'face')}: "
        f"{texts.counted(numbers['persons'], 'person')}, "
        f"{texts.counted(numbers['unknown_faces'], 'face')} in no group, "
        f"{texts.counted(numbers['photos_without_face'], 'photo')} without a face, "
        f"{numbers['skipped']:,} skipped"
    ]
    if numbers["twins"]:
        photos = texts.counted(numbers["twins"], "photo is", "photos are")
        lines.append(f"{photos} the same as another one, and listed once")
    if numbers["originals_gone"]:
        one = "photo is no longer where it was; the copy here is kept"
        many = "photos are no longer where they were; the copies here are kept"
        lines.append(texts.counted(numbers["originals_gone"], one, many))
    if missing:
        lines.append(missing)
    if distance is not None:
        lines.append(f"Faces closer than {distance:g} are taken for one person")
    return lines


def reasons(skipped: Iterable[Skipped]) -> list[str]:
    """Why pictures were skipped, or what else is said of files: each reason with its count."""
    names: dict[str, list[str]] = {}
    for one in skipped:
        names.setdefault(one.reason, []).append(one.name)
    return [
        f"{len(of)} times: {reason}" if len(of) > 1 else f"{of[0]}: {reason}"
        for reason, of in sorted(names.items(), key=lambda one: -len(one[1]))
    ]


def log(
    run: Run,
    tracking: Tracking,
    photos: Photos,
    counted: dict[str, int],
    recall: float | None,
    content: bytes,
    now: State,
) -> None:
    """Log the run. The page, which may be large, only where it is not in MLflow as it is."""
    tags: dict[str, object] = {
        keys.FACES: counted["faces"],
        keys.PERSONS: counted["persons"],
    }
    run.metrics({name: float(count) for name, count in counted.items()})
    if recall is not None:
        run.metrics({keys.NEIGHBORS_RECALL: recall})
    files: dict[str, str | bytes] = {"skipped.csv": write_skipped([*photos.skipped, *photos.noted])}
    if tracking.uri == NOWHERE:
        return
    where, _, digest = now.logged.partition(" ")
    if digest == (digest := hashlib.sha256(content).hexdigest()) and tracking.has_run(where):
        tags[keys.PAGE_OF_RUN] = where
    else:
        files[PAGE] = content
        now.logged = f"{run.run_id} {digest}"
    run.artifacts(mark_people(files), tags)


def tell(
    summed_up: Sequence[str],
    changed: Sequence[str],
    photos: Photos,
    remarks: Sequence[str],
    out: Path,
    tracking: Tracking,
) -> None:
    """Say it all. changed: what is not as it was after the last run."""
    for line in [*summed_up, *changed]:
        say(line)
    skipped = [f"skipped {reason}" for reason in reasons(photos.skipped)]
    noted = reasons(photos.noted)
    more = f"more: see {PAGE}"
    for lines, what in ((skipped, more), (noted, more), (remarks, "more such remarks")):
        for line in lines[:_MOST_TOLD]:
            say(f"  {printable(line)}")
        if len(lines) > _MOST_TOLD:
            say(f"  and {len(lines) - _MOST_TOLD} {what}")
    say(f"\nOpen {out / PAGE}")
    say(f"Names and corrections go into {out / people.FILE}; then run the same command again")
    if tracking.uri != NOWHERE:
        say(tracking.where_line())
