"""Small pictures of faces show the photo they belong to, or nothing."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facetrack.core.faces import Embeddings, Picture
from facetrack.core.faces import Image as Pixels
from facetrack.extraction.thumbnails import Face, draw_thumbnail
from facetrack.organiser import state
from facetrack.organiser.contact import Contact
from facetrack.organiser.people import Corrections
from facetrack.organiser.photos import Photos
from facetrack.organiser.state import File
from facetrack.tasks.sheets import make_sheet

BOX = np.array([10, 5, 40, 40])


def _photo(path: Path, grey: int) -> str:
    """Draw a photo of one grey; returns its SHA-256."""
    Image.new("L", (70, 50), grey).save(path, format="PNG")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _grey(image: Pixels | None) -> int | None:
    return None if image is None else round(float(image.mean()))


def test_the_face_is_cut_from_the_photo_it_belongs_to(tmp_path: Path) -> None:
    path, copy = tmp_path / "a.png", tmp_path / "copy.png"
    content = _photo(path, 40)
    assert _grey(draw_thumbnail(Face([path], content, BOX), 16)) == 40
    path.rename(copy)
    _photo(path, 200)  # somebody else, under the same name
    assert draw_thumbnail(Face([path], content, BOX), 16) is None
    assert _grey(draw_thumbnail(Face([path, tmp_path / "gone", copy], content, BOX), 16)) == 40
    assert draw_thumbnail(Face([tmp_path / "gone"], content, BOX), 16) is None
    broken = tmp_path / "broken"
    broken.write_bytes(b"no picture")
    digest = hashlib.sha256(b"no picture").hexdigest()
    assert draw_thumbnail(Face([broken], digest, BOX), 16) is None


def test_a_sheet_with_a_photo_that_was_swapped_is_not_kept(home: Path, tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.png" for n in range(2)]
    contents = [_photo(path, 40 + 40 * n) for n, path in enumerate(paths)]
    pictures = [Picture(path, path.name) for path in paths]
    vectors = np.eye(2, dtype=np.float32)
    embeddings = Embeddings(vectors, np.tile(BOX, (2, 1)), pictures, (), 2, contents)
    _photo(paths[1], 200)
    blank = np.asarray(_opened(make_sheet(embeddings).jpeg, tmp_path))[:, 60:].mean()
    assert round(float(blank)) == 128
    assert not (home / "sheets").exists()
    assert _photo(paths[1], 80) == contents[1]
    right = np.asarray(_opened(make_sheet(embeddings).jpeg, tmp_path))[:, 60:].mean()
    assert round(float(right)) == 80
    assert len(list((home / "sheets").iterdir())) == 1


def _opened(jpeg: bytes, folder: Path) -> Image.Image:
    (folder / "sheet.jpg").write_bytes(jpeg)
    return Image.open(folder / "sheet.jpg").convert("L")


def _photos(contents: Sequence[str], paths: Sequence[Path]) -> Photos:
    """One face on each photo."""
    n = len(contents)
    return Photos(
        vectors=np.eye(n, dtype=np.float32),
        boxes=np.tile(BOX, (n, 1)),
        sharpness=np.full(n, np.nan, np.float32),
        contents=contents,
        keys=[f"{content}:{','.join(map(str, BOX))}" for content in contents],
        pictures={c: Picture(path, path.name) for c, path in zip(contents, paths, strict=True)},
        names={c: [path.name] for c, path in zip(contents, paths, strict=True)},
        faceless=(),
        gone=(),
        looks={},
        unread=(),
        skipped=(),
        noted=(),
        n_pictures=n,
    )


@pytest.mark.parametrize("copied", [False, True])
def test_no_thumbnail_of_somebody_else_is_kept(tmp_path: Path, copied: bool) -> None:
    out = tmp_path / "out"
    own = state.own_folder(out)
    own.mkdir(parents=True)
    paths = [tmp_path / f"{n}.png" for n in range(2)]
    contents = [_photo(path, 40 + 40 * n) for n, path in enumerate(paths)]
    files = {}
    if copied:  # before the original was swapped
        (out / "person-002").mkdir()
        (out / "person-002/1.png").write_bytes(paths[1].read_bytes())
        files["person-002/1.png"] = File(contents[1], "person-002", "copy", 1, 1)
    _photo(paths[1], 200)
    photos = _photos(contents, paths)
    nobody = np.zeros(2, dtype=bool)
    contact = Contact(photos, np.array([1, 2]), nobody, files, Corrections(), own)
    kept = [state.thumbnail_path(own, key) for key in photos.keys]
    assert round(float(np.asarray(Image.open(kept[0])).mean())) == 40
    card = contact.card(2)
    assert card is not None
    assert (card.faces[0].image is None) == (not copied)
    assert kept[1].exists() == copied
    if copied:
        assert round(float(np.asarray(Image.open(kept[1])).mean())) == 80
