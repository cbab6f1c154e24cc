"""Forgetting what `task=export` has made of an organised folder: regions, tables and sheets."""

import os
from collections.abc import Collection
from pathlib import Path

from facetrack.core.errors import UserError
from facetrack.core.texts import make_readable
from facetrack.extraction.xmp.reading import clean_name
from facetrack.organiser import exported
from facetrack.organiser.people import Corrections
from facetrack.organiser.sidecar_steps import carry_out, plan_removal


def find(out: Path, contents: Collection[str], persons: Collection[int]) -> list[str]:
    """What there is to forget of persons, or where none are named of photos, a line each.

    contents: SHA-256 in hex. Raises UserError where nobody can tell.
    """
    known = exported.load(out)
    lines = [
        f"{exported.path_of(out, key)}: {', '.join(sorted({one.region.name for one in regions}))}"
        for key, regions in known.find(contents, persons).items()
    ]
    return lines + [str(out / key) for key in known.find_files(contents, persons)]


def forget(out: Path, contents: Collection[str], persons: Collection[int]) -> None:
    """Take the regions out of sidecars, and remove the files.

    Raises UserError where a sidecar cannot be used, once the others are done, and OSError.
    """
    known, troubles, steps = exported.load(out), [], []
    real = Path(os.path.realpath(out))
    for key, regions in known.find(contents, persons).items():
        try:
            steps.append(plan_removal(real, key, known.sidecars[key], regions))
        except UserError as error:
            troubles.append(f"{exported.path_of(out, key)} {error}")
    troubles += carry_out(real, steps, known)
    for key in known.find_files(contents, persons):
        (out / key).unlink(missing_ok=True)
        del known.files[key]
    exported.save(out, known)
    if troubles:
        more = f", and {len(troubles) - 1} more" if len(troubles) > 1 else ""
        raise UserError(
            f"{make_readable(troubles[0])}{more}: its regions stay until it can be used"
        )


def _call(said: Corrections, person: int) -> str:
    return clean_name(said.names.get(said.person(person), ""))


def tell_stale(out: Path, said: Corrections) -> list[str]:
    """That sidecars have names which are not those of now, if so."""
    try:
        known = exported.load(out)
    except UserError as error:
        return [str(error)]
    written = {
        (one.person, one.region.name)
        for sidecar in known.sidecars.values()
        for one in sidecar.regions
    }
    stale = {name for person, name in written if _call(said, person) != name}
    if not stale:
        return []
    names = ", ".join(map(make_readable, sorted(stale)[:5])) + (" …" if len(stale) > 5 else "")
    return [
        f"sidecars that task=export has written still have names from before ({names}): the same "
        "task=export writes them anew"
    ]
