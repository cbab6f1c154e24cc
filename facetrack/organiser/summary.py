"""What a run of the organiser comes to: counts, a summary, and why pictures were skipped."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from facetrack.core import texts
from facetrack.core.faces import Skipped
from facetrack.organiser.grouping import NOBODY, Numbers
from facetrack.organiser.photos import Photos


def tell_missing(failed: int, wanted: int) -> str:
    """What to say where photos went missing during the run; empty where none did."""
    if not failed:
        return ""
    return (
        f"{failed:,} of {wanted:,} photos could not be put into their folders, since they are no "
        "longer where they were: is the disk still there? Run the same command again then"
    )


def list_persons(persons: Numbers) -> list[int]:
    """The persons there are, smallest number first."""
    return [int(person) for person in np.unique(persons) if person != NOBODY]


def count(photos: Photos, persons: Numbers, far: NDArray[np.bool_]) -> dict[str, int]:
    """The numbers of a run. persons: (n,) of each face; far: (n,) whether it is doubtful."""
    return {
        "photos": photos.n_pictures,
        "faces": len(persons),
        "persons": len(list_persons(persons)),
        "unknown_faces": int((persons == NOBODY).sum()),
        "doubtful_faces": int(far.sum()),
        "photos_without_face": len(photos.faceless),
        "originals_gone": len(photos.gone),
        "twins": photos.n_twins,
        "skipped": sum(one.pictures for one in photos.skipped),
    }


def summarise(numbers: dict[str, int], distance: float | None, missing: str) -> list[str]:
    """The run in lines. distance: the radius, if there is one; missing: of `tell_missing`."""
    lines = [
        f"{texts.write_count(numbers['photos'], 'photo')}, "
        f"{texts.write_count(numbers['faces'], 'face')}: "
        f"{texts.write_count(numbers['persons'], 'person')}, "
        f"{texts.write_count(numbers['unknown_faces'], 'face')} in no group, "
        f"{texts.write_count(numbers['photos_without_face'], 'photo')} without a face, "
        f"{numbers['skipped']:,} skipped"
    ]
    if numbers["twins"]:
        photos = texts.write_count(numbers["twins"], "photo is", "photos are")
        lines.append(f"{photos} the same as another one, and listed once")
    if numbers["originals_gone"]:
        one = "photo is no longer where it was; the copy here is kept"
        many = "photos are no longer where they were; the copies here are kept"
        lines.append(texts.write_count(numbers["originals_gone"], one, many))
    if missing:
        lines.append(missing)
    if distance is not None:
        lines.append(f"Faces closer than {distance:g} speak for one person")
    return lines


def list_reasons(skipped: Iterable[Skipped]) -> list[str]:
    """Why pictures were skipped, or what else is said of files: each reason with its count."""
    names: dict[str, list[str]] = {}
    for picture in skipped:
        names.setdefault(picture.reason, []).append(picture.name)
    return [
        f"{len(of)} times: {reason}" if len(of) > 1 else f"{of[0]}: {reason}"
        for reason, of in sorted(names.items(), key=lambda one: -len(one[1]))
    ]
