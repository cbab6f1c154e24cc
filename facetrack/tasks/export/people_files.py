"""Files about the people of an organised folder: names as JSON, a face and a sheet of each."""

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
from facetrack.figures.contact_sheet import SIDE, SheetFace, draw_pages, encode_page, encode_pdf
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


@dataclass(frozen=True)
class _File:
    """A file to write. persons, contents: whom it shows or names, and on which photos."""

    name: str
    content: bytes
    persons: tuple[int, ...]
    contents: tuple[str, ...]


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
    file = _File(NAMES, content, tuple(named.people), contents)
    return _write(out, known, iter([file]), [NAMES])


def write_sheets(
    out: Path, named: Named, known: Exported, listed: Mapping[str, Path] | None, form: str
) -> list[Path]:
    """sheets/: of each person a picture of a face and a sheet of all. form: "pdf" or "png".

    Those of an earlier export go. Raises UserError where a file is somebody else's.
    """
    files = _draw_people(out, named, listed, form)
    make_folder(out / SHEETS)
    return _write(out, known, files, [one for one in known.files if one.startswith(f"{SHEETS}/")])


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


def _draw_people(
    out: Path, named: Named, listed: Mapping[str, Path] | None, form: str
) -> Iterator[_File]:
    rows: dict[int, list[tuple[NamedPhoto, NDArray[np.int64]]]] = {}
    for photo in named.photos:
        for face in photo.faces:
            rows.setdefault(face.person, []).append((photo, face.box))
    people = sorted(rows, key=lambda person: (not named.people[person], person))
    shown = TERMINAL.bar(people, total=len(people), description="Sheets", unit="person")
    for person in shown:
        mine = rows[person]
        called = file_name(f"{folder_name(person)} {named.people[person]}".strip())
        title = named.people[person] or folder_name(person)
        contents = tuple(dict.fromkeys(photo.content for photo, _ in mine))
        largest = max(range(len(mine)), key=lambda row: int(mine[row][1][2:].prod()))
        faces = []
        for row, (photo, box) in enumerate(mine):
            place = Face(_list_files(photo, listed, out), photo.content, box)
            image = draw_portrait(place, _PORTRAIT if row == largest else SIDE)
            if row == largest and image is not None:
                portrait = _encode_jpeg(image)
                # Sheets name photos, a portrait shows one.
                yield _File(f"{SHEETS}/{called}.jpg", portrait, (person,), (photo.content,))
                image = _shrink(image)
            faces.append(SheetFace(image, Path((photo.names or [""])[0]).name))
        pages = draw_pages(f"{title} · {write_count(len(faces), 'face')}", faces)
        if form == "pdf":
            yield _File(f"{SHEETS}/{called}.pdf", encode_pdf(pages, title), (person,), contents)
            continue
        for n, page in enumerate(pages, 1):
            number = f" ({n})" if n > 1 else ""
            yield _File(f"{SHEETS}/{called}{number}.png", encode_page(page), (person,), contents)


def _list_files(photo: NamedPhoto, listed: Mapping[str, Path] | None, out: Path) -> list[Path]:
    originals = [listed[name] for name in photo.names if name in listed] if listed else []
    return [*originals, *(out / copy for copy in photo.copies)]


def _write(out: Path, known: Exported, files: Iterator[_File], before: Sequence[str]) -> list[Path]:
    """Write files, remembered before they are there. before: of an earlier export, to go."""
    written: list[str] = []
    for file in files:
        path = out / file.name
        _refuse_others(path, known.files.get(file.name))
        digest = hashlib.sha256(file.content).hexdigest()
        known.files[file.name] = Made(digest, file.persons, file.contents)
        exported.save(out, known)
        replace(path, file.content)
        written.append(file.name)
    for name in before:
        if name not in written:
            one = known.files.pop(name)
            if _is_still(out / name, one):
                (out / name).unlink()
    exported.save(out, known)
    return [out / name for name in written]


def _refuse_others(path: Path, one: Made | None) -> None:
    """Raise UserError for a file that facetrack did not make."""
    if path.is_symlink() or path.parent.is_symlink() or (one is None and path.exists()):
        raise UserError(f"{path} is there already, and not facetrack's: move it away")


def _is_still(path: Path, one: Made) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == one.digest
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
