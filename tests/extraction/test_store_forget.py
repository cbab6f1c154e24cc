"""What is forgotten is in no byte of the store any more."""

import random
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from facetrack.core.errors import UserError
from facetrack.core.faces import Detection
from facetrack.extraction import store as stores
from facetrack.extraction.database import TABLES
from facetrack.extraction.detections import DetectionRecord
from facetrack.extraction.store import Store, count_rows

BOX = np.array([[1, 2, 3, 4]])
NUMBERS = np.random.default_rng(5)


def fill(home: Path, n: int, at_once: int = 1) -> dict[str, bytes]:
    """Keep a face of each of `n` pictures; returns the vectors' bytes by the pictures' digests."""
    vectors = NUMBERS.normal(size=(n, 128)).astype(np.float32)
    digests = [NUMBERS.bytes(32) for _ in range(n)]
    with Store(home) as store:
        # As where SQLite was built to leave what it moves and deletes; most are.
        store._database.connection.execute("PRAGMA secure_delete=OFF")
        for start in range(0, n, at_once):
            some = range(start, min(n, start + at_once))
            store.put(
                "detector",
                [(digests[one], DetectionRecord(9, 9, Detection(BOX))) for one in some],
                "embedder",
                [(digests[one], BOX[0], vectors[one]) for one in some],
                [(digests[one], NUMBERS.bytes(80), False) for one in some],
                [(digests[one], BOX[0], vectors[one, :5]) for one in some],
            )
    return {digest.hex(): vectors[one].tobytes() for one, digest in enumerate(digests)}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def test_no_piece_of_a_vector_is_left_in_any_file(home: Path) -> None:
    kept = fill(home, 400, at_once=8)
    gone = random.Random(3).sample(sorted(kept), 60)
    assert count_rows(home, gone) == dict.fromkeys(TABLES, 60)
    with Store(home) as store:
        assert store.forget(gone) == 240
        files = b"".join(path.read_bytes() for path in home.glob("embeddings.sqlite*"))
    assert count_rows(home, gone) == dict.fromkeys(TABLES, 0)
    for digest in gone:
        assert bytes.fromhex(digest) not in files
        assert not any(kept[digest][at : at + 32] in files for at in range(0, 480, 32))
    others = kept.keys() - set(gone)
    faces = [(bytes.fromhex(digest), BOX[0]) for digest in others]
    with Store(home) as store:
        assert len(store.vectors("embedder", faces)) == 340
        assert len(store.detections("detector", map(bytes.fromhex, others))) == 340
        assert len(store.looks(map(bytes.fromhex, others))) == 340
        boxes = np.array([box for _, box in faces])
        assert not np.isnan(store.qualities(map(bytes.fromhex, others), boxes)).any()


def test_damaged_rows_may_be_anybodys_and_go(home: Path) -> None:
    fill(home, 4)
    with sqlite3.connect(home / "embeddings.sqlite") as connection:
        (key,) = connection.execute("SELECT key FROM vectors LIMIT 1").fetchone()
        connection.execute("UPDATE vectors SET payload = 'a text' WHERE key = ?", [key])
        (key,) = connection.execute("SELECT key FROM looks LIMIT 1").fetchone()
        connection.execute("UPDATE looks SET payload = zeroblob(81) WHERE key = ?", [key])
    connection.close()
    assert count_rows(home, []) == {**dict.fromkeys(TABLES, 0), "vectors": 1, "looks": 1}
    with Store(home) as store:
        assert store.forget([]) == 2


def test_a_reader_that_stays_is_told_and_the_same_again_finishes(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "_READERS_SECONDS", 0)
    ((digest, vector),) = fill(home, 1).items()
    path = home / "embeddings.sqlite"
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM vectors").fetchone() == (1,)
    with Store(home) as store:
        with pytest.raises(UserError, match="another process is still reading"):
            store.forget([digest])
        assert vector in path.read_bytes() + path.with_name(f"{path.name}-wal").read_bytes()
        reader.close()
        assert store.forget([digest]) == 0
        assert vector not in path.read_bytes()
        assert path.with_name(f"{path.name}-wal").stat().st_size == 0


def test_counting_makes_no_file_and_changes_none(home: Path) -> None:
    digests = list(fill(home, 3))
    assert count_rows(home / "elsewhere", digests) == {}
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in home.iterdir()}
    home.chmod(0o500)
    try:
        assert count_rows(home, digests[:1])["vectors"] == 1
    finally:
        home.chmod(0o700)
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in home.iterdir()} == before


def test_rows_that_another_process_has_not_moved_into_the_file_count(home: Path) -> None:
    with Store(home) as store:  # has the log open
        digests = list(fill(home, 2))
        assert (home / "embeddings.sqlite-wal").stat().st_size
        assert count_rows(home, digests) == dict.fromkeys(TABLES, 2)
        del store


def test_a_file_that_is_none_is_told(home: Path) -> None:
    (home / "embeddings.sqlite").write_bytes(b"no database at all, but long enough" * 100)
    with pytest.raises(UserError, match="cannot be read"):
        count_rows(home, [])
