"""A damaged store: what is intact is used, nothing wrong is given back, and it goes on."""

import random
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from facetrack.core.errors import UserError
from facetrack.core.faces import Detection
from facetrack.extraction.detections import DetectionRecord
from facetrack.extraction.looks import SIZE
from facetrack.extraction.store import Store, box_bytes

N = 30
PICTURES = [bytes([i]) * 32 for i in range(N)]
BOX = np.array([1, 2, 30, 40], dtype=np.int64)
FACELESS = np.empty((0, 4), dtype=np.int64)
MANY = np.arange(4 * 40, dtype=np.int64).reshape(-1, 4)  # more than fits into a page's cell


def vector(i: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    """Every third one is longer than a page lets a cell be."""
    return np.linspace(-i, i + 1, 512 if i % 3 == 0 else 128, dtype=np.float32)


def look(i: int) -> bytes:
    return bytes([i]) * SIZE


def fill(store: Store, pictures: range = range(N)) -> None:
    store.put(
        "haar",
        [
            (PICTURES[i], DetectionRecord(9, i, Detection(MANY if i % 5 == 0 else FACELESS)))
            for i in pictures
        ],
        "dlib",
        [(PICTURES[i], BOX, vector(i)) for i in pictures],
        [(PICTURES[i], look(i), i % 2 == 0) for i in pictures],
    )


def intact(store: Store) -> set[int]:
    """Which pictures are there whole; none with a wrong value is."""
    detections = store.detections("haar", PICTURES)
    vectors = store.vectors("dlib", [(picture, BOX) for picture in PICTURES])
    looks = store.looks(PICTURES)
    for i, picture in enumerate(PICTURES):
        if picture in detections:
            found = detections[picture]
            assert (found.width, found.height) == (9, i)
            np.testing.assert_array_equal(found.found.boxes, MANY if i % 5 == 0 else FACELESS)
        if (picture, box_bytes(BOX)) in vectors:
            np.testing.assert_array_equal(vectors[picture, box_bytes(BOX)], vector(i))
        if picture in looks:
            assert looks[picture] == (look(i), i % 2 == 0)
    assert {picture for picture, _ in vectors} | set(detections) | set(looks) <= set(PICTURES)
    return {
        i
        for i, picture in enumerate(PICTURES)
        if picture in detections and (picture, box_bytes(BOX)) in vectors and picture in looks
    }


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A store's file with all of N pictures."""
    folder = tmp_path_factory.mktemp("whole")
    with Store(folder) as store:
        fill(store)
        assert intact(store) == set(range(N))
    return (folder / "embeddings.sqlite").read_bytes()


def goes_on(folder: Path) -> int:
    """Open a store, fill in what is absent as two runs would; how much of it was intact."""
    with Store(folder) as store:
        first = intact(store)
        fill(store, range(N))
    with Store(folder) as store:
        second = intact(store)
        if len(second) < N:
            fill(store, range(N))
    with Store(folder) as store:
        assert intact(store) == set(range(N))
    return len(first)


@pytest.mark.parametrize("part", range(2))
def test_any_flipped_bit_costs_rows_at_most(content: bytes, tmp_path: Path, part: int) -> None:
    random_ = random.Random(part)
    whole = 0
    for number in range(60):
        # The first pages hold the header and the schema, on which everything depends.
        most = 200 if number < 20 else len(content)
        place = random_.randrange(most)
        damaged = bytearray(content)
        damaged[place] ^= 1 << random_.randrange(8)
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "embeddings.sqlite").write_bytes(damaged)
        try:
            whole += goes_on(folder) == N
        except UserError as error:  # nothing but the disk is a reason to stop
            pytest.fail(f"byte {place}: {error}")
    assert whole > 10  # most bits of the file belong to nothing, or to one row


@pytest.mark.parametrize("column", ["payload", "checksum", "key"])
@pytest.mark.parametrize("value", ["CAST({} AS TEXT)", "7", "0.5", "'text'", "x''"])
@pytest.mark.parametrize("table", ["vectors", "detections", "looks"])
def test_a_value_of_any_type_is_a_damaged_row(
    content: bytes, tmp_path: Path, column: str, value: str, table: str
) -> None:
    (tmp_path / "embeddings.sqlite").write_bytes(content)
    with sqlite3.connect(tmp_path / "embeddings.sqlite") as connection:
        connection.execute(
            f"UPDATE {table} SET {column} = {value.format(column)} "
            f"WHERE key = (SELECT max(key) FROM {table})"
        )
    with Store(tmp_path) as store:
        # A text of the same bytes is as good.
        left = N if value.startswith("CAST") and column != "key" else N - 1
        assert len(intact(store)) == left
        fill(store)
        assert len(intact(store)) == N


def test_a_row_that_became_a_text_is_forgotten_too(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "embeddings.sqlite").write_bytes(content)
    with sqlite3.connect(tmp_path / "embeddings.sqlite") as connection:
        connection.execute("UPDATE vectors SET key = CAST(key AS TEXT)")
    with Store(tmp_path) as store:
        assert store.forget([PICTURES[N - 1].hex()]) == 3
    assert vector(N - 1).tobytes() not in (tmp_path / "embeddings.sqlite").read_bytes()


@pytest.mark.parametrize(
    "schema",
    [
        "CREATE TABLE vectors (kex BLOB PRIMARY KEY, payload BLOB, checksum BLOB) WITHOUT ROWID",
        "CREATE TABLE vectors (key BLOB PRIMARY KEY, payload BLOB) WITHOUT ROWID",
        "CREATE VIEW vectors AS SELECT 1",
    ],
)
def test_a_table_of_another_form_is_set_aside(tmp_path: Path, schema: str) -> None:
    with sqlite3.connect(tmp_path / "embeddings.sqlite") as connection:
        connection.execute(schema)
    assert goes_on(tmp_path) == 0
    assert len(list(tmp_path.glob("damaged-*-embeddings.sqlite"))) == 1


def test_what_is_intact_of_a_file_that_is_set_aside_is_taken_over(
    content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "whole.sqlite").write_bytes(content)
    with sqlite3.connect(tmp_path / "whole.sqlite") as connection:
        (page,) = connection.execute(
            "SELECT max(pageno) FROM dbstat WHERE name = 'vectors' AND pagetype = 'leaf'"
        ).fetchone()
    damaged = bytearray(content)
    damaged[4096 * (page - 1) : 4096 * page] = bytes(4096)
    (tmp_path / "embeddings.sqlite").write_bytes(damaged)
    with Store(tmp_path) as store:
        assert N // 2 < len(intact(store)) < N
    assert len(list(tmp_path.glob("damaged-*-embeddings.sqlite"))) == 1


def test_what_is_set_aside_is_never_overwritten(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / "embeddings.sqlite").write_bytes(bytes([number]) * 5000)
        with Store(tmp_path) as store:
            assert intact(store) == set()
    kept = {path.read_bytes() for path in tmp_path.glob("damaged-*-embeddings.sqlite")}
    assert kept == {bytes([number]) * 5000 for number in range(3)}


def test_damage_found_while_it_is_open(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "embeddings.sqlite"
    path.write_bytes(content)
    with Store(tmp_path) as store:
        with path.open("r+b") as opened:
            opened.seek(4096)
            opened.write(bytes(len(content) - 4096))
        fill(store)
        assert len(intact(store)) == N
    assert len(list(tmp_path.glob("damaged-*-embeddings.sqlite"))) == 1
