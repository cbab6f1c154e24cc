"""Files about the people of an organised folder: names as JSON, a face and a sheet of each."""

import dataclasses
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facetrack.core.errors import UserError
from facetrack.core.texts import write_count
from facetrack.extraction.thumbnails import Face, draw_portrait
from facetrack.figures.contact_sheet import (
    PER_PAGE,
    SIDE,
    SheetFace,
    draw_pages,
    encode_page,
    encode_pdf,
)
from facetrack.organiser import exported
from facetrack.organiser.exported import Exported, Made
from facetrack.organiser.named_photos import Named, NamedPhoto
from facetrack.organiser.names import file_name
from facetrack.organiser.originals import find_originals
from facetrack.organiser.people import folder_name
from facetrack.system.files import make_folder, replace
from facetrack.system.progress import TERMINAL

NAMES, SHEETS = "names.json", "sheets"
_PORTRAIT = 600  # pixels of the picture of a person's face
_VERSION = 1


_Row = tuple[NamedPhoto, NDArray[np.int64]]


@dataclass(frozen=True)
class _Person:
    """A person's files: names of the portrait and of the sheets, below `task.out`."""

    number: int
    title: str
    rows: Sequence[_Row]
    portrait: str
    sheets: Sequence[str]

    @property
    def largest(self) -> int:
        """The row of the largest face."""
        return max(range(len(self.rows)), key=lambda row: int(self.rows[row][1][2:].prod()))


def write_json(
    out: Path, named: Named, known: Exported, listed: Mapping[str, Path] | None, form: str
) -> list[Path]:
    """names.json: all photos with persons, and where their faces are. form: "json".

    listed: as in `find_originals`. Raises UserError where the file is somebody else's.
    """
    del form
    shown = TERMINAL.bar(
        named.photos, total=len(named.photos), description="Looking up", unit="photo"
    )
    photos = [_describe(photo, listed, out) for photo in shown]
    text = json.dumps({"version": _VERSION, "photos": photos}, ensure_ascii=False, indent=1)
    content = text.encode("utf-8", "replace") + b"\n"
    contents = tuple(photo.content for photo in named.photos)
    made = Made("", tuple(named.people), contents)
    return _write(out, known, {NAMES: made}, iter([(NAMES, content)]), [])


def write_sheets(
    out: Path, named: Named, known: Exported, listed: Mapping[str, Path] | None, form: str
) -> list[Path]:
    """sheets/: of each person a picture of a face and a sheet of all. form: "pdf" or "png".

    Those of an earlier export go. Raises UserError where a file is somebody else's.
    """
    people = _list_people(named, form)
    made = {
        name: Made("", (one.number,), tuple(dict.fromkeys(photo.content for photo, _ in one.rows)))
        for one in people
        for name in (one.portrait, *one.sheets)
    }
    make_folder(out / SHEETS)
    before = [name for name in known.files if name.startswith(f"{SHEETS}/")]
    return _write(out, known, made, _draw_people(out, people, listed, form), before)


def _describe(photo: NamedPhoto, listed: Mapping[str, Path] | None, out: Path) -> dict[str, object]:
    frames = [one.frame for one in find_originals(photo, listed, out)[:1]]
    return {
        "names": list(photo.names),
        "sha256": photo.content,
        # Of the upright photo, which boxes are of; null where the photo is not there.
        "size": list(frames[0].upright) if frames else None,
        "orientation": frames[0].orientation if frames else None,
        "faces": [
            {
                "box": face.box.tolist(),  # left, top, width, height in pixels
                "person": folder_name(face.person),
                "name": face.name or None,
            }
            for face in photo.faces
        ],
    }


def _list_people(named: Named, form: str) -> list[_Person]:
    """All persons, those with names first."""
    rows: dict[int, list[_Row]] = {}
    for photo in named.photos:
        for face in photo.faces:
            rows.setdefault(face.person, []).append((photo, face.box))
    people = []
    for person in sorted(rows, key=lambda one: (not named.people[one], one)):
        name, mine = named.people[person], rows[person]
        called = f"{SHEETS}/{file_name(f'{folder_name(person)} {name}'.strip())}"
        pages = 1 if form == "pdf" else -(-len(mine) // PER_PAGE)
        sheets = [f"{called}{f' ({n})' if n > 1 else ''}.{form}" for n in range(1, pages + 1)]
        title = f"{name} · {folder_name(person)}" if name else folder_name(person)
        people.append(_Person(person, title, mine, f"{called}.jpg", sheets))
    return people


def _draw_people(
    out: Path, people: Sequence[_Person], listed: Mapping[str, Path] | None, form: str
) -> Iterator[tuple[str, bytes]]:
    """The files of people by name."""
    shown = TERMINAL.bar(people, total=len(people), description="Sheets", unit="person")
    for person in shown:
        faces, largest = [], person.largest
        for row, (photo, box) in enumerate(person.rows):
            place = Face(_list_files(photo, listed, out), photo.content, box)
            image = draw_portrait(place, _PORTRAIT if row == largest else SIDE)
            if row == largest and image is not None:
                yield person.portrait, _encode_jpeg(image)
                image = _shrink(image)
            faces.append(SheetFace(image, Path((photo.names or [""])[0]).name))
        pages = draw_pages(f"{person.title} · {write_count(len(faces), 'face')}", faces)
        if form == "pdf":
            yield person.sheets[0], encode_pdf(pages, person.title)
        else:
            yield from zip(person.sheets, map(encode_page, pages), strict=True)


def _list_files(photo: NamedPhoto, listed: Mapping[str, Path] | None, out: Path) -> list[Path]:
    originals = [listed[name] for name in photo.names if name in listed] if listed else []
    return [*originals, *(out / copy for copy in photo.copies)]


def _write(
    out: Path,
    known: Exported,
    made: Mapping[str, Made],
    files: Iterator[tuple[str, bytes]],
    before: Sequence[str],
) -> list[Path]:
    """Write files by name, all remembered before the first is there.

    made: what is to be remembered of them. before: of an earlier export, to go.
    """
    for name in made:
        _refuse_others(out / name, known.files.get(name))
    old = {name: known.files[name] for name in before}
    known.files.update(made)
    exported.save(out, known)
    written: list[str] = []
    for name, content in files:
        replace(out / name, content)
        known.files[name] = dataclasses.replace(
            made[name], digest=hashlib.sha256(content).hexdigest()
        )
        written.append(name)
    for name in {*old, *made} - set(written):
        known.files.pop(name)
        if name in old and _is_still(out / name, old[name]):
            (out / name).unlink(missing_ok=True)
    exported.save(out, known)
    return [out / name for name in written]


def _refuse_others(path: Path, one: Made | None) -> None:
    """Raise UserError for a file that facetrack did not make."""
    if path.is_symlink() or path.parent.is_symlink() or (one is None and path.exists()):
        raise UserError(f"{path} is there already, and not facetrack's: move it away")


def _is_still(path: Path, one: Made) -> bool:
    """Whether a file is what was made; so is one that a killed command was about to make."""
    try:
        return not one.digest or hashlib.sha256(path.read_bytes()).hexdigest() == one.digest
    except OSError:
        return False


def _encode_jpeg(image: NDArray[np.uint8]) -> bytes:
    content = io.BytesIO()
    Image.fromarray(image).save(content, "JPEG", quality=90)
    return content.getvalue()


def _shrink(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    small = Image.fromarray(image)
    small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.asarray(small)
