"""The store keeps what it is given, and notices what is damaged."""

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np
import pytest

from facetrack.core.errors import UserError
from facetrack.core.faces import Detection
from facetrack.extraction.detections import DetectionRecord
from facetrack.extraction.store import Store, box_bytes
from facetrack.testing import forked

PICTURE = bytes(range(32))
OTHER = bytes(reversed(range(32)))
BOX = np.array([1, 2, 30, 40], dtype=np.int64)
BOXES = np.array([[1, 2, 30, 40], [-5, 0, 7, 8]], dtype=np.int64)
RECORD = DetectionRecord(640, 480, Detection(BOXES))
VECTOR = np.linspace(-1, 1, 128, dtype=np.float32)


def _fill(folder: Path) -> None:
    with Store(folder) as store:
        store.put("haar", [(PICTURE, RECORD)], "dlib", [(PICTURE, BOX, VECTOR)])


def test_gives_back_what_it_was_given(tmp_path: Path) -> None:
    _fill(tmp_path)
    with Store(tmp_path) as store:
        found = store.detections("haar", [PICTURE, OTHER])
        vectors = store.vectors("dlib", [(PICTURE, BOX), (OTHER, BOX)])
    assert list(found) == [PICTURE]
    assert (found[PICTURE].width, found[PICTURE].height) == (640, 480)
    np.testing.assert_array_equal(found[PICTURE].found.boxes, BOXES)
    assert list(vectors) == [(PICTURE, box_bytes(BOX))]
    np.testing.assert_array_equal(vectors[PICTURE, box_bytes(BOX)], VECTOR)


def test_other_settings_and_other_boxes_are_other_entries(tmp_path: Path) -> None:
    _fill(tmp_path)
    with Store(tmp_path) as store:
        assert store.detections("haar scale 1.2", [PICTURE]) == {}
        assert store.vectors("facenet", [(PICTURE, BOX)]) == {}
        assert store.vectors("dlib", [(PICTURE, BOX + 1)]) == {}


def test_a_picture_without_faces_is_remembered(tmp_path: Path) -> None:
    none = DetectionRecord(10, 20, Detection(np.empty((0, 4), dtype=np.int64)))
    with Store(tmp_path) as store:
        store.put("haar", [(PICTURE, none)], "dlib", [])
        assert store.detections("haar", [PICTURE])[PICTURE].found.boxes.shape == (0, 4)


@pytest.mark.parametrize("column", ["payload", "checksum", "key"])
def test_a_damaged_row_counts_as_absent(tmp_path: Path, column: str) -> None:
    _fill(tmp_path)
    with sqlite3.connect(tmp_path / "embeddings.sqlite") as connection:
        (content,) = connection.execute(f"SELECT {column} FROM vectors").fetchone()
        flipped = bytes([content[0] ^ 1]) + content[1:]
        connection.execute(f"UPDATE vectors SET {column} = ?", [flipped])
    with Store(tmp_path) as store:
        assert store.vectors("dlib", [(PICTURE, BOX)]) == {}
        assert list(store.detections("haar", [PICTURE])) == [PICTURE]
    _fill(tmp_path)
    with Store(tmp_path) as store:
        assert len(store.vectors("dlib", [(PICTURE, BOX)])) == 1


@pytest.mark.parametrize("damage", ["not a database", "zeroed pages", "truncated"])
def test_a_file_that_is_no_database_any_more_is_set_aside(tmp_path: Path, damage: str) -> None:
    with Store(tmp_path) as store:
        for i in range(200):
            picture = i.to_bytes(32)
            store.put("haar", [(picture, RECORD)], "dlib", [(picture, BOX, VECTOR)])
    path = tmp_path / "embeddings.sqlite"
    content = bytearray(path.read_bytes())
    if damage == "not a database":
        content[:4096] = b"x" * 4096
    elif damage == "zeroed pages":
        content[8192:] = bytes(len(content) - 8192)
    else:
        del content[len(content) // 2 :]
    path.write_bytes(content)
    with Store(tmp_path) as store:
        store.vectors("dlib", [(i.to_bytes(32), BOX) for i in range(200)])
        store.detections("haar", [i.to_bytes(32) for i in range(200)])
        store.put("haar", [], "dlib", [(OTHER, BOX, VECTOR)])
        assert len(store.vectors("dlib", [(OTHER, BOX)])) == 1
    assert list(tmp_path.glob("damaged-*-embeddings.sqlite"))


def _write_many(folder: Path, first: int) -> None:
    with Store(folder) as store:
        for i in range(first, first + 50):
            store.put("haar", [], "dlib", [(i.to_bytes(32), BOX, VECTOR + i)])


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    writers = [forked.fork(_write_many, tmp_path, 40 * k) for k in range(2)]
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    with Store(tmp_path) as store:
        found = store.vectors("dlib", [(i.to_bytes(32), BOX) for i in range(90)])
    assert len(found) == 90
    for (picture, _), vector in found.items():
        np.testing.assert_array_equal(vector, VECTOR + int.from_bytes(picture))


def _open_once(folder: Path, together: Barrier) -> None:
    for i in range(30):
        together.wait()
        with Store(folder / str(i)) as store:
            store.put("haar", [], "dlib", [(os.getpid().to_bytes(32), BOX, VECTOR)])


def test_processes_open_fresh_stores_at_once(tmp_path: Path) -> None:
    for i in range(30):
        (tmp_path / str(i)).mkdir()
    together = multiprocessing.get_context("forkserver").Barrier(4)
    openers = [forked.fork(_open_once, tmp_path, together) for _ in range(4)]
    for opener in openers:
        opener.join(60)  # one that failed keeps the others waiting
        opener.kill()
    assert [opener.exitcode for opener in openers] == [0] * 4


def test_a_killed_writer_loses_nothing_it_had_put(tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np, pathlib\n"
        "from facetrack.extraction.store import Store\n"
        "box = np.arange(4)\n"
        "with Store(pathlib.Path(sys.argv[1])) as store:\n"
        "    for i in range(10**6):\n"
        "        row = (i.to_bytes(32), box, np.full(128, i, np.float32))\n"
        "        store.put('h', [], 'd', [row])\n"
        "        print(i, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        for _ in range(20):
            writer.stdout.readline()
        time.sleep(0.05)
        os.kill(writer.pid, signal.SIGKILL)
        told = [20, *map(int, writer.stdout.read().split())]
    # The last line may have been cut short by the kill; the one before was written whole.
    put = max(told[:-1], default=19)
    with Store(tmp_path) as store:
        found = store.vectors("d", [(i.to_bytes(32), np.arange(4)) for i in range(put + 1)])
    assert len(found) == put + 1


def test_a_put_is_all_or_nothing(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        with sqlite3.connect(tmp_path / "embeddings.sqlite") as connection:
            connection.execute(
                "CREATE TRIGGER full BEFORE INSERT ON vectors "
                "BEGIN SELECT RAISE(ABORT, 'full'); END"
            )
        with pytest.raises(sqlite3.IntegrityError, match="full"):
            store.put("h", [(PICTURE, RECORD)], "d", [(PICTURE, BOX, VECTOR)])
        assert store.detections("h", [PICTURE]) == {}


def test_a_place_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="FACETRACK_HOME") as told:
        Store(tmp_path / "file")
    assert "\n" not in str(told.value)


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    _fill(tmp_path)
    assert (tmp_path / "embeddings.sqlite").stat().st_mode & 0o077 == 0


def test_what_sqlite_puts_beside_is_its_owners_alone_too(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with Store(tmp_path):
            modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert {"embeddings.sqlite-wal", "embeddings.sqlite-shm"} < set(modes)
    assert set(modes.values()) == {0o600}
