"""The faces of some embeddings on one picture: which are on it, and what is kept."""

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facetrack.core.faces import Embeddings, Picture
from facetrack.figures import Sheet
from facetrack.tasks.sheets import make_sheet

GREYS = (20, 60, 100, 160, 240)


@pytest.fixture
def embeddings(tmp_path: Path) -> Embeddings:
    """Five faces, each of a grey of its own."""
    pictures, contents = [], []
    for grey in GREYS:
        path = tmp_path / f"{grey}.png"
        Image.new("L", (70, 50), grey).save(path)
        pictures.append(Picture(path, path.name, "Ada"))
        contents.append(hashlib.sha256(path.read_bytes()).hexdigest())
    vectors = np.eye(5, dtype=np.float32)
    return Embeddings(vectors, np.tile([10, 5, 40, 40], (5, 1)), pictures, (), 5, contents)


def _greys(made: Sheet) -> list[int | None]:
    """The grey of each face's tile; None where it has none. Every tile is of one grey."""
    drawn = np.asarray(Image.open(io.BytesIO(made.jpeg)).convert("L")).astype(int)
    found: list[int | None] = []
    for at in made.tiles.tolist():
        row, column = (made.side * place for place in divmod(at, made.columns))
        tile = drawn[row : row + made.side, column : column + made.side]
        assert at < 0 or np.ptp(tile) <= 4
        found.append(None if at < 0 else round(float(tile.mean()) / 4) * 4)
    return found


def test_every_face_has_a_tile(home: Path, embeddings: Embeddings) -> None:
    made = make_sheet(embeddings)
    assert made.columns == 3
    assert _greys(made) == list(GREYS)


def test_it_is_drawn_once_and_only_its_owner_may_read_it(
    home: Path, embeddings: Embeddings
) -> None:
    first = make_sheet(embeddings)
    (kept,) = (home / "sheets").iterdir()
    written = kept.stat().st_mtime_ns
    for picture in embeddings.pictures:
        picture.path.unlink()
    assert make_sheet(embeddings).jpeg == first.jpeg
    assert kept.stat().st_mtime_ns == written
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("damage", [b"", b"\xff\xd8", None])
def test_a_damaged_file_is_drawn_again(
    home: Path, embeddings: Embeddings, damage: bytes | None
) -> None:
    first = make_sheet(embeddings)
    (kept,) = (home / "sheets").iterdir()
    good = kept.read_bytes()
    kept.write_bytes(good[:99] + bytes([good[99] ^ 1]) + good[100:] if damage is None else damage)
    assert make_sheet(embeddings).jpeg == first.jpeg
    assert kept.read_bytes() == good


def test_what_may_not_be_shown_is_not_on_it(home: Path, embeddings: Embeddings) -> None:
    everything = make_sheet(embeddings)
    some = [replace(one, publishable=i not in (1, 3)) for i, one in enumerate(embeddings.pictures)]
    made = make_sheet(replace(embeddings, pictures=some))  # not the one that was kept
    assert _greys(made) == [20, None, 100, None, 240]
    assert made.jpeg != everything.jpeg
    nobody = [replace(one, publishable=False) for one in embeddings.pictures]
    assert make_sheet(replace(embeddings, pictures=nobody)).tiles.tolist() == [-1] * 5


def test_a_picture_that_has_gone_is_blank_until_it_is_back(
    home: Path, embeddings: Embeddings
) -> None:
    gone = embeddings.pictures[2].path
    content = gone.read_bytes()
    gone.unlink()
    assert _greys(make_sheet(embeddings)) == [20, 60, 128, 160, 240]
    gone.write_bytes(content)
    assert _greys(make_sheet(embeddings)) == list(GREYS)
