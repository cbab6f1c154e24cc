"""Detections and embeddings on disk, keyed by picture content and by the settings that made them.

One SQLite file in write-ahead mode: commits are atomic, so a killed process loses at most
the batch it had not yet committed, and several processes can read and write at once. Every
row carries a checksum of its key and payload; a row that fails it counts as absent. database.py
mends the file.

| table      | key                              | payload                                     |
|------------|----------------------------------|---------------------------------------------|
| detections | detector identity, picture       | all faces of it (see detections.py)         |
| vectors    | embedder identity, picture, box  | (d,) float32, raw                           |
| looks      | picture                          | its look (see looks.py), 1 if it was cut    |
| qualities  | quality.IDENTITY, picture, box   | (5,) float32 (see quality.py)               |

`picture` is the SHA-256 of the file's content, `box` four int64; identities are hashed to 16
bytes. Integers and floats are little-endian.
"""

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from facetrack.core.errors import UserError
from facetrack.extraction import quality
from facetrack.extraction.database import TABLES, Database, Row, make_row, only_intact
from facetrack.extraction.detections import DetectionRecord, pack, unpack
from facetrack.extraction.looks import SIZE as LOOK_SIZE

_NAME = "embeddings.sqlite"
# How long readers are waited for that keep deleted rows in the write-ahead log; they read for
# fractions of a second.
_READERS_SECONDS = 5
_IDENTITY, _DIGEST = 16, 32  # bytes
_BOX = np.dtype("<i8")
_BOX_BYTES = 4 * _BOX.itemsize
# Rows to forget (`_know_doomed`).
# Damage may have made texts of values, whose bytes are the same.
_DOOMED = "is_doomed(CAST(key AS BLOB), CAST(payload AS BLOB), CAST(checksum AS BLOB))"
# SQLite allows 32,766 values in one statement; smaller groups cost nothing measurable.
_KEYS_A_QUERY = 500


class Store:
    """The store's file `folder/embeddings.sqlite`, opened for one process. Raises UserError."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / _NAME
        self._database = Database(self.path)

    def __enter__(self) -> Self:
        """Use as a context manager: closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._database.close()

    def detections(self, detector: str, pictures: Iterable[bytes]) -> dict[bytes, DetectionRecord]:
        """The stored detections among these pictures (SHA-256 digests) for a detector identity."""
        prefix = _short(detector)
        rows = self._get("detections", [prefix + picture for picture in pictures])
        records = {key[len(prefix) :]: unpack(payload) for key, payload in rows.items()}
        return {picture: one for picture, one in records.items() if one is not None}

    def vectors(
        self, embedder: str, faces: Iterable[tuple[bytes, NDArray[np.int64]]]
    ) -> dict[tuple[bytes, bytes], NDArray[np.float32]]:
        """The stored raw vectors among these faces, keyed by (picture, box bytes)."""
        prefix = _short(embedder)
        keys = [prefix + picture + box_bytes(box) for picture, box in faces]
        return {
            (key[len(prefix) : -_BOX_BYTES], key[-_BOX_BYTES:]): np.frombuffer(payload, "<f4")
            for key, payload in self._get("vectors", keys).items()
        }

    def looks(self, pictures: Iterable[bytes]) -> dict[bytes, tuple[bytes, bool]]:
        """The stored looks (80 bytes, see looks.py) among these pictures (digests).

        With each, whether the picture's file ended before the picture did. Pictures that were
        embedded before there were looks have none.
        """
        rows = self._get("looks", list(pictures))
        return {
            picture: (payload[:LOOK_SIZE], payload[LOOK_SIZE:] == b"\1")
            for picture, payload in rows.items()
        }

    def qualities(self, pictures: Iterable[bytes], boxes: NDArray[np.int64]) -> quality.Qualities:
        """(n, 5) the stored qualities of n faces, NaN where there are none.

        pictures: n, the digest of the one each is on. boxes: (n, 4). Faces that were embedded
        before there were qualities have none.
        """
        prefix = _short(quality.IDENTITY)
        of_box = box_bytes(boxes)
        keys = [
            prefix + picture + of_box[start : start + _BOX_BYTES]
            for picture, start in zip(pictures, range(0, len(of_box), _BOX_BYTES), strict=True)
        ]
        rows = self._get("qualities", keys)
        none = np.full(len(quality.COLUMNS), np.nan, "<f4").tobytes()
        whole = b"".join(rows.get(key, none) for key in keys)
        return np.frombuffer(whole, "<f4").reshape(-1, len(quality.COLUMNS))

    def put(
        self,
        detector: str,
        detections: Iterable[tuple[bytes, DetectionRecord]],
        embedder: str,
        vectors: Iterable[tuple[bytes, NDArray[np.int64], NDArray[np.float32]]],
        looks: Iterable[tuple[bytes, bytes, bool]] = (),
        qualities: Iterable[tuple[bytes, NDArray[np.int64], NDArray[np.float32]]] = (),
    ) -> None:
        """Keep what is known of some pictures, all or none of it. Raises UserError.

        looks: picture (its digest), its look of 80 bytes, whether its file was cut short.
        qualities: picture, box, and (5,) float32.
        """
        detector_key, embedder_key = _short(detector), _short(embedder)
        found = [make_row(detector_key + picture, pack(one)) for picture, one in detections]
        embedded = _make_rows(embedder_key, vectors)
        measured = _make_rows(_short(quality.IDENTITY), qualities)
        seen = [make_row(picture, look + bytes([cut])) for picture, look, cut in looks]

        def write(connection: sqlite3.Connection) -> None:
            with connection:
                # Taking the write lock at once waits for another process; upgrading a read
                # transaction later would fail instead.
                connection.execute("BEGIN IMMEDIATE")
                for table, rows in zip(TABLES, (found, embedded, seen, measured), strict=True):
                    connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", rows)

        self._database.do(write)

    def forget(self, pictures: Iterable[str]) -> int:
        """Delete all there is of some pictures, SHA-256 digests in hex; returns how many rows.

        The file is written anew without them, so that no trace of an earlier write is left in it or
        in the write-ahead log. Damaged rows, which may be anybody's, go as well. Raises UserError,
        also where another process goes on reading what was deleted.
        """
        pictures = list(pictures)
        deleted = 0

        def delete(connection: sqlite3.Connection) -> None:
            nonlocal deleted
            _know_doomed(connection, pictures)
            # What VACUUM puts aside would be a file that holds everybody.
            connection.execute("PRAGMA temp_store=MEMORY")
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                for table in _tables(connection):
                    cursor = connection.execute(f"DELETE FROM {table} WHERE {_DOOMED}")
                    deleted += cursor.rowcount
            # Deleting alone leaves copies where SQLite has moved rows from page to page.
            connection.execute("VACUUM")
            connection.execute(f"PRAGMA busy_timeout={_READERS_SECONDS * 1000}")
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise UserError(
                    f"another process is still reading {self.path}, and keeps what was deleted in "
                    f"{self.path.name}-wal: wait until it is done, or end it"
                )

        self._database.do(delete)
        return deleted

    def _get(self, table: str, keys: list[bytes]) -> dict[bytes, bytes]:
        """The intact rows of a table among these keys."""
        rows: dict[bytes, bytes] = {}
        # In the order they are in, so that each page of the file is read once.
        keys = sorted(keys)

        def read(connection: sqlite3.Connection) -> None:
            rows.clear()
            for start in range(0, len(keys), _KEYS_A_QUERY):
                some = keys[start : start + _KEYS_A_QUERY]
                marks = ",".join("?" * len(some))
                query = f"SELECT key, payload, checksum FROM {table} WHERE key IN ({marks})"
                found = connection.execute(query, some)
                for key, payload, _ in only_intact(found):
                    rows[key] = payload
            if len(rows) < len(set(keys)):
                self._database.check()

        self._database.do(read)
        return rows


def count_rows(folder: Path, pictures: Iterable[str]) -> dict[str, int]:
    """How many rows `Store.forget` would delete, by table; makes and changes no file.

    Raises UserError for a damaged file.
    """
    path = folder / _NAME
    if not path.is_file():
        return {}
    # Without a log beside it nobody has it open, and SQLite must not make that log.
    alone = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro{alone}", uri=True)
        connection.text_factory = bytes
        with contextlib.closing(connection):
            _know_doomed(connection, pictures)
            return {
                table: connection.execute(
                    f"SELECT count(*) FROM {table} WHERE {_DOOMED}"
                ).fetchone()[0]
                for table in _tables(connection)
            }
    except sqlite3.DatabaseError as error:
        raise UserError(f"the embedding store {path} cannot be read ({error})") from error


def _tables(connection: sqlite3.Connection) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    return [name.decode() for (name,) in connection.execute(query)]


def _know_doomed(connection: sqlite3.Connection, pictures: Iterable[str]) -> None:
    """Make `_DOOMED` work: rows that go with these pictures, SHA-256 digests in hex."""
    digests = {bytes.fromhex(picture) for picture in pictures}

    def is_doomed(key: object, payload: object, checksum: object) -> bool:
        if not isinstance(key, bytes) or not isinstance(payload, bytes):
            return True  # damaged: it may be anybody's
        # The picture stands behind 16 bytes of the identity, or is the whole key.
        digest = key if len(key) == _DIGEST else key[_IDENTITY : _IDENTITY + _DIGEST]
        return digest in digests or make_row(key, payload)[2] != checksum

    connection.create_function("is_doomed", 3, is_doomed)


def box_bytes(box: NDArray[np.int64]) -> bytes:
    """A box as 32 bytes, the form it has in keys."""
    return box.astype(_BOX, copy=False).tobytes()


def _make_rows(
    prefix: bytes, faces: Iterable[tuple[bytes, NDArray[np.int64], NDArray[np.float32]]]
) -> list[Row]:
    return [
        make_row(prefix + picture + box_bytes(box), values.astype("<f4").tobytes())
        for picture, box, values in faces
    ]


def _short(identity: str) -> bytes:
    return hashlib.sha256(identity.encode()).digest()[:16]
